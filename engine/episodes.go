package engine

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// episode is one finding about a server, from when it was first found until it is
// over. The history has its begin, each time it gets worse, and its end.
type episode struct {
	Source ops.Text  `json:"source"`
	Key    ops.Text  `json:"key"`
	Level  ops.Level `json:"level"` // the worst that was told
	Began  time.Time `json:"began"`
	// Gone is since when it is not found any more; zero while it is.
	Gone time.Time `json:"gone,omitzero"`
	Over bool      `json:"over,omitempty"` // its end was told
	// Calm is how long it has to be gone to be over.
	Calm time.Duration `json:"calm_ns"`
	// Lacks is what could not be read when it was last found.
	Lacks []ops.Text `json:"lacks,omitempty"`
}

// A finding that comes and goes is one episode while it stays away for less than a
// minute. Each time it comes back within the hour it has to stay away for twice as
// long as before, so that it fills no history.
const (
	calmLeast   = time.Minute
	calmMost    = 16 * time.Minute
	remembered  = time.Hour
	maxEpisodes = 50 // of one source; what comes beyond is on the board only
)

// recordFindings compares what was found of a server now with what was found before, and
// returns what the history keeps. It is told good answers only: a server that cannot be
// read has ended nothing.
func (p *picture) recordFindings(source ops.Text, d ops.Database, now time.Time) []ops.Record {
	var recs []ops.Record
	found := map[ops.Text]bool{}
	lacks := make([]ops.Text, 0, len(d.Missing))
	for _, m := range d.Missing {
		lacks = append(lacks, m.What)
	}
	for _, f := range d.Findings { // the worst first
		if f.Key.Empty() || found[f.Key] {
			continue
		}
		found[f.Key] = true
		e := p.episode(source, f.Key, now)
		if e == nil {
			continue
		}
		e.Gone, e.Lacks = time.Time{}, lacks
		if f.Level.Worse(e.Level) {
			e.Level = f.Level
			recs = append(recs, findingRecord(source, d.Ref, f, now))
		}
	}
	for i := range p.episodes {
		e := &p.episodes[i]
		if e.Source != source || found[e.Key] || e.Over {
			continue
		}
		if rec, over := e.away(lacks, now); over {
			rec.Ref = d.Ref
			recs = append(recs, rec)
		}
	}
	p.unsaved[keptEpisodes] = p.unsaved[keptEpisodes] || len(recs) > 0
	return recs
}

// episode returns the one that a finding belongs to: the one under way, or a new one.
// It is nil where the source has too many.
func (p *picture) episode(source, key ops.Text, now time.Time) *episode {
	p.episodes = slices.DeleteFunc(p.episodes, func(e episode) bool { return e.Over && now.Sub(e.Gone) > remembered })
	fresh := episode{Source: source, Key: key, Level: ops.LevelOK, Began: now, Calm: calmLeast}
	n := 0
	for i := range p.episodes {
		e := &p.episodes[i]
		switch {
		case e.Source != source:
			continue
		case e.Key == key && !e.Over:
			return e
		case e.Key == key:
			fresh.Calm = min(2*e.Calm, calmMost)
			*e = fresh
			return e
		}
		n++
	}
	if n == maxEpisodes {
		return nil
	}
	p.episodes = append(p.episodes, fresh)
	return &p.episodes[len(p.episodes)-1]
}

// away notes that a finding was not found this time, and returns its end where it has
// been away for long enough. What cannot be read now and could be then may hide it.
func (e *episode) away(lacks []ops.Text, now time.Time) (ops.Record, bool) {
	if slices.ContainsFunc(lacks, func(what ops.Text) bool { return !slices.Contains(e.Lacks, what) }) {
		e.Gone = time.Time{}
		return ops.Record{}, false
	}
	if e.Gone.IsZero() {
		e.Gone = now
	}
	if now.Sub(e.Gone) < e.Calm {
		return ops.Record{}, false
	}
	e.Over = true
	lasted := e.Gone.Sub(e.Began)
	if lasted >= time.Minute {
		lasted = lasted.Truncate(time.Minute)
	}
	return ops.Record{At: now, Kind: ops.RecordDatabase, Level: ops.LevelOK,
		What: ops.Textf("%s: %s is over after %s (since %s)", e.Source, e.Key, ops.Span(lasted.Truncate(time.Second)), ops.Moment(e.Gone, now))}, true
}

func findingRecord(source ops.Text, ref ops.Ref, f ops.Finding, now time.Time) ops.Record {
	rec := ops.Record{At: now, Kind: ops.RecordDatabase, Ref: ref, Level: f.Level, What: ops.Textf("%s: %s", source, f.What)}
	if !f.Cause.Empty() {
		rec.Facts = []ops.Fact{{Name: ops.Lit("cause"), Value: f.Cause}}
	}
	return rec
}

// restoreEpisodes lets their begins not be recorded again, and their ends be. Those of a
// source that is not in the estate any more have no end.
func restoreEpisodes(p *picture, all []episode) {
	p.episodes = slices.DeleteFunc(all, func(x episode) bool { return p.source(x.Source) == nil })
}
