// Package pgfake is a PostgreSQL server that a test or a demo makes up. It speaks the protocol
// of the real one and runs no SQL: each statement gets the reply that the test gave for
// it. So a test decides when a server is slow, frozen, full, or ends a connection in
// the middle of a row. Whether a statement is SQL, and what a login may see, only a
// real server can tell: that is for the tests with the lab.
//
// Dial needs no network: in a bubble of testing/synctest deadlines of minutes take no
// time, and no test depends on how busy the machine is. Listen is for code that takes
// nothing but an address.
package pgfake

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Server is one server. Its methods may be called at any time, from any goroutine.
type Server struct {
	t  Complainer
	wg sync.WaitGroup

	mu        sync.Mutex // guards what follows; never held while something is sent
	version   string
	password  string
	refusal   *failure // what each login is told; nil: they get in
	down      bool
	thawed    chan struct{} // nil: not frozen
	replies   []answer
	sessions  map[*session]bool
	listeners []net.Listener
	closed    bool   // no session begins any more
	pids      uint32 // the newest
	asked     []string
	logins    []map[string]string
	canceled  []int
}

// answer is a reply and for which statements it is.
type answer struct {
	words string
	reply func(sql string) Reply
}

// Test is what a server needs of a testing.TB.
type Test interface {
	Complainer
	Cleanup(end func())
}

// Complainer is told of a statement that has no reply.
type Complainer interface {
	Errorf(format string, args ...any)
}

// New returns a server that calls itself PostgreSQL of this version, "15.14". It ends
// with the test. A statement that the test gave no reply for fails the test.
func New(t Test, version string) *Server {
	s := Start(t, version)
	t.Cleanup(s.Close)
	return s
}

// Start is New without a test: Close ends it.
func Start(t Complainer, version string) *Server {
	return &Server{t: t, version: version, sessions: map[*session]bool{}, pids: 1000}
}

// Dial connects to the server, whatever the address. It is a pgconn.DialFunc.
func (s *Server) Dial(context.Context, string, string) (net.Conn, error) {
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	ours, theirs := net.Pipe()
	if !s.serve(ours) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return theirs, nil
}

// Listen serves at an address too, and returns it: 127.0.0.1:0 takes a free port. It
// does not go together with a bubble of testing/synctest.
func (s *Server) Listen(network, address string) string {
	l, err := net.Listen(network, address)
	if err != nil {
		s.t.Errorf("the fake server cannot listen: %v", err)
		return address
	}
	s.Serve(l)
	return l.Addr().String()
}

// Serve serves who connects to l until the server ends, and closes it then.
func (s *Server) Serve(l net.Listener) {
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(c)
		}
	})
}

// serve begins a session, and reports whether it did: behind close none begins, which
// waits for all of them.
func (s *Server) serve(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close() // nobody is there to hear of it
		return false
	}
	s.pids++
	k := newSession(s, c, s.pids)
	s.sessions[k] = true
	s.wg.Go(k.send)
	s.wg.Go(func() {
		k.run()
		k.end()
		s.mu.Lock()
		delete(s.sessions, k)
		s.mu.Unlock()
	})
	return true
}

// Close ends everything at once.
func (s *Server) Close() {
	s.Thaw()
	s.mu.Lock()
	s.closed = true
	for _, l := range s.listeners {
		_ = l.Close()
	}
	for k := range s.sessions {
		_ = k.conn.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Answer gives each statement with these words in it a reply. The newest answer that
// fits a statement holds.
func (s *Server) Answer(words string, r Reply) {
	s.AnswerWith(words, func(string) Reply { return r })
}

// AnswerWith is Answer with a reply that depends on the statement, or on what else the
// test knows.
func (s *Server) AnswerWith(words string, reply func(sql string) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies = append(s.replies, answer{words, reply})
}

// Reply is what a statement gets.
func (s *Server) Reply(sql string) Reply {
	s.mu.Lock()
	var to func(string) Reply
	for _, a := range slices.Backward(s.replies) {
		if strings.Contains(sql, a.words) {
			to = a.reply
			break
		}
	}
	s.mu.Unlock()
	if to == nil {
		s.t.Errorf("the fake server has no reply to: %s", sql)
		return Error("0A000", "the test gave no reply for this statement")
	}
	return to(sql)
}

// mostHeard is how many statements are kept for Asked: a demo asks for none of them.
const mostHeard = 10_000

// heard takes note of a statement.
func (s *Server) heard(sql string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == mostHeard {
		s.asked = nil
	}
	s.asked = append(s.asked, sql)
}

// Asked returns the statements since it was last called.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// Logins returns what each session that got in told of itself at its start: user,
// database, application_name and the settings it wants.
func (s *Server) Logins() []map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.logins)
}

// Canceled returns the pids for which a client asked to cancel what they run.
func (s *Server) Canceled() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.canceled)
}
