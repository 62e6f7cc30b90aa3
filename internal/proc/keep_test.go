package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"opsdeck/ops"
)

// role makes this test binary a keeper, or an agent that starts a job.
const role = "OPSDECK_PROC_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "keeper":
		if err := Keep(os.Args[1:], os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "yields":
		os.Exit(yields())
	case "agent":
		os.Exit(agentMain(os.Args[1], os.Args[2:]))
	}
	os.Exit(m.Run())
}

// agentMain starts a job in a folder as an agent does, says so, and follows it.
func agentMain(dir string, argv []string) int {
	k, err := Start([]string{os.Args[0]}, dir, Spec{Argv: argv, Env: as("keeper")}, noted(dir))
	if err == nil {
		_, _, err = k.Wait(context.Background(), func(ops.Stream, string) {})
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// noted writes a job's process down beside its folder.
func noted(dir string) func(ops.Process) error {
	return func(p ops.Process) error { return os.WriteFile(dir+".pid", fmt.Appendf(nil, "%d\n", p.PID), 0o600) }
}

// as is the environment in which this binary has a role.
func as(what string) []string { return append(os.Environ(), role+"="+what) }

func folder(t *testing.T) string { return filepath.Join(t.TempDir(), "job") }

// kept starts a child and returns what there is to be seen of it.
func kept(t *testing.T, dir string, most int, argv ...string) *Kept {
	t.Helper()
	k, err := Start([]string{os.Args[0]}, dir, Spec{Argv: argv, Env: as("keeper"), Max: most}, func(ops.Process) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// all reads every line of a stream, and the end, as the next agent does.
func all(t *testing.T, dir string, of ops.Stream) (lines []string, end End, ok bool) {
	t.Helper()
	f := Open(dir)
	if err := f.Lines(func(s ops.Stream, l string) {
		if s == of {
			lines = append(lines, l)
		}
	}, true); err != nil {
		t.Fatal(err)
	}
	end, ok, err := f.End()
	if err != nil {
		t.Fatal(err)
	}
	return lines, end, ok
}

func TestAJobsChildOutlivesItsAgentAndItsEndIsKept(t *testing.T) {
	dir := folder(t)
	goOn := dir + ".go"
	// It writes a line a tick, until it is told to go on to its end: by then its
	// agent is gone, and pipes of that would have ended it at the next line.
	script := fmt.Sprintf(`echo first; until [ -e %s ]; do echo tick; sleep 0.02; done; echo tick >&2; echo last; exit 3`, goOn)
	agent, err := os.StartProcess(os.Args[0], []string{os.Args[0], dir, "/bin/sh", "-c", script}, &os.ProcAttr{Env: as("agent"), Files: []*os.File{nil, nil, os.Stderr}})
	if err != nil {
		t.Fatal(err)
	}
	keeper := waitForPID(t, dir+".pid")
	written := func() int { lines, _, _ := all(t, dir, ops.StreamOut); return len(lines) }
	until(t, func() bool { return written() > 2 })
	if err := agent.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := agent.Wait(); err != nil {
		t.Fatal(err)
	}
	before := written()
	until(t, func() bool { return written() > before+2 })
	if _, _, ended := all(t, dir, ops.StreamOut); ended {
		t.Fatal("an end is written while it runs")
	}
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { _, err := Identify(keeper); return err != nil })
	lines, end, ok := all(t, dir, ops.StreamOut)
	if !ok || end.Code != 3 || end.Signal != 0 || end.At.IsZero() {
		t.Errorf("its end: %+v, %v", end, ok)
	}
	if lines[0] != "first" || lines[len(lines)-1] != "last" {
		t.Errorf("its output begins with %q and ends with %q", lines[0], lines[len(lines)-1])
	}
	if errs, _, _ := all(t, dir, ops.StreamErr); !slices.Equal(errs, []string{"tick"}) {
		t.Errorf("its errors are %q", errs)
	}
	for _, name := range []string{outName, errName, endName} {
		if i, err := os.Stat(filepath.Join(dir, name)); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, i, err)
		}
	}
	if err := Open(dir).Remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder stays: %v", err)
	}
}

func TestHowAKeptChildEnds(t *testing.T) {
	for name, c := range map[string]struct {
		argv []string
		want End
	}{
		"well":            {[]string{"/bin/sh", "-c", "exit 0"}, End{}},
		"with a code":     {[]string{"/bin/sh", "-c", "exit 7"}, End{Code: 7}},
		"by a signal":     {[]string{"/bin/sh", "-c", "kill -BUS $$"}, End{Code: -1, Signal: syscall.SIGBUS}},
		"it never starts": {[]string{"/no/such/program"}, End{Code: -1, Why: "fork/exec /no/such/program: no such file or directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			end, ok, err := kept(t, folder(t), 0, c.argv...).Wait(t.Context(), func(ops.Stream, string) {})
			if end.At.IsZero() {
				t.Error("it says not when")
			}
			if end.At = c.want.At; !ok || err != nil || end != c.want {
				t.Errorf("%+v, %v, %v", end, ok, err)
			}
		})
	}
}

// TestWhatAChildLeavesBehindEndsWithIt has children of a child that go on without it: one
// that would end when it is told, one that would not.
func TestWhatAChildLeavesBehindEndsWithIt(t *testing.T) {
	for name, deaf := range map[string]string{"one that hears": "", "one that does not": "trap '' TERM; "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			k := kept(t, dir, 0, "/bin/sh", "-c", "("+deaf+"echo $(exec sh -c 'echo $PPID') > "+dir+".left; while :; do sleep 0.01; done) & until [ -s "+dir+".left ]; do sleep 0.01; done; exit 63")
			if end, ok, err := k.Wait(t.Context(), func(ops.Stream, string) {}); !ok || err != nil || end.Code != 63 {
				t.Errorf("%+v, %v, %v", end, ok, err)
			}
			left := waitForPID(t, dir+".left")
			if _, err := Identify(left); err == nil {
				t.Errorf("process %d goes on", left)
				_ = Signal(left, syscall.SIGKILL)
			}
		})
	}
}

func TestItsLinesComeAsTheyAreWrittenWithSecretsMasked(t *testing.T) {
	dir := folder(t)
	k := kept(t, dir, 0, "/bin/sh", "-c", "echo password=hunter2; until [ -e "+dir+".go ]; do sleep 0.01; done; printf 'no line end'")
	var lines []string
	end, ok, err := k.Wait(t.Context(), func(_ ops.Stream, l string) {
		if lines = append(lines, l); len(lines) == 1 { // it runs, and was heard
			if err := os.WriteFile(dir+".go", nil, 0o600); err != nil {
				t.Error(err)
			}
		}
	})
	if !ok || err != nil || end.Code != 0 || !slices.Equal(lines, []string{"password=•••", "no line end"}) {
		t.Errorf("%q, %+v, %v, %v", lines, end, ok, err)
	}
}

// TestNoSecretOfAChildIsOnTheDisk looks for a secret that has no shape in both files of a
// child, within a line, where one ends that is too long, and where there is no line end.
func TestNoSecretOfAChildIsOnTheDisk(t *testing.T) {
	const secret = "xyzzy-plugh"
	script := "printf 'a %s b\\n' $0; printf 'a %s b' $0 >&2; head -c " + fmt.Sprint(lineMost-5) + " /dev/zero | tr '\\0' .; printf %s $0; sleep 0.05; head -c 40000 /dev/zero | tr '\\0' .; printf 'xyzzy-'; sleep 0.05; printf plugh"
	dir := folder(t)
	k, err := Start([]string{os.Args[0]}, dir, Spec{Argv: []string{"/bin/sh", "-c", script, secret}, Env: as("keeper"), Secrets: ops.NewSecrets(secret)}, func(ops.Process) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if end, ok, err := k.Wait(t.Context(), func(ops.Stream, string) {}); err != nil || !ok || end.Code != 0 {
		t.Fatal(end, ok, err)
	}
	for name, masks := range map[string]int{outName: 3, errName: 1} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(text), secret) || strings.Count(string(text), "•••") != masks {
			t.Errorf("%s: %v, %d times hidden of %d: %.80q", name, err, strings.Count(string(text), "•••"), masks, text)
		}
	}
}

func TestAnOutputWithoutEndFillsNoDiskAndEndsNoChild(t *testing.T) {
	dir := folder(t)
	end, ok, err := kept(t, dir, 1000, "/bin/sh", "-c", "echo first; head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last; exit 5").Wait(t.Context(), func(ops.Stream, string) {})
	if !ok || err != nil || end.Code != 5 {
		t.Errorf("%+v, %v, %v", end, ok, err)
	}
	if i, err := os.Stat(filepath.Join(dir, outName)); err != nil || i.Size() > 1000+lastMost+100 {
		t.Errorf("%v, %v", i, err)
	}
	lines, _, _ := all(t, dir, ops.StreamOut)
	if lines[0] != "first" || lines[len(lines)-1] != "last" || !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, "bytes are left out here") }) {
		t.Errorf("%d lines, the last is %.40q", len(lines), lines[len(lines)-1])
	}
}

func TestACanceledChildMayPutThingsInOrder(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	k := kept(t, folder(t), 0, "/bin/sh", "-c", "trap 'echo cleaning; exit 9' TERM; echo ready; while :; do sleep 0.01; done")
	var lines []string
	end, ok, err := k.Wait(ctx, func(s ops.Stream, l string) {
		if s == ops.StreamOut { // a shell tells of its own children, too
			lines = append(lines, l)
			cancel()
		}
	})
	if !ok || err != nil || end.Code != 9 || !slices.Equal(lines, []string{"ready", "cleaning"}) {
		t.Errorf("%q, %+v, %v, %v", lines, end, ok, err)
	}
}

func TestWithItsKeeperTheChildEndsAndNobodyCallsThatAnEnd(t *testing.T) {
	dir := folder(t)
	k := kept(t, dir, 0, "/bin/sh", "-c", "echo $$ > "+dir+".child; while :; do sleep 0.01; done")
	child := waitForPID(t, dir+".child")
	if err := Signal(k.Process.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if end, ok, err := k.Wait(t.Context(), func(ops.Stream, string) {}); ok || err != nil {
		t.Errorf("%+v, %v, %v", end, ok, err)
	}
	until(t, func() bool { _, err := Identify(child); return err != nil })
}

func TestNothingStartsThatIsNotWrittenDown(t *testing.T) {
	dir := folder(t)
	full := errors.New("no space left")
	_, err := Start([]string{os.Args[0]}, dir, Spec{Argv: []string{"/bin/sh", "-c", "touch " + dir + ".ran"}, Env: as("keeper")}, func(ops.Process) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(dir + ".ran"); err == nil {
		t.Error("it ran")
	}
}

// TestAKeeperThatEndsAtOnceWasStartedAllTheSame has one that is quicker than its start.
func TestAKeeperThatEndsAtOnceWasStartedAllTheSame(t *testing.T) {
	for range 200 {
		k, err := Start([]string{"sh", "-c", "read go", "keeper"}, folder(t), Spec{Argv: []string{"true"}}, func(ops.Process) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		<-k.ended
	}
}
