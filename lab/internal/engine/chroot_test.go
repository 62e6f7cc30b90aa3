package engine

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

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
	if err := syscall.Mount("proc", dir+"/proc", "proc", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(dir+"/proc", 0) //nolint:errcheck // the folder is temporary
	cmd := exec.Command("/test", "-test.run", "^TestAChrootIsRecognised$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
	cmd.Dir, cmd.Env = "/", []string{"BELOW_A_CHROOT=1"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
