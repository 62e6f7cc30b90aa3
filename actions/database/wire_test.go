package database_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/actions/database"
	"opsdeck/collectors/postgres"
	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

// wire is a made up server with one session of an application, and the actions on it.
type wire struct {
	*pgfake.Server
	start   string // backend_start of the session; empty: it has ended
	actions map[string]ops.Action
}

const sessionsColumns = "pid int4, backend_start timestamptz, user text, app text, database text, client text, state text, xact_start timestamptz, query_start timestamptz, state_change timestamptz, " +
	"wait text, waits bool, since timestamptz, by _int4, query text, type text, own bool, start text, query_start text, locks int4, horizon bool, superuser bool"

func columns(list string) []pgfake.Column {
	var all []pgfake.Column
	for c := range strings.SplitSeq(list, ", ") {
		name, kind, _ := strings.Cut(c, " ")
		all = append(all, pgfake.Column{Name: name, Type: kind})
	}
	return all
}

func newWire(t *testing.T) *wire {
	t.Helper()
	w := &wire{Server: pgfake.New(t, "15.14"), start: "2026-11-21 01:14:00.123456+00", actions: map[string]ops.Action{}}
	address := w.Listen("tcp", "127.0.0.1:0")
	w.AnswerWith("FROM pg_stat_activity a", func(string) pgfake.Reply {
		began := "2026-11-21 00:00:00+00"
		r := pgfake.Reply{Columns: columns(sessionsColumns), Rows: [][]any{{46, began, "reader", "opsdeck", "postgres", "local", "active", nil, began, began, "", false, nil, []int{}, "SELECT 2", "client backend", true, began, began, 1, true, false}}}
		if w.start != "" {
			r.Rows = append(r.Rows, []any{47, w.start, "app", "nightly", "loans", "10.0.0.9", "active", nil, "2026-11-21 02:13:00.5+00", "2026-11-21 02:13:00.5+00", "", false, nil, []int{}, "SELECT 1", "client backend", false, w.start, "2026-11-21 02:13:00.5+00", 1, true, false})
		}
		return r
	})
	w.AnswerWith("clock_timestamp(), pg_postmaster_start_time()", func(string) pgfake.Reply {
		return pgfake.Reply{Columns: columns("now timestamptz, started timestamptz, recovery bool, paused bool, login text, max int4, reserved int4, sees bool, at text, lsn int8, level text, tracks bool, timeline int8, host text, port text"),
			Rows: [][]any{{time.Now(), time.Now(), false, false, "reader", 100, 3, true, "0/3000158", 50331992, "replica", true, 1, "", "5432"}}}
	})
	w.Answer("FROM pg_prepared_xacts", pgfake.Reply{Columns: columns("xid int8, gid text, prepared timestamptz, owner text, database text, locks int4, waiters _int4")})
	// The server has the session under its pid and start, as pg_stat_activity does.
	for _, f := range []string{"pg_cancel_backend", "pg_terminate_backend"} {
		w.AnswerWith(f, func(sql string) pgfake.Reply {
			r := pgfake.Reply{Columns: columns("pid int4, told bool")}
			if w.start != "" && strings.Contains(sql, "(47, timestamptz '"+w.start+"')") {
				r.Rows, w.start = [][]any{{47, true}}, ""
			}
			return r
		})
	}
	c := postgres.New(postgres.Config{Name: "pg", Login: postgres.Login{DSN: "postgres://reader@" + address + "/postgres?sslmode=disable"}})
	for _, a := range database.New(c, "pg", time.Now) {
		w.actions[a.Describe().ID.String()] = a
	}
	return w
}

// TestASessionIsNamedAsTheServerNamesIt goes the whole way: what the server told of a
// session has to come back to it letter by letter, or another one is meant.
func TestASessionIsNamedAsTheServerNamesIt(t *testing.T) {
	for id, said := range map[string]string{"database.terminate": "session 47 has ended", "database.cancel": "the query of session 47 has ended"} {
		for name, x := range map[string]struct {
			meanwhile string // the session's start when the plan runs
			says      string
		}{
			"it is the same":          {"2026-11-21 01:14:00.123456+00", said},
			"another one has its pid": {"2026-11-21 02:20:00+00", "had ended already"},
			"it has ended":            {"", "had ended already"},
		} {
			w := newWire(t)
			req := ops.Request{Action: ops.Clean(id), Target: ops.NewRef(ops.KindSession, "pg", "47")}
			p, err := w.actions[id].Plan(t.Context(), ops.Board{}, req)
			if err != nil {
				t.Fatal(err)
			}
			p.Request, w.start = req, x.meanwhile
			res, err := w.actions[id].Run(t.Context(), p, silent{})
			if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), x.says) {
				t.Errorf("%s, %s: %+v %v", id, name, res, err)
			}
			if left := x.says != said && x.meanwhile != ""; left != (w.start != "") {
				t.Errorf("%s, %s: the session that has the pid now was ended", id, name)
			}
		}
	}
}

// silent is a job that nobody follows.
type silent struct{ ops.Progresser }

func (silent) Progress(ops.Progress)   {}
func (silent) Line(ops.Stream, string) {}
