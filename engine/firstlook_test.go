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
	for name, x := range map[string]struct {
		slow time.Duration // of Prometheus
		hang bool
		do   func(*world, ops.Console) error
		code ops.Code
		says string
		took time.Duration
	}{
		"an ack":          {slow: 2 * time.Second, do: func(w *world, c ops.Console) error { return w.own(c, "alert.ack", alert) }, took: 2 * time.Second},
		"an alert opened": {slow: 2 * time.Second, do: func(w *world, c ops.Console) error { _, err := c.Detail(w.Context(), alert, 0); return err }, took: 2 * time.Second},
		"an incident": {slow: 2 * time.Second, do: func(w *world, c ops.Console) error {
			return w.own(c, "incident.open", ops.NewRef(ops.KindEstate, "", ""), "title", "x")
		}, took: 2 * time.Second},
		"an unlock waits for nobody": {slow: 2 * time.Second, do: func(w *world, c ops.Console) error {
			return w.own(c, "console.unlock", ops.NewRef(ops.KindConsole, "", "s"))
		}},
		"nor does another source":   {slow: 2 * time.Second, do: func(w *world, c ops.Console) error { return w.own(c, "container.ack", web()) }, code: ops.CodeInvalid, says: "nothing is marked"},
		"a source that is silent":   {hang: true, do: func(w *world, c ops.Console) error { return w.own(c, "alert.ack", alert) }, code: ops.CodeUnavailable, says: "prom was not read since the agent started", took: 3 * time.Second},
		"opened while it is silent": {hang: true, do: func(w *world, c ops.Console) error { _, err := c.Detail(w.Context(), alert, 0); return err }, code: ops.CodeUnavailable, says: "not known", took: 3 * time.Second},
		"one that does not give up": {slow: time.Hour, do: func(w *world, c ops.Console) error { return w.own(c, "alert.ack", alert) }, code: ops.CodeUnavailable, says: "prom was not read", took: 8 * time.Second},
		"a note that can do without": {slow: time.Hour, do: func(w *world, c ops.Console) error {
			return w.own(c, "estate.note", ops.NewRef(ops.KindEstate, "", ""), "text", "x")
		}, took: 8 * time.Second},
		"an action that there is not": {do: func(w *world, c ops.Console) error { return w.own(c, "alert.nosuch", alert) }, code: ops.CodeNotFound, says: "no action"},
	} {
		synctest.Test(t, func(t *testing.T) {
			prom, docker := &rules{}, &logs{}
			prom.slow, prom.hang = x.slow, x.hang
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
