//go:build lab

package docker

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/dockertest"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// sshServer starts an sshd of its own that lets the current user in by a key, and
// puts an ssh in front of PATH that knows only this server. The system's own files
// are not touched.
func sshServer(t *testing.T) (host string, stop func()) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, mode os.FileMode, text string) {
		t.Helper()
		if err := os.WriteFile(at(name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen (apt-get install openssh-client): %v: %s", err, out)
		}
	}
	pub, err := os.ReadFile(at("user.pub"))
	if err != nil {
		t.Fatal(err)
	}
	hostKey, err := os.ReadFile(at("host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	write("keys", 0o600, string(pub))
	write("known", 0o600, fmt.Sprintf("[127.0.0.1]:%d %s", port, hostKey))
	write("sshd", 0o600, fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nPidFile none\nSetEnv DOCKER_HOST=%s PATH=%s\n",
		port, at("host"), at("keys"), dockertest.Host(t), os.Getenv("PATH")))
	write("client", 0o600, fmt.Sprintf("IdentityFile %s\nUserKnownHostsFile %s\n", at("user"), at("known")))
	real, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	write("ssh", 0o755, fmt.Sprintf("#!/bin/sh\nexec %s -F %s \"$@\"\n", real, at("client")))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	_ = os.MkdirAll("/run/sshd", 0o755) // sshd's own, where it is not there
	server := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", at("sshd"))
	var said strings.Builder
	server.Stderr, server.WaitDelay = &said, time.Second // its sessions outlive it
	if err := server.Start(); err != nil {
		t.Fatalf("sshd (apt-get install openssh-server): %v", err)
	}
	stop = func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
	t.Cleanup(stop)
	dockertest.Until(t, "sshd listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return fmt.Sprintf("ssh://127.0.0.1:%d", port), stop
}

func overSSH(t *testing.T, host string) *Collector {
	t.Helper()
	cl, err := Dial(Address{Host: host, Tunnel: proc.Pipe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	return New(Config{Name: "far", Host: host, Every: 10 * time.Second, Timeout: time.Minute, Now: time.Now}, cl)
}

func TestLabADaemonIsReadAndFollowedOverSSH(t *testing.T) {
	host, _ := sshServer(t)
	c := overSSH(t, host)
	f, err := c.Collect(t.Context())
	if err != nil || f.Containers == nil || f.Version.Empty() {
		t.Fatalf("%+v, %v", f, err)
	}
	follow(t, c)                      // fails where the stream does not stand
	t.Setenv("PATH", "/usr/bin:/bin") // from here on ssh knows neither key nor server
	_, err = overSSH(t, host).Collect(t.Context())
	if ops.CodeOf(err) != ops.CodeDenied {
		t.Errorf("without its host key: %v", err)
	}
}

func TestLabAnSSHServerThatIsGoneIsSaid(t *testing.T) {
	host, stop := sshServer(t)
	c := overSSH(t, host)
	if _, err := c.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	fresh := overSSH(t, host)
	_, err := fresh.Collect(t.Context())
	if ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "Connection refused") {
		t.Errorf("%v", err)
	}
}
