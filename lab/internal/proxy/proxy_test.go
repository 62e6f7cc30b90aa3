package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"opsdeck/lab/internal/layout"
)

// behind is a server whose clock stands still, and counts what it has done.
func behind(t *testing.T) (Way, *atomic.Int32) {
	t.Helper()
	var done atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		done.Add(1)
		w.Header().Set("Date", "Sat, 21 Nov 2026 10:00:00 GMT")
		_, _ = io.WriteString(w, r.Method+" "+r.URL.String()+" "+r.Host)
	}))
	t.Cleanup(srv.Close)
	l := layout.Layout{State: t.TempDir()}
	if err := l.Create(); err != nil {
		t.Fatal(err)
	}
	return Way{Name: Alertmanager, To: port(t, srv.URL), Lab: l}, &done
}

func port(t *testing.T, address string) int {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func through(t *testing.T, w Way) string {
	t.Helper()
	h, err := w.Handler()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func get(t *testing.T, ctx context.Context, url string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func edit(t *testing.T, w Way, change func(*Control)) {
	t.Helper()
	if err := Edit(w.Lab, w.Name, change); err != nil {
		t.Fatal(err)
	}
}

func TestPassesThroughUnchangedWithoutAFault(t *testing.T) {
	w, _ := behind(t)
	at := through(t, w)
	resp, body, err := get(t, t.Context(), at+"/api/v2/alerts?filter=a%3D%22b%22")
	if err != nil {
		t.Fatal(err)
	}
	if want := "GET /api/v2/alerts?filter=a%3D%22b%22 " + strings.TrimPrefix(at, "http://"); body != want {
		t.Errorf("the server was asked %q, want %q", body, want)
	}
	if got := resp.Header.Get("Date"); got != "Sat, 21 Nov 2026 10:00:00 GMT" {
		t.Errorf("date became %q", got)
	}
}

func TestShiftedClockAndBack(t *testing.T) {
	w, _ := behind(t)
	at := through(t, w)
	edit(t, w, func(c *Control) { c.DateShiftSeconds = 300 })
	resp, _, err := get(t, t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Date"); got != "Sat, 21 Nov 2026 10:05:00 GMT" {
		t.Errorf("date is %q, want five minutes later", got)
	}
	edit(t, w, func(c *Control) { c.DateShiftSeconds = 0 })
	if _, err := os.Stat(controlFile(w.Lab, w.Name)); !errors.Is(err, os.ErrNotExist) {
		t.Error("a control that asks for nothing was left")
	}
}

func TestDelayHitsOnlyItsPath(t *testing.T) {
	w, _ := behind(t)
	at := through(t, w)
	edit(t, w, func(c *Control) { c.DelayMS, c.DelayPath = 60_000, "/slow" })
	if _, _, err := get(t, t.Context(), at+"/quick"); err != nil {
		t.Errorf("another path: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := get(t, ctx, at+"/slow/x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the slow path answered: %v", err)
	}
}

func TestFrozenRequestGoesOnAfterwards(t *testing.T) {
	w, done := behind(t)
	at := through(t, w)
	edit(t, w, func(c *Control) { c.Freeze = true })
	answered := make(chan error, 1)
	go func() {
		_, _, err := get(t, context.Background(), at)
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("a frozen request was answered: %v", err)
	case <-time.After(3 * frozenLook):
	}
	if done.Load() != 0 {
		t.Error("a frozen request reached the server")
	}
	edit(t, w, func(c *Control) { c.Freeze = false })
	if err := <-answered; err != nil {
		t.Errorf("after the freeze: %v", err)
	}
}

func TestOneAnswerToAPostIsLostAfterTheWorkIsDone(t *testing.T) {
	w, done := behind(t)
	at := through(t, w)
	if err := CutNextPost(w.Lab, w.Name, "/api/v2/silences"); err != nil {
		t.Fatal(err)
	}
	post := func(path string) error {
		resp, err := http.Post(at+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	if _, _, err := get(t, t.Context(), at+"/api/v2/silences"); err != nil {
		t.Errorf("a GET was cut: %v", err)
	}
	if err := post("/api/v2/alerts"); err != nil {
		t.Errorf("another POST was cut: %v", err)
	}
	before := done.Load()
	if err := post("/api/v2/silences"); err == nil {
		t.Error("the answer arrived")
	}
	if done.Load() != before+1 {
		t.Errorf("the server was asked %d times, want once", done.Load()-before)
	}
	if err := post("/api/v2/silences"); err != nil {
		t.Errorf("a second one was cut: %v", err)
	}
}

func TestDamagedControlPassesThrough(t *testing.T) {
	l := layout.Layout{State: t.TempDir()}
	if err := os.MkdirAll(filepath.Dir(controlFile(l, Prometheus)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(controlFile(l, Prometheus), []byte(`{"freeze": tr`), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := Read(l, Prometheus); got != (Control{}) {
		t.Errorf("got %+v", got)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", layout.Addr(0))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // only its number is wanted
	return ln.Addr().(*net.TCPAddr).Port
}

func TestRefusesWhileTheServerDoes(t *testing.T) {
	w, _ := behind(t)
	w.From, w.To = freePort(t), freePort(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx) }()
	until := func(what string, check func(error) bool) {
		t.Helper()
		deadline := time.Now().Add(10 * time.Second)
		for {
			_, _, err := get(t, t.Context(), layout.URL(w.From))
			if check(err) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: last answer %v", what, err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	refused := func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
	until("before the server runs", refused)
	for range 2 {
		ln, err := net.Listen("tcp", layout.Addr(w.To))
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.NotFoundHandler()}
		go srv.Serve(ln) //nolint:errcheck // ends with Close
		until("the server runs", func(err error) bool { return err == nil })
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		until("the server is gone", refused)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("after the end: %v", err)
	}
}
