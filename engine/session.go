package engine

import (
	"context"
	"slices"
	"time"

	"opsdeck/ops"
)

// session is what the engine keeps of one console.
type session struct {
	until    time.Time // unlocked until
	looks    []ops.Ref
	lookedAt time.Time
}

// lookFor is how long a Look holds without being repeated.
const lookFor = 30 * time.Second

// sessionOf returns the caller's session; e.mu is held.
func (e *Engine) sessionOf(c ops.Caller) *session {
	k := c.Console()
	s := e.sessions[k]
	if s == nil {
		e.forgetSessions(k.Actor)
		s = &session{}
		e.sessions[k] = s
	}
	return s
}

// What one person may hold: consoles, whose names the caller chooses, and what each has on screen.
const (
	sessionsOfOne = 128
	looksOfOne    = 500
)

// forgetSessions drops those that hold nothing any more, so that headless calls
// do not pile up, and where one person has too many the one that looked longest ago;
// e.mu is held.
func (e *Engine) forgetSessions(of ops.Actor) {
	now, mine := e.Now(), 0
	var oldest ops.Caller
	for k, s := range e.sessions {
		if now.After(s.until) && now.Sub(s.lookedAt) > lookFor {
			delete(e.sessions, k)
		} else if k.Actor == of {
			if mine++; mine == 1 || s.lookedAt.Before(e.sessions[oldest].lookedAt) {
				oldest = k
			}
		}
	}
	if mine >= sessionsOfOne {
		delete(e.sessions, oldest)
	}
}

// unlockedUntil returns the end of the caller's unlock, or zero.
func (e *Engine) unlockedUntil(c ops.Caller) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	if s := e.sessions[c.Console()]; s != nil && e.Now().Before(s.until) {
		return s.until
	}
	return time.Time{}
}

// setUnlock changes the caller's unlock, writes it down and tells all consoles.
// The record comes first: an unlock that nobody could find later is refused.
func (e *Engine) setUnlock(c ops.Caller, until time.Time, reason ops.Text) error {
	what := ops.Textf("locked production again")
	if !until.IsZero() {
		what = ops.Textf("unlocked production until %s", ops.Clock(until, e.Now()))
	}
	rec := ops.Record{Kind: ops.RecordUnlock, Level: ops.LevelInfo, What: what, Actor: c.Actor,
		Ref: ops.NewRef(ops.KindConsole, "", c.Session.String())}
	if !reason.Empty() {
		rec.Facts = []ops.Fact{{Name: ops.Lit("reason"), Value: reason}}
	}
	if err := e.put(rec, nil); err != nil {
		return err
	}
	e.mu.Lock()
	e.sessionOf(c).until = until
	e.mu.Unlock()
	e.broker.wakeAll()
	return nil
}

// look remembers what the caller has on screen.
func (e *Engine) look(c ops.Caller, refs []ops.Ref) {
	e.mu.Lock()
	s := e.sessionOf(c)
	fresh := newIn(refs, e.looks(ops.Text{}))
	s.looks, s.lookedAt = refs[:min(len(refs), looksOfOne)], e.Now()
	e.mu.Unlock()
	if fresh {
		signal(e.looked)
		e.update(func(*picture) {}) // what is known already is shown at once
	}
}

func newIn(refs, before []ops.Ref) bool {
	had := make(map[ops.Ref]bool, len(before))
	for _, r := range before {
		had[r] = true
	}
	return slices.ContainsFunc(refs, func(r ops.Ref) bool { return !had[r] })
}

// lookedAtNow returns what anybody has on screen of one source.
func (e *Engine) lookedAtNow(source ops.Text) []ops.Ref {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.looks(source)
}

// looks is what anybody has on screen, of one source or (empty) of all; e.mu is
// held.
func (e *Engine) looks(source ops.Text) []ops.Ref {
	now, seen := e.Now(), map[ops.Ref]bool{}
	var refs []ops.Ref
	for _, s := range e.sessions {
		if now.Sub(s.lookedAt) > lookFor {
			continue
		}
		for _, r := range s.looks {
			if (source.Empty() || r.Source == source) && !seen[r] {
				seen[r] = true
				refs = append(refs, r)
			}
		}
	}
	return refs
}

// Sampling paces: figures of what is on screen, and of what has just come there.
const (
	sampleEvery   = 10 * time.Second
	sampleSpacing = 2 * time.Second
)

// sample reads the figures of what is on somebody's screen, and of nothing else:
// asking for the statistics of everything is what makes a Docker daemon burn a
// core for its watchers.
func (e *Engine) sample(ctx context.Context, col ops.Collector, sampler ops.Sampler) {
	info := col.Source()
	for {
		if refs := e.lookedAtNow(info.Name); len(refs) > 0 {
			cctx, cancel := context.WithTimeout(ctx, info.Timeout)
			figs, err := sampler.Sample(cctx, refs)
			cancel()
			if err != nil {
				e.Log.Warn("sample figures", "source", info.Name.String(), "err", err)
			} else {
				e.update(func(p *picture) { p.setFigures(info.Name, figs) })
			}
			if !sleep(ctx, sampleSpacing) {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(sampleEvery - sampleSpacing):
		case <-e.looked:
		}
	}
}

// sleep waits for d and reports whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
