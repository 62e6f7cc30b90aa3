package database

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func at() time.Time { return time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC) }

// fake is a server whose sessions the test knows.
type fake struct {
	sessions []ops.Session
	ran      []string
	answer   func(sql string) ([][]ops.Text, error)
}

func (f *fake) Sessions(context.Context) ([]ops.Session, error) { return f.sessions, nil }

func (f *fake) Query(_ context.Context, sql string) ([][]ops.Text, error) {
	f.ran = append(f.ran, sql)
	return f.answer(sql)
}

func (f *fake) QueryLong(ctx context.Context, sql string) ([][]ops.Text, error) {
	return f.Query(ctx, sql)
}

// ends is what the server answers to a statement that ends sessions: it forgets
// those that the statement names.
func (f *fake) ends(sql string) ([][]ops.Text, error) {
	var rows [][]ops.Text
	f.sessions = slices.DeleteFunc(f.sessions, func(s ops.Session) bool {
		named := strings.Contains(sql, identity(s))
		if named {
			rows = append(rows, []ops.Text{s.Ref.ID, ops.Lit("true")})
		}
		return named
	})
	return rows, nil
}

func session(pid, app string, s ops.SessionState, idle time.Duration) ops.Session {
	b := ops.Session{Ref: ops.NewRef(ops.KindSession, "pg", pid), App: ops.Clean(app), User: ops.Lit("app"), State: s, Changed: at().Add(-idle),
		Began: at().Add(-time.Hour), Start: ops.Clean("2026-11-21 01:14:00." + pid + "+00"), QueryStart: ops.Lit("2026-11-21 02:13:00+00"), SQL: ops.Lit("SELECT 1")}
	for _, c := range pid {
		b.PID = b.PID*10 + int(c-'0')
	}
	return b
}

func family1(f *fake) family {
	return family{client: f, source: ops.Lit("pg"), now: at, watch: time.Second, lookEvery: time.Millisecond}
}

// quiet takes a job's words.
type quiet struct{ lines []string }

func (*quiet) Progress(ops.Progress)            {}
func (q *quiet) Line(_ ops.Stream, text string) { q.lines = append(q.lines, text) }
func (*quiet) Child(ops.Process)                {}
func (*quiet) Actor() ops.Actor                 { return ops.Actor{} }

func request(id, pid string, params ...string) ops.Request {
	r := ops.Request{Action: ops.Clean(id), Target: ops.NewRef(ops.KindSession, "pg", pid)}
	for i := 0; i < len(params); i += 2 {
		r.Params = append(r.Params, ops.Param{Name: ops.Clean(params[i]), Value: ops.Clean(params[i+1])})
	}
	return r
}

func TestThePlanNamesTheSessionAndNotItsPidAlone(t *testing.T) {
	f := &fake{sessions: []ops.Session{session("47", "nightly", ops.SessionIdleInTx, time.Minute)}}
	a := &terminate{family1(f)}
	first, err := a.Plan(t.Context(), ops.Board{}, request("database.terminate", "47"))
	if err != nil {
		t.Fatal(err)
	}
	want := "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = (47, timestamptz '2026-11-21 01:14:00.47+00')"
	if len(first.Steps) != 1 || first.Steps[0].Text().String() != want || first.Steps[0].How != ops.StepSQL {
		t.Errorf("%+v", first.Steps)
	}
	f.sessions[0].State, f.sessions[0].Changed, f.sessions[0].SQL = ops.SessionActive, at(), ops.Lit("SELECT 2")
	if again, _ := a.Plan(t.Context(), ops.Board{}, request("database.terminate", "47")); !reflect.DeepEqual(again.Steps, first.Steps) || !reflect.DeepEqual(again.Replaces, first.Replaces) {
		t.Error("what it does at the moment makes the plan another one")
	}
	f.sessions[0].Start = ops.Lit("2026-11-21 02:13:59+00") // the pid was given to the next one
	if again, _ := a.Plan(t.Context(), ops.Board{}, request("database.terminate", "47")); reflect.DeepEqual(again.Steps, first.Steps) {
		t.Error("another session with the pid gives the same plan")
	}
}

func TestWhatCannotBePlannedIsSaid(t *testing.T) {
	own, hidden := session("2", "opsdeck", ops.SessionActive, 0), session("3", "", ops.SessionUnknown, 0)
	own.Own, hidden.Hidden, hidden.Start = true, true, ops.Text{}
	f := family1(&fake{sessions: []ops.Session{own, hidden, session("4", "web", ops.SessionIdle, time.Hour)}})
	for name, c := range map[string]struct {
		plan func() (ops.Plan, error)
		code ops.Code
	}{
		"it has ended":       {func() (ops.Plan, error) { return (&terminate{f}).Plan(t.Context(), ops.Board{}, request("x", "99")) }, ops.CodeNotFound},
		"our own":            {func() (ops.Plan, error) { return (&terminate{f}).Plan(t.Context(), ops.Board{}, request("x", "2")) }, ops.CodeInvalid},
		"hidden":             {func() (ops.Plan, error) { return (&terminate{f}).Plan(t.Context(), ops.Board{}, request("x", "3")) }, ops.CodeDenied},
		"no query to cancel": {func() (ops.Plan, error) { return (&cancel{f}).Plan(t.Context(), ops.Board{}, request("x", "4")) }, ops.CodeInvalid},
		"no such state": {func() (ops.Plan, error) {
			return (&endIdle{f}).Plan(t.Context(), ops.Board{}, request("x", "4", "state", "asleep"))
		}, ops.CodeInvalid},
		"not a time": {func() (ops.Plan, error) {
			return (&endIdle{f}).Plan(t.Context(), ops.Board{}, request("x", "4", "older", "a while"))
		}, ops.CodeInvalid},
		"nobody is idle so": {func() (ops.Plan, error) {
			return (&endIdle{f}).Plan(t.Context(), ops.Board{}, request("x", "4", "older", "2h", "state", "idle"))
		}, ops.CodeNotFound},
		"nobody in that state": {func() (ops.Plan, error) { return (&endIdle{f}).Plan(t.Context(), ops.Board{}, request("x", "4")) }, ops.CodeNotFound},
	} {
		if _, err := c.plan(); ops.CodeOf(err) != c.code || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheIdleAreEndedAndOnlyThey(t *testing.T) {
	own := session("9", "opsdeck", ops.SessionIdle, time.Hour)
	own.Own = true
	f := &fake{sessions: []ops.Session{session("1", "web", ops.SessionIdle, time.Hour), session("2", "web", ops.SessionIdle, time.Minute),
		session("3", "it's", ops.SessionIdle, time.Hour), session("4", "web", ops.SessionActive, time.Hour), session("5", "web", ops.SessionIdleInTx, time.Hour), own}}
	f.answer = f.ends
	a := &endIdle{family1(f)}
	p, err := a.Plan(t.Context(), ops.Board{}, request("database.end-idle", "", "state", "idle", "app", "web"))
	if err != nil || len(p.Replaces) != 1 || p.Title.String() != "end 1 session on pg: idle for more than 2m from web" {
		t.Fatalf("%+v %v", p, err)
	}
	sql := p.Steps[0].Text().String()
	for _, part := range []string{"IN ((1, timestamptz '2026-11-21 01:14:00.1+00'))", "state IN ('idle')", "state_change >= interval '120 seconds'"} {
		if !strings.Contains(sql, part) {
			t.Errorf("%s lacks %s", sql, part)
		}
	}
	res, err := a.Run(t.Context(), p, &quiet{})
	if err != nil || res.State != ops.JobSucceeded || len(f.sessions) != 5 || f.ran[0] != sql {
		t.Errorf("%+v %v, left %d, ran %q", res, err, len(f.sessions), f.ran)
	}
	p, err = a.Plan(t.Context(), ops.Board{}, request("database.end-idle", "", "state", "any", "older", "30s"))
	if err != nil || len(p.Replaces) != 3 || strings.Contains(p.Steps[0].Text().String(), "it's") {
		t.Errorf("%+v %v", p, err)
	}
}

func TestHundredsAreEndedInSeveralStatements(t *testing.T) {
	f := &fake{}
	for i := range 600 {
		s := session("1", "web", ops.SessionIdle, time.Hour+time.Duration(i)*time.Second)
		s.PID = 1000 + i
		s.Ref = ops.NewRef(ops.KindSession, "pg", ops.Textf("%d", s.PID).String())
		f.sessions = append(f.sessions, s)
	}
	f.answer = f.ends
	a := &endIdle{family1(f)}
	p, err := a.Plan(t.Context(), ops.Board{}, request("x", "", "state", "idle"))
	if err != nil || len(p.Steps) != 5 || len(p.Replaces) != most || len(p.Warnings) != 1 {
		t.Fatalf("%d steps, %d sessions, %v %v", len(p.Steps), len(p.Replaces), p.Warnings, err)
	}
	for _, s := range p.Steps {
		if strings.HasSuffix(s.SQL.String(), "…") {
			t.Errorf("a statement was cut: %d characters", len(s.SQL.String()))
		}
	}
	res, err := a.Run(t.Context(), p, &quiet{})
	if err != nil || len(f.sessions) != 100 || res.What.String() != "500 of 500 sessions ended" {
		t.Errorf("%+v %v, %d are left", res, err, len(f.sessions))
	}
}

func TestHowASessionEnds(t *testing.T) {
	told := func(string) ([][]ops.Text, error) { return [][]ops.Text{{ops.Lit("7"), ops.Lit("true")}}, nil }
	none := func(string) ([][]ops.Text, error) { return nil, nil }
	lost := ops.Errorf(ops.CodeUnanswered, "no answer came back")
	for name, c := range map[string]struct {
		answer func(*fake) func(string) ([][]ops.Text, error)
		gone   bool // before it runs
		state  ops.JobState
		says   string
		code   ops.Code
	}{
		"it ends":                   {answer: func(f *fake) func(string) ([][]ops.Text, error) { return f.ends }, state: ops.JobSucceeded, says: "session 7 has ended"},
		"it takes its time":         {answer: func(*fake) func(string) ([][]ops.Text, error) { return told }, state: ops.JobPartial, says: "still there"},
		"it had ended":              {answer: func(*fake) func(string) ([][]ops.Text, error) { return none }, gone: true, state: ops.JobSucceeded, says: "it had ended already"},
		"the login does not see it": {answer: func(*fake) func(string) ([][]ops.Text, error) { return none }, code: ops.CodeDenied, says: "was not told"},
		"the answer was lost": {answer: func(*fake) func(string) ([][]ops.Text, error) {
			return func(string) ([][]ops.Text, error) { return nil, lost }
		}, code: ops.CodeUnanswered, says: "no answer"},
	} {
		f := &fake{sessions: []ops.Session{session("7", "web", ops.SessionIdleInTx, time.Hour), session("9", "opsdeck", ops.SessionActive, 0)}}
		a := &terminate{family1(f)}
		a.watch = 20 * time.Millisecond
		p, err := a.Plan(t.Context(), ops.Board{}, request("database.terminate", "7"))
		if err != nil {
			t.Fatal(err)
		}
		p.Request = request("database.terminate", "7") // the engine's to add
		if c.gone {
			f.sessions = f.sessions[1:]
		}
		f.answer = c.answer(f)
		res, err := a.Run(t.Context(), p, &quiet{})
		said := res.What.String()
		if err != nil {
			said = err.Error()
		}
		if res.State != c.state || !strings.Contains(said, c.says) || c.code != 0 && ops.CodeOf(err) != c.code || errors.Is(err, nil) != (c.code == 0) {
			t.Errorf("%s: %v %q %v", name, res.State, said, err)
		}
	}
}

func TestWhatTheLoginMayNotIsListedWithTheReason(t *testing.T) {
	target := session("7", "web", ops.SessionIdleInTx, time.Hour)
	board := func(r ops.Rights, change ...func(*ops.Session)) ops.Board {
		target := target
		for _, do := range change {
			do(&target)
		}
		r.Login = ops.Lit("opsdeck")
		return ops.Board{Sources: []ops.Source{{Name: ops.Lit("pg"), State: ops.SourceOK}}, Databases: []ops.Reading[ops.Database]{{
			Source: ops.Lit("pg"), At: at(), State: ops.SourceOK, Value: ops.Database{Sessions: []ops.Session{target}, Rights: r}}}}
	}
	all := ops.Rights{Signal: true, Sees: true, Checkpoint: true, SwitchWAL: true}
	f := family1(&fake{})
	for name, c := range map[string]struct{ got, want ops.Text }{
		"may":             {(&terminate{f}).Blocked(board(all), target.Ref), ops.Text{}},
		"no signal":       {(&terminate{f}).Blocked(board(ops.Rights{Sees: true}), target.Ref), ops.Lit("GRANT pg_signal_backend TO opsdeck")},
		"sees nothing":    {(&terminate{f}).Blocked(board(ops.Rights{Signal: true}), target.Ref), ops.Lit("GRANT pg_monitor TO opsdeck")},
		"a superuser's":   {(&terminate{f}).Blocked(board(all, func(s *ops.Session) { s.Superuser = true }), target.Ref), ops.Lit("opsdeck may not: a superuser has to, as it is a superuser's")},
		"a vacuum":        {(&cancel{f}).Blocked(board(all, func(s *ops.Session) { s.System, s.User, s.App = true, ops.Text{}, ops.Lit("autovacuum worker") }), target.Ref), ops.Lit("a superuser has to, as it is a process of the server itself (autovacuum worker)")},
		"for a superuser": {(&terminate{f}).Blocked(board(ops.Rights{Signal: true, Sees: true, Superuser: true}, func(s *ops.Session) { s.Superuser = true }), target.Ref), ops.Text{}},
		"replay":          {(&terminate{f}).Blocked(board(ops.Rights{Signal: true, Sees: true, Superuser: true}, func(s *ops.Session) { s.System, s.App = true, ops.Lit("startup") }), target.Ref), ops.Lit("cannot be ended")},
		"no query":        {(&cancel{f}).Blocked(board(all), target.Ref), ops.Lit("it runs no query, it is idle in transaction")},
		"no checkpoint":   {(&checkpoint{f}).Blocked(board(ops.Rights{}), ops.Ref{}), ops.Lit("GRANT pg_checkpoint TO opsdeck")},
		"no switch":       {(&switchWAL{f}).Blocked(board(ops.Rights{}), ops.Ref{}), ops.Lit("GRANT EXECUTE ON FUNCTION pg_switch_wal() TO opsdeck")},
		"cannot connect":  {(&terminate{f}).Blocked(board(ops.Rights{Why: ops.Lit("the actions role cannot connect")}), target.Ref), ops.Lit("cannot connect")},
		"not read":        {(&terminate{f}).Blocked(ops.Board{}, target.Ref), ops.Lit("pg was not read yet")},
	} {
		if !strings.Contains(c.got.String(), c.want.String()) || c.want.Empty() != c.got.Empty() {
			t.Errorf("%s: %q", name, c.got)
		}
	}
}
