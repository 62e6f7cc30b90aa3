package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestRunKeepsCodeSignalAndBounds(t *testing.T) {
	ctx := t.Context()
	out, err := Run(ctx, Spec{Argv: []string{"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}})
	if err != nil || out.Code != 7 || string(out.Stdout) != "out\n" || string(out.Stderr) != "err\n" {
		t.Fatalf("got %+v, %v", out, err)
	}
	out, err = Run(ctx, Spec{Argv: []string{"/bin/sh", "-c", "kill -BUS $$"}})
	if err != nil || out.Signal != syscall.SIGBUS {
		t.Fatalf("a child that died of a signal: %+v, %v", out, err)
	}
	out, err = Run(ctx, Spec{Argv: []string{"/bin/sh", "-c", "head -c 100000 /dev/zero"}, Max: 10})
	if err != nil || len(out.Stdout) != 10 {
		t.Fatalf("kept %d bytes, %v", len(out.Stdout), err)
	}
	if _, err = Run(ctx, Spec{Argv: []string{"/no/such/program"}}); err == nil {
		t.Fatal("a missing program started")
	}
}

func TestRunEndsTheWholeGroupWithItsContext(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := Run(ctx, Spec{Argv: []string{"/bin/sh", "-c", "sleep 60 & echo $! > " + file + "; wait"}})
		done <- err
	}()
	grandchild := waitForPID(t, file)
	cancel()
	if err := <-done; err == nil {
		t.Fatal("a canceled run reported no error")
	}
	until(t, func() bool { _, err := Identify(grandchild); return err != nil })
}

func TestAliveIsNotFooledByAnotherStartTime(t *testing.T) {
	me, err := Identify(os.Getpid())
	if err != nil || !Alive(me) {
		t.Fatalf("%+v: %v", me, err)
	}
	if Alive(ops.Process{PID: me.PID, Start: me.Start + 1}) {
		t.Fatal("a reused pid counts as the same process")
	}
}

func TestDetachOutlivesItsTerminalAndLogs(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	pid, err := Detach([]string{"/bin/sh", "-c", "echo started; ps -o sid= -p $$; sleep 30"}, log)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(pid, syscall.SIGKILL) //nolint:errcheck // it may have ended by itself
	until(t, func() bool { b, _ := os.ReadFile(log); return strings.Count(string(b), "\n") == 2 })
	sid, err := syscall.Getpgid(pid)
	if err != nil || sid != pid {
		t.Fatalf("process group %d of %d, %v", sid, pid, err)
	}
}

func TestParseStatWithParenthesesInTheName(t *testing.T) {
	line := "42 (a) b) S 1 42 42 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 777 0 0"
	state, start, err := parseStat([]byte(line))
	if err != nil || state != 'S' || start != 777 {
		t.Fatalf("%c %d %v", state, start, err)
	}
}

func waitForPID(t *testing.T, file string) int {
	t.Helper()
	pid := 0
	until(t, func() bool {
		b, _ := os.ReadFile(file)
		line, whole := strings.CutSuffix(string(b), "\n")
		pid, _ = strconv.Atoi(line)
		return whole && pid != 0
	})
	return pid
}

// until polls a condition that other processes bring about.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 10 s")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAProgramThatIsNotThereIsSaidSo(t *testing.T) {
	for _, name := range []string{"no-such-program", "/no/such/program"} {
		if _, err := Run(t.Context(), Spec{Argv: []string{name}}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatTakesTheOutputGetsItAsItComesAndNoneIsKept(t *testing.T) {
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		out, err := Run(t.Context(), Spec{Argv: []string{"/bin/sh", "-c", "echo one; read x; echo two; echo wrong >&2"}, In: []byte("go\n"), Out: w})
		if len(out.Stdout) > 0 || string(out.Stderr) != "wrong\n" {
			err = fmt.Errorf("%q and %q are kept", out.Stdout, out.Stderr)
		}
		_ = w.Close()
		ended <- err
	}()
	all, _ := io.ReadAll(r)
	if err := <-ended; err != nil || string(all) != "one\ntwo\n" {
		t.Errorf("%q, %v", all, err)
	}
	// One that is not heard any more ends.
	_ = r.Close()
	if out, err := Run(t.Context(), Spec{Argv: []string{"/bin/sh", "-c", "while echo more; do :; done"}, Out: w}); err == nil && out.Code == 0 {
		t.Error("that nobody heard it is no failure")
	}
}
