package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"opsdeck/lab/internal/layout"
)

// markVariable is set in the environment of every daemon, so that one whose
// pid file was never written (the lab was killed in between) is found again.
const markVariable = "OPSDECK_LAB_OWNER"

// pollEvery is how often a condition is asked for.
const pollEvery = 25 * time.Millisecond

// Spec says how to start a daemon.
type Spec struct {
	Name string
	Argv []string
	Env  []string // added to a small fixed environment
	User string   // unix user to become when we are root; empty stays
	Dir  string
}

// Start runs the daemon in its own session, detached from our terminal, with
// its output in the log file, and writes the pid file.
func Start(l layout.Layout, s Spec) (Identity, error) {
	log, err := os.OpenFile(l.Log(s.Name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return Identity{}, fmt.Errorf("start %s: %w", s.Name, err)
	}
	defer log.Close() //nolint:errcheck // the child has its own copy
	cmd := exec.Command(s.Argv[0], s.Argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = s.Dir
	if cmd.Dir == "" {
		cmd.Dir = l.State
	}
	cmd.Env = append(BaseEnv(), s.Env...)
	cmd.Env = append(cmd.Env, mark(l, s.Name))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if s.User != "" {
		if cmd.SysProcAttr.Credential, err = Credential(s.User); err != nil {
			return Identity{}, fmt.Errorf("start %s: %w", s.Name, err)
		}
	}
	if err := cmd.Start(); err != nil {
		return Identity{}, fmt.Errorf("start %s: %w", s.Name, err)
	}
	id, err := Of(cmd.Process.Pid)
	// Reaping in the background makes an early death visible as a gone
	// process instead of a zombie while we wait for readiness.
	go cmd.Wait() //nolint:errcheck // the readiness check reports what matters
	if err != nil {
		return Identity{}, fmt.Errorf("start %s: it ended at once, see %s", s.Name, l.Log(s.Name))
	}
	return id, id.Save(l.PidFile(s.Name))
}

func mark(l layout.Layout, name string) string {
	return markVariable + "=" + l.State + ":" + name
}

// BaseEnv is the environment every child gets: no proxies, tokens or locale
// of whoever started the lab.
func BaseEnv() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/", "TZ=UTC"}
}

// Credential looks a unix user up.
func Credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", name, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Stop asks the daemon to end and waits; after the grace period it is killed.
// It is then continued, because a frozen process would never see the signal,
// and would wait for ever for children that are frozen.
func Stop(ctx context.Context, id Identity, sig syscall.Signal, grace time.Duration) error {
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{sig, grace}, {syscall.SIGKILL, 5 * time.Second}} {
		if err := id.Signal(step.sig); errors.Is(err, ErrGone) {
			return nil
		} else if err != nil {
			return err
		}
		if err := id.Continue(); errors.Is(err, ErrGone) {
			return nil
		}
		wctx, cancel := context.WithTimeout(ctx, step.wait)
		err := Until(wctx, func() error {
			if id.Alive() {
				return fmt.Errorf("pid %d still runs", id.PID)
			}
			return nil
		})
		cancel()
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("pid %d survived SIGKILL", id.PID)
}

// Until asks check again and again until it is content or ctx ends; the error
// then is check's last word.
func Until(ctx context.Context, check func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
