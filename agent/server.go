package agent

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"opsdeck/ops"
)

// Server serves consoles over a socket.
type Server struct {
	Hello   Hello
	Console func(ops.Caller) ops.Console
	// Who turns the kernel's word into an actor with a role. key names the ssh key
	// that the caller says to have come in with: a claim, and nothing more.
	Who func(p Peer, key ops.Text) ops.Actor
	Log *slog.Logger

	cache sectionCache
	conns connections
}

// Serve answers until ctx ends, then closes every stream.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	hs := &http.Server{
		Handler:           within(s.routes()),
		ConnContext:       s.conns.begun,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnState:         s.conns.changed,
		ReadHeaderTimeout: callTimeout,
		IdleTimeout:       idleMost,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	stopped := context.AfterFunc(ctx, func() {
		cancel()
		sctx, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		if err := hs.Shutdown(sctx); err != nil {
			_ = hs.Close()
		}
	})
	defer stopped()
	if err := hs.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/hello", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Hello, nil) })
	mux.HandleFunc("GET /v1/watch", s.with(s.watch))
	mux.HandleFunc("GET /v1/tail", s.with(tail))
	mux.HandleFunc("GET /v1/board", s.got(func(r *http.Request, c ops.Console) (any, error) { return c.Board(r.Context()) }))
	mux.HandleFunc("GET /v1/actions", s.got(actions))
	mux.HandleFunc("GET /v1/detail", s.got(detail))
	mux.HandleFunc("POST /v1/look", posted(s, func(c ops.Console, ctx context.Context, refs []ops.Ref) (struct{}, error) {
		return struct{}{}, c.Look(ctx, refs)
	}))
	mux.HandleFunc("POST /v1/plan", posted(s, ops.Console.Plan))
	mux.HandleFunc("POST /v1/start", posted(s, func(c ops.Console, ctx context.Context, b startBody) (startAnswer, error) {
		// Not the request's context: a console that hangs up between the press
		// of the key and the answer has started the job all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		id, err := c.Start(ctx, b.Plan, b.Confirmation)
		return startAnswer{id}, err
	}))
	mux.HandleFunc("POST /v1/cancel", posted(s, func(c ops.Console, ctx context.Context, b startAnswer) (struct{}, error) {
		return struct{}{}, c.Cancel(ctx, b.Job)
	}))
	mux.HandleFunc("POST /v1/history", posted(s, ops.Console.History))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, ops.Errorf(ops.CodeNotFound, "there is no %s %s", r.Method, r.URL.Path).Help("docs/guide/socket.md lists the calls"))
	})
	return mux
}

type startBody struct {
	Plan         ops.PlanID       `json:"plan"`
	Confirmation ops.Confirmation `json:"confirmation"`
}

type startAnswer struct {
	Job ops.JobID `json:"job"`
}

// with finds out who calls before anything is done.
func (s *Server) with(h func(http.ResponseWriter, *http.Request, ops.Console)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get(headerProtocol); v != "" && v != strconv.Itoa(Protocol) {
			fail(w, versionError(v, s.Hello))
			return
		}
		peer, ok := r.Context().Value(peerKey{}).(Peer)
		if !ok {
			fail(w, ops.Errorf(ops.CodeDenied, "the kernel does not say who is calling"))
			return
		}
		session := ops.Clean(r.Header.Get(headerSession))
		actor := s.Who(peer, ops.Clean(r.Header.Get(headerKey)))
		h(w, r, s.Console(ops.Caller{Actor: actor, Session: session}))
	}
}

func versionError(theirs string, h Hello) error {
	e := ops.Errorf(ops.CodeVersion, "this console speaks protocol %s, the agent (version %s, pid %d) speaks %d", theirs, h.Version, h.PID, h.Protocol)
	if n, err := strconv.Atoi(theirs); err == nil && n < h.Protocol {
		return e.Help("leave this console and open it with the agent's build; nothing of the agent's is lost")
	}
	return e.Help("restart the agent with this build: opsdeck agent stop lets running jobs finish, and nothing is lost")
}

// got answers a call without a body with what f returns.
func (s *Server) got(f func(*http.Request, ops.Console) (any, error)) http.HandlerFunc {
	return s.with(func(w http.ResponseWriter, r *http.Request, c ops.Console) {
		v, err := f(r, c)
		answer(w, v, err)
	})
}

// posted decodes a body strictly, so that a misspelt field is an error and not a
// default, and answers with what f returns.
func posted[In, Out any](s *Server, f func(ops.Console, context.Context, In) (Out, error)) http.HandlerFunc {
	return s.with(func(w http.ResponseWriter, r *http.Request, c ops.Console) {
		var in In
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(callTimeout)) // a body that does not come holds nothing
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			fail(w, ops.Errorf(ops.CodeInvalid, "read the request: %v", err))
			return
		}
		out, err := f(c, r.Context(), in)
		answer(w, out, err)
	})
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// A peer that hung up is no fault of ours.
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, err error) {
	e := ops.AsError(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(cmp.Or(statuses[e.Code], http.StatusInternalServerError))
	_ = json.NewEncoder(w).Encode(e)
}

// sectionCache keeps the encoding of each section's newest revision: twenty
// consoles cost one encoding.
type sectionCache struct {
	mu  sync.Mutex
	rev [ops.Sections]uint64
	at  [ops.Sections]uint64 // the board's revision
	raw [ops.Sections]json.RawMessage
}

// get returns the encoding of a section. It may be of any board that has the
// section's revision, but of none older than since: values move without one.
func (c *sectionCache) get(b ops.Board, s ops.Section, since uint64) (json.RawMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rev[s] == b.Revs[s] && c.at[s] >= since && c.raw[s] != nil {
		return c.raw[s], nil
	}
	raw, err := b.EncodeSection(s)
	if err == nil && b.Revs[s] >= c.rev[s] {
		c.rev[s], c.at[s], c.raw[s] = b.Revs[s], b.Rev, raw
	}
	return raw, err
}

// drop forgets an encoding that nobody can be given any more, because it is of a
// board older than since: that of a storm is megabytes.
func (c *sectionCache) drop(s ops.Section, since uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at[s] < since {
		c.raw[s] = nil
	}
}
