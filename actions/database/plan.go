package database

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// session finds the target among the sessions there are now.
func (f family) session(ctx context.Context, req ops.Request) (ops.Session, []ops.Session, error) {
	all, err := f.client.Sessions(ctx)
	if err != nil {
		return ops.Session{}, nil, err
	}
	i := slices.IndexFunc(all, func(s ops.Session) bool { return s.Ref == req.Target })
	switch {
	case i < 0:
		return ops.Session{}, nil, ops.Errorf(ops.CodeNotFound, "%s has no session %s any more", f.source, req.Target.ID)
	case all[i].Own:
		return ops.Session{}, nil, ops.Errorf(ops.CodeInvalid, "%s is opsdeck's own session", req.Target.ID)
	case all[i].Start.Empty():
		return ops.Session{}, nil, ops.Errorf(ops.CodeDenied, "when session %s began is hidden, so it cannot be told from another with its pid", req.Target.ID).
			Help("GRANT pg_monitor to the login that reads")
	}
	return all[i], all, nil
}

// Plan says which query of which session would be canceled.
func (c *cancel) Plan(ctx context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	s, all, err := c.session(ctx, req)
	if err != nil {
		return ops.Plan{}, err
	}
	if s.State != ops.SessionActive {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "session %d runs no query: it is %s", s.PID, s.State).Help("terminate it")
	}
	sql := fmt.Sprintf("SELECT pid, pg_cancel_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = %s AND query_start = %s AND state = 'active'",
		identity(s), quoted(s.QueryStart))
	p := c.about("cancel the query of", sql, s, all, req)
	p.Steps[0].On = append(p.Steps[0].On, queryOf(s))
	p.Replaces = append(p.Replaces, ops.Lit("the query fails, and with it the transaction that it is in"))
	return p, nil
}

// Plan says which session would be ended.
func (t *terminate) Plan(ctx context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	s, all, err := t.session(ctx, req)
	if err != nil {
		return ops.Plan{}, err
	}
	sql := fmt.Sprintf("SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = %s", identity(s))
	p := t.about("terminate", sql, s, all, req)
	p.Replaces = append(p.Replaces, ops.Lit("its connection breaks; what it has not committed is rolled back"))
	return p, nil
}

// about is the plan for one session. What it is stands in Replaces and must not
// change; what it does at the moment stands in the warnings, and may.
func (f family) about(verb, sql string, s ops.Session, all []ops.Session, req ops.Request) ops.Plan {
	return ops.Plan{
		Title:    ops.Textf("%s session %d (%s) on %s", verb, s.PID, s.App.Or(s.User), f.source),
		Steps:    []ops.Step{statement(sql, s)},
		Replaces: []ops.Text{ops.Textf("session %d: %s", s.PID, who(s))},
		Warnings: append(doing(s), standing(s, all)...),
		Locks:    []ops.Ref{req.Target},
	}
}

// who is what stays the same about a session as long as it lives.
func who(s ops.Session) string {
	return fmt.Sprintf("%s, user %s, database %s, from %s, connected %s",
		s.App.Or(ops.Lit("no application name")), s.User, s.Database.Or(ops.Lit("none")), s.Client.Or(ops.Lit("no address")), ops.Stamp(s.Began))
}

// doing says what it does now.
func doing(s ops.Session) []ops.Text {
	words := "it is " + s.State.String()
	if !s.Changed.IsZero() {
		words += " since " + ops.Stamp(s.Changed)
	}
	if !s.Transaction.IsZero() {
		words += ", in a transaction since " + ops.Stamp(s.Transaction)
	}
	out := []ops.Text{ops.Clean(words)}
	if !s.SQL.Empty() {
		last := "its last query: "
		if s.State == ops.SessionActive {
			last = "its query: "
		}
		out = append(out, ops.Textf("%s%.300s", last, s.SQL))
	}
	if s.System {
		out = append(out, ops.Textf("it is a process of the server itself (%s)", s.App))
	}
	return out
}

// standing says where it stands in a blocking tree.
func standing(s ops.Session, all []ops.Session) []ops.Text {
	var out []ops.Text
	if s.Blocks > 0 {
		out = append(out, ops.Textf("%s for it, directly or not, and then go on", waiters(s.Blocks)))
	}
	if s.Root != 0 && s.Root != s.PID {
		i := slices.IndexFunc(all, func(o ops.Session) bool { return o.PID == s.Root })
		if i >= 0 {
			out = append(out, ops.Textf("it waits itself: the root of its tree is %d (%s), and ends nothing by this", s.Root, all[i].App.Or(all[i].User)))
		}
	}
	return out
}

func waiters(n int) string {
	if n == 1 {
		return "1 session waits"
	}
	return ops.Count(n, "session") + " wait"
}

// most is how many sessions one plan ends.
const (
	most  = 500
	chunk = 100 // sessions in one statement
)

// Plan lists the sessions that would be ended. The one that starts is compared with
// the one that was shown, session by session.
func (e *endIdle) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	w, err := intentOf(req)
	if err != nil {
		return ops.Plan{}, err
	}
	all, err := e.client.Sessions(ctx)
	if err != nil {
		return ops.Plan{}, err
	}
	var hits []ops.Session
	d, _ := e.known(b)
	hidden, others := 0, 0
	for _, s := range all {
		switch {
		case s.Hidden:
			hidden++
		case !w.takes(s, e.now()):
		case s.Superuser && !d.Rights.Superuser && !d.Ref.Zero(): // the server would refuse the whole statement
			others++
		default:
			hits = append(hits, s)
		}
	}
	p := ops.Plan{Locks: []ops.Ref{req.Target}, Title: ops.Textf("end %s on %s: %s", ops.Count(len(hits), "session"), e.source, w)}
	if len(hits) == 0 {
		return ops.Plan{}, ops.Errorf(ops.CodeNotFound, "%s has no session %s", e.source, w).Help("another state, a shorter time (older), or another application (app)")
	}
	slices.SortFunc(hits, func(a, b ops.Session) int { return a.Changed.Compare(b.Changed) })
	if len(hits) > most {
		p.Warnings = append(p.Warnings, ops.Textf("%d are the longest idle of %d: run it again for the rest", most, len(hits)))
		hits = hits[:most]
	}
	if hidden > 0 {
		p.Warnings = append(p.Warnings, ops.Textf("left alone: %s hidden from this login", ops.Count(hidden, "session")))
	}
	if others > 0 {
		p.Warnings = append(p.Warnings, ops.Textf("left alone: %s of superusers, which %s may not end", ops.Count(others, "session"), d.Rights.Login))
	}
	slices.SortFunc(hits, func(a, b ops.Session) int { return a.PID - b.PID })
	for part := range slices.Chunk(hits, chunk) {
		p.Steps = append(p.Steps, statement(w.sql(part), part...))
	}
	for _, s := range hits {
		p.Replaces = append(p.Replaces, ops.Textf("session %d: %s, %s since %s", s.PID, who(s), s.State, ops.Stamp(s.Changed)))
	}
	return p, nil
}

// intent is which idle sessions are meant.
type intent struct {
	states []ops.SessionState
	word   string
	older  time.Duration
	app    string
}

func intentOf(req ops.Request) (intent, error) {
	w := intent{word: req.Value("state", stateInTx), app: strings.TrimSpace(req.Value("app", ""))}
	switch w.word {
	case stateInTx:
		w.states = []ops.SessionState{ops.SessionIdleInTx, ops.SessionAborted}
	case stateIdle:
		w.states = []ops.SessionState{ops.SessionIdle}
	case stateAny:
		w.states = []ops.SessionState{ops.SessionIdle, ops.SessionIdleInTx, ops.SessionAborted}
	default:
		return w, ops.Errorf(ops.CodeInvalid, "%q is no state here", w.word).Help("write in transaction, idle or any")
	}
	d, ok := ops.ParseDuration(req.Value("older", "2m"))
	if !ok || d < 0 {
		return w, ops.Errorf(ops.CodeInvalid, "%q is not a time", req.Value("older", "")).Help("write 30s, 5m or 1h")
	}
	w.older = d
	return w, nil
}

// String is the intent in words.
func (w intent) String() string {
	words := "idle in transaction"
	switch w.word {
	case stateIdle:
		words = "idle"
	case stateAny:
		words = "idle, in a transaction or not,"
	}
	words += " for more than " + model.Duration(w.older).String()
	if w.app != "" {
		words += " from " + w.app
	}
	return words
}

func (w intent) takes(s ops.Session, now time.Time) bool {
	return slices.Contains(w.states, s.State) && !s.Own && !s.System && !s.Start.Empty() && !s.Changed.IsZero() &&
		now.Sub(s.Changed) >= w.older && (w.app == "" || s.App.String() == w.app)
}

// sql names each session by pid and start, and asks the server to look once more
// whether it is still idle, and for as long.
func (w intent) sql(hits []ops.Session) string {
	var who, states []string
	for _, s := range hits {
		who = append(who, identity(s))
	}
	for _, s := range w.states {
		states = append(states, "'"+s.String()+"'")
	}
	return fmt.Sprintf("SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) IN (%s) AND state IN (%s) AND clock_timestamp() - state_change >= interval '%d seconds'",
		strings.Join(who, ", "), strings.Join(states, ", "), int(w.older.Seconds()))
}

// statement is a step that is about some sessions.
func statement(sql string, about ...ops.Session) ops.Step {
	s := ops.Step{How: ops.StepSQL, SQL: ops.CleanLine(sql)}
	for _, b := range about {
		s.On = append(s.On, named(b))
	}
	return s
}

// named names one session and no other: pids are used again.
func named(s ops.Session) ops.Text { return ops.Textf("%d since %s", s.PID, s.Start) }

// queryOf names the query that a session is at, and not its next one.
func queryOf(s ops.Session) ops.Text { return ops.Textf("%s, its query of %s", named(s), s.QueryStart) }

// identity is a session's name as a row of SQL.
func identity(s ops.Session) string { return fmt.Sprintf("(%d, %s)", s.PID, quoted(s.Start)) }

// quoted is a moment as the server wrote it. It is no text of anybody's, but what
// stands in a statement is quoted.
func quoted(t ops.Text) string {
	return "timestamptz '" + strings.ReplaceAll(t.String(), "'", "''") + "'"
}

// Plan says what a checkpoint is.
func (c *checkpoint) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Title: ops.Textf("checkpoint on %s", c.source), Steps: []ops.Step{{How: ops.StepSQL, SQL: ops.Lit("CHECKPOINT")}},
		Replaces: []ops.Text{ops.Lit("nothing; its disks are busy until it is done, which may take minutes")}, Locks: []ops.Ref{req.Target}}, nil
}

// Plan says what switching WAL is.
func (s *switchWAL) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Title: ops.Textf("switch WAL on %s", s.source), Steps: []ops.Step{{How: ops.StepSQL, SQL: ops.Lit("SELECT pg_switch_wal()")}},
		Replaces: []ops.Text{ops.Lit("the present WAL file ends here and is archived whole")}, Locks: []ops.Ref{req.Target}}, nil
}
