// Package proc is the only place that starts processes: by argument list, never
// through a shell, in a process group of their own, with a deadline and bounded
// output.
package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// grace is how long a child has between SIGTERM and SIGKILL.
const grace = 5 * time.Second

// Spec is one child to run.
type Spec struct {
	Argv []string
	Env  []string // complete; nil: the parent's
	Dir  string
	In   []byte // its standard input
	Max  int    // bytes of each output that are kept; 0: 64 KiB
	// Out takes the output as it comes, and none of it is kept; nil: it is kept.
	Out io.Writer
	Err io.Writer // likewise of its error output
	// Secrets are hidden in what is kept of a child that Start started.
	Secrets ops.Secrets
	// EndWithUs ends the child where this process is killed, as far as the system knows how.
	EndWithUs bool
}

// Output is what a child left behind.
type Output struct {
	Stdout, Stderr []byte
	Code           int            // exit code; -1 when a signal ended it
	Signal         syscall.Signal // 0: none
}

// Run runs a child to its end. When ctx ends the whole process group gets
// SIGTERM, and SIGKILL after a grace. A child that ran and failed is no error:
// look at Code and Signal. One that is not there is fs.ErrNotExist.
func Run(ctx context.Context, s Spec) (Output, error) {
	cmd := exec.CommandContext(ctx, s.Argv[0], s.Argv[1:]...)
	cmd.Env, cmd.Dir = s.Env, s.Dir
	if len(s.In) > 0 {
		cmd.Stdin = bytes.NewReader(s.In)
	}
	ownGroup(cmd)
	cmd.WaitDelay = grace
	limit := s.Max
	if limit == 0 {
		limit = 64 << 10
	}
	stdout, stderr := &bounded{max: limit}, &bounded{max: limit}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if s.Out != nil {
		cmd.Stdout = s.Out
	}
	if s.Err != nil {
		cmd.Stderr = s.Err
	}
	if s.EndWithUs { // the system ties that to the thread that started it
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		endWithUs(cmd)
	}
	err := cmd.Run()
	out := Output{Stdout: stdout.kept, Stderr: stderr.kept}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		out.Code = exit.ExitCode()
		out.Signal = endedBy(exit)
		err = ctx.Err()
	}
	if errors.Is(err, exec.ErrNotFound) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return out, fmt.Errorf("run %s: %w", s.Argv[0], err)
	}
	return out, nil
}

// bounded keeps the first max bytes. The buffer is a field and not embedded: its
// ReadFrom would let io.Copy go round the bound.
type bounded struct {
	kept []byte
	max  int
}

// Write never fails: a child must not get EPIPE for talking much.
func (b *bounded) Write(p []byte) (int, error) {
	if room := b.max - len(b.kept); room > 0 {
		b.kept = append(b.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// Detach starts a process that outlives us: in a session of its own, so that no
// terminal's hang-up reaches it, with its output going to the log file.
func Detach(argv []string, logFile string) (int, error) {
	log, err := ownfile.Open(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return 0, err
	}
	defer log.Close() //nolint:errcheck // the child has its own copy
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	ownSession(cmd)
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("start %s: %w", argv[0], err)
	}
	pid := cmd.Process.Pid
	// Reaped in the background: while we live it must not stay a zombie, which
	// would look alive to everybody who asks.
	go func() { _ = cmd.Wait() }()
	return pid, nil
}

// Yield lets everybody else go first: our process group, and what it starts from now on, gets
// the processor, and where the disks are shared by priority these too, when nobody else wants
// them. All of the group, because the priority is one of each thread, and a child has that of
// the thread that started it. Error: not all of it could be told, such as a sudo in front of us.
func Yield() error { return syscall.Setpriority(syscall.PRIO_PGRP, 0, 19) }

// Identify returns a living process in a form that a reused pid cannot match.
func Identify(pid int) (ops.Process, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ops.Process{}, err
	}
	state, start, err := parseStat(b)
	if err != nil {
		return ops.Process{}, err
	}
	if state == 'Z' || state == 'X' {
		return ops.Process{}, fmt.Errorf("process %d has ended: %w", pid, os.ErrProcessDone)
	}
	return ops.Process{PID: pid, Start: start}, nil
}

// Alive reports whether the very process still runs.
func Alive(p ops.Process) bool {
	now, err := Identify(p.PID)
	return err == nil && now == p
}

// parseStat reads state and start time (fields 3 and 22 of proc(5)'s stat). The
// command name before them may hold spaces and parentheses.
func parseStat(b []byte) (state byte, start uint64, err error) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return 0, 0, fmt.Errorf("parse stat: no command name")
	}
	fields := bytes.Fields(b[i+1:])
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("parse stat: %d fields", len(fields))
	}
	start, err = strconv.ParseUint(string(fields[19]), 10, 64)
	return fields[0][0], start, err
}
