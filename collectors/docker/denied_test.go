package docker

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"opsdeck/ops"
)

// TestSocketWithoutTheRight connects to a real socket that we may not open. Root
// may open all, so the connecting thread gives up its rights; it is locked and
// dies with its goroutine.
func TestSocketWithoutTheRight(t *testing.T) {
	dir := shortDir(t)
	path := filepath.Join(dir, "d.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, mode := range map[string]os.FileMode{dir: 0o755, path: 0} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			const keep, nobody = ^uintptr(0), 65534
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, nobody, keep); errno != 0 {
				ended <- errno
				return
			}
		}
		conn, err := dialer(&url.URL{Scheme: "unix", Path: path})(t.Context(), "", "")
		if err == nil {
			_ = conn.Close()
		}
		ended <- err
	}()
	c := New(Config{Name: "docker", Host: "unix://" + path}, nil)
	// Wrapped as the client wraps it.
	err = c.explain("list containers", fmt.Errorf("error during connect: %w", <-ended))
	if ops.CodeOf(err) != ops.CodeDenied || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "group docker") {
		t.Errorf("%v", err)
	}
}
