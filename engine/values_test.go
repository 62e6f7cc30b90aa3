package engine_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// evaluating is a Prometheus whose two alerts have another value, and say it in their
// summary, at every answer.
type evaluating struct {
	mu    sync.Mutex
	asked int
	gone  bool
}

func (r *evaluating) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Lit("prom"), Kind: ops.SourcePrometheus, Every: 10 * time.Second, Timeout: 3 * time.Second, Required: true}
}

func (r *evaluating) Collect(context.Context) (ops.Observation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	var alerts []ops.Alert
	for _, id := range []string{"one", "two"} {
		alerts = append(alerts, ops.Alert{Ref: alertRef(id), Name: ops.Lit("Slow"), State: ops.AlertFiring,
			Value: ops.Num(float64(r.asked)), Summary: ops.Textf("%s takes %d s", id, r.asked)})
	}
	if r.gone {
		alerts = alerts[:1]
	}
	return ops.Observation{Alerts: &alerts}, nil
}

// newest is the value of the last answer.
func (r *evaluating) newest() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return float64(r.asked)
}

func alertRef(id string) ops.Ref { return ops.NewRef(ops.KindAlert, "prom", id) }

func newStorm(t *testing.T) (*world, *evaluating) {
	prom := &evaluating{}
	w := newWorld(t, func(c *engine.Config) { c.Collectors = []ops.Collector{prom} })
	time.Sleep(25 * time.Second)
	return w, prom
}

func TestAlertsWhoseValuesMoveDoNotTravelAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom := newStorm(t)
		defer w.stop()
		before := w.board()
		time.Sleep(time.Minute)
		after := w.board()
		if before.Revs[ops.SectionAlerts] != after.Revs[ops.SectionAlerts] {
			t.Error("the alerts' section changed though nothing but values did")
		}
		for _, a := range after.Alerts[0].Value {
			if a.Value.Value != prom.newest() || a.Aged(after.Alerts[0].At) {
				t.Errorf("the board says %v of %s, the newest answer %v; aged %v", a.Value, a.Ref.ID, prom.newest(), a.Aged(after.Alerts[0].At))
			}
		}
		if len(after.Values) != 0 {
			t.Errorf("values travel for nobody: %v", after.Values)
		}
		prom.mu.Lock()
		prom.gone = true
		prom.mu.Unlock()
		time.Sleep(15 * time.Second)
		if ended := w.board(); ended.Revs[ops.SectionAlerts] == after.Revs[ops.SectionAlerts] || len(ended.Alerts[0].Value) != 1 {
			t.Error("an alert has cleared, and the section did not change")
		}
	})
}

func TestValuesTravelAtOnceAndAsLongAsSomebodyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom := newStorm(t)
		defer w.stop()
		if err := w.as("a", 1, ops.RoleViewer, "a").Look(t.Context(), []ops.Ref{alertRef("two")}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			b := w.board()
			if len(b.Values) != 1 || b.Values[0] != (ops.AlertValue{Ref: alertRef("two"), Value: ops.Num(prom.newest()), Summary: ops.Textf("two takes %d s", int(prom.newest()))}) {
				t.Fatalf("the newest answer is %v, what travels %+v", prom.newest(), b.Values)
			}
			if b.Revs[ops.SectionValues] == 0 {
				t.Fatal("the section did not change")
			}
			time.Sleep(8 * time.Second)
		}
		time.Sleep(20 * time.Second)
		if b := w.board(); len(b.Values) != 0 {
			t.Errorf("somebody looked 44 s ago, and values still travel: %v", b.Values)
		}
	})
}
