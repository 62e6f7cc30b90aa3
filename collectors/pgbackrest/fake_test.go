package pgbackrest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"opsdeck/ops"
)

// outcome is what a call of the fake comes to.
type outcome struct {
	out   string
	said  string // its error output
	code  int
	err   error
	hangs bool // until its context ends
	deaf  bool // it does not end then either
}

// engine is a pgBackRest that says what a test tells it to.
type engine struct {
	t     *testing.T
	mu    sync.Mutex
	info  map[int]outcome
	files map[string]string // of the archive "lab/15-1", and what is in them
	calls []string          // the words behind the repository's number
	argvs [][]string
	every func(argv []string) (outcome, bool) // before all else
	freed chan struct{}                       // ends what is deaf
}

func newEngine(t *testing.T) *engine {
	e := &engine{t: t, info: map[int]outcome{}, files: map[string]string{}, freed: make(chan struct{})}
	t.Cleanup(func() { close(e.freed) })
	return e
}

// recorded is what a real one said.
func recorded(t *testing.T, name string) outcome {
	t.Helper()
	return outcome{out: recordedText(t, name)}
}

func recordedText(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func (e *engine) run(ctx context.Context, argv []string, out io.Writer) ([]byte, int, error) {
	o := e.answer(argv)
	_, _ = io.WriteString(out, o.out) // who reads it may have heard enough
	switch {
	case o.deaf:
		<-e.freed
	case o.hangs:
		<-ctx.Done()
		return nil, -1, ctx.Err()
	}
	return []byte(o.said), o.code, o.err
}

func (e *engine) answer(argv []string) outcome {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.argvs = append(e.argvs, argv)
	if e.every != nil {
		if o, ok := e.every(argv); ok {
			return o
		}
	}
	at := slices.IndexFunc(argv, func(s string) bool { return strings.HasPrefix(s, "--repo=") })
	if at < 0 {
		return outcome{out: "pgBackRest 2.45\n"}
	}
	words := argv[at+1:]
	e.calls = append(e.calls, strings.Join(words, " "))
	repo, _ := strconv.Atoi(argv[at][len("--repo="):])
	path := words[len(words)-1]
	switch {
	case path == "info":
		return e.info[repo]
	case words[0] == "repo-get":
		return outcome{out: e.files[strings.TrimPrefix(path, "archive/lab/15-1/")]}
	}
	return outcome{out: e.ls(strings.TrimPrefix(strings.TrimPrefix(path, "archive/lab/15-1"), "/"), words[1] == "--recurse")}
}

// ls prints a folder as repo-ls does.
func (e *engine) ls(below string, recurse bool) string {
	entries := map[string]string{".": `{"type":"path"}`}
	for name, text := range e.files {
		rest, in := strings.CutPrefix(name, below)
		if rest = strings.TrimPrefix(rest, "/"); !in {
			continue
		}
		dir, _, deep := strings.Cut(rest, "/")
		if deep {
			entries[dir] = `{"type":"path"}`
		}
		if !deep || recurse {
			entries[rest] = fmt.Sprintf(`{"type":"file","size":%d,"time":1795751760}`, max(1, len(text)))
		}
	}
	var b strings.Builder
	for name, entry := range entries {
		fmt.Fprintf(&b, ",%q:%s", name, entry)
	}
	return "{" + b.String()[1:] + "}\n"
}

const sum = "-4b3c1f0e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c.gz"

// segments puts segments of WAL into the archive, by number, or takes them away.
func (e *engine) segments(there bool, from, to uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n := from; n <= to; n++ {
		name := ops.WALName(1, n, 16<<20).String()
		if there {
			e.files[name[:16]+"/"+name+sum] = "packed"
		} else {
			delete(e.files, name[:16]+"/"+name+sum)
		}
	}
}

// heard are the calls since it was asked last.
func (e *engine) heard() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	calls := e.calls
	e.calls = nil
	return calls
}

// clock is one that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// collectorOf reads the stanza lab in these repositories of an engine.
func collectorOf(t *testing.T, e *engine, repos ...int) (*Collector, *clock) {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "pgbackrest.conf")
	if err := os.WriteFile(conf, []byte("[global]\nlock-path="+filepath.Dir(conf)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	time := &clock{at: time.Unix(1795760000, 0).UTC()}
	cfg := Config{
		Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Database: ops.Lit("pg")}, Stanza: "lab", Command: "pgbackrest", File: conf,
		Every: minute, Timeout: minute, Now: time.now, Run: e.run,
		Holder: func(pid int) (ops.Process, bool) { return ops.Process{PID: pid, Start: 7}, pid == 4712 },
	}
	for _, n := range repos {
		cfg.Plan.Repositories = append(cfg.Plan.Repositories, ops.RepositoryPlan{Name: ops.Textf("repo%d", n), Key: n, Region: ops.Lit("eu-lab-1")})
	}
	return New(cfg), time
}

const minute = time.Minute

// collect reads once.
func collect(t *testing.T, c *Collector) (*ops.Backups, ops.Observation) {
	t.Helper()
	o, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return o.Backups, o
}

func runs(l ops.WALListing) string {
	var out []string
	for _, r := range l.Runs {
		out = append(out, fmt.Sprintf("%d:%d-%d", r.Timeline, r.First, r.Last))
	}
	return strings.Join(out, " ")
}
