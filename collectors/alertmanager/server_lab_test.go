//go:build lab

package alertmanager

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
)

// server is a real Alertmanager of the test's own.
type server struct {
	t       *testing.T
	url     string
	cluster string
	args    []string
	cmd     *exec.Cmd
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startServer starts one that clusters with the given ones, and waits until it is
// ready.
func startServer(t *testing.T, with ...*server) *server {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "am.yml")
	if err := os.WriteFile(conf, []byte("route: {receiver: none, group_wait: 0s}\nreceivers: [{name: none}]\n"+
		"inhibit_rules: [{source_matchers: [alertname=Cause], target_matchers: [alertname=Effect], equal: [run]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, url: "http://" + freeAddress(t), cluster: freeAddress(t)}
	s.args = []string{"--config.file=" + conf, "--storage.path=" + dir, "--web.listen-address=" + strings.TrimPrefix(s.url, "http://"),
		"--cluster.listen-address=" + s.cluster, "--log.level=error"}
	for _, o := range with {
		s.args = append(s.args, "--cluster.peer="+o.cluster)
	}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command("prometheus-alertmanager", s.args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "it answers", func() bool {
		resp, err := http.Get(s.url + "/-/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// freeze stops every thread: one that still runs after the signal was sent may
// answer a question more.
func (s *server) freeze() {
	s.t.Helper()
	s.signal(syscall.SIGSTOP)
	until(s.t, "the server stands still", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.cmd.Process.Pid))
		return err == nil && len(threads) > 0 && !slices.ContainsFunc(threads, func(f string) bool {
			b, err := os.ReadFile(f)
			_, rest, _ := strings.Cut(string(b), ") ")
			return err == nil && !strings.HasPrefix(rest, "T")
		})
	})
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	// Machines that test are busy, and a Prometheus repeats its alerts once a minute.
	const patience = 2 * time.Minute
	for end := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after %s: %s", patience, what)
		}
	}
}

// post sends alerts that began some time ago.
func post(t *testing.T, url string, ago time.Duration, sets ...map[string]string) {
	t.Helper()
	var alerts []map[string]any
	for _, labels := range sets {
		alerts = append(alerts, map[string]any{"labels": labels, "startsAt": time.Now().Add(-ago).UTC(), "endsAt": time.Now().Add(5 * time.Minute).UTC(),
			"annotations": map[string]string{"summary": "a test"}, "generatorURL": "http://vm:9090/graph?g0.expr=up+%3D%3D+0"})
	}
	send(t, url, alerts)
}

func send(t *testing.T, url string, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		words, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s", resp.Status, words)
	}
}

// meddler stands between us and a server.
type meddler struct {
	url    string
	lose   atomic.Bool // answers to POST are lost after the server gave them
	skew   atomic.Int64
	posted atomic.Int64
}

func meddle(t *testing.T, to string) *meddler {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	m := &meddler{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if at, err := http.ParseTime(r.Header.Get("Date")); err == nil {
			r.Header.Set("Date", at.Add(time.Duration(m.skew.Load())).UTC().Format(http.TimeFormat))
		}
		if r.Request.Method == http.MethodPost && m.lose.Load() {
			return fmt.Errorf("lost on purpose")
		}
		return nil
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { cut(w) }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			m.posted.Add(1)
		}
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	m.url = "http://" + l.Addr().String()
	return m
}

func realCollector(t *testing.T, urls ...string) *Collector {
	t.Helper()
	cfg := Config{Name: "pager", Every: 5 * time.Second, Timeout: 20 * time.Second, Now: time.Now}
	for i, u := range urls {
		cfg.Peers = append(cfg.Peers, Peer{Name: string(rune('a' + i)), URL: u})
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func realWish(run string, lasts time.Duration) ops.Silence {
	return ops.Silence{Matchers: []ops.Matcher{{Name: ops.Lit("run"), Value: ops.Clean(run)}}, By: ops.Lit("ana"), Comment: ops.Lit("ACK! a test"), Ends: time.Now().Add(lasts)}
}

func silencesOf(t *testing.T, c *Collector, run string) []ops.Silence {
	t.Helper()
	all, err := c.Silences(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []ops.Silence
	for _, s := range all {
		if len(s.Matchers) == 1 && s.Matchers[0].Value.String() == run {
			out = append(out, s)
		}
	}
	return out
}
