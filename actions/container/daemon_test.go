package container

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"opsdeck/ops"
)

const webID = "50c7b94fa591292c9a89a094280a595f2489ebb612bf1cab90a8c8d56b42964b"

// scripted is a daemon on a unix socket with one container, web, whose state a
// test sets. It is asked by the real client.
type scripted struct {
	host string

	mu      sync.Mutex
	id      string
	state   map[string]any
	config  map[string]any
	hostCfg map[string]any
	count   int // RestartCount
	mounts  []map[string]any
	list    []map[string]any
	call    http.HandlerFunc // answers restart, stop and start
	calls   []string
}

func newScripted(t *testing.T) *scripted {
	t.Helper()
	dir, err := os.MkdirTemp("", "od") // a short path: a socket's name is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "d.sock"))
	if err != nil {
		t.Fatal(err)
	}
	d := &scripted{
		host: "unix://" + filepath.Join(dir, "d.sock"), id: webID,
		state:  running("2026-11-21T02:00:00.5Z"),
		config: map[string]any{"Image": "shop/web:1.2", "Labels": map[string]string{labelProject: "shop", labelService: "web"}},
		hostCfg: map[string]any{"RestartPolicy": map[string]any{"Name": "always"},
			"PortBindings": map[string]any{"80/tcp": []any{map[string]any{"HostIp": "127.0.0.1", "HostPort": "8000"}}}},
	}
	srv := &http.Server{Handler: d}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return d
}

func running(since string) map[string]any {
	return map[string]any{"Status": "running", "Running": true, "StartedAt": since}
}

func exited(code int) map[string]any {
	return map[string]any{"Status": "exited", "ExitCode": code, "StartedAt": "2026-11-21T03:00:00Z", "FinishedAt": "2026-11-21T03:00:01Z"}
}

func (d *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Content-Type", "application/json")
	path := strings.TrimPrefix(r.URL.Path, "/v1.41/containers/")
	d.mu.Lock()
	id, call := d.id, d.call
	known := strings.HasPrefix(path, "web/") || strings.HasPrefix(path, id[:12])
	body := map[string]any{"Id": id, "Name": "/web", "Image": "sha256:fa02c45fec1f0000", "State": d.state, "Config": d.config, "HostConfig": d.hostCfg,
		"RestartCount": d.count, "Mounts": d.mounts, "NetworkSettings": map[string]any{"Networks": map[string]any{"shop_net": map[string]any{}}}}
	list := d.list
	d.mu.Unlock()
	switch {
	case r.URL.Path == "/_ping":
	case path == "json":
		_ = json.NewEncoder(w).Encode(list)
	case !known:
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"message":"No such container"}`))
	case strings.HasSuffix(path, "/json"):
		_ = json.NewEncoder(w).Encode(body)
	case strings.HasSuffix(path, "/logs"):
		line := "cannot open the model\n"
		_, _ = w.Write(append([]byte{1, 0, 0, 0, 0, 0, 0, byte(len(line))}, line...))
	default:
		d.mu.Lock()
		d.calls = append(d.calls, r.Method+" "+r.URL.RequestURI())
		d.mu.Unlock()
		call(w, r)
	}
}

func (d *scripted) set(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

func (d *scripted) called() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.calls...)
}

// answers returns a call that sets the state and says yes.
func (d *scripted) answers(state map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		d.set(func() { d.state = state })
		w.WriteHeader(http.StatusNoContent)
	}
}

// actionOf returns one action on the daemon at host; it watches for a moment only.
func actionOf(t *testing.T, host string, v verb) *action {
	t.Helper()
	cl, err := client.New(client.WithHost(host))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cl.Close() })
	for _, a := range New(cl, "docker", 7*time.Second) {
		if a := a.(*action); a.verb == v {
			a.watch = lookEvery
			return a
		}
	}
	t.Fatalf("no action %s", v)
	return nil
}

func request(name string) ops.Request {
	return ops.Request{Target: ops.NewRef(ops.KindContainer, "docker", name)}
}

// notes collects what a run tells.
type notes struct{ got []string }

func (n *notes) Progress(p ops.Progress)     { n.got = append(n.got, p.Note.String()) }
func (n *notes) Line(_ ops.Stream, s string) { n.got = append(n.got, s) }
func (n *notes) Child(p ops.Process)         { n.got = append(n.got, fmt.Sprint(p)) }
func (n *notes) Actor() ops.Actor            { return ops.Actor{} }
