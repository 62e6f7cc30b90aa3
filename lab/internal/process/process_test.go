package process

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"opsdeck/lab/internal/layout"
)

func TestParseStatWithBracketsInTheName(t *testing.T) {
	line := "42 (evil) name (x) T 7 42 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2"
	st, err := parseStat([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if want := (stat{state: 'T', parent: 7, session: 41, start: 987654}); st != want {
		t.Errorf("got %+v, want %+v", st, want)
	}
	for _, bad := range []string{"", "42 name S", "42 (x) S 1"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

func TestListenerInode(t *testing.T) {
	table := `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4A92 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:4A92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0 100 0 0 10 0
`
	if got := listenerInode(table, 19090); got != "222" {
		t.Errorf("got %q, want the listening socket 222", got)
	}
	if got := listenerInode(table, 19091); got != "" {
		t.Errorf("got %q for a port nobody listens on", got)
	}
}

func TestReusedPidIsNeverSignalled(t *testing.T) {
	self, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !self.Alive() {
		t.Fatal("this process counts as gone")
	}
	for name, id := range map[string]Identity{
		"other start time": {PID: self.PID, Start: self.Start + 1, Boot: self.Boot},
		"other boot":       {PID: self.PID, Start: self.Start, Boot: "another"},
		"empty pid file":   {},
	} {
		// SIGKILL: were it sent, this test would not report anything any more.
		if err := id.Signal(syscall.SIGKILL); err != ErrGone {
			t.Errorf("%s: got %v, want ErrGone", name, err)
		}
	}
}

func TestDamagedPidFileIsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	if err := os.WriteFile(path, []byte("12345"), 0o644); err != nil {
		t.Fatal(err)
	}
	if Load(path).Alive() {
		t.Error("a damaged pid file names a live process")
	}
}

// daemon starts a real, harmless daemon of a lab in a folder of its own.
func daemon(t *testing.T) (layout.Layout, Identity) {
	t.Helper()
	l := layout.Layout{State: t.TempDir()}
	if err := l.Create(); err != nil {
		t.Fatal(err)
	}
	id, err := Start(l, Spec{Name: "sleeper", Argv: []string{"sleep", "300"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = id.Signal(syscall.SIGKILL) })
	return l, id
}

func TestDaemonIsFoundAgainWithoutItsPidFile(t *testing.T) {
	l, id := daemon(t)
	if err := os.Remove(l.PidFile("sleeper")); err != nil {
		t.Fatal(err)
	}
	got, ok := Current(l, "sleeper", "sleep")
	if !ok || got != id {
		t.Errorf("got %+v %v, want %+v", got, ok, id)
	}
	if Load(l.PidFile("sleeper")) != id {
		t.Error("the pid file was not written anew")
	}
	if _, ok := Current(layout.Layout{State: t.TempDir()}, "sleeper", "sleep"); ok {
		t.Error("another lab's daemon was taken for ours")
	}
}

func TestDaemonsOfOneProgramAreToldApart(t *testing.T) {
	l, id := daemon(t)
	other, err := Start(l, Spec{Name: "other", Argv: []string{"sleep", "300"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Signal(syscall.SIGKILL) })
	for name, want := range map[string]Identity{"sleeper": id, "other": other} {
		if err := os.Remove(l.PidFile(name)); err != nil {
			t.Fatal(err)
		}
		if got, ok := Current(l, name, "sleep"); !ok || got != want {
			t.Errorf("%s: got %+v %v, want %+v", name, got, ok, want)
		}
	}
	if got, ok := Current(l, "third", "sleep"); ok {
		t.Errorf("a daemon that was never started is %+v", got)
	}
}

func TestFrozenDaemonIsSeenAndStopped(t *testing.T) {
	_, id := daemon(t)
	if err := id.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := Until(ctx, func() error {
		if !id.Frozen() {
			return os.ErrProcessDone
		}
		return nil
	})
	if err != nil {
		t.Fatal("the daemon does not count as frozen")
	}
	if err := Stop(ctx, id, syscall.SIGTERM, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if id.Alive() {
		t.Error("the daemon survived")
	}
}
