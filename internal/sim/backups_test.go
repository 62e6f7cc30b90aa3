package sim_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/collectors/pgbackrest"
	"opsdeck/internal/sim"
	"opsdeck/judge"
	"opsdeck/ops"
)

// shop are the real collector and actions on the simulated backups.
type shop struct {
	*testing.T
	*clock
	dir     string
	col     *pgbackrest.Collector
	actions []ops.Action
}

// newShop serves a world that is so old.
func newShop(t *testing.T, age time.Duration) *shop {
	t.Helper()
	h := &shop{T: t, clock: &clock{now: time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)}}
	w, err := sim.New(sim.Config{Seed: 1, Now: h.Now, Age: age})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.Serve(w, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h.dir = s.Backups
	plan := ops.BackupPlan{Name: ops.Lit("shop"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("cellar"), Key: 1}, {Name: ops.Lit("cloud"), Key: 2}}}
	h.col = pgbackrest.New(pgbackrest.Config{Plan: plan, Stanza: "shop", Command: "pgbackrest", File: filepath.Join(s.Backups, "pgbackrest.conf"),
		Every: time.Minute, Timeout: time.Minute, Now: h.Now, Holder: func(pid int) (ops.Process, bool) { return ops.Process{PID: pid}, false },
		Run: func(_ context.Context, argv []string, out io.Writer) ([]byte, int, error) {
			var errs bytes.Buffer
			code := sim.PgBackRest(argv[1:], out, &errs)
			return errs.Bytes(), code, nil
		}})
	child := func(_ context.Context, argv []string, _ func(ops.Process), line func(ops.Stream, string)) (int, error) {
		r, w := io.Pipe()
		code := make(chan int, 1)
		go func() {
			code <- sim.PgBackRest(argv[1:], w, io.Discard)
			_ = w.Close()
		}()
		text, err := io.ReadAll(r)
		for l := range strings.Lines(string(text)) {
			line(ops.StreamOut, strings.TrimSuffix(l, "\n"))
		}
		return <-code, err
	}
	h.actions = backup.New(h.col, plan, func(v ops.Backups, _ ops.Board) ops.Backups { return judge.Backups(v, ops.Database{}, h.Now()) }, child, h.Now)
	return h
}

func (h *shop) read() ops.Backups {
	h.Helper()
	o, err := h.col.Collect(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	return *o.Backups
}

// does runs an action and returns how it ended.
func (h *shop) does(id, repository string, params ...ops.Param) string {
	h.Helper()
	return h.planned(id, repository, params...)()
}

// planned plans an action, and returns what runs it.
func (h *shop) planned(id, repository string, params ...ops.Param) func() string {
	h.Helper()
	v := h.read()
	req := ops.Request{Action: ops.Clean(id), Target: v.Ref, Params: append(params, ops.Param{Name: ops.Lit("repository"), Value: ops.Clean(repository)})}
	for _, a := range h.actions {
		if a.Describe().ID.String() != id {
			continue
		}
		p, err := a.Plan(h.Context(), ops.Board{Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("shop"), At: h.Now(), State: ops.SourceOK}}}, req)
		if err != nil {
			return func() string { return "no plan: " + err.Error() }
		}
		return func() string {
			r, err := a.Run(h.Context(), p, notes{})
			if err != nil {
				return "failed: " + err.Error()
			}
			return r.State.String() + ": " + r.What.String()
		}
	}
	h.Fatalf("no action %s", id)
	return nil
}

func (h *shop) wants(got, want string) {
	h.Helper()
	if !strings.HasPrefix(got, want) {
		h.Errorf("%s\nwant %s", got, want)
	}
}

func TestASimulatedRepositoryLosesWALAndSaysNothing(t *testing.T) {
	h := newShop(t, 0)
	before := h.read()
	for _, r := range before.Repositories {
		if len(r.WAL.Runs) != 1 || !r.Fault.Empty() || r.WAL.Files < 5900 {
			t.Errorf("%s at the start: %+v", r.Name, r)
		}
	}
	h.add(5 * time.Minute)
	after := h.read()
	if a, b := after.Repositories[0].WAL, after.Repositories[1].WAL; len(a.Runs) != 1 || len(b.Runs) != 2 || b.Runs[1].First-b.Runs[0].Last != 4 || !after.Repositories[1].Fault.Empty() {
		t.Errorf("five minutes later: %+v and %+v", a.Runs, b.Runs)
	}
	h.wants(h.does("backup.verify", "cloud"), "succeeded: cloud: 21 backups of ")
}

func TestASimulatedBackupIsMadeAndReadBack(t *testing.T) {
	h := newShop(t, 0)
	run, done := h.planned("backup.run", "cellar", ops.Param{Name: ops.Lit("type"), Value: ops.Lit("full")}), make(chan string)
	go func() { done <- run() }()
	for h.read().Holder.PID == 0 {
		time.Sleep(time.Millisecond) // the job is on its way
	}
	h.wants(h.does("backup.run", "cloud"), "no plan: nothing was done: shop is held by process ")
	h.add(2 * time.Minute)
	h.wants(<-done, "succeeded: cellar: full backup 20261121-021400F of 96.0G, 21.0G stored")
	left := 0
	for _, s := range h.read().Sets {
		if s.Key == 1 {
			left++
		}
	}
	if left != 8 { // retention keeps two full ones, and what builds on them
		t.Errorf("%d backups are left", left)
	}
}

func TestASimulatedPruneTakesTheOldestWeek(t *testing.T) {
	h := newShop(t, 0)
	h.wants(h.does("backup.prune", "cellar"), "succeeded: cellar: 7 backups removed: ")
	v := h.read()
	if w := v.Repositories[0].WAL; len(v.Sets) != 14+21 || len(w.Runs) != 1 || w.Files > 4000 {
		t.Errorf("%d backups are left, and %d files of WAL", len(v.Sets), w.Files)
	}
	h.wants(h.does("backup.prune", "cellar"), "no plan: nothing would go")
}

func TestTheSimulatedEngineStopsAndStarts(t *testing.T) {
	h := newShop(t, 0)
	h.wants(h.does("backup.switch-wal", ""), "succeeded: segment 000000010000003")
	h.wants(h.does("backup.stop", ""), "succeeded: pgBackRest is stopped")
	h.wants(h.does("backup.run", "cellar"), "no plan: pgBackRest is stopped")
	newest := func() uint64 { runs := h.read().Repositories[0].WAL.Runs; return runs[len(runs)-1].Last }
	at := newest()
	h.add(time.Hour)
	if now := newest(); now != at {
		t.Errorf("stopped, it archived up to %d, and was at %d", now, at)
	}
	h.wants(h.does("backup.start", ""), "succeeded: pgBackRest is not stopped any more")
	if now := newest(); now < at+11 {
		t.Errorf("started, it is at %d, and was at %d", now, at)
	}
}
