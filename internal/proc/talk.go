package proc

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"opsdeck/ops"
)

// hangUp is how long a talking child has between SIGTERM and SIGKILL: it has
// nothing to put in order.
const hangUp = time.Second

// Child is a process that is talked to over its standard input and output.
type Child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   io.ReadCloser
	alone bool // in a session, and so in a process group, of its own
	ended chan struct{}
	once  sync.Once
}

// Talk starts a child to talk to, which may be asked how it ended. What it says on its standard error goes to
// errs. One that may ask on the terminal stays in our session and process group,
// or the terminal would not be its own to read; any other gets a session of its
// own, so that it has no terminal to disturb.
func Talk(s Spec, errs io.Writer, mayAsk bool) (*Child, error) {
	cmd := exec.Command(s.Argv[0], s.Argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stderr = s.Env, s.Dir, errs
	if !mayAsk {
		ownSession(cmd)
	}
	cmd.WaitDelay = hangUp // a grandchild may keep its standard error open
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Argv[0], err)
	}
	return &Child{cmd: cmd, in: in, out: out, alone: !mayAsk, ended: make(chan struct{})}, nil
}

// Process identifies the child. Error: it has ended.
func (c *Child) Process() (ops.Process, error) { return Identify(c.cmd.Process.Pid) }

// Read reads what the child says.
func (c *Child) Read(p []byte) (int, error) { return c.out.Read(p) }

// Write says something to the child.
func (c *Child) Write(p []byte) (int, error) { return c.in.Write(p) }

// Close ends the child and waits for it: its input ends, then it gets SIGTERM,
// and SIGKILL where it is stopped or does not care.
func (c *Child) Close() error {
	c.once.Do(func() {
		_ = errors.Join(c.in.Close(), c.signal(syscall.SIGTERM))
		c.wait(hangUp)
	})
	<-c.ended
	return nil
}

// Code waits a moment for the child to end by itself and returns its exit code; a
// child that goes on is ended, and has none: -1.
func (c *Child) Code() int {
	c.once.Do(func() { c.wait(grace) })
	<-c.ended
	return c.cmd.ProcessState.ExitCode()
}

// wait waits for the child, and kills it after a time.
func (c *Child) wait(most time.Duration) {
	kill := time.AfterFunc(most, func() { _ = c.signal(syscall.SIGKILL) })
	defer kill.Stop()
	_ = c.cmd.Wait() // Code says how it ended
	close(c.ended)
}

// signal reaches all of the child's group, where that is its own.
func (c *Child) signal(s syscall.Signal) error {
	if c.alone {
		return signalGroup(c.cmd, s)
	}
	return c.cmd.Process.Signal(s)
}
