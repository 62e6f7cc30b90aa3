//go:build lab

package faults

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/proxy"
)

// timed asks once and tells how long the answer took and how it is dated.
func timed(t *testing.T, url string) (took, ahead time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	date, err := http.ParseTime(resp.Header.Get("Date"))
	return time.Since(began), time.Until(date), err
}

func TestPrometheusSlow(t *testing.T) {
	lab, _ := running(t)
	const query = "/api/v1/query?query=up"
	takes := func(path string, least, most time.Duration) func() error {
		return func() error {
			took, _, err := timed(t, layout.URL(layout.PortPrometheusProxy)+path)
			if err == nil && (took < least || took > most) {
				err = fmt.Errorf("%s took %s", path, took)
			}
			return err
		}
	}
	breakAndHeal(t, lab, "prometheus-slow",
		all(takes(query, 3*time.Second, 8*time.Second), takes("/-/ready", 0, time.Second)),
		takes(query, 0, time.Second))
}

func TestClockSkew(t *testing.T) {
	lab, _ := running(t)
	dated := func(port int, want time.Duration) func() error {
		return func() error {
			_, ahead, err := timed(t, layout.URL(port)+"/-/ready")
			if err == nil && (ahead < want-5*time.Second || ahead > want+5*time.Second) {
				err = fmt.Errorf("port %d dates its answers %s ahead, want %s", port, ahead, want)
			}
			return err
		}
	}
	five := clockSkewSecs * time.Second
	breakAndHeal(t, lab, "clock-skew",
		all(dated(layout.PortPrometheusProxy, five), dated(layout.PortAlertmanagerProxy, five), dated(layout.PortPrometheus, 0)),
		all(dated(layout.PortPrometheusProxy, 0), dated(layout.PortAlertmanagerProxy, 0)))
}

func TestSourcesFrozen(t *testing.T) {
	lab, _ := running(t)
	silent := func(port int) func() error {
		return func() error {
			if ready(port)() == nil {
				return fmt.Errorf("port %d answers", port)
			}
			return nil
		}
	}
	breakAndHeal(t, lab, "sources-frozen",
		all(silent(layout.PortPrometheusProxy), silent(layout.PortAlertmanagerProxy), ready(layout.PortPrometheus), ready(layout.PortAlertmanager)),
		all(ready(layout.PortPrometheusProxy), ready(layout.PortAlertmanagerProxy)))
}

// TestPostAnswerCut makes a silence whose answer is lost, and then finds it.
func TestPostAnswerCut(t *testing.T) {
	lab, _ := running(t)
	const me = "opsdeck-lab-test"
	waits := func(want bool) func() error {
		return func() error {
			if proxy.CutWaits(lab.Layout, proxy.Alertmanager) != want {
				return fmt.Errorf("cut waits is not %v", want)
			}
			return nil
		}
	}
	breakAndHeal(t, lab, "postanswer-cut", waits(true), waits(false))
	f, err := Find("postanswer-cut")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(t.Context(), lab); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Heal(context.Background(), lab) })
	at := layout.URL(layout.PortAlertmanagerProxy) + silencesPath
	err = post(t.Context(), at, amSilence{Matchers: []amMatcher{{Name: "alertname", Value: "nothing-at-all", IsEqual: true}},
		StartsAt: time.Now(), EndsAt: time.Now().Add(time.Minute), CreatedBy: me, Comment: "test"}, nil)
	if err == nil {
		t.Error("the answer arrived")
	}
	have, err := silences(t.Context(), me)
	if err != nil || len(have) != 1 {
		t.Fatalf("alertmanager has %+v, %v: want the one silence", have, err)
	}
	gone := layout.URL(layout.PortAlertmanagerProxy) + "/api/v2/silence/" + have[0].ID
	if err := exchange(t.Context(), http.MethodDelete, gone, nil, nil); err != nil {
		t.Error(err)
	}
}
