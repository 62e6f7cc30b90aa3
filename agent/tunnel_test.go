package agent

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// pair returns the two ends of a stream that holds what is not read yet, as ssh's
// pipes do.
func pair(t *testing.T) (near, there net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "pair"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("unix", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, there
}

// far runs the far end of a line to a socket, printing noise first, and returns
// the near end's stream.
func far(t *testing.T, noise string, p *Proxy) net.Conn {
	t.Helper()
	near, there := pair(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer there.Close()
		if noise != "" {
			_, _ = io.WriteString(there, noise)
		}
		_ = p.Serve(t.Context(), there, there) // what it refuses stands in the response
	}()
	t.Cleanup(func() { _ = near.Close(); <-ended })
	return near
}

// leadsTo is a proxy of one socket.
func leadsTo(socket string) *Proxy {
	return &Proxy{Version: ops.Lit("v1"), Find: func(ctx context.Context, _ ConnectRequest) (string, Hello, error) {
		_, h, err := Dial(ctx, socket, "")
		return socket, h, err
	}}
}

func TestALineCarriesCallsAndStreamsAtOnce(t *testing.T) {
	f := &fake{events: make(chan ops.Event)}
	_, _, socket := serve(t, f)
	for name, noise := range map[string]string{"a quiet login": "", "a login that talks": "Welcome!\n" + strings.Repeat("x", 70_000) + "\nopsdeck-lin\n"} {
		t.Run(name, func(t *testing.T) {
			line, g, err := OpenTunnel(t.Context(), "host", far(t, noise, leadsTo(socket)), ConnectRequest{Start: true})
			if err != nil || g.Hello.PID != 42 {
				t.Fatalf("%+v, %v", g, err)
			}
			defer line.Close()
			c, err := line.Client("s9", g.Hello)
			if err != nil {
				t.Fatal(err)
			}
			events, err := c.Watch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			f.events <- ops.Event{Board: fullBoard(3)}
			if ev := <-events; !reflect.DeepEqual(ev.Board, fullBoard(3)) || c.Heard().IsZero() {
				t.Errorf("the board that came over the line: %+v", ev.Board)
			}
			if id, err := c.Start(t.Context(), ops.Lit("p1"), ops.Confirmation{}); err != nil || id != 7 {
				t.Errorf("start beside a watch: %d, %v", id, err)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			if !strings.Contains(strings.Join(f.calls, ","), "session s9") {
				t.Errorf("the session did not travel: %v", f.calls)
			}
		})
	}
}

func TestTheKeyIsWhatTheFarSideSaysAndNothingElse(t *testing.T) {
	f := &fake{}
	_, s, socket := serve(t, f)
	keys := make(chan string, 1)
	s.Who = func(p Peer, key ops.Text) ops.Actor {
		keys <- key.String()
		return ops.Actor{UID: int(p.UID)}
	}
	for key, claims := range map[string]string{"": "root", "ana": "root"} {
		p := leadsTo(socket)
		p.Key = ops.Clean(key)
		line, g, err := OpenTunnel(t.Context(), "host", far(t, "", p), ConnectRequest{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := line.Client("s", g.Hello)
		if err != nil {
			t.Fatal(err)
		}
		c.Vouch(ops.Clean(claims))
		if _, err := c.Board(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-keys; got != key {
			t.Errorf("the near side claims %q, the far side says %q, the agent heard %q", claims, key, got)
		}
		line.Close()
	}
}

func TestWhatIsWrongAtTheFarEndIsSaidNear(t *testing.T) {
	refusing := &Proxy{Find: func(context.Context, ConnectRequest) (string, Hello, error) {
		return "", Hello{}, ops.Errorf(ops.CodeDenied, "no permission for the socket").Help("join the group")
	}}
	_, _, err := OpenTunnel(t.Context(), "host", far(t, "", refusing), ConnectRequest{})
	if e := ops.AsError(err); e.Code != ops.CodeDenied || e.Remedy.String() != "join the group" {
		t.Errorf("a refusal: %v", err)
	}
	_, _, err = OpenTunnel(t.Context(), "host", printing(t, "OVERVIEW\x1b[2J\nall is well\n", true), ConnectRequest{})
	if said, silent := Said(err); !silent || said != "OVERVIEW␛[2J" {
		t.Errorf("something that is no opsdeck proxy: %q, %v", said, err)
	}
	_, _, err = OpenTunnel(t.Context(), "host", printing(t, responsePrefix+`{"line":9,"version":"v9"}`+"\n", false), ConnectRequest{})
	if ops.CodeOf(err) != ops.CodeVersion {
		t.Errorf("another line: %v", err)
	}
}

// printing is a far side that hears the request and prints text; ends says that it
// hangs up then.
func printing(t *testing.T, text string, ends bool) net.Conn {
	t.Helper()
	near, there := pair(t)
	t.Cleanup(func() { _ = there.Close() })
	go func() {
		_, _ = there.Read(make([]byte, 100))
		_, _ = io.WriteString(there, text)
		if ends {
			_ = there.Close()
		}
	}()
	return near
}

func TestALineThatNeverAnswersEndsWithItsContext(t *testing.T) {
	near, there := pair(t)
	defer there.Close()
	go func() { _, _ = there.Read(make([]byte, 100)) }()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, _, err := OpenTunnel(ctx, "host", near, ConnectRequest{}); err == nil {
		t.Error("it was opened")
	}
}

func TestABrokenLineSaysThatNothingWentOut(t *testing.T) {
	_, _, socket := serve(t, &fake{})
	stream := far(t, "", leadsTo(socket))
	line, g, err := OpenTunnel(t.Context(), "host", stream, ConnectRequest{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := line.Client("s", g.Hello)
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.Close()
	for line.Alive() {
		time.Sleep(time.Millisecond)
	}
	if _, err := c.Start(t.Context(), ops.Lit("p1"), ops.Confirmation{}); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("a start over a line that is gone: %v", err)
	}
}

func TestAnAgentThatComesBackIsMetOverTheSameLine(t *testing.T) {
	_, _, first := serve(t, &fake{})
	_, _, second := serve(t, &fake{})
	socket := first
	p := &Proxy{Find: func(ctx context.Context, _ ConnectRequest) (string, Hello, error) {
		_, h, err := Dial(ctx, socket, "")
		return socket, h, err
	}}
	line, _, err := OpenTunnel(t.Context(), "host", far(t, "", p), ConnectRequest{})
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	socket = first + "-gone"
	_, _, err = line.Dial(t.Context(), "s")
	if ops.CodeOf(err) != ops.CodeUnavailable || !line.Alive() {
		t.Errorf("no agent behind a line that stands: %v", err)
	}
	socket = second
	if _, h, err := line.Dial(t.Context(), "s"); err != nil || h.PID != 42 {
		t.Errorf("the next agent: %+v, %v", h, err)
	}
}
