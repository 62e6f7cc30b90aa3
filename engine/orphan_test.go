package engine_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/engine"
	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/store"
)

// orphanDir names the folder in which this program plays the agent that dies.
const orphanDir = "OPSDECK_TEST_ORPHAN"

// dumper starts a process of its own, tells of it, and waits, as a backup does.
type dumper struct{ dir string }

func (d dumper) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("dump"), Class: ops.ClassDisruptive, On: ops.KindContainer}
}

func (d dumper) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Title: ops.Textf("dump %s", req.Target.ID), Locks: []ops.Ref{req.Target}}, nil
}

func (d dumper) Run(ctx context.Context, _ ops.Plan, out ops.Progresser) (ops.Result, error) {
	pid, err := proc.Detach([]string{"sleep", "600"}, filepath.Join(d.dir, "log"))
	if err != nil {
		return ops.Result{}, err
	}
	p, err := proc.Identify(pid)
	if err != nil {
		return ops.Result{}, err
	}
	out.Child(p)
	fmt.Println("child", pid)
	<-ctx.Done() // an agent that is killed does not come this far
	return ops.Result{}, errors.Join(ctx.Err(), syscall.Kill(pid, syscall.SIGKILL))
}

// onDisk is an engine over a real history.
type onDisk struct {
	ops.Console
	stop func() error
}

func newReal(dir string) (*onDisk, error) {
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return nil, err
	}
	e := engine.New(engine.Config{
		Estate:  ops.Estate{Name: ops.Lit("test"), Environment: ops.Development, Limits: ops.Limits{StaleAfter: 3, CrashLoop: 3}},
		Actions: []ops.Action{dumper{dir}}, History: s, Journal: func(string) error { return nil },
		Alive: proc.Alive, Now: time.Now, Random: rand.Read, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	who := ops.Caller{Actor: ops.Actor{Name: ops.Lit("ana"), UID: 7, Role: ops.RoleOperator}, Session: ops.Lit("s")}
	return &onDisk{e.For(who), func() error { cancel(); return errors.Join(<-ended, s.Close()) }}, nil
}

func (r *onDisk) dump(ctx context.Context) error {
	p, err := r.Plan(ctx, ask("dump"))
	if err != nil {
		return err
	}
	_, err = r.Start(ctx, p.ID, yes)
	return err
}

// until waits for a board that holds.
func (r *onDisk) until(t *testing.T, what string, holds func(ops.Board) bool) ops.Board {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		b, err := r.Board(t.Context())
		if err == nil && holds(b) {
			return b
		}
		if time.Now().After(end) {
			t.Fatalf("%s did not come: %v\n%+v", what, err, b.Jobs)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestTheAgentThatDies is the other process of the test below, and nothing
// without it.
func TestTheAgentThatDies(t *testing.T) {
	dir, asked := os.LookupEnv(orphanDir)
	if !asked {
		return
	}
	r, err := newReal(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.dump(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {} // until it is killed
}

// orphaned kills an agent in the middle of a job and returns the job's process,
// which lives on.
func orphaned(t *testing.T, dir string) (child int) {
	t.Helper()
	agent := exec.Command(os.Args[0], "-test.run=^TestTheAgentThatDies$")
	agent.Env = append(os.Environ(), orphanDir+"="+dir)
	out, err := agent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanf(out, "child %d\n", &child); err != nil {
		t.Fatalf("the agent says nothing of its job's process: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	if err := agent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = agent.Wait() // it was killed
	return child
}

func TestAJobThatOutlivesItsAgentIsOrphanedKeepsItsTargetAndEndsLost(t *testing.T) {
	dir := t.TempDir()
	child := orphaned(t, dir)
	for range 2 { // the second agent dies too, in order
		r, err := newReal(dir)
		if err != nil {
			t.Fatal(err)
		}
		b := r.until(t, "orphaned", func(b ops.Board) bool { return len(b.Jobs) == 1 && b.Jobs[0].State == ops.JobOrphaned })
		if j := b.Jobs[0]; j.Process.PID != child || !strings.Contains(j.Result.String(), "still runs") {
			t.Fatalf("%+v", j)
		}
		if err := r.dump(t.Context()); code(err) != ops.CodeHeld || !strings.Contains(err.Error(), fmt.Sprintf("its agent died; process %d still runs", child)) {
			t.Fatalf("a second job on the target: %v", err)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := newReal(dir)
	if err != nil {
		t.Fatal(err)
	}
	r.until(t, "orphaned", func(b ops.Board) bool { return len(b.Jobs) == 1 && b.Jobs[0].State == ops.JobOrphaned })
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b := r.until(t, "lost", func(b ops.Board) bool { return b.Jobs[0].State == ops.JobLost && b.Changes[0].Job == 1 })
	if c := b.Changes[0]; c.Kind != ops.RecordOutcome || c.Seq == 0 || c.What.String() != "lost: dump web" {
		t.Errorf("the last change is %+v", c)
	}
	if err := r.dump(t.Context()); err != nil {
		t.Errorf("the target is free: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
