package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

const (
	containerdName = "containerd"
	dockerdName    = "dockerd"
	stopGrace      = 20 * time.Second
	startLimit     = 45 * time.Second
)

// ownExists tells whether the lab has run its own daemon here before: its
// containers and images live there, so it is used again.
func ownExists(l layout.Layout) bool {
	c, ok := remembered(l)
	return ok && c.Own
}

// Own tells whether the lab runs on a daemon of its own.
func Own(l layout.Layout) bool { return ownExists(l) }

// Restart ends the lab's own daemon, which ends its containers, and starts it
// again, which brings back those whose policy says so.
func Restart(ctx context.Context, l layout.Layout) error {
	if id, running := process.Current(l, dockerdName, "dockerd"); running {
		if err := process.Stop(ctx, id, syscall.SIGTERM, stopGrace); err != nil {
			return fmt.Errorf("stop dockerd: %w", err)
		}
	}
	_, err := startOwn(ctx, l)
	return err
}

// startOwn brings up a containerd and a dockerd that share nothing with the
// machine: own folders, own socket, no firewall rule, no docker0, no
// ip_forward. Published ports go through docker-proxy.
func startOwn(ctx context.Context, l layout.Layout) (*Engine, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: no Docker daemon answers and only root can start one. Start Docker (sudo systemctl start docker) and join its group, or run the lab with sudo", ErrNoContainers)
	}
	for _, program := range []string{"dockerd", "containerd", "runc", "docker-proxy"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%w: %s is not installed. Run scripts/install-packages (package docker.io)", ErrNoContainers, program)
		}
	}
	if inChroot() {
		return nil, fmt.Errorf("%w: this is a chroot, and Docker cannot unpack images or enter containers below one. Use a container, a virtual machine, or pivot_root (systemd-nspawn does it)", ErrNoContainers)
	}
	notes, err := ensureCgroups(l)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoContainers, err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := ensureContainerd(ctx, l); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoContainers, err)
	}
	if err := ensureDockerd(ctx, l); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoContainers, err)
	}
	e, err := Connect(ctx, "unix://"+l.DockerSocket(), true)
	if err != nil {
		return nil, err
	}
	e.Notes = notes
	return e, nil
}

func ensureContainerd(ctx context.Context, l layout.Layout) error {
	sock := filepath.Join(l.RunDir(), "containerd.sock")
	id, running := process.Current(l, containerdName, "containerd")
	if !running {
		config := strings.Join([]string{
			"version = 2",
			fmt.Sprintf("root = %q", l.Path("docker", "containerd")),
			fmt.Sprintf("state = %q", filepath.Join(l.RunDir(), "containerd")),
			// The Kubernetes part would open a streaming port.
			`disabled_plugins = ["io.containerd.grpc.v1.cri"]`,
			"[grpc]",
			fmt.Sprintf("  address = %q", sock),
			"",
		}, "\n")
		path := l.Path("etc", "containerd.toml")
		if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
			return err
		}
		var err error
		if id, err = process.Start(l, process.Spec{Name: containerdName, Argv: []string{"containerd", "--config", path}}); err != nil {
			return err
		}
	}
	return awaitDaemon(ctx, l, containerdName, id, func() error {
		conn, err := dialUnix(ctx, sock)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func ensureDockerd(ctx context.Context, l layout.Layout) error {
	id, running := process.Current(l, dockerdName, "dockerd")
	if !running {
		pidfile := filepath.Join(l.RunDir(), "dockerd.pid")
		// dockerd refuses to start while a pid file names any live process,
		// and after a reboot that number belongs to somebody else.
		if err := os.Remove(pidfile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		config := l.Path("etc", "dockerd.json")
		// Its own, empty configuration: /etc/docker/daemon.json is the machine's.
		if err := os.WriteFile(config, []byte("{}\n"), 0o644); err != nil {
			return err
		}
		var err error
		id, err = process.Start(l, process.Spec{Name: dockerdName, Argv: []string{
			"dockerd", "--config-file=" + config,
			"--containerd=" + filepath.Join(l.RunDir(), "containerd.sock"),
			"--data-root=" + l.Path("docker", "data"), "--exec-root=" + filepath.Join(l.RunDir(), "docker"),
			"--pidfile=" + pidfile, "--host=unix://" + l.DockerSocket(),
			"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false",
			"--shutdown-timeout=10", "--log-opt=max-size=5m", "--log-opt=max-file=2",
		}})
		if err != nil {
			return err
		}
	}
	return awaitDaemon(ctx, l, dockerdName, id, func() error { return ping(ctx, l.DockerSocket()) })
}

func awaitDaemon(ctx context.Context, l layout.Layout, name string, id process.Identity, ask func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := process.Until(ctx, func() error {
		if !id.Alive() {
			cancel()
			return fmt.Errorf("%s ended while starting: %s (log: %s)", name, lastError(l.Log(name)), l.Log(name))
		}
		return ask()
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return nil
}

// DownOwn stops the lab's own daemon, if there is one, and undoes the cgroup
// mounts that were made for it.
func DownOwn(ctx context.Context, l layout.Layout) ([]string, error) {
	var stopped []string
	for _, d := range []string{dockerdName, containerdName} {
		id, running := process.Current(l, d, d)
		if running {
			if err := process.Stop(ctx, id, syscall.SIGTERM, stopGrace); err != nil {
				return stopped, fmt.Errorf("stop %s: %w", d, err)
			}
			stopped = append(stopped, d)
		}
		if err := os.Remove(l.PidFile(d)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return stopped, err
		}
	}
	if !ownExists(l) || os.Geteuid() != 0 {
		return stopped, nil
	}
	return stopped, releaseMounts(l)
}

// OwnLeft tells whether the lab has its own daemon and something of it still
// runs, be it only the shims of containers whose daemon was killed.
func OwnLeft(l layout.Layout) bool {
	return ownExists(l) && (len(process.Marked(l, dockerdName)) > 0 || len(process.Marked(l, containerdName)) > 0)
}
