package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	actions "opsdeck/actions/database"
	"opsdeck/collectors/postgres"
	"opsdeck/internal/sim"
	"opsdeck/ops"
)

// database is the simulated one as the real collector reads it.
func database(t *testing.T, c *postgres.Collector) ops.Database {
	t.Helper()
	d := *collect(t, c).Database
	if len(d.Missing) > 0 {
		t.Errorf("it gives no answer to %v", d.Missing)
	}
	return d
}

// acts plans and runs a real action on it.
func acts(t *testing.T, r *rig, c *postgres.Collector, id string, on ops.Ref, params ...ops.Param) ops.Result {
	t.Helper()
	for _, a := range actions.New(c, "pg", r.Now) {
		if a.Describe().ID.String() != id {
			continue
		}
		p, err := a.Plan(t.Context(), ops.Board{}, ops.Request{Action: ops.Clean(id), Target: on, Params: params})
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		res, err := a.Run(t.Context(), p, notes{})
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		return res
	}
	t.Fatalf("no action %s", id)
	return ops.Result{}
}

func waiting(d ops.Database) (pids []int) {
	for _, s := range d.Sessions {
		if len(s.BlockedBy) > 0 {
			pids = append(pids, s.PID)
		}
	}
	slices.Sort(pids)
	return pids
}

func TestWhoEndsTheRootOfTheTreeFreesTheWorker(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	c := postgres.New(postgres.Config{Name: "pg", Login: postgres.Login{DSN: r.postgres}, Timeout: 20 * time.Second, Now: r.Now})
	if d := database(t, c); len(waiting(d)) > 0 || d.Standby || !d.Archiver.On || d.Cluster.Timeout != ops.Num(300) || len(d.Sizes) == 0 || len(d.Tables) == 0 {
		t.Fatalf("at the start: %+v", d)
	}
	r.add(75 * time.Second)
	d := database(t, c)
	if got := fmt.Sprint(waiting(d)); got != "[2112 2121 2122]" || len(d.Statements) == 0 {
		t.Fatalf("waiting are %s", got)
	}
	root := d.Sessions[slices.IndexFunc(d.Sessions, func(s ops.Session) bool { return s.PID == 2121 })].Root
	if root != 2201 {
		t.Fatalf("the root is %d", root)
	}
	if res := acts(t, r, c, "database.terminate", ops.NewRef(ops.KindSession, "pg", "2201")); res.State != ops.JobSucceeded {
		t.Fatalf("%+v", res)
	}
	r.add(25 * time.Second)
	if got := waiting(database(t, c)); len(got) > 0 {
		t.Errorf("still waiting are %v", got)
	}
	if alerts := *collectQuietly(t, r.prom).Alerts; slices.ContainsFunc(alerts, func(a ops.Alert) bool {
		return a.Name.String() == "QueueLagHigh" && a.State == ops.AlertFiring
	}) {
		t.Error("the queue lags as before")
	}
	r.add(3 * time.Minute)
	if got := waiting(database(t, c)); len(got) > 0 {
		t.Errorf("of themselves wait %v", got)
	}
}

func TestTheSimulatedServerDoesWhatItIsAskedTo(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	c := postgres.New(postgres.Config{Name: "pg", Login: postgres.Login{DSN: r.postgres}, Timeout: 20 * time.Second, Now: r.Now})
	before := database(t, c)
	server := ops.NewRef(ops.KindDatabase, "pg", "pg")
	for _, id := range []string{"database.switch-wal", "database.checkpoint"} {
		r.add(time.Minute)
		if res := acts(t, r, c, id, server); res.State != ops.JobSucceeded {
			t.Errorf("%s: %+v", id, res)
		}
	}
	if after := database(t, c); after.WAL.Position == before.WAL.Position || after.Archiver.LastFile == before.Archiver.LastFile {
		t.Errorf("before %+v %+v, after %+v %+v", before.WAL, before.Archiver, after.WAL, after.Archiver)
	}
	r.add(time.Second)
	at := slices.IndexFunc(before.Sessions, func(s ops.Session) bool { return s.App.String() == "shop-api" })
	if res := acts(t, r, c, "database.terminate", before.Sessions[at].Ref); res.State != ops.JobSucceeded {
		t.Errorf("%+v", res)
	}
	if _, err := c.Open(t.Context(), before.Sessions[at].Ref, time.Minute); err == nil {
		t.Error("who was ended can be opened")
	}
}
