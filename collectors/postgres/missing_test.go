package postgres

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

// shows says what of a server comes from which part, for the parts that may be missing.
var shows = map[string]func(ops.Database) any{
	"replication":       func(d ops.Database) any { return timeless(d.Replicas, func(r *ops.Replica) { r.Lag = ops.Value{} }) },
	"replication slots": func(d ops.Database) any { return d.Slots },
	"prepared transactions": func(d ops.Database) any {
		var all []ops.Session
		for _, s := range d.Sessions {
			if s.Prepared() {
				all = append(all, s)
			}
		}
		return all
	},
	"connection limits":             func(d ops.Database) any { return d.Limits },
	"WAL receiver":                  func(d ops.Database) any { return d.Upstream },
	"subscriptions":                 func(d ops.Database) any { return d.Subscriptions },
	"archiver":                      func(d ops.Database) any { a := d.Archiver; a.Ready = ops.Value{}; return a },
	"cluster":                       func(d ops.Database) any { return d.Cluster },
	"files waiting for the archive": func(d ops.Database) any { return d.Archiver.Ready },
	"size of pg_wal":                func(d ops.Database) any { return d.WAL.Size },
	"checkpoints":                   func(d ops.Database) any { return d.Checkpoints },
	"sizes": func(d ops.Database) any {
		return timeless(d.Sizes, func(s *ops.DatabaseSize) { s.Growth = ops.Value{} })
	},
	"wraparound": func(d ops.Database) any { return d.Freeze },
	"tables":     func(d ops.Database) any { return d.Tables },
	"rights":     func(d ops.Database) any { return d.Rights },
	"statements": func(d ops.Database) any { return d.Statements },
}

// timeless is all without what changes by time alone.
func timeless[T any](all []T, without func(*T)) []T {
	out := slices.Clone(all)
	for i := range out {
		without(&out[i])
	}
	return out
}

func TestEveryPartThatMayBeMissingIsInTheTable(t *testing.T) {
	var names []string
	for _, p := range parts(fakeNumber, 110, "public") {
		if !slices.Contains([]string{"server", "sessions", "pg_stat_statements"}, p.name) {
			names = append(names, p.name)
		}
	}
	if want := slices.Sorted(maps.Keys(shows)); !slices.Equal(slices.Sorted(slices.Values(names)), want) {
		t.Errorf("the parts are %q, the table has %q", names, want)
	}
}

// TestAPartThatFailsIsSaidAndLeavesTheOthers lets one part fail that was read before. It
// must not go on to show what it showed then: that may be hours old.
func TestAPartThatFailsIsSaidAndLeavesTheOthers(t *testing.T) {
	for name, of := range shows {
		for how, reply := range map[string]func(pgfake.Reply) pgfake.Reply{
			"denied": func(pgfake.Reply) pgfake.Reply { return pgfake.Error("42501", "permission denied for function f") },
			"denied once it runs": func(r pgfake.Reply) pgfake.Reply {
				return r.With().Failing("42501", "permission denied for function f")
			},
			"broken off behind a row": func(r pgfake.Reply) pgfake.Reply { return r.Failing("XX000", "permission denied for function f") },
		} {
			inBubble(t, func(t *testing.T, f *fake) {
				f.plenty()
				c := f.collector()
				collect(t, c)
				before := collect(t, c)
				f.answer(name, reply(f.Reply(f.sql(name))))
				f.later(10 * time.Minute) // each part is due
				d := collect(t, c)
				if why := said(d)[name]; !strings.HasPrefix(why, "permission denied for function f") || len(d.Missing) != 1 {
					t.Errorf("%s, %s: %v", name, how, d.Missing)
				}
				if got := of(d); !reflect.ValueOf(got).IsZero() && name != "rights" {
					t.Errorf("%s, %s: it still shows %+v", name, how, got)
				}
				if d.Rights.Signal && name == "rights" || name == "rights" && d.Rights.Why.Empty() {
					t.Errorf("%s: %+v", how, d.Rights)
				}
				for another, of := range shows {
					if got, want := of(d), of(before); another != name && !reflect.DeepEqual(got, want) {
						t.Errorf("%s, %s: %s is %+v, was %+v", name, how, another, got, want)
					}
				}
			})
		}
	}
}

// TestARowThatIsNotUnderstoodCostsItsPartAndNoMore gives each column a value that is none
// of its type, as a version to come may.
func TestARowThatIsNotUnderstoodCostsItsPartAndNoMore(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		for name := range shows {
			was := f.Reply(f.sql(name))
			for i, col := range was.Columns {
				if col.Type == "text" {
					continue
				}
				row := slices.Clone(was.Rows[0])
				row[i] = "surprise"
				f.answer(name, was.With(row))
				c := f.collector()
				if _, err := c.Collect(t.Context()); err != nil {
					t.Errorf("%s: column %d takes the whole look: %v", name, i+1, err)
					continue
				}
				if d := collect(t, c); len(d.Missing) != 1 || !strings.Contains(said(d)[name], "not understood") {
					t.Errorf("%s: column %d: %v", name, i+1, d.Missing)
				}
				c.close()
			}
			f.answer(name, was)
		}
	})
}

func TestNullIsNeverZero(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		look := func() string {
			c := f.collector()
			defer c.close()
			_, _ = c.Collect(t.Context())
			facts, err := c.Collect(t.Context())
			if err != nil {
				return err.Error()
			}
			b, err := json.Marshal(facts)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		for _, p := range f.parts() {
			was := f.Reply(p.sql)
			for i, col := range was.Columns {
				if !slices.Contains([]string{"int4", "int8", "float8"}, col.Type) || col.Name == "extract" {
					continue // where the server's own lag is NULL, ours stands
				}
				var shown []string
				for _, v := range []any{nil, 0} {
					row := slices.Clone(was.Rows[0])
					row[i] = v
					f.answer(p.name, was.With(row))
					shown = append(shown, look())
				}
				if shown[0] == shown[1] {
					t.Errorf("%s: column %d (%s): NULL is read as 0", p.name, i+1, col.Name)
				}
			}
			f.answer(p.name, was)
		}
	})
}

// TestALookWithoutSessionsIsNone: a server whose sessions could not be counted would seem
// to have all its connections free.
func TestALookWithoutSessionsIsNone(t *testing.T) {
	for _, name := range []string{"server", "sessions"} {
		inBubble(t, func(t *testing.T, f *fake) {
			c := f.collector()
			collect(t, c)
			was := f.Reply(f.sql(name))
			f.answer(name, pgfake.Error("57014", "canceling statement due to statement timeout"))
			if _, err := c.Collect(t.Context()); ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "the server ended the query") {
				t.Errorf("%s: %v", name, err)
			}
			f.answer(name, was)
			if d := collect(t, c); d.Use.Used == 0 {
				t.Errorf("%s: it is not read again: %+v", name, d.Use)
			}
		})
	}
}

func TestWithoutPgMonitorItIsSaidWhatIsHidden(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.AnswerWith(f.sql("server"), func(string) pgfake.Reply {
			row := slices.Clone(f.answers["server"].Rows[0])
			row[0], row[7] = f.now(), false
			return f.answers["server"].With(row)
		})
		hidden := sessionRow(47, "nightly", "", func(s *sessionCells) {
			s.began, s.start, s.query, s.changed, s.client, s.kind, s.sql = nil, nil, nil, nil, "", "", "<insufficient privilege>"
		})
		f.rows("sessions", hidden, sessionRow(48, "opsdeck", "active", func(s *sessionCells) { s.user, s.own = "reader", true }))
		f.rows("replication", []any{"standby1", "local", "", "", nil, nil, nil, nil, ""})
		f.rows("sizes", []any{"loans", nil})
		d := collect(t, f.collector())
		want := map[string]string{"state, transaction, wait and query of other users' sessions": "the login lacks pg_monitor", "lag of replicas": "the login lacks pg_monitor"}
		for what, why := range want {
			if said(d)[what] != why {
				t.Errorf("%s: %q", what, said(d)[what])
			}
		}
		b := d.Sessions[slices.IndexFunc(d.Sessions, func(b ops.Session) bool { return b.PID == 47 })]
		if !b.Hidden || b.State != ops.SessionUnknown || !b.SQL.Empty() || !b.Began.IsZero() || !b.Start.Empty() || b.App.String() != "nightly" || b.System {
			t.Errorf("%+v", b)
		}
		if r := d.Replicas[0]; !r.Hidden || r.Behind.Known || r.Sent.Known || r.Lag.Known {
			t.Errorf("%+v", r)
		}
		if d.Sizes[0].Size.Known || d.Sizes[0].Growth.Known || d.Use.Used != 2 {
			t.Errorf("%+v %+v", d.Sizes, d.Use)
		}
	})
}

func TestAServerThatDoesNotTrackActivitiesSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		row := slices.Clone(f.answers["server"].Rows[0])
		row[11] = false
		f.rows("server", row)
		if why := said(collect(t, f.collector()))["state and query of sessions"]; why != "track_activities is off on the server" {
			t.Error(why)
		}
	})
}

func TestStatementsComeAndGoWithTheirExtension(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fake) {
		f.plenty()
		installed, counted := f.answers["pg_stat_statements"], f.Reply(f.sql("statements"))
		f.answer("pg_stat_statements", installed.With())
		c := f.collector()
		if d := collect(t, c); said(d)["statements"] != "pg_stat_statements is not installed in this database" || len(d.Missing) != 1 {
			t.Errorf("without it: %v", d.Missing)
		}
		f.answer("pg_stat_statements", installed)
		for range 2 { // that it is there now, and then what it says
			f.later(slowest)
			collect(t, c)
		}
		if d := collect(t, c); len(d.Statements) != 1 || len(d.Missing) > 0 {
			t.Errorf("with it: %v %v", d.Statements, d.Missing)
		}
		f.answer("pg_stat_statements", installed.With())
		f.answer("statements", pgfake.Error("42P01", `relation "public.pg_stat_statements" does not exist`))
		f.later(slowest)
		for range 2 {
			if d := collect(t, c); len(d.Statements) > 0 || len(d.Missing) != 1 || d.Missing[0].Why.String() != "pg_stat_statements is not installed in this database" {
				t.Errorf("dropped: %v %v", d.Statements, d.Missing)
			}
		}
		f.answer("pg_stat_statements", installed)
		f.answer("statements", counted)
		for range 2 {
			f.later(slowest)
			collect(t, c)
		}
		if d := collect(t, c); len(d.Statements) != 1 || len(d.Missing) > 0 {
			t.Errorf("again: %v %v", d.Statements, d.Missing)
		}
	})
}
