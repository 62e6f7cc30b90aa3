//go:build lab

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/labtest"
)

const (
	// patience bounds every wait for something that ought to come soon; machines
	// that test are busy.
	patience = time.Minute
	// soon bounds the answer to a key that has to wait for nothing but the screen: no
	// call to a server that stands still is over by then.
	soon = 5 * time.Second
	// young is longer than a server that has just been started warns of its youth.
	young = 3 * time.Minute
)

// world is one user with folders of their own and an estate of their own name:
// the lab's, where the test does not say otherwise.
type world struct {
	*testing.T
	dir    string
	name   string // of the estate
	file   string // the estate's
	binary string
	env    map[string]string
}

// newWorld returns a world whose estate is the lab's with more lines of YAML, on a
// lab that is whole.
func newWorld(t *testing.T, more ...string) *world {
	t.Helper()
	labtest.Whole(t)
	made, err := filepath.Glob(filepath.Join(home(), "w*"))
	must(t, err)
	dir := filepath.Join(home(), fmt.Sprintf("w%d", len(made)+1))
	must(t, os.Mkdir(dir, 0o755)) // another user's program may look for the estate
	w := &world{T: t, dir: dir, name: fmt.Sprintf("e2e-%d-%d", os.Getpid(), len(made)+1),
		file: filepath.Join(dir, "estate.yaml"), binary: binary()}
	w.env = map[string]string{
		"HOME": dir, "XDG_STATE_HOME": filepath.Join(dir, "s"), "XDG_CONFIG_HOME": filepath.Join(dir, "c"),
		"OPSDECK_RUN_DIR": filepath.Join(dir, "r"), "OPSDECK_ESTATE": w.file,
		"PATH": os.Getenv("PATH"), "LANG": "C.UTF-8", "TERM": "xterm-256color", "PS1": "prompt> ",
	}
	text := fmt.Sprintf("extends: %s\nestate: %s\n%s\n", os.Getenv("OPSDECK_LAB_ESTATE"), w.name, strings.Join(more, "\n"))
	w.write(w.file, []byte(text))
	t.Cleanup(w.end)
	return w
}

// beside returns a world of the same estate with state folders of its own.
func (w *world) beside() *world {
	w.Helper()
	o := newWorld(w.T)
	o.name, o.file = w.name, w.file
	o.env["OPSDECK_ESTATE"] = w.file
	return o
}

// end kills what still runs of this world: its programs are known by their
// environment.
func (w *world) end() {
	for _, pid := range w.processes() {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
	}
	until(w.T, patience, "all programs of the test have ended", func() bool { return len(w.processes()) == 0 })
}

// processes are the living programs of this world.
func (w *world) processes() []int {
	mark := []byte("XDG_STATE_HOME=" + w.env["XDG_STATE_HOME"] + "\x00")
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	var pids []int
	for _, f := range files {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(append(b, 0), mark) && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parent is the process that started another.
func parent(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	var state string
	var ppid int
	_, _ = fmt.Sscan(string(b[bytes.LastIndexByte(b, ')')+1:]), &state, &ppid) // 0 where it has ended
	return ppid
}

func (w *world) environ() []string {
	var env []string
	for k, v := range w.env {
		env = append(env, k+"="+v)
	}
	return env
}

// state is the folder of the personal agent.
func (w *world) state(parts ...string) string {
	return filepath.Join(append([]string{w.env["XDG_STATE_HOME"], "opsdeck", w.name}, parts...)...)
}

// result is how a program ended.
type result struct {
	out, err string
	code     int
}

// command is a program that runs without a terminal.
type command struct {
	*exec.Cmd
	out, errs buffer
	done      chan struct{}
}

// buffer takes what a program writes, while others read it.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// said is all it has written so far.
func (c *command) said() string { return c.out.String() + c.errs.String() }

// start starts opsdeck without a terminal.
func (w *world) start(args ...string) *command { return w.startAs(nil, args...) }

// startAs starts opsdeck as another user.
func (w *world) startAs(who *syscall.Credential, args ...string) *command {
	w.Helper()
	c := &command{Cmd: exec.Command(w.binary, args...), done: make(chan struct{})}
	c.Env, c.Dir = w.environ(), w.dir
	c.Stdout, c.Stderr = &c.out, &c.errs
	c.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	c.WaitDelay = time.Second
	must(w.T, c.Start())
	go func() {
		_ = c.Wait() // result reads how it ended
		close(c.done)
	}()
	return c
}

// ended waits for a program's end.
func (w *world) ended(c *command) result {
	w.Helper()
	select {
	case <-c.done:
	case <-time.After(2 * time.Minute):
		_ = c.Process.Kill()
		<-c.done
		w.Fatalf("%q did not end; it said:\n%s%s", c.Args, c.out.String(), c.errs.String())
	}
	return result{c.out.String(), c.errs.String(), c.ProcessState.ExitCode()}
}

// run runs opsdeck without a terminal to its end.
func (w *world) run(args ...string) result { w.Helper(); return w.ended(w.start(args...)) }

// want runs opsdeck and checks how it ended and what it said.
func (w *world) want(code int, words string, args ...string) result {
	w.Helper()
	r := w.run(args...)
	r.want(w.T, code, words)
	return r
}

// want checks how a program ended and what it said.
func (r result) want(t *testing.T, code int, words string) {
	t.Helper()
	if r.code != code || !regexp.MustCompile(words).MatchString(r.out+r.err) {
		t.Fatalf("exit code %d, want %d and %q; it said:\n%s%s", r.code, code, words, r.out, r.err)
	}
}

// snapshot is what -o json says.
type snapshot struct {
	Level    string `json:"level"`
	Exit     int    `json:"exit"`
	Verdict  string `json:"verdict"`
	Unknowns []string
	Tables   []struct {
		Name string
		Rows []struct {
			Ref   string
			Level string
			Cells map[string]cell
		}
	}
}

type cell struct {
	Text   string
	State  string // of the source behind it
	Source string
	Age    *float64 `json:"age_seconds"`
}

// snapshot asks the agent for a picture; the exit code has to be the one that
// the picture names.
func (w *world) snapshot(view string) (snapshot, int) {
	w.Helper()
	r := w.run("snapshot", "-o", "json", "--view", view)
	var s snapshot
	if err := json.Unmarshal([]byte(r.out), &s); err != nil {
		w.Fatalf("snapshot: %v\n%s%s", err, r.out, r.err)
	}
	if s.Exit != r.code {
		w.Errorf("the snapshot says exit %d and ended with %d", s.Exit, r.code)
	}
	return s, r.code
}

// row finds the row of an object.
func (s snapshot) row(t *testing.T, table, ref string) (level string, cells map[string]cell) {
	t.Helper()
	for _, tb := range s.Tables {
		for _, r := range tb.Rows {
			if tb.Name == table && r.Ref == ref {
				return r.Level, r.Cells
			}
		}
	}
	t.Fatalf("no row %s in table %s: %+v", ref, table, s)
	return "", nil
}

// agent is the pid of the agent that answers.
func (w *world) agent() int {
	w.Helper()
	var pid int
	until(w.T, patience, "an agent answers", func() bool {
		h, err := w.hello()
		pid = h.PID
		return err == nil
	})
	return pid
}

func (w *world) write(path string, text []byte) {
	w.Helper()
	must(w.T, os.WriteFile(path, text, 0o644))
}

func (w *world) read(path string) []byte {
	w.Helper()
	b, err := os.ReadFile(path)
	must(w.T, err)
	return b
}

// stopAgent lets the agent end in order.
func (w *world) stopAgent() {
	w.Helper()
	w.want(0, "has ended", "agent", "stop")
}

// killAgent ends it as a crash would.
func (w *world) killAgent() {
	w.Helper()
	pid := w.agent()
	must(w.T, syscall.Kill(pid, syscall.SIGKILL))
	until(w.T, patience, "the agent is gone", func() bool { return syscall.Kill(pid, 0) != nil })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until polls a claim until it holds.
func until(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %s: %s", limit, what)
		case <-tick.C:
		}
	}
}

// gone reports whether err says that nobody listens.
func gone(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
}

// matches reports whether text holds a regular expression.
func matches(text, re string) bool { return regexp.MustCompile(re).MatchString(text) }
