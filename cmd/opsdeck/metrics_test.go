package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestMetricsAreToldUntilTheAgentEnds(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	b, fail := ops.Board{Estate: ops.EstateInfo{Agent: ops.AgentInfo{Version: ops.Lit("0.1.0")}}}, error(nil)
	go func() {
		defer close(ended)
		tellMetrics(ctx, l, func(context.Context) (ops.Board, error) { return b, fail }, slog.New(slog.DiscardHandler))
	}()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get("http://" + l.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // it is only read
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	if code, text := get("/metrics"); code != http.StatusOK || !strings.Contains(text, `opsdeck_agent_started_timestamp_seconds{version="0.1.0"}`) {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := get("/"); code != http.StatusNotFound {
		t.Errorf("another path: %d", code)
	}
	fail = ops.Errorf(ops.CodeUnavailable, "it has stopped")
	if code, text := get("/metrics"); code != http.StatusServiceUnavailable || !strings.Contains(text, "it has stopped") {
		t.Errorf("without a board: %d %s", code, text)
	}
	stop()
	<-ended
	if _, err := http.Get("http://" + l.Addr().String() + "/metrics"); err == nil {
		t.Error("the agent has ended, and metrics are told")
	}
}
