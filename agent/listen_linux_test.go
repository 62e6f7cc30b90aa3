package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"opsdeck/ops"
)

func TestWhoHoldsASocketIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	owner := func(string) string { return "ops (uid 990)" }
	if e := ops.AsError(others(path, "the socket", owner)); e.Code != ops.CodeHeld || !strings.HasPrefix(e.What.String(), "account ops (uid 990) holds the socket, "+path) || e.Remedy.Empty() {
		t.Errorf("nobody tells the pid: %+v", e)
	}
	l, err := Listen(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("an agent of account ops (uid 990) (pid %d) holds the socket", os.Getpid())
	if e := ops.AsError(others(path, "the socket", owner)); !strings.HasPrefix(e.What.String(), want) {
		t.Errorf("%+v, want %q", e, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if e := ops.AsError(others(path, "the socket", owner)); strings.Contains(e.What.String(), "pid") {
		t.Errorf("it is closed: %+v", e)
	}
}

// TestAnAgentOfAnotherAccountIsRefusedWithWhoHoldsThePlace needs root, who alone can be
// another account.
func TestAnAgentOfAnotherAccountIsRefusedWithWhoHoldsThePlace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another account")
	}
	dir := t.TempDir()
	for _, open := range []string{filepath.Dir(dir), dir} { // as /run is
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "held.sock")
	l, err := Listen(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, c := range map[string]struct{ path, says string }{
		"the socket is held":                    {path, fmt.Sprintf("an agent of account root (uid 0) (pid %d) holds the socket, %s", os.Getpid(), path)},
		"the folder is, and has another socket": {filepath.Join(dir, "mine.sock"), "account root (uid 0) holds the folder of the socket, " + dir},
	} {
		said := make(chan error)
		go func() { // the thread ends with it, and is nobody's afterwards
			runtime.LockOSThread()
			if err := syscall.Setfsuid(65534); err != nil {
				said <- err
				return
			}
			_, err := Listen(c.path, 0o600)
			said <- err
		}()
		if e := ops.AsError(<-said); e.Code != ops.CodeHeld || e.What.String() != c.says || !strings.Contains(e.Remedy.String(), "--socket") {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket that is held is gone: %v", err)
	}
}
