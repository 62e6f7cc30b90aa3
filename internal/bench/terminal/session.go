package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Spec is what to run and on what sort of terminal.
type Spec struct {
	Argv       []string
	Env        []string
	Cols, Rows int
	// Rate is the line's speed in bytes a second; zero: as fast as it comes.
	Rate int
	// Copy gets all output as it comes; nil: nobody.
	Copy io.Writer
}

// Session is a program that runs in a pseudo-terminal.
type Session struct {
	Began time.Time // just before the program was started

	cmd    *exec.Cmd
	master *os.File
	rate   int
	copied io.Writer
	done   chan struct{} // the output has ended
	gone   chan struct{} // the program has ended
	exit   error

	mu     sync.Mutex
	screen *Screen
	bytes  int64
	last   time.Time // of the last output
	waits  map[*wait]struct{}
}

// wait is somebody who waits for the screen to look a certain way.
type wait struct {
	holds func(*Screen) bool
	at    chan time.Time
}

// ErrTimeout is what Await returns when the screen never looked that way.
var ErrTimeout = errors.New("the screen did not come to look that way in time")

// Start runs a program in a new session of its own, as a login does.
func Start(spec Spec) (*Session, error) {
	master, slave, err := openPTY(spec.Cols, spec.Rows)
	if err != nil {
		return nil, err
	}
	defer slave.Close() //nolint:errcheck // the child has its own copy
	s := &Session{master: master, rate: spec.Rate, copied: spec.Copy, done: make(chan struct{}), gone: make(chan struct{}), waits: map[*wait]struct{}{}}
	s.screen = NewScreen(spec.Cols, spec.Rows, func(reply string) { _, _ = master.WriteString(reply) })
	s.cmd = exec.Command(spec.Argv[0], spec.Argv[1:]...)
	s.cmd.Env, s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = spec.Env, slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.Began = time.Now()
	if err := s.cmd.Start(); err != nil {
		_ = master.Close()
		return nil, fmt.Errorf("start %s: %w", spec.Argv[0], err)
	}
	go s.read()
	go func() {
		s.exit = s.cmd.Wait()
		close(s.gone)
	}()
	return s, nil
}

// PID is the program's process.
func (s *Session) PID() int { return s.cmd.Process.Pid }

// read takes the output, at the line's speed, until the program has closed it.
func (s *Session) read() {
	defer close(s.done)
	size := 64 << 10
	if s.rate > 0 {
		size = max(1, s.rate/200)
	}
	buf := make([]byte, size)
	free := time.Now() // when the line has carried what it was given
	for {
		n, err := s.master.Read(buf)
		if n > 0 {
			if s.rate > 0 {
				if now := time.Now(); free.Before(now) {
					free = now
				}
				free = free.Add(time.Duration(n) * time.Second / time.Duration(s.rate))
				time.Sleep(time.Until(free))
			}
			s.take(buf[:n], time.Now())
		}
		if err != nil {
			return // EIO: nobody has the other end open any more
		}
	}
}

func (s *Session) take(b []byte, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.screen.Write(b) // a Screen takes everything
	if s.copied != nil {
		_, _ = s.copied.Write(b) // whoever copies sees to it
	}
	s.bytes += int64(len(b))
	s.last = at
	for w := range s.waits {
		if w.holds(s.screen) {
			w.at <- at
			delete(s.waits, w)
		}
	}
}

// Await waits until the screen looks a certain way and returns when the output
// arrived that made it so; the present if it does already.
func (s *Session) Await(ctx context.Context, limit time.Duration, holds func(*Screen) bool) (time.Time, error) {
	return s.await(ctx, limit, s.expect(holds))
}

// expect begins to wait; await ends it.
func (s *Session) expect(holds func(*Screen) bool) *wait {
	w := &wait{holds, make(chan time.Time, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if holds(s.screen) {
		w.at <- time.Now()
	} else {
		s.waits[w] = struct{}{}
	}
	return w
}

func (s *Session) await(ctx context.Context, limit time.Duration, w *wait) (time.Time, error) {
	defer func() {
		s.mu.Lock()
		delete(s.waits, w)
		s.mu.Unlock()
	}()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case at := <-w.at:
		return at, nil
	case <-t.C:
		return time.Time{}, ErrTimeout
	case <-s.done:
		return time.Time{}, fmt.Errorf("the program ended: %w", io.EOF)
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

// Send types keys.
func (s *Session) Send(keys string) error {
	_, err := s.master.WriteString(keys)
	return err
}

// Press types keys and returns how long the screen took to change.
func (s *Session) Press(ctx context.Context, keys string, limit time.Duration) (time.Duration, error) {
	s.mu.Lock()
	before := s.screen.picture()
	s.mu.Unlock()
	w := s.expect(func(now *Screen) bool { return !equal(now.cells, before) })
	pressed := time.Now()
	if err := s.Send(keys); err != nil {
		return 0, err
	}
	at, err := s.await(ctx, limit, w)
	return at.Sub(pressed), err
}

func equal(a, b []cell) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Quiet waits until nothing was written for a while, at most limit.
func (s *Session) Quiet(ctx context.Context, gap, limit time.Duration) {
	end := time.Now().Add(limit)
	for ctx.Err() == nil && time.Now().Before(end) {
		s.mu.Lock()
		rest := gap - time.Since(s.last)
		s.mu.Unlock()
		if rest <= 0 {
			return
		}
		select {
		case <-time.After(rest):
		case <-ctx.Done():
		}
	}
}

// Bytes is how much was written since the start.
func (s *Session) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// Lines is the text on the screen.
func (s *Session) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.Lines()
}

// Down is what the cursor-down key sends now, up the other one.
func (s *Session) Down() string { return s.arrow("B") }

// Up is what the cursor-up key sends now.
func (s *Session) Up() string { return s.arrow("A") }

func (s *Session) arrow(letter string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.screen.cursorKeys {
		return "\x1bO" + letter
	}
	return "\x1b[" + letter
}

// Unknown lists sequences that the screen did not understand: with any, what was
// read off it is not to be trusted.
func (s *Session) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.Unknown()
}

// Close types q, and ends the program if it does not leave.
func (s *Session) Close() error {
	_ = s.Send("q")
	select {
	case <-s.gone:
	case <-time.After(3 * time.Second):
		_ = s.cmd.Process.Signal(syscall.SIGHUP)
		select {
		case <-s.gone:
		case <-time.After(3 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.gone
		}
	}
	err := s.master.Close()
	<-s.done
	return err
}
