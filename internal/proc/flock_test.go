package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func TestALockIsSeenUntilNobodyHasIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	seen := func(want bool, when string) {
		t.Helper()
		if is, err := Flocked(path, os.Getpid()); is != want || err != nil {
			t.Errorf("%s: %t, %v", when, is, err)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	seen(false, "before")
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	seen(true, "locked")
	if is, err := Flocked(path, os.Getpid()+1); is || err != nil {
		t.Errorf("by another: %t, %v", is, err)
	}
	child := exec.CommandContext(t.Context(), "sleep", "60")
	child.ExtraFiles = []*os.File{f}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	seen(true, "a child has it")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	seen(false, "behind it")
	if _, err := Flocked(path+"?", 1); err == nil {
		t.Error("a file that is not there has a lock")
	}
}
