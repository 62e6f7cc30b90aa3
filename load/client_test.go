package load

import (
	"bufio"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
)

// at is an order for a real server, of a few requests that are all due at once.
func at(address string, requests int) Order {
	o := order(Schedule{{From: float64(requests) * 100, To: float64(requests) * 100, For: 10 * time.Millisecond}})
	o.Targets = []Target{{Method: "GET", URL: address + "/"}}
	o.Allow = []string{address[strings.LastIndex(address, "/")+1:]}
	o.Timeout, o.MaxDuration = time.Minute, time.Hour // no test waits for them
	return o
}

// sent runs an order in real time.
func sent(t *testing.T, o Order) ops.LoadRun {
	t.Helper()
	run, err := Run(t.Context(), o, func(ops.LoadTick) {})
	if err != nil {
		t.Fatal(err)
	}
	sums(t, run)
	return run
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// secure is a server with a certificate that nobody trusts, of HTTP/2 too.
func secure(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// raw is a server that does with each connection what it likes.
func raw(t *testing.T, each func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { defer c.Close(); each(c) })
		}
	})
	return "http://" + l.Addr().String()
}

// asked reads a request's head.
func asked(c net.Conn) {
	r := bufio.NewReader(c)
	for line, err := "x", error(nil); err == nil && strings.TrimSpace(line) != ""; {
		line, err = r.ReadString('\n')
	}
}

func TestWhatIsWrongWithAnAnswerIsNamed(t *testing.T) {
	closed := raw(t, asked)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + l.Addr().String()
	_ = l.Close()
	for name, c := range map[string]struct {
		address string
		order   func(*Order)
		class   ops.LoadClass
		status  int
		refused bool
	}{
		"nobody listens":       {address: nobody, class: ops.ClassRefused, refused: true},
		"closed at once":       {address: closed, class: ops.ClassClosed},
		"closed in the middle": {address: raw(t, func(c net.Conn) { asked(c); fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf") }), class: ops.ClassClosed},
		"reset":                {address: raw(t, func(c net.Conn) { asked(c); _ = c.(*net.TCPConn).SetLinger(0) }), class: ops.ClassReset},
		"no HTTP":              {address: raw(t, func(c net.Conn) { asked(c); fmt.Fprint(c, "220 mail ready\r\n") }), class: ops.ClassOther},
		"it hangs":             {address: raw(t, func(c net.Conn) { asked(c); asked(c) }), order: func(o *Order) { o.Timeout = 50 * time.Millisecond }, class: ops.ClassTimeout},
		"the body hangs":       {address: raw(t, func(c net.Conn) { asked(c); fmt.Fprint(c, "HTTP/1.1 200 OK\r\n\r\nhalf"); asked(c) }), order: func(o *Order) { o.Timeout = 50 * time.Millisecond }, class: ops.ClassTimeout},
		"a body without end": {address: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			for _, err := w.Write(nil); err == nil; {
				_, err = w.Write(make([]byte, 64<<10))
			}
		}), class: ops.ClassLong},
		"it leaves HTTP": {address: raw(t, func(c net.Conn) {
			asked(c)
			fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			asked(c)
		}), class: ops.ClassStatus, status: 101},
		"an error":                        {address: serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }), class: ops.ClassStatus, status: 503},
		"not the status that is expected": {address: serve(t, func(http.ResponseWriter, *http.Request) {}), order: func(o *Order) { o.Expect.Status = []int{201, 204} }, class: ops.ClassStatus, status: 200},
		"not the body that is expected":   {address: serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "all is bad") }), order: func(o *Order) { o.Expect.Contains = "all is well" }, class: ops.ClassBody},
		"a certificate of somebody":       {address: secure(t).URL, class: ops.ClassTLS},
		"no TLS at all":                   {address: strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1), class: ops.ClassTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := at(c.address, 1)
			if c.order != nil {
				c.order(&o)
			}
			cl, err := newClient(o)
			if err != nil {
				t.Fatal(err)
			}
			r := cl.do(t.Context(), 0, make([]byte, readSize))
			if !r.failed || r.class != c.class || c.status > 0 && r.status != c.status || r.refused != c.refused || r.cut || r.words == "" {
				t.Errorf("%+v", r)
			}
			if r.bytes > o.MaxBody+readSize {
				t.Errorf("%d bytes were read", r.bytes)
			}
		})
	}
}

func TestWhatKeepsAConnectionFromBeingMadeIsNamed(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, c := range map[string]struct {
		err     error
		class   ops.LoadClass
		refused bool
	}{
		"a name that nobody knows": {dial(&net.DNSError{Err: "no such host", IsNotFound: true}), ops.ClassName, true},
		"no descriptor left":       {dial(os.NewSyscallError("socket", syscall.EMFILE)), ops.ClassLocal, true},
		"no port left":             {dial(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)), ops.ClassLocal, true},
		"no way there":             {dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), ops.ClassRefused, true},
		"no answer to the first":   {dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), ops.ClassTimeout, false},
		"a slow name server":       {dial(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), ops.ClassTimeout, false},
		"a deadline":               {context.DeadlineExceeded, ops.ClassTimeout, false},
	} {
		t.Run(name, func(t *testing.T) {
			var r result
			if r.fail(t.Context(), c.err); !r.failed || r.cut || r.class != c.class || r.refused != c.refused {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestWordsAreFoundWhereverTheyLieInABody(t *testing.T) {
	for _, before := range []int{0, 1, readSize - 13, readSize - 5, readSize - 1, readSize, 3*readSize - 3} {
		o := at(serve(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Repeat("x", before), "all is ", "well", strings.Repeat("x", 100))
		}), 1)
		o.Expect.Contains = "all is well"
		if run := sent(t, o); run.Run.Failed > 0 || run.Run.Bytes != int64(before)+111 {
			t.Errorf("behind %d bytes: %+v", before, run.Run.LoadCount)
		}
	}
}

func TestARedirectIsAnAnswerAndIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Int64
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		o := at(serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, status) }), 2)
		o.Allow = append(o.Allow, strings.TrimPrefix(other, "http://"))
		if run := sent(t, o); run.Run.Failed != 2 || run.Errors[0].Status != status {
			t.Errorf("%d: %+v", status, run.Errors)
		}
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestNothingGoesToAServerThatIsNotOnTheList(t *testing.T) {
	var came atomic.Int64
	address := serve(t, func(http.ResponseWriter, *http.Request) { came.Add(1) })
	host := strings.TrimPrefix(address, "http://")
	_, port, _ := net.SplitHostPort(host)
	for name, allow := range map[string][]string{
		"no list":          nil,
		"another port":     {"127.0.0.1:1"},
		"its host alone":   {"127.0.0.1"},
		"its other name":   {"localhost:" + port},
		"a part of it":     {"127.0.0.1:" + port + "0", "7.0.0.1:" + port},
		"a wish for all":   {"*", ""},
		"with a scheme":    {address},
		"in capital words": {"LOCALHOST:" + port},
	} {
		t.Run(name, func(t *testing.T) {
			o := at(address, 1)
			o.Allow = allow
			if _, err := Run(t.Context(), o, nil); ops.CodeOf(err) != ops.CodeDenied {
				t.Error(err)
			}
			// And where a request got so far all the same, no connection is made.
			c, err := newClient(o)
			if err != nil {
				t.Fatal(err)
			}
			if res := c.do(t.Context(), 0, make([]byte, readSize)); !res.failed {
				t.Errorf("%+v", res)
			}
		})
	}
	if n := came.Load(); n > 0 {
		t.Errorf("%d requests came", n)
	}
}

func TestConnectionsAreKeptAndCounted(t *testing.T) {
	var mu sync.Mutex
	from := map[string]int{}
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		from[r.RemoteAddr]++
	})
	o := at(address, 40)
	o.Connections = 4
	run := sent(t, o)
	// A connection that was begun for one request may serve another.
	if n := int(run.Run.Conns); n < len(from) || len(from) > 2*o.Connections || run.Run.Done != 40 || run.Run.Failed > 0 || !run.Health.CountsConns {
		t.Errorf("%d connections counted, %d seen: %+v", n, len(from), run.Run.LoadCount)
	}
}

// The HTTP client sends what may be sent twice once more, where a connection that was
// kept turns out to be closed. The server sees both.
func TestWhatTheHTTPClientSendsTwiceIsCounted(t *testing.T) {
	var came atomic.Int64
	o := at(raw(t, func(c net.Conn) {
		asked(c)
		came.Add(1)
		fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		if _, err := bufio.NewReader(c).ReadString('\n'); err == nil { // the next request, which gets no answer
			came.Add(1)
		}
	}), 2)
	o.Connections = 1
	run := sent(t, o)
	if run.Run.Done != 2 || run.Run.Failed > 0 || run.Run.Retried != 1 || came.Load() != 3 {
		t.Errorf("%d requests came: %+v, %+v", came.Load(), run.Run.LoadCount, run.Errors)
	}
}

func TestHTTP2OverTLSWithACertificateOfOurOwn(t *testing.T) {
	var two atomic.Int64
	s := secure(t)
	s.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { two.Add(int64(r.ProtoMajor)) })
	o := at(s.URL, 10)
	o.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	run := sent(t, o)
	if run.Run.Done != 10 || run.Run.Failed > 0 || two.Load() != 20 {
		t.Errorf("%+v, %+v; versions sum to %d", run.Run.LoadCount, run.Errors, two.Load())
	}
}

func TestTargetsAreTakenInTurnWithTheirHeadersAndBodies(t *testing.T) {
	var mu sync.Mutex
	got := map[string]int{}
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body := make([]byte, 100)
		n, _ := r.Body.Read(body)
		mu.Lock()
		defer mu.Unlock()
		got[fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Host, " ", r.Header.Get("X-Tag"), " ", string(body[:n]), " ", r.ContentLength)]++
	})
	o := at(address, 9)
	o.Targets = []Target{{Method: "GET", URL: address + "/a"}, {Method: "POST", URL: address + "/b", Header: http.Header{"X-Tag": {"1"}, "Host": {"shop.example"}}, Body: []byte("loan")},
		{Method: "DELETE", URL: address + "/c"}}
	run := sent(t, o)
	for _, want := range []string{"GET /a " + o.Allow[0] + "   0", "POST /b shop.example 1 loan 4", "DELETE /c " + o.Allow[0] + "   0"} {
		if got[want] != 3 {
			t.Errorf("%q came %d times: %v", want, got[want], got)
		}
	}
	if run.Run.Done != 9 {
		t.Errorf("%+v", run.Run.LoadCount)
	}
}

func TestAnOrdersFaultsAreSaidBeforeAnythingIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Order)
		why   string
	}{
		"no most of the rate":       {func(o *Order) { o.MaxRate = 0 }, "a most of its rate"},
		"a most that is none":       {func(o *Order) { o.MaxRate = math.Inf(1) }, "a most of its rate"},
		"no most of the duration":   {func(o *Order) { o.MaxDuration = 0 }, "a most of its rate"},
		"a higher rate":             {func(o *Order) { o.Stages[0].To = 1e6 }, "more than the"},
		"a longer run":              {func(o *Order) { o.Stages[0].For = 2 * time.Hour }, "more than the"},
		"the last answers too late": {func(o *Order) { o.MaxDuration = o.Stages.Length() + 2*o.Timeout - 1 }, "more than the"},
		"no timeout":                {func(o *Order) { o.Timeout = 0 }, "needs a timeout"},
		"no bound of answers":       {func(o *Order) { o.MaxBody = 0 }, "needs a timeout"},
		"no connection":             {func(o *Order) { o.Connections = 0 }, "connections are at least 1"},
		"fewer in flight than that": {func(o *Order) { o.InFlight = o.Connections - 1 }, "connections are at least 1"},
		"more than memory holds":    {func(o *Order) { o.InFlight = mostInFlight + 1 }, "connections are at least 1"},
		"more than there are files": {func(o *Order) { o.Connections, o.InFlight = mostInFlight, mostInFlight; o.Targets = manyHosts(o, 2000) }, "file descriptors"},
		"no target":                 {func(o *Order) { o.Targets = nil }, "no target"},
		"a header that is two":      {func(o *Order) { o.Targets[0].Header = http.Header{"A": {"b\r\nC: d"}} }, "a header that is none"},
		"a method that is a line":   {func(o *Order) { o.Targets[0].Method = "GET / HTTP/1.1\r\n" }, "no method"},
		"a ca that is none":         {func(o *Order) { o.CA = []byte("x") }, "no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			o := at("http://127.0.0.1:1", 1)
			c.spoil(&o)
			if _, err := Run(t.Context(), o, nil); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v; want %q", err, c.why)
			}
		})
	}
}

// manyHosts are targets on as many hosts, all of them allowed.
func manyHosts(o *Order, n int) (all []Target) {
	for i := range n {
		host := fmt.Sprintf("h%d.invalid:80", i)
		o.Allow = append(o.Allow, host)
		all = append(all, Target{Method: "GET", URL: "http://" + host})
	}
	return all
}
