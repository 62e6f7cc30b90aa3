//go:build lab

package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/lab/internal/flood"
	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

func TestTargetDown(t *testing.T) {
	lab, c := running(t)
	breakAndHeal(t, lab, "target-down",
		all(is(t, `up{service="ifrs9-reporter",job="ifrs9-services"}`, 0), healthy(t, c, "ifrs9-reporter"), is(t, `probe_success{service="ifrs9-reporter",job="probe-http"}`, 1)),
		is(t, `up{service="ifrs9-reporter",job="ifrs9-services"}`, 1))
}

func TestAlertFlood(t *testing.T) {
	lab, _ := running(t)
	const rule = `alertname="IFRS9LoanBatchRejected"`
	breakAndHeal(t, lab, "alert-flood",
		all(is(t, `count(ALERTS{alertstate="firing",`+rule+`})`, flood.Series), held(t, rule, flood.Series)),
		all(is(t, `count(ALERTS{`+rule+`}) or vector(0)`, 0), held(t, rule, 0)))
}

func amStarted(ctx context.Context) (time.Time, error) {
	var st struct {
		Uptime time.Time `json:"uptime"`
	}
	err := getJSON(ctx, layout.URL(layout.PortAlertmanager)+"/api/v2/status", &st)
	return st.Uptime, err
}

func TestAlertmanagerRestartedForgets(t *testing.T) {
	lab, _ := running(t)
	before, err := amStarted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := Find("alertmanager-restarted")
	if err != nil {
		t.Fatal(err)
	}
	// Prometheus sends every alert anew once a minute, and that may be at once.
	var remembers error
	for range 3 {
		if err := f.Apply(t.Context(), lab); err != nil {
			t.Fatal(err)
		}
		if remembers = held(t, `alertname="Watchdog"`, 0)(); remembers == nil {
			break
		}
	}
	if remembers != nil {
		t.Errorf("right after each of three restarts: %v", remembers)
	}
	after, err := amStarted(t.Context())
	if err != nil || !after.After(before) {
		t.Errorf("started %s, before %s: %v", after, before, err)
	}
	breakAndHeal(t, lab, "alertmanager-restarted", ready(layout.PortAlertmanagerProxy), held(t, `alertname="Watchdog"`, 1))
}

func TestAlertmanagerDown(t *testing.T) {
	lab, _ := running(t)
	breakAndHeal(t, lab, "alertmanager-down",
		all(refused(layout.PortAlertmanager), refused(layout.PortAlertmanagerProxy)),
		all(ready(layout.PortAlertmanager), ready(layout.PortAlertmanagerProxy)))
}

// TestPrometheusRestarted watches from beside: the server is refused, then
// says 503 while it replays, then it is ready.
func TestPrometheusRestarted(t *testing.T) {
	lab, _ := running(t)
	f, err := Find("prometheus-restarted")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Heal(context.Background(), lab) })
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- f.Apply(t.Context(), lab) }()
	var saw []string
	for ended := false; !ended; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			ended = true
		case <-time.After(10 * time.Millisecond):
		}
		saw = append(saw, word(layout.URL(layout.PortPrometheusProxy)+"/-/ready"))
	}
	t.Logf("it took %s", time.Since(began))
	all := strings.Join(saw, " ")
	if !strings.Contains(all, "refused") || !strings.Contains(all, "503") || time.Since(began) < 2*time.Second {
		t.Errorf("seen in %s: %s", time.Since(began), all)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := errors.Join(f.Heal(ctx, lab), process.Until(ctx, ready(layout.PortPrometheus))); err != nil {
		t.Error(err)
	}
}

func word(url string) string {
	hc := http.Client{Timeout: 2 * time.Second}
	resp, err := hc.Get(url)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "refused"
	}
	if err != nil {
		return "broken"
	}
	_ = resp.Body.Close()
	return strconv.Itoa(resp.StatusCode)
}

// rules gives the rules of the broken group by name.
func rules(ctx context.Context) (map[string]string, error) {
	var answer struct {
		Data struct {
			Groups []struct {
				Name  string `json:"name"`
				Rules []struct {
					Name   string `json:"name"`
					State  string `json:"state"`
					Health string `json:"health"`
				} `json:"rules"`
			} `json:"groups"`
		} `json:"data"`
	}
	err := getJSON(ctx, layout.URL(layout.PortPrometheus)+"/api/v1/rules", &answer)
	have := map[string]string{}
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			if g.Name == "ifrs9-broken" {
				have[r.Name] = r.State + " " + r.Health
			}
		}
	}
	return have, err
}

func TestRuleBroken(t *testing.T) {
	lab, _ := running(t)
	broken := func() error {
		have, err := rules(t.Context())
		if err != nil {
			return err
		}
		if have["IFRS9RuleTemplateBroken"] != "firing ok" || have["IFRS9RuleNotANumber"] != "firing ok" || !strings.HasSuffix(have["IFRS9RuleCannotBeEvaluated"], " err") {
			return fmt.Errorf("rules are %v", have)
		}
		list, err := alerts(t.Context(), `alertname=~"IFRS9Rule.+"`)
		if err != nil {
			return err
		}
		var words string
		for _, a := range list {
			words += a.Annotations["summary"]
		}
		if !strings.Contains(words, "<error expanding template") || !strings.Contains(words, "NaN") {
			return fmt.Errorf("summaries are %q", words)
		}
		return nil
	}
	whole := func() error {
		have, err := rules(t.Context())
		if err == nil && len(have) > 0 {
			err = fmt.Errorf("rules are left: %v", have)
		}
		return err
	}
	breakAndHeal(t, lab, "rule-broken", broken, all(whole, held(t, `alertname=~"IFRS9Rule.+"`, 0)))
}

func TestSilenceEnding(t *testing.T) {
	lab, _ := running(t)
	silenced := func() error {
		list, err := alerts(t.Context(), `alertname="`+silencedAlert+`"`)
		if err != nil {
			return err
		}
		if len(list) != 1 || len(list[0].Status.SilencedBy) != 1 {
			return fmt.Errorf("alerts are %+v", list)
		}
		have, err := silences(t.Context(), silencer)
		if err != nil {
			return err
		}
		if len(have) != 1 || time.Until(have[0].EndsAt) > silenceLasts || time.Until(have[0].EndsAt) < silenceLasts/2 {
			return fmt.Errorf("silences are %+v", have)
		}
		return nil
	}
	whole := func() error {
		have, err := silences(t.Context(), silencer)
		if err == nil && len(have) > 0 {
			err = fmt.Errorf("silences are left: %+v", have)
		}
		return err
	}
	breakAndHeal(t, lab, "silence-ending", silenced, all(whole, held(t, `alertname="`+silencedAlert+`"`, 0)))
}

func TestEstateLeadsThroughTheProxy(t *testing.T) {
	lab, _ := running(t)
	data, err := os.ReadFile(lab.Layout.Estate())
	if err != nil {
		t.Fatal(err)
	}
	if want := layout.URL(layout.PortPrometheusProxy); !strings.Contains(string(data), want) {
		t.Errorf("the estate does not name %s:\n%s", want, data)
	}
}
