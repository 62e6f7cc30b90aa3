package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// startsWith is a world whose sources answer only now for the first time.
func startsWith(t *testing.T, prom *rules, docker *logs) *world {
	prom.facts.Alerts = &[]ops.Alert{firing("f1", "Down")}
	docker.facts.Containers = &[]ops.Container{container("web", ops.ContainerRunning)}
	return newWorld(t, func(c *engine.Config) { c.Collectors = []ops.Collector{prom, docker} })
}

func TestTheFirstRequestsWaitForTheFirstLookOfTheirSource(t *testing.T) {
	alert := ops.NewRef(ops.KindAlert, "prom", "f1")
	opens := func(w *world, c ops.Console) error {
		return w.own(c, "incident.open", ops.NewRef(ops.KindEstate, "", ""), "title", "x")
	}
	note := func(on ops.Ref, action string) func(*world, ops.Console) error {
		return func(w *world, c ops.Console) error { return w.own(c, action, on, "text", "x") }
	}
	for name, x := range map[string]struct {
		slow time.Duration // of Prometheus
		deaf time.Duration // of Docker
		hang bool
		do   func(*world, ops.Console) error
		code ops.Code
		says string
		took time.Duration
	}{
		"an ack":          {slow: 2 * time.Second, do: func(w *world, c ops.Console) error { return w.own(c, "alert.ack", alert) }, took: 2 * time.Second},
		"an alert opened": {slow: 2 * time.Second, do: func(w *world, c ops.Console) error { _, err := c.Detail(w.Context(), alert, 0); return err }, took: 2 * time.Second},
		"an incident":     {slow: 2 * time.Second, do: opens, took: 2 * time.Second},
		"an unlock waits for nobody": {slow: 2 * time.Second, do: func(w *world, c ops.Console) error {
			return w.own(c, "console.unlock", ops.NewRef(ops.KindConsole, "", "s"))
		}},
		"nor does another source":                        {slow: 2 * time.Second, do: func(w *world, c ops.Console) error { return w.own(c, "container.ack", web()) }, code: ops.CodeInvalid, says: "nothing is marked"},
		"a source that is silent":                        {hang: true, do: func(w *world, c ops.Console) error { return w.own(c, "alert.ack", alert) }, code: ops.CodeUnavailable, says: "prom was not read since the agent started", took: 3 * time.Second},
		"opened while it is silent":                      {hang: true, do: func(w *world, c ops.Console) error { _, err := c.Detail(w.Context(), alert, 0); return err }, code: ops.CodeUnavailable, says: "not known", took: 3 * time.Second},
		"one that does not give up":                      {slow: time.Hour, do: func(w *world, c ops.Console) error { return w.own(c, "alert.ack", alert) }, code: ops.CodeUnavailable, says: "prom was not read", took: 8 * time.Second},
		"a note needs no source":                         {slow: time.Hour, deaf: time.Hour, do: note(ops.NewRef(ops.KindEstate, "", ""), "estate.note")},
		"nor does one of an incident":                    {slow: time.Hour, deaf: time.Hour, do: note(ops.NewRef(ops.KindIncident, "", "1"), "incident.note")},
		"an incident opens without what tells no alerts": {slow: 2 * time.Second, deaf: time.Hour, do: opens, took: 2 * time.Second},
		"and closes so": {slow: 2 * time.Second, deaf: time.Hour, do: func(w *world, c ops.Console) error {
			if err := opens(w, c); err != nil {
				return err
			}
			return w.own(c, "incident.close", ops.NewRef(ops.KindIncident, "", "1"), "as", "still firing")
		}, took: 2 * time.Second},
		"an incident waits for alerts, and not for long": {slow: time.Hour, do: opens, code: ops.CodeUnavailable, says: "nobody knows what fires", took: 8 * time.Second},
		"an action that there is not":                    {do: func(w *world, c ops.Console) error { return w.own(c, "alert.nosuch", alert) }, code: ops.CodeNotFound, says: "no action"},
	} {
		synctest.Test(t, func(t *testing.T) {
			prom, docker := &rules{}, &logs{}
			prom.slow, prom.hang, docker.slow = x.slow, x.hang, x.deaf
			w := startsWith(t, prom, docker)
			began := time.Now()
			err := x.do(w, w.as("ana", 7, ops.RoleOperator, "s"))
			if (x.says == "") != (err == nil) || err != nil && (code(err) != x.code || !strings.Contains(err.Error(), x.says)) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took != x.took {
				t.Errorf("%s: it waited %s", name, took)
			}
			w.stop()
		})
	}
}
