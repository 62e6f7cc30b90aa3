package docker

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestAnAnswerWithoutEndIsCutOff gives each call an answer that goes on and on.
func TestAnAnswerWithoutEndIsCutOff(t *testing.T) {
	path := filepath.Join(shortDir(t), "d.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan int64, 10)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		if r.URL.Path == "/_ping" {
			return
		}
		w.Header().Set("Content-Type", "application/json")
		n, _ := io.Copy(w, io.MultiReader(strings.NewReader(`[{"Id":"`), io.LimitReader(endless{}, 64<<20)))
		sent <- n
	})}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close() //nolint:errcheck // the test ends
	c := fakeCollector(t, "unix://"+path, newTestClock())
	c.cfg.Timeout = time.Minute
	if _, err := c.Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than 32 MiB") {
		t.Errorf("%v", err)
	}
	if n := <-sent; n > answerMost+1<<20 {
		t.Errorf("%d bytes were taken", n)
	}
	if _, err := c.Open(t.Context(), ops.NewRef(ops.KindContainer, "docker", "web"), 0); err == nil {
		t.Error("an endless container is opened")
	}
}

// endless is a text without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}
