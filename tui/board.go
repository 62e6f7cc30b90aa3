package tui

import (
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/screen"
)

// boardCame takes a new board: it is the news that the connection stands, too.
func (m *Model) boardCame(msg boardMsg) tea.Cmd {
	before := m.latest
	m.latest, m.me, m.known = msg.Board, msg.Me, true
	m.now = m.o.Now()
	if !m.lost.since.IsZero() {
		m.lost = loss{}
		m.notices.say(report.ToneInfo, "the agent answers again", m.now)
	}
	m.noteJobs(before.Jobs)
	ring := m.bell.ring(m.latest, m.o.Quiet)
	m.hand()
	return tea.Batch(ring, m.nextTick(), m.wantLook(), m.askAgain(), m.askPast())
}

// silentFor is how long nothing came, heartbeats neither, before a lost agent was
// silent and not gone: one that ends is noticed at once.
const silentFor = 8 * time.Second

// lostAgent keeps the last board, and lets nothing on it look good.
func (m *Model) lostAgent(msg lostMsg) tea.Cmd {
	if m.lost.since.IsZero() {
		m.now = m.o.Now()
		m.lost.since = m.now
		if !msg.heard.IsZero() && m.now.Sub(msg.heard) > silentFor {
			m.lost.since, m.lost.silent = msg.heard, true
		}
	}
	// It stands as the reason of every source, too: it has to say what it is about.
	switch {
	case m.lost.silent && m.o.Where != "":
		m.lost.why = ops.Textf("nothing comes through the tunnel to %s", m.o.Where)
	case m.lost.silent:
		m.lost.why = ops.Lit("the agent says nothing")
	default:
		m.lost.why = ops.Lit("no connection to the agent")
	}
	if msg.err != nil {
		m.lost.why = ops.AsError(msg.err).What
	}
	m.hand()
	return m.nextTick()
}

// hand gives the picture to the screen in sight, and the frame what is left.
func (m *Model) hand() {
	p := m.picture()
	m.head = report.NewHead(m.live(), m.now)
	for _, s := range slices.Concat(slices.Collect(maps.Values(m.panes)), m.opened) {
		if g, ok := s.(gatherer); ok {
			m.safely(s, func() { g.gather(p) })
		}
	}
	m.tell(p)
}

// uncover gives the picture to what comes into sight: what is covered is not laid
// out with every board.
func (m *Model) uncover() { m.tell(m.picture()) }

// noteJobs says on the job line what ended since the last board.
func (m *Model) noteJobs(before []ops.Job) {
	for _, j := range slices.Backward(m.latest.Jobs) {
		if !j.State.Ended() {
			continue
		}
		i := slices.IndexFunc(before, func(o ops.Job) bool { return o.ID == j.ID })
		if i >= 0 && !before[i].State.Ended() || i < 0 && m.recent(j) {
			line, tone := report.JobEnd(j)
			m.notices.add(tone, line, m.now)
		}
	}
}

// recent reports whether a job that this console never saw running ended just
// now: a quick one starts and ends between two boards.
func (m *Model) recent(j ops.Job) bool { return m.now.Sub(j.Ended) < 5*time.Second }

// tick is the clock. The same minute twice draws the same screen.
func (m *Model) tick(msg tickMsg) tea.Cmd {
	if msg.due.Equal(m.ticking) {
		m.ticking = time.Time{}
	}
	m.now = m.o.Now()
	m.notices.expire(m.now)
	m.hand()
	return tea.Batch(m.nextTick(), m.wantLook(), m.askAgain())
}

// detailEvery is how often an opened object is asked for again at most.
const detailEvery = 5 * time.Second

// askAgain asks again for the object on top, so that what is opened does not
// grow old while somebody reads it. A frozen picture stays as it is.
func (m *Model) askAgain() tea.Cmd {
	s, ok := m.top().(screen.Asker)
	if !ok {
		return nil
	}
	q := s.Asks()
	if !m.frozen.since.IsZero() || m.now.Sub(q.At) < detailEvery {
		return nil
	}
	q.At = m.now
	return m.cmdDetail(q.Serial, q.Ref)
}

// askNow asks for it at once: something was done that it shows.
func (m *Model) askNow() tea.Cmd {
	if s, ok := m.top().(screen.Asker); ok {
		s.Asks().At = time.Time{}
	}
	return m.askAgain()
}

// nextTick wakes at the next moment when the screen can change by itself: the
// next minute, the end of an unlock, or the end of a notice. One tick at a time
// is under way; an earlier one replaces it, and the late one finds nothing new.
func (m *Model) nextTick() tea.Cmd {
	now := m.o.Now()
	due := now.Truncate(time.Minute).Add(time.Minute)
	for _, at := range []time.Time{m.me.Until, m.notices.until()} {
		if at.After(now) && at.Before(due) {
			due = at
		}
	}
	if !m.ticking.IsZero() && !due.Before(m.ticking) {
		return nil
	}
	m.ticking = due
	return m.after(due.Sub(now), tickMsg{due})
}

// looking is the wait before the agent is told what is on the screen.
type looking struct {
	serial  int
	pending bool
	told    []ops.Ref
	at      time.Time // when it was told
}

// How long a selection rests before the agent hears of it, how often it may
// hear, and when it has to hear again (it forgets after 30 s).
const (
	lookRest  = 250 * time.Millisecond
	lookEvery = time.Second
	lookAgain = 20 * time.Second
)

// wantLook asks for figures of what is on the screen, after the hand rests.
func (m *Model) wantLook() tea.Cmd {
	refs := m.top().Visible()
	now := m.o.Now()
	if m.looked.pending || len(refs) == 0 && len(m.looked.told) == 0 ||
		slices.Equal(refs, m.looked.told) && now.Sub(m.looked.at) < lookAgain {
		return nil
	}
	m.looked.pending = true
	m.looked.serial++
	serial := m.looked.serial
	wait := max(lookRest, lookEvery-now.Sub(m.looked.at))
	return m.after(wait, lookMsg{serial})
}

func (m *Model) look(msg lookMsg) tea.Cmd {
	if msg.serial != m.looked.serial {
		return nil
	}
	m.looked = looking{serial: msg.serial, told: m.top().Visible(), at: m.o.Now()}
	return m.cmdLook(m.looked.told)
}

// bellState remembers which critical findings have rung.
type bellState struct {
	rung   map[ops.Ref]bool
	first  bool
	unseen bool // something critical is new and no key was pressed since
}

// ring rings once for each new critical finding, and not for those that were
// there when the console opened: those are on the screen.
func (b *bellState) ring(board ops.Board, quiet bool) tea.Cmd {
	fresh, now := false, map[ops.Ref]bool{}
	for _, f := range board.Findings {
		if f.Level == ops.LevelCritical {
			now[f.Ref] = true
			fresh = fresh || !b.rung[f.Ref]
		}
	}
	opening := !b.first
	b.rung, b.first = now, true
	if !fresh || opening {
		return nil
	}
	b.unseen = true
	if quiet {
		return nil
	}
	return tea.Raw("\a")
}
