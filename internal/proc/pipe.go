package proc

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// PipeEnd is the error of a Pipe whose child has ended: what it said last tells
// why, for ssh that is all there is.
type PipeEnd struct {
	Program string
	Code    int    // exit code; -1 when a signal ended it
	Said    string // its error output, at most 4 KiB
}

func (e *PipeEnd) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("%s ended with exit code %d", e.Program, e.Code)
	}
	return fmt.Sprintf("%s: %s", e.Program, e.Said)
}

// Words are what the child said, for whoever does not import this package.
func (e *PipeEnd) Words() string { return e.Said }

// Pipe starts a child and returns a connection to its standard input and output.
// Closing the connection ends the child. Deadlines are not kept: whoever waits
// closes the connection.
func Pipe(argv []string) (net.Conn, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	inGroup(cmd)
	said := &bounded{max: 4 << 10}
	cmd.Stderr, cmd.WaitDelay = said, grace
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe to %s: %w", argv[0], err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("pipe from %s: %w", argv[0], err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	return &pipe{cmd: cmd, in: in, out: out, said: said, ended: make(chan struct{})}, nil
}

type pipe struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   io.ReadCloser
	said  *bounded // read only after ended
	once  sync.Once
	ended chan struct{}
}

// Read reads what the child writes. Its end is an error with its last words
// unless it ended well.
func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.out.Read(b)
	if n > 0 || err == nil {
		return n, nil
	}
	return 0, p.end(err)
}

func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.in.Write(b)
	if err != nil {
		err = p.end(err)
	}
	return n, err
}

// end waits for the child, whose pipes are gone, and says how it ended; err where
// nothing went wrong with it.
func (p *pipe) end(err error) error {
	p.reap()
	<-p.ended
	code := p.cmd.ProcessState.ExitCode()
	if said := strings.TrimSpace(string(p.said.kept)); code != 0 || said != "" {
		return &PipeEnd{Program: p.cmd.Args[0], Code: code, Said: said}
	}
	return err
}

// reap waits for the child once, and kills it when it does not end by itself.
func (p *pipe) reap() {
	p.once.Do(func() {
		kill := time.AfterFunc(grace, func() { _ = signalGroup(p.cmd, syscall.SIGKILL) })
		go func() {
			defer close(p.ended)
			_ = p.cmd.Wait() // how it ended stands in ProcessState
			kill.Stop()
		}()
	})
}

// Close ends the child: its input ends, it is asked, and after a grace killed.
func (p *pipe) Close() error {
	err := p.in.Close()
	_ = signalGroup(p.cmd, syscall.SIGTERM) // it may have ended
	p.reap()
	return err
}

type pipeAddr string

func (a pipeAddr) Network() string { return "pipe" }
func (a pipeAddr) String() string  { return string(a) }

func (p *pipe) LocalAddr() net.Addr              { return pipeAddr("here") }
func (p *pipe) RemoteAddr() net.Addr             { return pipeAddr(p.cmd.Args[0]) }
func (p *pipe) SetDeadline(time.Time) error      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
