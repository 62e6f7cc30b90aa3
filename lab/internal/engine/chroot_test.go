package engine

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

func mount(t *testing.T, what, where, kind string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount(what, where, kind, flags, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(where, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", where, err)
		}
	})
}

// TestAChrootIsRecognised runs this test again below a chroot into itself.
func TestAChrootIsRecognised(t *testing.T) {
	if os.Getenv("BELOW_A_CHROOT") != "" {
		if !inChroot() {
			t.Error("a chroot was not recognised")
		}
		return
	}
	if inChroot() {
		t.Error("this is no chroot")
	}
	if os.Geteuid() != 0 {
		t.Log("only root can make a chroot: the other half is not shown here")
		return
	}
	dir := t.TempDir()
	for _, sub := range []string{"proc", "tmp"} {
		if err := os.Mkdir(dir+"/"+sub, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/test", self, 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, "proc", dir+"/proc", "proc", 0)
	// A test binary may be linked dynamically.
	for _, lib := range []string{"/lib", "/lib64", "/usr/lib"} {
		real, err := filepath.EvalSymlinks(lib)
		if err != nil {
			continue
		}
		if err := os.MkdirAll(dir+lib, 0o755); err != nil {
			t.Fatal(err)
		}
		mount(t, real, dir+lib, "", syscall.MS_BIND)
	}
	cmd := exec.Command("/test", "-test.run", "^TestAChrootIsRecognised$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	cmd.Dir, cmd.Env = "/", []string{"BELOW_A_CHROOT=1"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
