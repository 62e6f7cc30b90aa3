package database

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func words(s string) [][]ops.Text { return [][]ops.Text{{ops.Clean("7"), ops.Clean(s)}} }

func says(rows [][]ops.Text, err error) func(string) ([][]ops.Text, error) {
	return func(string) ([][]ops.Text, error) { return rows, err }
}

// turns are sessions that become others once a statement was run.
type turns struct {
	fake
	to  []ops.Session
	err error // of listing them then
}

func (x *turns) Sessions(ctx context.Context) ([]ops.Session, error) {
	if len(x.ran) == 0 {
		return x.fake.Sessions(ctx)
	}
	return x.to, x.err
}

// TestTheNextSessionOrQueryIsNotTakenForTheOneThatEnded: pids are given again, and a pool
// that lost its query begins the next at once.
func TestTheNextSessionOrQueryIsNotTakenForTheOneThatEnded(t *testing.T) {
	old := session("7", "web", ops.SessionActive, time.Minute)
	samePID, nextQuery := old, old
	samePID.Start = ops.Clean("2026-11-21 02:13:59+00")
	nextQuery.QueryStart = ops.Clean("2026-11-21 02:13:59+00")
	others := []ops.Session{session("9", "web", ops.SessionIdle, 0)}
	for name, x := range map[string]struct {
		action func(family) ops.Action
		to     []ops.Session
		err    error
		state  ops.JobState
		says   string
	}{
		"terminated, and gone":                {action: terminates, to: others, state: ops.JobSucceeded, says: "session 7 has ended"},
		"terminated, and another has its pid": {action: terminates, to: []ops.Session{samePID}, state: ops.JobSucceeded, says: "session 7 has ended"},
		"terminated, and still there":         {action: terminates, to: []ops.Session{nextQuery}, state: ops.JobPartial, says: "1 are still there"},
		"terminated, and nothing is seen":     {action: terminates, err: ops.Errorf(ops.CodeUnavailable, "connections exhausted"), state: ops.JobUnknown, says: "whether it ended could not be seen: connections exhausted"},
		"terminated, and the list is empty":   {action: terminates, to: nil, state: ops.JobUnknown, says: "without our own"},
		"canceled, and idle":                  {action: cancels, to: []ops.Session{session("7", "web", ops.SessionIdle, 0)}, state: ops.JobSucceeded, says: "the query of session 7 has ended"},
		"canceled, and the next query runs":   {action: cancels, to: []ops.Session{nextQuery}, state: ops.JobSucceeded, says: "the query of session 7 has ended"},
		"canceled, and another has its pid":   {action: cancels, to: []ops.Session{samePID}, state: ops.JobSucceeded, says: "the query of session 7 has ended"},
		"canceled, and still running":         {action: cancels, to: []ops.Session{old}, state: ops.JobPartial, says: "it still runs"},
	} {
		server := &turns{fake: fake{sessions: []ops.Session{old}, answer: says(words("true"), nil)}, to: x.to, err: x.err}
		f := family1(&server.fake)
		f.client, f.watch = server, 20*time.Millisecond
		a := x.action(f)
		p, err := a.Plan(t.Context(), ops.Board{}, request("x", "7"))
		if err != nil {
			t.Fatal(err)
		}
		p.Request = request("x", "7")
		res, err := a.Run(t.Context(), p, &quiet{})
		if err != nil || res.State != x.state || !strings.Contains(res.What.String(), x.says) {
			t.Errorf("%s: %v %q %v", name, res.State, res.What, err)
		}
	}
}

func terminates(f family) ops.Action { return &terminate{f} }
func cancels(f family) ops.Action    { return &cancel{f} }

func TestACancelNamesTheQueryAndNotTheSessionAlone(t *testing.T) {
	f := &fake{sessions: []ops.Session{session("7", "web", ops.SessionActive, time.Minute)}}
	a := &cancel{family1(f)}
	p, err := a.Plan(t.Context(), ops.Board{}, request("database.cancel", "7"))
	want := "SELECT pid, pg_cancel_backend(pid) FROM pg_stat_activity WHERE (pid, backend_start) = (7, timestamptz '2026-11-21 01:14:00.7+00') AND query_start = timestamptz '2026-11-21 02:13:00+00' AND state = 'active'"
	if err != nil || len(p.Steps) != 1 || p.Steps[0].SQL.String() != want {
		t.Errorf("%+v %v", p.Steps, err)
	}
	f.answer = says(nil, nil)
	p.Request = request("database.cancel", "7")
	if res, err := a.Run(t.Context(), p, &quiet{}); ops.CodeOf(err) != ops.CodeDenied || !strings.Contains(err.Error(), "was not told") {
		t.Errorf("it runs, and the actions role does not see it: %+v %v", res, err)
	}
	f.sessions[0].QueryStart = ops.Lit("2026-11-21 02:13:59+00")
	if res, err := a.Run(t.Context(), p, &quiet{}); err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), "had ended already") {
		t.Errorf("%+v %v", res, err)
	}
	f.answer = says(nil, ops.Errorf(ops.CodeUnanswered, "no answer came back"))
	if _, err := a.Run(t.Context(), p, &quiet{}); ops.CodeOf(err) != ops.CodeUnanswered {
		t.Errorf("%v", err)
	}
}

func TestAPlanSaysWhereTheSessionStandsInItsTree(t *testing.T) {
	root, middle, last := session("1", "nightly", ops.SessionIdleInTx, time.Hour), session("2", "report", ops.SessionActive, time.Minute), session("3", "", ops.SessionActive, time.Minute)
	root.Root, root.Blocks, root.Transaction = 1, 2, at().Add(-time.Hour)
	middle.Root, middle.Blocks, middle.BlockedBy = 1, 1, []int{1}
	last.Root, last.System, last.App = 1, true, ops.Clean("autovacuum worker")
	f := family1(&fake{sessions: []ops.Session{root, middle, last}})
	for pid, want := range map[string][]string{
		"1": {"it is idle in transaction since 2026-11-21 01:14:00Z, in a transaction since 2026-11-21 01:14:00Z", "its last query: SELECT 1", "2 sessions wait for it"},
		"2": {"its query: SELECT 1", "1 session waits for it", "the root of its tree is 1 (nightly)"},
		"3": {"a process of the server itself (autovacuum worker)", "the root of its tree is 1"},
	} {
		p, err := (&terminate{f}).Plan(t.Context(), ops.Board{}, request("x", pid))
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for _, w := range p.Warnings {
			all.WriteString(w.String() + "\n")
		}
		for _, w := range want {
			if !strings.Contains(all.String(), w) {
				t.Errorf("%s: %q is not in\n%s", pid, w, all.String())
			}
		}
	}
}

func TestOnesThatWereIdleAndAreNotAnyMoreAreLeftAlone(t *testing.T) {
	f := &fake{sessions: []ops.Session{session("1", "web", ops.SessionIdle, time.Hour)}, answer: says(nil, nil)}
	a := &endIdle{family1(f)}
	req := request("x", "", "state", "idle")
	req.Target = ops.NewRef(ops.KindDatabase, "pg", "pg")
	p, err := a.Plan(t.Context(), ops.Board{}, req)
	if err != nil {
		t.Fatal(err)
	}
	p.Request = req
	if res, err := a.Run(t.Context(), p, &quiet{}); err != nil || res.What.String() != "nothing was ended: 1 session not idle any more" {
		t.Errorf("%+v %v", res, err)
	}
	lost := ops.Errorf(ops.CodeUnavailable, "the connection broke")
	broken := &turns{fake: *f, err: lost}
	broken.ran = []string{"before"}
	a.client = broken
	if _, err := a.Run(t.Context(), p, &quiet{}); !errors.Is(err, lost) || !strings.Contains(err.Error(), "no session was told") {
		t.Errorf("%v", err)
	}
}

func TestWhenOneOfSeveralStatementsFailsItIsSaidHowManyWereTold(t *testing.T) {
	f := &fake{}
	for i := range 150 {
		s := session("1", "web", ops.SessionIdle, time.Hour)
		s.PID, s.Ref = 1000+i, ops.NewRef(ops.KindSession, "pg", ops.Textf("%d", 1000+i).String())
		f.sessions = append(f.sessions, s)
	}
	f.answer = func(sql string) ([][]ops.Text, error) {
		if len(f.ran) > 1 {
			return nil, ops.Errorf(ops.CodeUnavailable, "the server ended our connection")
		}
		return f.ends(sql)
	}
	a := &endIdle{family1(f)}
	p, err := a.Plan(t.Context(), ops.Board{}, request("x", "", "state", "idle"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Run(t.Context(), p, &quiet{}); ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "after 100 sessions: the server ended our connection") {
		t.Errorf("%v", err)
	}
}

func TestSomeOfSeveralThatWereNotToldAreSaid(t *testing.T) {
	first, second := session("7", "web", ops.SessionIdle, time.Hour), session("8", "web", ops.SessionIdle, time.Hour)
	f := &fake{sessions: []ops.Session{first, second}}
	f.answer = func(string) ([][]ops.Text, error) {
		f.sessions = f.sessions[1:]
		return [][]ops.Text{{ops.Lit("7"), ops.Lit("true")}}, nil
	}
	a := &endIdle{family1(f)}
	req := request("x", "", "state", "idle")
	req.Target = ops.NewRef(ops.KindDatabase, "pg", "pg")
	p, err := a.Plan(t.Context(), ops.Board{}, req)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := a.Run(t.Context(), p, &quiet{}); err != nil || res.State != ops.JobPartial || !strings.Contains(res.What.String(), "1 of 2 sessions ended; 1 not told") {
		t.Errorf("%+v %v", res, err)
	}
}

// TestCheckpointAndSwitchOfWALAreSeen: the answer to the statement is not the proof,
// what the server tells of itself then is.
func TestCheckpointAndSwitchOfWALAreSeen(t *testing.T) {
	target := ops.Request{Target: ops.NewRef(ops.KindDatabase, "pg", "pg")}
	value := func(s string) [][]ops.Text { return [][]ops.Text{{ops.Clean(s)}} }
	lost := ops.Errorf(ops.CodeUnanswered, "no answer came back")
	for id, sql := range map[string]string{"database.checkpoint": "CHECKPOINT", "database.switch-wal": "SELECT pg_switch_wal()"} {
		for name, x := range map[string]struct {
			before, after [][]ops.Text
			err           error // of the statement
			blind         error // of looking after it
			state         ops.JobState
			code          ops.Code
			says          string
		}{
			"it did":                      {before: value("a1"), after: value("b2"), state: ops.JobSucceeded},
			"it says so and did not":      {before: value("a1"), after: value("a1"), state: ops.JobUnknown, says: "a1 still"},
			"its answer was lost":         {before: value("a1"), after: value("b2"), err: lost, code: ops.CodeUnanswered},
			"nothing is to be seen then":  {before: value("a1"), blind: ops.Errorf(ops.CodeUnavailable, "it is full"), state: ops.JobUnknown, says: "could not be seen: it is full"},
			"nothing was seen before":     {before: nil, after: value("b2"), state: ops.JobUnknown, says: "could not be seen"},
			"what is seen makes no sense": {before: value("a1"), after: [][]ops.Text{{}, {}}, state: ops.JobUnknown, says: "gave 2 rows"},
		} {
			done := false
			f := &fake{}
			f.answer = func(asked string) ([][]ops.Text, error) {
				switch {
				case asked == sql:
					done = true
					return value("0/3000158"), x.err
				case done:
					return x.after, x.blind
				}
				return x.before, nil
			}
			a := actionNamed(t, f, id)
			p, err := a.Plan(t.Context(), ops.Board{}, target)
			if err != nil || p.Steps[0].SQL.String() != sql || len(p.Locks) != 1 || p.Locks[0] != target.Target {
				t.Fatalf("%s: %+v %v", id, p, err)
			}
			res, err := a.Run(t.Context(), p, &quiet{})
			if res.State != x.state || (x.code != 0) != (err != nil) || ops.CodeOf(err) != x.code || !strings.Contains(res.What.String(), x.says) {
				t.Errorf("%s, %s: %+v %v", id, name, res, err)
			}
		}
	}
}

// Where nothing was written since the last switch there is nothing to switch, and the server
// answers with the beginning of the file that it writes still.
func TestASwitchOfWALWithNothingToSwitchIsNoDoubt(t *testing.T) {
	for at, want := range map[string]ops.JobState{"0/7C000000": ops.JobSucceeded, "1A/100000": ops.JobSucceeded, "0/7C000158": ops.JobUnknown, "nonsense": ops.JobUnknown} {
		f := &fake{answer: func(sql string) ([][]ops.Text, error) {
			if sql == writtenFileSQL {
				return [][]ops.Text{{ops.Lit("00000001000000000000007C")}}, nil
			}
			return [][]ops.Text{{ops.Clean(at)}}, nil
		}}
		a := actionNamed(t, f, "database.switch-wal")
		p, err := a.Plan(t.Context(), ops.Board{}, ops.Request{Target: ops.NewRef(ops.KindDatabase, "pg", "pg")})
		if err != nil {
			t.Fatal(err)
		}
		res, err := a.Run(t.Context(), p, &quiet{})
		if err != nil || res.State != want || !strings.Contains(res.What.String(), "it writes 00000001000000000000007C still") {
			t.Errorf("%s: %+v %v", at, res, err)
		}
	}
}

func actionNamed(t *testing.T, c Client, id string) ops.Action {
	t.Helper()
	for _, a := range New(c, "pg", at) {
		if a.Describe().ID.String() == id {
			return a
		}
	}
	t.Fatalf("no action %s", id)
	return nil
}

func TestEveryActionIsDisruptiveAndNamesItsServer(t *testing.T) {
	ids := map[string]ops.Kind{"database.cancel": ops.KindSession, "database.terminate": ops.KindSession, "database.end-idle": ops.KindDatabase, "database.checkpoint": ops.KindDatabase, "database.switch-wal": ops.KindDatabase}
	for _, a := range New(&fake{}, "pg", at) {
		d := a.Describe()
		if on, known := ids[d.ID.String()]; !known || d.On != on || d.Class != ops.ClassDisruptive || d.Source.String() != "pg" || d.Verb.Empty() || d.What.Empty() {
			t.Errorf("%+v", d)
		}
		delete(ids, d.ID.String())
	}
	if len(ids) > 0 {
		t.Errorf("missing: %v", ids)
	}
}
