package postgres

import (
	"context"
	_ "embed"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/internal/pgfake"
	"opsdeck/ops"
)

//go:embed testdata/postgres15.txt
var postgres15 string

// recordedAnswers are a real server's to the parts of a look; the test with the lab
// that wrote them says of which server.
func recordedAnswers(t *testing.T) map[string]pgfake.Reply {
	t.Helper()
	all, err := pgfake.Recorded(postgres15)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The fake server's version, in its own words and as its queries are written for it.
const (
	fakeVersion = "15.14 (Debian 15.14-0+deb12u1)"
	fakeNumber  = 150014
)

// fake is a server that answers what was recorded, and whose clock is right.
type fake struct {
	*pgfake.Server
	t       *testing.T
	began   time.Time // by the bubble's clock
	answers map[string]pgfake.Reply
	ahead   time.Duration // of its clock before ours
}

// fakeNow is when our clock begins.
var fakeNow = time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)

// inBubble runs a test against a fake server of its own, by a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, f *fake)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newFake(t)) })
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{Server: pgfake.New(t, fakeVersion), t: t, began: time.Now(), answers: recordedAnswers(t)}
	for _, p := range f.parts() {
		if p.name != "server" {
			f.answer(p.name, f.answers[p.name])
		}
	}
	f.rows("prepared transactions")
	f.servesAs("reader", false)
	return f
}

// parts are the queries that the collector sends this server.
func (f *fake) parts() []part { return parts(fakeNumber, 110, "public") }

// sql is one of them.
func (f *fake) sql(name string) string {
	f.t.Helper()
	all := f.parts()
	i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
	if i < 0 {
		f.t.Fatalf("there is no part %q", name)
	}
	return all[i].sql
}

// answer gives a part another answer.
func (f *fake) answer(name string, r pgfake.Reply) {
	f.t.Helper()
	f.Answer(f.sql(name), r)
}

// rows gives a part other rows.
func (f *fake) rows(name string, rows ...[]any) { f.answer(name, f.answers[name].With(rows...)) }

// servesAs lets the server say who reads it, and whether it is a standby.
func (f *fake) servesAs(login string, standby bool) {
	f.AnswerWith(f.sql("server"), func(string) pgfake.Reply {
		row := slices.Clone(f.answers["server"].Rows[0])
		row[0], row[2], row[4] = f.now().Add(f.ahead), standby, login
		return f.answers["server"].With(row)
	})
}

// now is our clock.
func (f *fake) now() time.Time { return fakeNow.Add(time.Since(f.began)) }

// later lets time pass.
func (f *fake) later(d time.Duration) { time.Sleep(d) }

// collector reads the fake server; change makes it otherwise.
func (f *fake) collector(change ...func(*Config)) *Collector {
	f.t.Helper()
	cfg := Config{Name: "pg", Every: 10 * time.Second, Timeout: 5 * time.Second, Now: f.now, dial: f.Dial,
		Login: Login{DSN: "postgres://reader@127.0.0.1/postgres?sslmode=disable"}}
	for _, do := range change {
		do(&cfg)
	}
	c := New(cfg)
	f.t.Cleanup(c.close)
	return c
}

// acts gives a collector an actions role.
func (f *fake) acts(c *Config) {
	c.Actor = &Login{DSN: c.Login.DSN, User: "actor"}
}

// asked are the names of the parts that were asked since it was last called.
func (f *fake) asked() []string {
	var names []string
	all := f.parts()
	for _, sql := range f.Asked() {
		if i := slices.IndexFunc(all, func(p part) bool { return p.sql == sql }); i >= 0 {
			names = append(names, all[i].name)
		}
	}
	return names
}

func (c *Collector) close() {
	for _, s := range []*connection{c.reader, c.actor} {
		if s != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			s.drop(ctx)
			cancel()
		}
	}
}

func collect(t *testing.T, c *Collector) ops.Database {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return *f.Database
}

// said is what is missing, and why.
func said(d ops.Database) map[string]string {
	out := map[string]string{}
	for _, m := range d.Missing {
		out[m.What.String()] = m.Why.String()
	}
	return out
}
