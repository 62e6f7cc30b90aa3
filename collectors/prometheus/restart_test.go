package prometheus

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// answers makes the fake server's rules what the test says.
func (f *fakeServer) answers(rules string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/rules") {
			return false
		}
		if rules == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"status":"success","data":{"groups":[{"name":"g","file":"f","interval":15,"rules":[%s]}]}}`, rules)
		return true
	}
}

func TestARestartDoesNotEndAlertsWhoseRuleWaitsForItsTurn(t *testing.T) {
	const (
		alert   = `{"labels":{"alertname":"%s"},"state":"firing","activeAt":"2026-11-21T18:00:00Z","value":"1"}`
		rule    = `{"type":"alerting","name":"%s","health":"%s","alerts":[%s]}`
		waiting = "not evaluated since it started: "
	)
	burns := func(name string) string { return fmt.Sprintf(rule, name, "ok", fmt.Sprintf(alert, name)) }
	quiet := func(name, health string) string { return fmt.Sprintf(rule, name, health, "") }
	f := newFakeServer(t)
	c := f.collector(t)
	for _, step := range []struct {
		what, rules string
		want        string // the alerts
		says        string
	}{
		{"both burn", burns("A") + "," + burns("B"), "A B", ""},
		{"it starts", "", "", ""},
		{"no rule had its turn", quiet("A", "unknown") + "," + quiet("B", "unknown"), "A B", waiting + "2 of 2 alert rules; kept of before: 2 alerts"},
		{"A had, and is over", quiet("A", "ok") + "," + quiet("B", "unknown"), "B", waiting + "1 of 2 alert rules; kept of before: 1 alert"},
		{"B is no rule any more", quiet("A", "ok"), "", ""},
		{"a rule nobody knew waits", quiet("C", "unknown"), "", "not evaluated yet: 1 of 1 alert rule"},
	} {
		f.answers(step.rules)
		facts, err := c.Collect(t.Context())
		if step.rules == "" {
			if err == nil {
				t.Errorf("%s: no error", step.what)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		var names []string
		for _, a := range *facts.Alerts {
			names = append(names, a.Name.String())
		}
		slices.Sort(names)
		notes := fmt.Sprint(facts.Notes)
		if got := strings.Join(names, " "); got != step.want || !strings.Contains(notes, step.says) || step.says == "" && strings.Contains(notes, "evaluated") {
			t.Errorf("%s: %q, %s", step.what, got, notes)
		}
		if facts.Up.IsZero() {
			t.Errorf("%s: it does not say since when it is up", step.what)
		}
	}
}
