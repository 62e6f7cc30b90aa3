package pgfake

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// session is one connection.
type session struct {
	srv  *Server
	conn net.Conn
	pid  uint32
	back *pgproto3.Backend

	prepared map[string]string // name -> SQL
	bound    string            // the SQL of the portal

	mu   sync.Mutex // guards what follows
	out  [][]byte   // not sent yet
	over bool
	more *sync.Cond
}

func newSession(srv *Server, c net.Conn, pid uint32) *session {
	k := &session{srv: srv, conn: c, pid: pid, prepared: map[string]string{}}
	k.more = sync.NewCond(&k.mu)
	k.back = pgproto3.NewBackend(c, k)
	return k
}

// Write takes what the protocol's writer flushes.
func (k *session) Write(b []byte) (int, error) {
	k.say(append([]byte{}, b...))
	return len(b), nil
}

// say sends something without waiting until it is read: a client that does not listen
// must not stop the server.
func (k *session) say(b []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.over {
		k.out = append(k.out, b)
		k.more.Signal()
	}
}

// end closes the connection once all that was said is sent.
func (k *session) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	k.more.Signal()
}

// send sends what is said, to the end of the session.
func (k *session) send() {
	defer k.conn.Close() //nolint:errcheck // a test's
	for {
		k.mu.Lock()
		for len(k.out) == 0 && !k.over {
			k.more.Wait()
		}
		out := k.out
		k.out = nil
		k.mu.Unlock()
		if len(out) == 0 {
			return
		}
		for _, b := range out {
			if _, err := k.conn.Write(b); err != nil {
				return
			}
		}
	}
}

// run serves until the client leaves or the session ends.
func (k *session) run() {
	if !k.start() {
		return
	}
	var steps []step
	for {
		m, err := k.back.Receive()
		if err != nil {
			return
		}
		switch m := m.(type) {
		case *pgproto3.Sync, *pgproto3.Query:
			if q, simple := m.(*pgproto3.Query); simple {
				steps = k.executes(q.String)
			}
			k.srv.warm()
			if !k.all(steps) {
				return
			}
			steps = nil
		case *pgproto3.Terminate:
			return
		default:
			// What a client sends is taken whole before anything is done: the real
			// server's socket does that, a pipe does not.
			steps = append(steps, k.extended(m)...)
		}
	}
}

// step is one thing to do for a client.
type step func() outcome

// outcome is what a step led to.
type outcome uint8

const (
	done   outcome = iota
	failed         // what follows up to the next Sync is skipped
	ended          // and the session with it
)

// all does what a client asked up to its Sync; false: the session has ended.
func (k *session) all(steps []step) bool {
	for _, s := range steps {
		switch s() {
		case ended:
			return false
		case done:
			continue
		}
		break
	}
	k.back.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	return k.back.Flush() == nil
}

func (k *session) sends(m pgproto3.BackendMessage) step {
	return func() outcome { k.back.Send(m); return done }
}

// extended are the steps of one message of the extended protocol.
func (k *session) extended(m pgproto3.FrontendMessage) []step {
	switch m := m.(type) {
	case *pgproto3.Parse:
		k.prepared[m.Name] = m.Query
		return []step{k.sends(&pgproto3.ParseComplete{})}
	case *pgproto3.Bind:
		k.bound = k.prepared[m.PreparedStatement]
		return []step{k.sends(&pgproto3.BindComplete{})}
	case *pgproto3.Execute:
		return k.executes(k.bound)
	case *pgproto3.Close:
		return []step{k.sends(&pgproto3.CloseComplete{})}
	case *pgproto3.Describe:
		if m.ObjectType == 'P' {
			return nil // see executes
		}
	}
	return []step{func() outcome {
		k.back.Send(failure{severity: "ERROR", code: "0A000", message: fmt.Sprintf("the fake server does not know %T", m)}.response())
		return failed
	}}
}

// executes are the steps of one statement. Its rows are described with them, not when
// the client asks for a description of the portal: pgx always does, just before.
func (k *session) executes(sql string) []step {
	return []step{func() outcome {
		k.srv.heard(sql)
		return k.execute(k.srv.Reply(sql))
	}}
}

// execute sends a reply.
func (k *session) execute(r Reply) outcome {
	if r.After > 0 {
		_ = k.back.Flush()
		time.Sleep(r.After)
	}
	if r.Notice != "" {
		k.back.Send(&pgproto3.NoticeResponse{Severity: "WARNING", SeverityUnlocalized: "WARNING", Code: "01000", Message: r.Notice})
	}
	switch {
	case len(r.Columns) > 0:
		k.back.Send(r.description())
	case r.failure == nil && r.End == Complete:
		k.back.Send(&pgproto3.NoData{})
	}
	for _, values := range r.Rows {
		k.back.Send(rowOf(values))
	}
	switch {
	case r.End == Cut:
		_ = k.back.Flush()
		half := encoded(rowOf([]any{"the client never sees the whole of this"}))
		k.say(half[:len(half)/2])
		return ended
	case r.End == Silent:
		_ = k.back.Flush()
		_, _ = io.Copy(io.Discard, k.conn) // until the client leaves
		return ended
	case r.failure != nil:
		k.back.Send(r.failure.response())
		if r.failure.severity == "FATAL" {
			_ = k.back.Flush()
			return ended
		}
		return failed
	}
	k.back.Send(&pgproto3.CommandComplete{CommandTag: fmt.Appendf(nil, "SELECT %d", len(r.Rows))})
	return done
}
