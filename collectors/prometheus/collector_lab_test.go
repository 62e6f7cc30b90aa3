//go:build lab

package prometheus

import (
	"os"
	"slices"
	"testing"
	"time"

	"opsdeck/internal/labtest"
	"opsdeck/ops"
)

func TestLabServer(t *testing.T) {
	labtest.Whole(t)
	url := os.Getenv("OPSDECK_LAB_PROMETHEUS_URL")
	if url == "" {
		t.Fatal("OPSDECK_LAB_PROMETHEUS_URL is not set: start the lab and take its env")
	}
	c, err := New(Config{Name: "lab", URL: url, Every: 5 * time.Second, Timeout: 20 * time.Second, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if facts.Alerts == nil || facts.Version.Empty() {
		t.Errorf("facts: %+v", facts)
	}
	t.Logf("version %s, %d alerts, notes %v", facts.Version, len(*facts.Alerts), facts.Notes)
	up, err := c.Query(t.Context(), "up", time.Time{})
	if err != nil || len(up.Series) == 0 {
		t.Errorf("up: %+v, %v", up, err)
	}
	// A month by the second is 2.6 million points: the server would refuse.
	now := time.Now()
	if _, err := c.QueryRange(t.Context(), "up", now.Add(-30*24*time.Hour), now, time.Second); err != nil {
		t.Errorf("range: %v", err)
	}
	if _, err := c.Query(t.Context(), "nosuch(", time.Time{}); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("unreadable: %v", err)
	}
	d, err := c.Open(t.Context(), ops.NewRef(ops.KindSource, "", "lab"), 0)
	if err != nil || len(d.Groups) != 5 || !d.Why.Empty() {
		t.Errorf("source: %+v, %v", d, err)
	}
	some := *facts.Alerts
	some = some[:min(len(some), 20)] // of a storm that an earlier test left
	for _, a := range some {
		d, err := c.Open(t.Context(), a.Ref, time.Hour)
		if ops.CodeOf(err) == ops.CodeNotFound && resolved(t, c, a) {
			continue
		}
		if err != nil || len(d.Groups) != 4 || !d.Why.Empty() {
			t.Errorf("alert %s: %+v, %v", a.Name, d, err)
		}
	}
}

// resolved reports whether an alert has ended since it was read: the lab lives on.
func resolved(t *testing.T, c *Collector, a ops.Alert) bool {
	t.Helper()
	facts, err := c.Collect(t.Context())
	return err == nil && !slices.ContainsFunc(*facts.Alerts, func(b ops.Alert) bool { return b.Ref == a.Ref })
}
