package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/internal/proc"
	"opsdeck/internal/sim"
	"opsdeck/ops"
	"opsdeck/store"
)

// programRole makes this binary the program itself, and whatever that starts.
const programRole = "OPSDECK_TEST_PROGRAM"

// TestMain lets this binary be the keeper of a job's child, what sends a load or makes a drill,
// and the engine of a demo, as the program itself is, and an agent to be killed.
func TestMain(m *testing.M) {
	if sim.IsPgBackRest(os.Args[0]) {
		os.Exit(sim.PgBackRest(os.Args[1:], os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && slices.Contains([]string{keepCommand, loadChild, locustChild, loansChild, drillCommandName, restoreCommandName, basebackup.Command}, os.Args[1]) {
		os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
	}
	if os.Getenv(programRole) != "" {
		os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
	}
	if path := os.Getenv(loadAgentRole); path != "" {
		os.Exit(loadAgentMain(path))
	}
	os.Exit(m.Run())
}

func keptHistory(t *testing.T) *store.Store {
	t.Helper()
	h, err := store.Open(filepath.Join(t.TempDir(), "history"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// noSecrets is a plan of which no secret is known.
func noSecrets() ops.Secrets { return nil }

func TestHowAJobsChildEnds(t *testing.T) {
	h := keptHistory(t)
	for name, c := range map[string]struct {
		script string
		code   int
		lines  string
	}{
		"well, with arguments as they are": {`echo "$0" "$1"`, 0, "--config=a b --help"},
		"with a code":                      {"exit 82", 82, ""},
		"killed":                           {"kill -9 $$", 137, ""},
		"with a password":                  {"echo repo2-s3-key-secret=hunter2", 0, "repo2-s3-key-secret=•••"},
		"talking without end":              {"head -c 40000000 /dev/zero | tr '\\0' x; echo; echo last", 0, "last"},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			var began ops.Process
			code, err := keptChild(h, "", noSecrets)(t.Context(), []string{"/bin/sh", "-c", c.script, "--config=a b", "--help"}, func(p ops.Process) { began = p }, func(_ ops.Stream, text string) {
				if text != "" {
					lines = append(lines, text)
				}
			})
			if err != nil || code != c.code || began.PID == 0 || c.lines != "" && !slices.Contains(lines, c.lines) || strings.Contains(strings.Join(lines, " "), "hunter2") {
				t.Errorf("%d, %v: %q", code, err, lines)
			}
			if left, err := os.ReadDir(filepath.Join(h.Dir(), "children")); err != nil || len(left) > 0 {
				t.Errorf("%v, %v are left", left, err)
			}
		})
	}
	if _, err := keptChild(h, "", noSecrets)(t.Context(), []string{"/no/such/program"}, func(ops.Process) {}, nil); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("a program that is not there: %v", err)
	}
}

// TestAChildOfAnotherAccountGoesOn has a child that the agent may not end: its job ends as
// unknown, and the child as it would have.
func TestAChildOfAnotherAccountGoesOn(t *testing.T) {
	h := keptHistory(t)
	ctx, cancel := context.WithCancel(t.Context())
	goOn := filepath.Join(t.TempDir(), "go")
	var keeper ops.Process
	_, err := keptChild(h, "postgres", noSecrets)(ctx, []string{"/bin/sh", "-c", "echo ready; until [ -e " + goOn + " ]; do sleep 0.02; done; echo done > " + goOn}, func(p ops.Process) { keeper = p },
		func(ops.Stream, string) { cancel() })
	if ops.CodeOf(err) != ops.CodeUnanswered || !proc.Alive(keeper) {
		t.Fatalf("%v; it lives: %v", err, proc.Alive(keeper))
	}
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for proc.Alive(keeper) {
		time.Sleep(10 * time.Millisecond)
	}
	if text, err := os.ReadFile(goOn); err != nil || string(text) != "done\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestOldOutputsOfDeadAgentsGo(t *testing.T) {
	h := keptHistory(t)
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": leftFor + time.Hour, "new": time.Hour} {
		dir := filepath.Join(h.Dir(), "children", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := childFolder(h, now); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(h.Dir(), "children")); err != nil || len(left) != 1 || left[0].Name() != "new" {
		t.Errorf("%v, %v are left", left, err)
	}
}

func TestAChildWithoutAFolderSaysWhatToDo(t *testing.T) {
	h := keptHistory(t)
	children := filepath.Join(h.Dir(), "children")
	if err := os.RemoveAll(children); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(children, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	began := false
	_, err := keptChild(h, "", func() ops.Secrets { return ops.Secrets{} })(t.Context(), []string{"true"}, func(ops.Process) { began = true }, func(ops.Stream, string) {})
	if e := ops.AsError(err); began || e.Code != ops.CodeUnavailable || !strings.Contains(e.What.String(), "nothing was started") || !strings.Contains(e.Remedy.String(), h.Dir()) {
		t.Errorf("%+v, began %v", e, began)
	}
	// A folder that stands and is another's refuses the one within it.
	refused := &fs.PathError{Op: "mkdir", Path: filepath.Join(children, "1"), Err: syscall.EACCES}
	if e := ops.AsError(noFolder(h.Dir(), refused)); !strings.Contains(e.What.String(), "permission denied") || e.Remedy.Empty() {
		t.Errorf("%+v", e)
	}
	for _, other := range []error{syscall.EACCES, &fs.PathError{Op: "fork/exec", Path: "/bin/x", Err: syscall.EACCES}, &fs.PathError{Op: "open", Path: "/etc/x", Err: syscall.EACCES}} {
		if got := noFolder(h.Dir(), other); got != other {
			t.Errorf("%v became %v", other, got)
		}
	}
}
