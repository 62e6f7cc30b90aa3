package proc

import (
	"fmt"
	"net"
	"strings"
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
	said := &bounded{max: 4 << 10}
	c, err := Talk(Spec{Argv: argv}, said, false)
	if err != nil {
		return nil, err
	}
	return &pipe{c, said}, nil
}

type pipe struct {
	*Child
	said *bounded // read only after the child has ended
}

// Read reads what the child writes. Its end is an error with its last words
// unless it ended well.
func (p *pipe) Read(b []byte) (int, error) {
	n, err := p.Child.Read(b)
	if n > 0 || err == nil {
		return n, nil
	}
	return 0, p.end(err)
}

func (p *pipe) Write(b []byte) (int, error) {
	n, err := p.Child.Write(b)
	if err != nil {
		err = p.end(err)
	}
	return n, err
}

// end waits for the child, whose pipes are gone, and says how it ended; err where
// nothing went wrong with it.
func (p *pipe) end(err error) error {
	code := p.Code()
	if said := strings.TrimSpace(string(p.said.kept)); code != 0 || said != "" {
		return &PipeEnd{Program: p.cmd.Args[0], Code: code, Said: said}
	}
	return err
}

// Close ends the child: its input ends, it is asked, and after a grace killed.
// Nobody waits for that.
func (p *pipe) Close() error {
	err := p.in.Close()
	_ = p.signal(syscall.SIGTERM) // it may have ended
	go p.Code()
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
