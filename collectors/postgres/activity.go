package postgres

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"opsdeck/ops"
)

// maxSessions is how many sessions are listed; the idle rest is counted.
const maxSessions = 300

func readSession(r *reading, row row) error {
	b := ops.Session{}
	var state, kind string
	var waits bool
	var since time.Time
	var by []int32
	if err := row.Scan(&b.PID, r.moment(&b.Began), textTo{&b.User}, textTo{&b.App}, textTo{&b.Database}, textTo{&b.Client}, &state,
		r.moment(&b.Transaction), r.moment(&b.Query), r.moment(&b.Changed), textTo{&b.Wait}, &waits, r.moment(&since), &by, sqlTo{&b.SQL}, &kind, &b.Own,
		textTo{&b.Start}, textTo{&b.QueryStart}, &b.Locks, &b.Horizon, &b.Superuser); err != nil {
		return err
	}
	b.Ref = ops.NewRef(ops.KindSession, r.source, strconv.Itoa(b.PID))
	b.Own = b.Own || isOurs(b, r.out.Login)
	b.Hidden = kind == ""
	b.System = kind != "" && kind != "client backend"
	if b.Hidden {
		b.SQL = ops.Text{} // <insufficient privilege>
	}
	if b.System {
		b.App = ops.Clean(kind)
	}
	// A state that PostgreSQL adds one day reads as unknown.
	_ = b.State.UnmarshalText([]byte(cmp.Or(state, "unknown")))
	if waits {
		b.Waiting = since
		if since.IsZero() {
			b.Waiting = b.Query
		}
		for _, pid := range by {
			if !slices.Contains(b.BlockedBy, int(pid)) { // parallel workers repeat it
				b.BlockedBy = append(b.BlockedBy, int(pid))
			}
		}
	}
	r.out.Sessions = append(r.out.Sessions, b)
	if !b.System {
		r.out.Use.Used++
		r.idle[ops.UsedBy{App: b.App, State: b.State, Own: b.Own}]++
	}
	return nil
}

// isOurs reports whether a session is opsdeck's under a login: the server lists one that
// was given up until it writes to it, and those of an agent beside.
func isOurs(b ops.Session, login ops.Text) bool {
	return b.App.String() == appName && b.User == login && !login.Empty()
}

// use sums up who has the connections, the most first.
func (r *reading) use() {
	states := map[ops.SessionState]int{}
	u := &r.out.Use
	for k, n := range r.idle {
		k.Count = n
		u.By = append(u.By, k)
		states[k.State] += n
	}
	slices.SortFunc(u.By, func(a, b ops.UsedBy) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.App.String(), b.App.String()), cmp.Compare(a.State, b.State))
	})
	for s, n := range states {
		u.States = append(u.States, ops.StateCount{State: s, Count: n})
	}
	slices.SortFunc(u.States, func(a, b ops.StateCount) int { return cmp.Compare(a.State, b.State) })
	const most = 30
	u.By = u.By[:min(len(u.By), most)]
}

// order puts the sessions in the order of worth: trees, then what has been in a
// transaction longest, then what runs, then the idle ones, the longest idle first.
func order(bs []ops.Session) []ops.Session {
	trees := treesOf(bs)
	rest := slices.DeleteFunc(bs, func(b ops.Session) bool { return trees.in[b.PID] })
	slices.SortStableFunc(rest, func(a, b ops.Session) int {
		return cmp.Or(cmp.Compare(worth(a), worth(b)), began(a).Compare(began(b)), cmp.Compare(a.PID, b.PID))
	})
	return append(trees.rows, rest...)
}

func worth(b ops.Session) int {
	switch {
	case !b.Transaction.IsZero() && !b.Own:
		return 0
	case b.State == ops.SessionActive && !b.Own:
		return 1
	case b.Own:
		return 4
	case b.State == ops.SessionIdle:
		return 3
	}
	return 2
}

func began(b ops.Session) time.Time {
	switch {
	case !b.Transaction.IsZero():
		return b.Transaction
	case b.State == ops.SessionIdle:
		return b.Changed
	}
	return b.Query
}
