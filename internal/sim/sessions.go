package sim

import (
	"time"

	"opsdeck/internal/pgfake"
)

// live is a session of the simulated database at a moment.
type live struct {
	script *sessionScript
	pid    int
	began  time.Time
	since  time.Time // its statement, and where it is in one its transaction
	by     []int
}

// live are the sessions there are now.
func (d *server) live(now time.Time) (out []live) {
	pids := map[int]int{}
	for i := range d.script.Sessions {
		s := &d.script.Sessions[i]
		l := live{script: s, pid: s.PID + 100*d.ended[s.PID], began: d.w.started(), since: now.Truncate(max(time.Second, s.For.d()))}
		if at, again := d.begun[s.PID]; again {
			l.began = at
		}
		if s.During != "" {
			period := d.w.period(d.w.named(s.During), now)
			if !period.on {
				continue
			}
			l.began, l.since = latest(period.from, d.begun[s.PID]), latest(period.from.Add(s.For.d()), d.canceled[s.PID], d.begun[s.PID])
		}
		if pids[s.PID] = l.pid; s.By != 0 {
			l.by = []int{pids[s.By]}
		}
		out = append(out, l)
	}
	return out
}

func latest(times ...time.Time) (t time.Time) {
	for _, x := range times {
		if x.After(t) {
			t = x
		}
	}
	return t
}

// ownPID is the session that asks.
const ownPID = 9001

// sessions is the list of them, and of who asks.
func (d *server) sessions(now time.Time) pgfake.Reply {
	r := answered("sessions", d.session(live{script: &sessionScript{User: "opsdeck", App: "opsdeck", From: "127.0.0.1", State: "active"}, pid: ownPID, began: d.w.begin, since: now}))
	for _, l := range d.live(now) {
		r.Rows = append(r.Rows, d.session(l))
	}
	return r
}

func (d *server) session(l live) []any {
	s := l.script
	var transaction, waits any
	if s.During != "" {
		transaction = l.since
	}
	if len(l.by) > 0 {
		waits = l.since
	}
	return []any{l.pid, l.began, s.User, s.App, d.script.Name, s.From, s.State, transaction, l.since, l.since, s.Wait, len(l.by) > 0, waits, append([]int{}, l.by...), s.SQL,
		"client backend", l.pid == ownPID, string(pgfake.Written(l.began)), string(pgfake.Written(l.since)), map[bool]int{true: 2}[s.During != ""], s.During != "", false}
}
