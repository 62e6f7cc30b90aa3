package sim_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/silence"
	"opsdeck/collectors/alertmanager"
	"opsdeck/collectors/prometheus"
	"opsdeck/engine"
	"opsdeck/internal/sim"
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/store"
)

// watched is a world and an engine that looks at it by the world's own clock.
type watched struct {
	*testing.T
	*clock
	world  *sim.World
	c      ops.Console
	events <-chan ops.Event
}

func watch(t *testing.T, c sim.Config) *watched {
	t.Helper()
	w := &watched{T: t, clock: &clock{now: time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)}}
	c.Now = w.Now
	world, err := sim.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.world = world
	dir := t.TempDir()
	servers, err := sim.Serve(world, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	shop := ops.Estate{Name: ops.Lit("shop"), Watchdog: ops.Lit("Watchdog"), SeverityLabel: ops.Lit("severity"), Limits: ops.Limits{StaleAfter: 3},
		Ranks: []ops.SeverityRank{{Name: ops.Lit("critical"), Rank: ops.RankCritical}, {Name: ops.Lit("high"), Rank: ops.RankHigh}, {Name: ops.Lit("medium"), Rank: ops.RankMedium}}}
	const every, timeout = 50 * time.Millisecond, 3 * time.Second
	pager, err := alertmanager.New(alertmanager.Config{Name: "pager", Peers: []alertmanager.Peer{{URL: servers.Alertmanager}}, Every: every, Timeout: timeout, Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	collectors := []ops.Collector{pager}
	for i, at := range append([]string{servers.Prometheus}, servers.Replicas...) {
		prom, err := prometheus.New(prometheus.Config{Name: fmt.Sprintf("prom-%d", i), URL: at, Every: every, Timeout: timeout, Now: w.Now, Rank: shop.RankOf})
		if err != nil {
			t.Fatal(err)
		}
		collectors = append(collectors, prom)
	}
	history, err := store.Open(filepath.Join(dir, "history"), store.Options{Now: w.Now})
	if err != nil {
		t.Fatal(err)
	}
	eng := engine.New(engine.Config{Collectors: collectors, Actions: silence.New(pager, "pager", w.Now), History: history, Now: w.Now, Random: rand.Read,
		Estate: shop, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, history.Close()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	w.c = eng.For(ops.Caller{Actor: ops.Actor{Name: ops.Lit("ana"), Role: ops.RoleAdmin}, Session: ops.Lit("test")})
	if w.events, err = w.c.Watch(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// until returns the first board of which something is so.
func (w *watched) until(what string, so func(ops.Board) bool) ops.Board {
	w.Helper()
	patience, stop := context.WithTimeout(w.Context(), 2*time.Minute) // machines that test are busy
	defer stop()
	b, err := w.c.Board(patience)
	for err == nil && !so(b) {
		select {
		case e := <-w.events:
			b = e.Board
		case <-patience.Done():
			w.Fatalf("not so: %s: %+v", what, b.Sources)
		}
	}
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// do plans and starts something about a thing, and waits until it is done.
func (w *watched) do(action string, about ops.Ref, params ...ops.Param) {
	w.Helper()
	p, err := w.c.Plan(w.Context(), ops.Request{Action: ops.Clean(action), Target: about, Params: params})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.c.Start(w.Context(), p.ID, ops.Confirmation{Yes: true}); err != nil {
		w.Fatal(err)
	}
}

// told is what the history tells of alerts of a name, oldest first.
func (w *watched) told(name string) string {
	w.Helper()
	recs, err := w.c.History(w.Context(), ops.Query{Kinds: []ops.RecordKind{ops.RecordAlert}})
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, r := range recs {
		if strings.Contains(r.What.String(), name) {
			out = append([]string{r.What.String()}, out...)
		}
	}
	return strings.Join(out, ", ")
}

func alertOf(b ops.Board, name string) (found ops.Alert, n int) {
	for _, d := range ops.DistinctAlerts(b.Alerts) {
		if d.Alert.Name.String() == name {
			found, n = *d.Alert, n+1
		}
	}
	return found, n
}

// fresh reports whether every source has answered by the clock of now.
func (w *watched) fresh(b ops.Board) bool {
	for _, s := range b.Sources {
		if s.State != ops.SourceOK || s.LastGood.Before(w.Now()) {
			return false
		}
	}
	return len(b.Sources) > 0
}

func TestAPairThatRelabelsIsOneAlertFromSightToSilence(t *testing.T) {
	w := watch(t, sim.Config{Seed: 1, Still: true, Alerts: 126, Alerting: sim.Alerting{Replicas: []string{"a", "b"}, External: map[string]string{"cluster": "eu"},
		DropLabels: []string{"job"}, Drop: map[string]string{"severity": "high"}, Muted: []string{"shop-page"}, Fails: "shop:lag:rate5m"}})
	w.until("all have answered", w.fresh)
	w.add(3 * time.Minute) // beyond what the two sides may differ
	b := w.until("and again", w.fresh)
	for _, s := range b.Sources {
		if s.State != ops.SourceOK || s.Kind == ops.SourcePrometheus && !strings.Contains(ops.Join(" ", s.Notes), "recording rule shop:lag:rate5m fails") {
			t.Errorf("%s %s: %v", s.Name, s.State, s.Notes)
		}
	}
	for name, want := range map[string]string{
		"QueueLagBehind01": "1 dropped []",
		"Watchdog":         "1 active []",
	} {
		a, n := alertOf(b, name)
		if got := fmt.Sprint(n, a.Paging.State, a.Paging.NotTold); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if a, n := alertOf(b, "QueueLagBehind00"); n != 125 || a.Paging.State != ops.PagingMuted || len(a.Paging.NotTold) != 1 {
		t.Errorf("%d: %+v", n, a.Paging)
	}
	if h := report.NewHead(b, w.Now()); fmt.Sprint(h.Firing[0].Text, ", ", h.Firing[1].Text) != "125 crit, 1 high" {
		t.Errorf("%+v", h.Firing)
	}
	one, _ := alertOf(b, "QueueLagBehind00")
	is := func(so func(ops.Alert) bool) func(ops.Board) bool {
		return func(b ops.Board) bool {
			a, from := b.Alert(one.Ref)
			return from && so(a)
		}
	}
	w.do("alert.ack", one.Ref)
	w.until("it is acked", is(func(a ops.Alert) bool { return a.Ack.By.String() == "ana" }))
	w.do("silence.create", one.Ref, ops.Param{Name: ops.Lit("duration"), Value: ops.Lit("1h")}, ops.Param{Name: ops.Lit("comment"), Value: ops.Lit("seen")})
	b = w.until("it is silenced", is(func(a ops.Alert) bool { return a.Paging.State == ops.PagingSilenced && !a.Ack.At.IsZero() }))
	silenced := 0
	for _, d := range ops.DistinctAlerts(b.Alerts) {
		if d.Alert.Paging.State == ops.PagingSilenced {
			silenced++
		}
	}
	if silenced != 1 {
		t.Errorf("a silence of one alert holds %d", silenced)
	}
	if tr, ok := report.NewTriage(b, one.Ref, w.Now()); !ok || !strings.HasPrefix(tr.State.Text, "acked ana") {
		t.Errorf("opened: %v %+v", ok, tr.State)
	}
	if d, err := w.c.Detail(t.Context(), one.Ref, time.Hour); err != nil || !d.Why.Empty() {
		t.Errorf("opened: %v, %s", err, d.Why)
	}
}

func TestWhatBurnsOutlivesAPrometheusThatFreezes(t *testing.T) {
	w := watch(t, sim.Config{Seed: 1})
	w.until("all have answered", w.fresh)
	w.world.Freeze(w.Now().Add(70 * time.Second)) // of what begins in its last minute Alertmanager alone is told
	w.add(75 * time.Second)
	at := func(so func(ops.Alert) bool) func(ops.Board) bool {
		return func(b ops.Board) bool {
			a, n := alertOf(b, "QueueLagHigh")
			return n == 1 && so(a)
		}
	}
	b := w.until("Alertmanager tells of it", at(func(a ops.Alert) bool { return a.Ref.Source.String() == "pager" }))
	first, _ := alertOf(b, "QueueLagHigh")
	w.add(4*time.Minute + 30*time.Second) // Alertmanager forgets after four
	b = w.until("Alertmanager has forgotten it", at(func(a ops.Alert) bool { return !a.Told.IsZero() }))
	if a, _ := alertOf(b, "QueueLagHigh"); a.Ref != first.Ref || a.State != ops.AlertFiring {
		t.Errorf("%+v", a.Ref)
	}
	if h := report.NewHead(b, w.Now()); !strings.HasPrefix(h.Firing[0].Text, "1 crit") {
		t.Errorf("%+v", h.Firing)
	}
	if got := w.told("QueueLagHigh"); got != "critical QueueLagHigh fires" {
		t.Errorf("the history: %s", got)
	}
	w.world.Thaw()
	b = w.until("Prometheus says that it is over", func(b ops.Board) bool {
		return w.fresh(b) && slices.ContainsFunc(b.Changes, func(r ops.Record) bool { return r.What.String() == "critical QueueLagHigh has cleared" })
	})
	if _, n := alertOf(b, "QueueLagHigh"); n != 0 {
		t.Errorf("%d are left", n)
	}
	if got := w.told("QueueLagHigh"); got != "critical QueueLagHigh fires, critical QueueLagHigh has cleared" {
		t.Errorf("the history: %s", got)
	}
}

func TestAnAlertStaysItselfWhereTheConfigurationIsClosed(t *testing.T) {
	w := watch(t, sim.Config{Seed: 1, Alerting: sim.Alerting{Closed: true, External: map[string]string{"cluster": "eu"}}})
	w.until("all have answered", w.fresh)
	w.world.Freeze(w.Now().Add(70 * time.Second))
	w.add(75 * time.Second)
	one := func(source string) func(ops.Board) bool {
		return func(b ops.Board) bool {
			a, n := alertOf(b, "QueueLagHigh")
			return n == 1 && a.Ref.Source.String() == source
		}
	}
	b := w.until("Alertmanager tells of it", one("pager"))
	first, _ := alertOf(b, "QueueLagHigh")
	w.do("alert.ack", first.Ref)
	w.world.Thaw()
	b = w.until("Prometheus tells of it, too", one("prom-0"))
	if a, _ := alertOf(b, "QueueLagHigh"); a.Ref.ID != first.Ref.ID || a.Ack.By.String() != "ana" || a.Paging.State != ops.PagingActive {
		t.Errorf("%s, acked %q, %s; first %s", a.Ref, a.Ack.By, a.Paging.State, first.Ref)
	}
	if d, err := w.c.Detail(t.Context(), first.Ref, time.Hour); err != nil || !d.Why.Empty() || len(d.Series) == 0 {
		t.Errorf("opened: %v, %s", err, d.Why)
	}
}
