package svc

import (
	"bytes"
	"io"
	"log/slog"
	"testing"
)

func TestHogEatsToItsFillAndLetsGo(t *testing.T) {
	h := newHog(slog.New(slog.NewTextHandler(io.Discard, nil)))
	for range 5 {
		h.eat(8)
	}
	if got := len(h.held) * hogBite; got != 8<<20 {
		t.Errorf("it holds %d bytes, want 8 MiB", got)
	}
	if h.eat(0); h.held != nil {
		t.Error("it did not let go")
	}
}

func TestHogTalks(t *testing.T) {
	var out bytes.Buffer
	h := newHog(slog.New(slog.NewTextHandler(&out, nil)))
	h.talk(20)
	if got := bytes.Count(out.Bytes(), []byte("\n")); got != 20 {
		t.Errorf("%d lines, want 20", got)
	}
}
