package sim_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"opsdeck/collectors/alertmanager"
	"opsdeck/collectors/docker"
	"opsdeck/collectors/prometheus"
	"opsdeck/internal/sim"
	"opsdeck/ops"
)

// clock is a clock that a test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// rig is a served world and the real collectors that read it.
type rig struct {
	*sim.World
	*clock
	prom     *prometheus.Collector
	pager    *alertmanager.Collector
	docker   *docker.Collector
	host     string
	postgres string // a connection string
}

func newRig(t *testing.T, c sim.Config) *rig {
	t.Helper()
	r := &rig{clock: &clock{now: time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)}}
	c.Now = r.Now
	w, err := sim.New(c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.Serve(w, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r.World, r.host, r.postgres = w, s.Docker, s.Postgres
	r.prom, err = prometheus.New(prometheus.Config{Name: "prom", URL: s.Prometheus, Timeout: 20 * time.Second, Now: r.Now,
		KPIs: []prometheus.KPIQuery{{Name: "success", Query: "min(shop_checkout_success_percent)", Trend: time.Hour}, {Name: "lag", Query: "max_over_time(shop_queue_lag_seconds[10m]) / 60"}},
		Pipelines: []prometheus.PipelineQuery{{Name: "nightly", Window: 4 * time.Minute, Running: "max(shop_nightly_running)", Started: "max(shop_nightly_started_timestamp_seconds)",
			Done: "max(shop_nightly_done_ratio)", Stage: "shop_nightly_stage == 1", StageLabel: "stage"}}})
	if err != nil {
		t.Fatal(err)
	}
	if r.pager, err = alertmanager.New(alertmanager.Config{Name: "pager", Peers: []alertmanager.Peer{{Name: "one", URL: s.Alertmanager}}, Timeout: 20 * time.Second, Now: r.Now}); err != nil {
		t.Fatal(err)
	}
	cl, err := docker.Dial(docker.Address{Host: s.Docker})
	if err != nil {
		t.Fatal(err)
	}
	r.docker = docker.New(docker.Config{Name: "docker", Host: s.Docker, Timeout: 20 * time.Second, Now: r.Now}, cl)
	return r
}

// collect asks a collector once; it may have no notes, which are its signs of
// trouble.
func collect(t *testing.T, c ops.Collector) ops.Observation {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", c.Source().Name, err)
	}
	if len(f.Notes) > 0 {
		t.Errorf("%s warns: %v", c.Source().Name, f.Notes)
	}
	return f
}

func names(alerts []ops.Alert, state ops.AlertState) string {
	var out []string
	for _, a := range alerts {
		if a.State == state {
			out = append(out, a.Name.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (r *rig) container(t *testing.T, name string) ops.Container {
	t.Helper()
	for _, c := range *collect(t, r.docker).Containers {
		if c.Name.String() == name {
			return c
		}
	}
	t.Fatalf("there is no container %s", name)
	return ops.Container{}
}

const calm = "CertificateEndsSoon DiskNearlyFull Watchdog"

func TestEveryCollectorReadsTheSimulatorWithoutNotes(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	p, a, d := collect(t, r.prom), collect(t, r.pager), collect(t, r.docker)
	if got := names(*p.Alerts, ops.AlertFiring); got != calm {
		t.Errorf("firing at the start: %s", got)
	}
	for _, k := range *p.KPIs {
		if !k.Value.Known {
			t.Errorf("kpi %s: %s", k.Name, k.Why)
		}
	}
	if n := len((*p.KPIs)[0].Trend); n != 60 {
		t.Errorf("the curve has %d points", n)
	}
	if len(*d.Containers) != 14 || p.Version.Empty() || a.Version.Empty() || d.Version.Empty() {
		t.Errorf("%d containers, versions %q %q %q", len(*d.Containers), p.Version, a.Version, d.Version)
	}
	for _, c := range *d.Containers {
		if c.State != ops.ContainerRunning || c.Restarts != 0 || c.Exit.Known || c.MemoryLimit == 0 {
			t.Errorf("%s at the start: %+v", c.Name, c)
		}
	}
	if len(*a.Silences) != 1 || len(*a.AlertmanagerAlerts) != 3 {
		t.Errorf("%d silences, %d alerts notified", len(*a.Silences), len(*a.AlertmanagerAlerts))
	}
}

func TestLifeGoesOnByItself(t *testing.T) {
	r := newRig(t, sim.Config{Seed: 1})
	for _, c := range []struct {
		at     time.Duration
		firing string
	}{
		{14 * time.Second, calm},
		{55 * time.Second, "CertificateEndsSoon ContainerRestartLoop DiskNearlyFull QueueLagHigh Watchdog"},
		{145 * time.Second, calm},
		{175 * time.Second, "CertificateEndsSoon DiskNearlyFull SearchSlow Watchdog"},
		{270 * time.Second, "CertificateEndsSoon CheckoutErrors DiskNearlyFull Watchdog"},
		{359 * time.Second, calm},
		{6*time.Minute + 55*time.Second, "CertificateEndsSoon ContainerRestartLoop DiskNearlyFull QueueLagHigh Watchdog"},
	} {
		r.add(time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC).Add(c.at).Sub(r.Now()))
		f, err := r.prom.Collect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := names(*f.Alerts, ops.AlertFiring); got != c.firing {
			t.Errorf("after %s fire: %s", c.at, got)
		}
		for _, al := range *f.Alerts {
			if al.Since.After(r.Now()) {
				t.Errorf("after %s: %s began at %s", c.at, al.Name, al.Since)
			}
		}
	}
	if c := r.container(t, "shop-recommender"); c.Restarts < 3 || c.State != ops.ContainerRunning && c.State != ops.ContainerRestarting {
		t.Errorf("the looping container: %+v", c)
	}
}

func TestTheSameSeedAndClockGiveTheSameWorld(t *testing.T) {
	one, two := newRig(t, sim.Config{Seed: 7}), newRig(t, sim.Config{Seed: 7})
	for range 5 {
		one.add(40 * time.Second)
		two.add(40 * time.Second)
	}
	for _, name := range []string{"shop-recommender", "shop-web"} {
		a, b := one.container(t, name), two.container(t, name)
		if a.ID != b.ID || !a.Started.Equal(b.Started) || a.Restarts != b.Restarts {
			t.Errorf("%s: %+v and %+v", name, a, b)
		}
	}
	x, _ := one.prom.Query(t.Context(), "shop_orders_per_second", time.Time{})
	y, _ := two.prom.Query(t.Context(), "shop_orders_per_second", time.Time{})
	if x.Series[0].Points[0].Value != y.Series[0].Points[0].Value {
		t.Errorf("%v and %v", x.Series[0].Points, y.Series[0].Points)
	}
}

func TestAPipelineRunsAndRests(t *testing.T) {
	r := newRig(t, sim.Config{})
	r.add(20*time.Second + 85*time.Second)
	p := (*collectQuietly(t, r.prom).Pipelines)[0]
	if !p.Running || p.Done.Value < 0.49 || p.Done.Value > 0.51 || p.Stage.String() != "stock" || r.Now().Sub(p.Started) != 85*time.Second {
		t.Errorf("in the middle: %+v", p)
	}
	r.add(100 * time.Second)
	if p = (*collectQuietly(t, r.prom).Pipelines)[0]; p.Running {
		t.Errorf("at rest: %+v", p)
	}
}

// collectQuietly allows notes: a container that is down is a target that is down.
func collectQuietly(t *testing.T, c ops.Collector) ops.Observation {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestASilenceSilencesUntilItIsExpired(t *testing.T) {
	r := newRig(t, sim.Config{})
	id, notes, err := r.pager.Post(t.Context(), ops.Silence{By: ops.Lit("ana"), Comment: ops.Lit("known"), Ends: r.Now().Add(time.Hour),
		Matchers: []ops.Matcher{{Name: ops.Lit("alertname"), Op: ops.MatchRegexp, Value: ops.Lit("Disk.*")}}})
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	paging := func() ops.PagingState {
		for _, n := range *collect(t, r.pager).AlertmanagerAlerts {
			if ops.LabelOf(n.Labels, "alertname").String() == "DiskNearlyFull" {
				return n.Paging.State
			}
		}
		t.Fatal("the alert is gone")
		return 0
	}
	if got := paging(); got != ops.PagingSilenced {
		t.Errorf("with a silence it is %s", got)
	}
	again, _, err := r.pager.Extend(t.Context(), id, r.Now().Add(2*time.Hour))
	if err != nil || again != id {
		t.Errorf("extended: %s, %v", again, err)
	}
	if _, err := r.pager.Expire(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := paging(); got != ops.PagingActive {
		t.Errorf("without it it is %s", got)
	}
	_, _, err = r.pager.Post(t.Context(), ops.Silence{By: ops.Lit("ana"), Comment: ops.Lit("all"), Ends: r.Now().Add(time.Hour),
		Matchers: []ops.Matcher{{Name: ops.Lit("alertname"), Op: ops.MatchRegexp, Value: ops.Lit(".*")}}})
	if err == nil {
		t.Error("a silence of everything is accepted")
	}
}

func TestAContainersLogFiguresAndDetail(t *testing.T) {
	r := newRig(t, sim.Config{})
	ref := ops.NewRef(ops.KindContainer, "docker", "shop-web")
	d, err := r.docker.Open(t.Context(), ref, 0)
	if err != nil || !d.Why.Empty() || len(d.Lines) != 20 {
		t.Fatalf("%v %s, %d lines", err, d.Why, len(d.Lines))
	}
	for i, l := range d.Lines {
		if l.At.After(r.Now()) || i > 0 && l.At.Before(d.Lines[i-1].At) || strings.Contains(l.Text.String(), "{") {
			t.Errorf("line %d: %s %q", i, l.At, l.Text)
		}
	}
	if _, err := r.docker.Sample(t.Context(), []ops.Ref{ref}); err != nil {
		t.Fatal(err)
	}
	r.add(10 * time.Second)
	figs, err := r.docker.Sample(t.Context(), []ops.Ref{ref})
	if err != nil || !figs[0].CPU.Known || figs[0].CPU.Value <= 0.01 || figs[0].CPU.Value > 0.2 || figs[0].Memory.Value < 50<<20 || figs[0].Memory.Value > figs[0].Limit.Value {
		t.Errorf("%v %+v", err, figs)
	}
}

func TestALogIsFollowed(t *testing.T) {
	r := newRig(t, sim.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got := make(chan ops.Line, 100)
	go func() {
		defer close(got)
		_ = r.docker.Tail(ctx, ops.NewRef(ops.KindContainer, "docker", "shop-web"), ops.TailFrom{Follow: true, Lines: 1}, func(l ops.Line) error { got <- l; return nil })
	}()
	first := <-got
	r.add(10 * time.Second)
	for l := range got {
		if l.At.After(first.At) {
			return
		}
	}
	t.Error("nothing came")
}

func TestEventsComeAsTheyHappen(t *testing.T) {
	r := newRig(t, sim.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	told := make(chan ops.Observation, 100)
	go func() {
		defer close(told)
		_ = r.docker.Push(ctx, func(f ops.Observation) { told <- f })
	}()
	<-told // the stream stands
	r.add(13 * time.Second)
	for f := range told {
		for _, e := range f.Events {
			if e.Ref.ID.String() == "shop-recommender" && strings.Contains(e.What.String(), "exit 1") {
				return
			}
		}
	}
	t.Error("the death of the looping container did not come")
}

func TestTheLargeWorldIsThatLarge(t *testing.T) {
	r := newRig(t, sim.Config{Containers: 1000, Alerts: 5000, Still: true})
	p, a, d := collect(t, r.prom), collect(t, r.pager), collect(t, r.docker)
	if n := len(*p.Alerts); n != 5001 { // and the one that always fires
		t.Errorf("%d alerts", n)
	}
	if n := len(*a.AlertmanagerAlerts); n != 5001 {
		t.Errorf("%d notified", n)
	}
	if n := len(*d.Containers); n != 1000 {
		t.Errorf("%d containers", n)
	}
	was := map[ops.Ref]float64{}
	for _, x := range *p.Alerts {
		was[x.Ref] = x.Value.Value
	}
	r.add(5 * time.Second)
	same := 0
	for _, x := range *collect(t, r.prom).Alerts {
		if was[x.Ref] == x.Value.Value {
			same++
		}
	}
	if same > 100 {
		t.Errorf("%d of 5000 values are as before", same)
	}
}
