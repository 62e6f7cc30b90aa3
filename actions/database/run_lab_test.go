//go:build lab

package database_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/actions/database"
	"opsdeck/collectors/postgres"
	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// deck is a server of the test's own with all that can be done to it.
type deck struct {
	*testing.T
	*postgrestest.Server
	read    *postgres.Collector
	actions map[string]ops.Action
}

func newDeck(t *testing.T, s *postgrestest.Server, actor string) *deck {
	t.Helper()
	c := postgres.New(postgres.Config{Name: "pg", Login: postgres.Login{DSN: s.DSN("reader")}, Actor: &postgres.Login{DSN: s.DSN(actor)}, Timeout: 10 * time.Second})
	d := &deck{T: t, Server: s, read: c, actions: map[string]ops.Action{}}
	for _, a := range database.New(c, "pg", time.Now) {
		d.actions[a.Describe().ID.String()] = a
	}
	return d
}

// find waits until there is a session of this application that is so.
func (d *deck) find(app string, is func(ops.Session) bool) ops.Session {
	d.Helper()
	var found ops.Session
	d.Until(app+" is there", func() bool {
		all, err := d.read.Sessions(d.Context())
		if err != nil {
			d.Fatal(err)
		}
		for _, b := range all {
			if b.App.String() == app && is(b) {
				found = b
				return true
			}
		}
		return false
	})
	return found
}

// run plans and runs an action, and returns what it says.
func (d *deck) run(id string, target ops.Ref, params ...ops.Param) string {
	d.Helper()
	req := ops.Request{Action: ops.Clean(id), Target: target, Params: params}
	p, err := d.actions[id].Plan(d.Context(), ops.Board{}, req)
	if err != nil {
		d.Fatalf("%s: %v", id, err)
	}
	p.Request = req
	res, err := d.actions[id].Run(d.Context(), p, silent{})
	if err != nil || res.State != ops.JobSucceeded {
		d.Fatalf("%s: %+v, %v", id, res, err)
	}
	return res.What.String()
}

func active(b ops.Session) bool   { return b.State == ops.SessionActive }
func root(b ops.Session) bool     { return b.Blocks > 0 && b.Root == b.PID }
func idleInTx(b ops.Session) bool { return b.State == ops.SessionIdleInTx }

func TestLabSessionsAreCanceledAndEnded(t *testing.T) {
	d := newDeck(t, postgrestest.Start(t), "actor")
	d.Runs(d.Login("app", "slow"), "SELECT pg_sleep(600)")
	if said := d.run("database.cancel", d.find("slow", active).Ref); !strings.Contains(said, "has ended") {
		t.Error(said)
	}
	d.find("slow", func(b ops.Session) bool { return b.State == ops.SessionIdle })
	d.Holds("nightly", []int{1}, 0)
	d.Holds("report", nil, 1)
	if said := d.run("database.terminate", d.find("nightly", root).Ref); !strings.Contains(said, "has ended") {
		t.Error(said)
	}
	d.find("report", idleInTx) // it has what it waited for
	d.Holds("debug", []int{2}, 0)
	d.find("debug", idleInTx)
	if said := d.run("database.end-idle", d.read.Ref(), ops.Param{Name: ops.Lit("older"), Value: ops.Lit("0s")}); said != "2 of 2 sessions ended" {
		t.Error(said)
	}
}

func TestLabCheckpointAndSwitchOfWAL(t *testing.T) {
	s := postgrestest.Start(t)
	actor := "actor"
	if s.Major() < 15 {
		actor = "postgres" // before pg_checkpoint a superuser has to
	}
	d := newDeck(t, s, actor)
	if said := d.run("database.checkpoint", d.read.Ref()); !strings.HasPrefix(said, "done in ") {
		t.Error(said)
	}
	if said := newDeck(t, s, "actor").run("database.switch-wal", d.read.Ref()); !strings.Contains(said, "it writes a new WAL file, 0") {
		t.Error(said)
	}
	said := ""
	for range 5 { // the server may write something of its own in between
		if said = newDeck(t, s, "actor").run("database.switch-wal", d.read.Ref()); strings.HasPrefix(said, "there was nothing to switch") {
			return
		}
	}
	t.Errorf("one switch after the other: %s", said)
}
