package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// teller is a source of alerts under the test's hand.
type teller struct {
	kind ops.SourceKind
	name string

	mu  sync.Mutex
	f   ops.Observation
	err error
}

func (s *teller) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Clean(s.name), Kind: s.kind, Every: 10 * time.Second, Timeout: 3 * time.Second, Required: true}
}

func (s *teller) Collect(context.Context) (ops.Observation, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.f
	if f.Alerts != nil {
		own := slices.Clone(*f.Alerts)
		f.Alerts = &own
	}
	return f, s.err
}

// fires lets a Prometheus answer with alerts of these fingerprints.
func (s *teller) fires(ids ...string) {
	alerts := []ops.Alert{}
	for _, id := range ids {
		alerts = append(alerts, ops.Alert{Ref: ops.NewRef(ops.KindAlert, s.name, id), Own: ops.Clean("own " + id), Name: ops.Lit("Down"), State: ops.AlertFiring, Labels: downLabels(id)})
	}
	s.say(ops.Observation{Alerts: &alerts}, nil)
}

// has lets an Alertmanager answer with them.
func (s *teller) has(ids ...string) {
	all := []ops.AlertmanagerAlert{}
	for _, id := range ids {
		all = append(all, ops.AlertmanagerAlert{Fingerprint: ops.Clean(id), Labels: downLabels(id), Paging: ops.Paging{State: ops.PagingActive, Source: ops.Clean(s.name)}})
	}
	s.say(ops.Observation{AlertmanagerAlerts: &all}, nil)
}

func (s *teller) say(f ops.Observation, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.f, s.err = f, err
}

func downLabels(instance string) []ops.Label {
	return []ops.Label{{Name: ops.Lit("alertname"), Value: ops.Lit("Down")}, {Name: ops.Lit("instance"), Value: ops.Clean(instance)}}
}

// told is the history of alerts, oldest first.
func (w *world) told() string {
	var out []string
	for _, r := range slices.Backward(w.board().Changes) {
		if r.Kind == ops.RecordAlert {
			out = append(out, strings.TrimSpace(r.What.String()))
		}
	}
	return strings.Join(out, ", ")
}

// stands is how an alert reads on the board: who tells of it, and how.
func (w *world) stands(id string) string {
	for _, d := range ops.DistinctAlerts(w.board().Alerts) {
		if d.Alert.Ref.ID.String() == id {
			return fmt.Sprintf("%s %s, paging %s, told no more %t, acked %q", d.Alert.Ref.Source, d.Alert.State, d.Alert.Paging.State, !d.Alert.Told.IsZero(), d.Alert.Ack.By)
		}
	}
	return "gone"
}

// newTellers is a world of Prometheus servers and one Alertmanager.
func newTellers(t *testing.T, names ...string) (*world, []*teller, *teller) {
	am := &teller{kind: ops.SourceAlertmanager, name: "pager"}
	am.has()
	all, proms := []ops.Collector{am}, []*teller{}
	for _, name := range names {
		p := &teller{kind: ops.SourcePrometheus, name: name}
		p.fires()
		proms, all = append(proms, p), append(all, p)
	}
	return newWorld(t, func(c *engine.Config) { c.Collectors = all }), proms, am
}

func (w *world) ack(id string) {
	w.Helper()
	ana := w.as("ana", 1000, ops.RoleOperator, "ana")
	p := w.plan(ana, ops.Request{Action: ops.Lit("alert.ack"), Target: ops.NewRef(ops.KindAlert, "pager", id)})
	if _, err := ana.Start(w.Context(), p.ID, ops.Confirmation{Yes: true}); err != nil {
		w.Fatal(err)
	}
	synctest.Wait()
}

func TestWhatBurnsStaysUntilASourceThatCanKnowSaysItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, proms, am := newTellers(t, "prom")
		defer w.stop()
		prom := proms[0]
		for _, step := range []struct {
			what   string
			do     func()
			stands string
			told   string
		}{
			{"Prometheus freezes, Alertmanager alone has heard of it", func() { prom.say(ops.Observation{}, context.DeadlineExceeded); am.has("x") },
				`pager firing, paging active, told no more false, acked ""`, "Down fires"},
			{"somebody takes it", func() { w.ack("x") }, `pager firing, paging active, told no more false, acked "ana"`, "Down fires"},
			{"Alertmanager forgets it", func() { am.has() }, `pager firing, paging unknown, told no more true, acked "ana"`, "Down fires"},
			{"and hours go by", func() { time.Sleep(3 * time.Hour) }, `pager firing, paging unknown, told no more true, acked "ana"`, ""},
			{"Prometheus starts again, and its rules wait for their turn", func() { prom.say(ops.Observation{Alerts: &[]ops.Alert{}, Partial: true}, nil) },
				`pager firing, paging unknown, told no more true, acked "ana"`, ""},
			{"Prometheus tells of it", func() { prom.fires("x") }, `prom firing, paging absent, told no more false, acked "ana"`, ""},
			{"Alertmanager hears of it again", func() { am.has("x") }, `prom firing, paging active, told no more false, acked "ana"`, ""},
			{"it clears", func() { prom.fires(); am.has() }, "gone", "Down has cleared"},
		} {
			step.do()
			time.Sleep(30 * time.Second)
			if got := w.stands("x"); got != step.stands {
				t.Errorf("%s: %s, want %s", step.what, got, step.stands)
			}
			if got := w.told(); got != step.told {
				t.Errorf("%s: the history has %q, want %q", step.what, got, step.told)
			}
		}
	})
}

func TestWhoTellsFirstMakesNoOtherAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, proms, am := newTellers(t, "prom")
		defer w.stop()
		am.has("x")
		time.Sleep(30 * time.Second)
		w.ack("x")
		proms[0].fires("x")
		time.Sleep(30 * time.Second)
		if got := w.stands("x"); got != `prom firing, paging active, told no more false, acked "ana"` || w.told() != "Down fires" {
			t.Errorf("%s, %s", got, w.told())
		}
	})
}

// external are the labels of an alert as a Prometheus sends it whose configuration cannot
// be read.
func external(instance string) []ops.Label {
	return append(downLabels(instance), ops.Label{Name: ops.Lit("region"), Value: ops.Lit("eu")})
}

func TestAnAlertKeepsTheRefItWasFirstSeenUnder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, first := range []string{"Alertmanager", "Prometheus"} {
			w, proms, am := newTellers(t, "prom")
			sent := func() {
				am.say(ops.Observation{AlertmanagerAlerts: &[]ops.AlertmanagerAlert{{Fingerprint: ops.Lit("x"), Labels: external("x"), Paging: ops.Paging{State: ops.PagingActive, Source: ops.Lit("pager")}}}}, nil)
			}
			shown := func() {
				proms[0].say(ops.Observation{Alerts: &[]ops.Alert{{Ref: ops.NewRef(ops.KindAlert, "prom", "own"), Own: ops.Lit("own"), Name: ops.Lit("Down"), State: ops.AlertFiring,
					Sending: ops.SendingUnknown, Labels: downLabels("x")}}}, nil)
			}
			id, other, steps := "x", "own", []func(){sent, shown}
			if first == "Prometheus" {
				id, other, steps = "own", "x", []func(){shown, sent}
			}
			steps[0]()
			time.Sleep(30 * time.Second)
			w.ack(id)
			for _, then := range []struct {
				do     func()
				paging string
			}{{steps[1], "active"}, {func() { am.has() }, "unknown"}, {sent, "active"}, {shown, "active"}} {
				then.do()
				time.Sleep(30 * time.Second)
				want := `prom firing, paging ` + then.paging + `, told no more false, acked "ana"`
				if got := w.stands(id); got != want || w.stands(other) != "gone" || w.told() != "Down fires" {
					t.Errorf("%s first: %s, the other %s, history %s", first, got, w.stands(other), w.told())
				}
			}
			proms[0].fires()
			am.has()
			time.Sleep(30 * time.Second)
			if w.stands(id) != "gone" || w.told() != "Down fires, Down has cleared" {
				t.Errorf("%s first: %s, history %s", first, w.stands(id), w.told())
			}
			w.stop()
		}
	})
}

func TestHowAnAlertIsSentBecomesKnownAndItStaysTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, proms, am := newTellers(t, "prom")
		defer w.stop()
		as := func(id string) {
			proms[0].say(ops.Observation{Alerts: &[]ops.Alert{{Ref: ops.NewRef(ops.KindAlert, "prom", id), Own: ops.Lit("own"), Name: ops.Lit("Down"),
				State: ops.AlertFiring, Labels: downLabels("x")}}}, nil)
			time.Sleep(30 * time.Second)
		}
		as("own")
		w.ack("own")
		as("x")
		am.has("x")
		time.Sleep(30 * time.Second)
		if got := w.stands("x"); got != `prom firing, paging active, told no more false, acked "ana"` || w.told() != "Down fires" || w.stands("own") != "gone" {
			t.Errorf("%s, %s, %s", got, w.told(), w.stands("own"))
		}
	})
}

func TestAPairOfPrometheusCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, proms, am := newTellers(t, "a", "b")
		defer w.stop()
		both := func(ids ...string) {
			am.has(ids...)
			for _, p := range proms {
				p.fires(ids...)
			}
			time.Sleep(30 * time.Second)
		}
		both("x", "y")
		b := w.board()
		n := 0
		for _, f := range b.Findings {
			if f.Ref.Kind == ops.KindAlert {
				n++
				if !strings.Contains(f.What.String(), "x2") {
					t.Errorf("%s", f.What)
				}
			}
		}
		if n != 1 || w.told() != "Down fires, Down fires" {
			t.Errorf("%d findings, history %s", n, w.told())
		}
		w.ack("x")
		proms[0].fires() // one of the pair has just been started
		time.Sleep(30 * time.Second)
		if got := w.stands("x"); !strings.HasPrefix(got, "b firing") || !strings.Contains(got, `acked "ana"`) {
			t.Errorf("one of two has it: %s", got)
		}
		both()
		if w.stands("x") != "gone" || w.told() != "Down fires, Down fires, Down has cleared, Down has cleared" {
			t.Errorf("%s, %s", w.stands("x"), w.told())
		}
	})
}

func TestWhatHasClearedIsNamedInTheHistoryWithItsRunbook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, proms, _ := newTellers(t, "prom")
		defer w.stop()
		down := []ops.Alert{{Ref: ops.NewRef(ops.KindAlert, "prom", "x"), Name: ops.Lit("Down"), State: ops.AlertFiring, Runbook: ops.Lit("down.md"), Labels: downLabels("x")}}
		many := []ops.Alert{}
		for i := range 30 { // so many are told as one
			a := down[0]
			a.Ref.ID = ops.Textf("x%d", i)
			many = append(many, a)
		}
		for _, alerts := range [][]ops.Alert{{}, down, {}, many, {}} {
			proms[0].say(ops.Observation{Alerts: &alerts}, nil)
			time.Sleep(30 * time.Second)
		}
		n := 0
		for _, r := range w.board().Changes {
			if r.Kind != ops.RecordAlert {
				continue
			}
			if n++; r.Fact(ops.FactAlert).String() != "Down" || r.Fact(ops.FactRunbook).String() != "down.md" {
				t.Errorf("%s: %v", r.What, r.Facts)
			}
		}
		if n != 4 {
			t.Errorf("%d records", n)
		}
	})
}
