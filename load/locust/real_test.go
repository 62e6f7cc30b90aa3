package locust

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// A Locust that is free, at OPSDECK_TEST_LOCUST, sends to a server of this test: its
// locustfile sends to the host that it is given. Where it has workers, they are on this
// machine.
func TestARealLocustIsStartedScaledAndStopped(t *testing.T) {
	at := os.Getenv("OPSDECK_TEST_LOCUST")
	if at == "" {
		t.Skip("OPSDECK_TEST_LOCUST names no Locust")
	}
	var came atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
	defer srv.Close()
	o := order()
	o.URL, o.Host, o.Allow, o.Limits = at, srv.URL, []string{strings.TrimPrefix(srv.URL, "http://")}, []ops.LoadLimit{{Metric: ops.MetricServiceP95, Limit: 60}}
	o.Stages = []ops.LoadStage{{To: 4, For: 8 * time.Second, Users: true}, {From: 8, To: 8, For: 12 * time.Second, Users: true}, {From: 8, To: 0, For: 4 * time.Second, Users: true}}
	o.Warmup = 5 * time.Second
	run, err := Run(t.Context(), o, func(k ops.LoadTick) {
		t.Logf("%s: %d of %g users, %d done, %d failed; 10 s %+v; %+v", k.Second.At.Round(time.Second/10), k.Second.InFlight, k.Rate, k.Run.Done, k.Run.Failed, k.Last10.Service, k.Health)
	})
	if err != nil {
		t.Fatal(err)
	}
	v := judge.Load(run, o.Limits)
	t.Logf("%s: %s; %+v; %v", v.Outcome, v.Why, run.Run, run.Errors)
	if run.End != ops.LoadEndPlanned || run.Run.Service.N == 0 || run.Health.Users != 8 || run.Run.Service.P99 <= 0 {
		t.Errorf("%s: %s, %+v", run.End, run.Why, run.Run)
	}
	quiet(t, o, &came)

	// A stop in the middle of another run is a stop too.
	ctx, stop := context.WithCancelCause(t.Context())
	run, err = Run(ctx, o, func(k ops.LoadTick) { stop(errors.New("stopped by ana")) })
	if err != nil || run.End != ops.LoadEndStopped || run.Why.String() != "stopped by ana" {
		t.Errorf("%v, %s: %s", err, run.End, run.Why)
	}
	quiet(t, o, &came)
}

// quiet fails where the Locust is not idle, or something still comes from it.
func quiet(t *testing.T, o Order, came *atomic.Int64) {
	t.Helper()
	before := came.Load()
	if s, err := newAPI(o.URL, nil).state(t.Context()); err != nil || !s.idle() {
		t.Errorf("after its run it is %s with %d users, %v", s.State, s.Users, err)
	}
	if n := came.Load() - before; n > 0 {
		t.Errorf("%d requests came after the end", n)
	}
}
