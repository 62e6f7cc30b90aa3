package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/ops"
	"opsdeck/report"
)

// onBoard waits for a board on which something is so.
func onBoard(t *testing.T, c ops.Console, what string, is func(ops.Board) bool) ops.Board {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events, err := c.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for ev := range events {
		if is(ev.Board) {
			return ev.Board
		}
	}
	t.Fatalf("there is no board on which %s", what)
	return ops.Board{}
}

// leftOn reports whether the Overview says that a load goes on past its window.
func leftOn(b ops.Board) bool {
	for _, r := range report.Overview(b, b.At, report.Shown{}).Rows {
		if slices.ContainsFunc(r.Cells, func(c report.Cell) bool { return strings.Contains(c.Text, "load long on api goes on") }) {
			return true
		}
	}
	return false
}

func TestARunPastItsWindowIsAFindingThatAStopEnds(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(well))
	t.Cleanup(srv.Close)
	var ahead atomic.Int64
	c, end, err := loadAgentAt(context.Background(), loadEstate(t, "development", srv.URL), filepath.Join(t.TempDir(), "history"), func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	if err != nil {
		t.Fatal(err)
	}
	defer end() //nolint:errcheck // what is asked is asked before
	startLoad(t, c, "long")
	if _, err := underLoad(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	b := onBoard(t, c, "the run has its process", func(b ops.Board) bool { return b.Jobs[0].Process.PID > 0 })
	child := b.Jobs[0].Process
	if leftOn(b) {
		t.Error("a run within its window is left running")
	}
	if err := proc.Signal(child.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(2*time.Hour + 2*time.Minute)) // it may take two hours
	onBoard(t, c, "a run is left running", leftOn)
	s, out := loadOrder("long")
	s.action = "load.stop"
	req, err := s.request()
	if err != nil {
		t.Fatal(err)
	}
	stop, err := s.start(t.Context(), c, req)
	if err == nil {
		err = s.follow(t.Context(), nil, c, stop)
	}
	if err != nil || !strings.Contains(out.String(), "no load is left") || proc.Alive(child) {
		t.Errorf("%v, alive: %v\n%s", err, proc.Alive(child), out)
	}
	b = onBoard(t, c, "no run is left running", func(b ops.Board) bool { return !leftOn(b) && len(b.Loading) == 0 })
	if len(b.Loads.Kept) != 1 || b.Loads.Kept[0].Run.Sent == 0 || b.Loads.Kept[0].Verdict.Outcome == ops.LoadPassed {
		t.Errorf("%+v", b.Loads.Kept)
	}
}
