package prometheus

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
)

// sentOf collects once and returns the alerts by name.
func sentOf(t *testing.T, c *Collector) map[string]ops.Alert {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]ops.Alert{}
	for _, a := range *f.Alerts {
		out[a.Name.String()] = a
	}
	return out
}

func written(labels []ops.Label) string {
	var out []string
	for _, l := range labels {
		out = append(out, l.Name.String()+"="+l.Value.String())
	}
	return strings.Join(out, " ")
}

func TestAnAlertIsKnownByTheLabelsItIsSentWith(t *testing.T) {
	f := newFakeServer(t)
	f.files["rules"] = "rules-failing.json"
	c := f.collector(t)
	got := sentOf(t, c)
	paged, info := got["Paged"], got["Info"]
	if want := "alertname=Paged cluster=eu severity=page shard=1"; written(paged.Sent) != want || written(paged.Labels) != "alertname=Paged pod=a severity=page" ||
		paged.Sending != ops.SendingKnown || paged.Ref.ID == paged.Own || len(paged.Ref.ID.String()) != 16 {
		t.Errorf("relabelled: %+v", paged)
	}
	if info.Sending != ops.SendingDropped || info.Sent != nil || info.Ref.ID != info.Own {
		t.Errorf("dropped: %+v", info)
	}
	d, err := c.Open(t.Context(), paged.Ref, 0)
	if err != nil || d.Title.String() != "Paged" || !strings.Contains(fmt.Sprint(d.Groups), "{keeps firing for 5m unknown}") {
		t.Errorf("it cannot be opened by the name it is known by: %+v, %v", d, err)
	}
}

func TestARecordingRuleThatFailsIsTold(t *testing.T) {
	f := newFakeServer(t)
	f.files["rules"] = "rules-failing.json"
	facts, err := f.collector(t).Collect(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(facts.Notes), "recording rule bad fails: found duplicate series for the match group") {
		t.Errorf("%v, %v", facts.Notes, err)
	}
}

func TestWhatARuleKeepsFiringSaysSo(t *testing.T) {
	f := newFakeServer(t)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/rules") {
			return false
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"A","query":"x","keepFiringFor":60,"alerts":[{"labels":{"alertname":"A"},"state":"firing","keepFiringSince":"2026-11-21T02:00:00Z"}]}]}]}}`))
		return true
	}
	c := f.collector(t)
	d, err := c.Open(t.Context(), sentOf(t, c)["A"].Ref, 0)
	if all := fmt.Sprint(d.Groups); err != nil || !strings.Contains(all, "condition over since 2026-11-21 02:00:00Z, the rule keeps it firing") || !strings.Contains(all, "keeps firing for 1m") {
		t.Errorf("%s, %v", all, err)
	}
}

func TestHowAlertsAreSentIsReadOrNotKnown(t *testing.T) {
	config := func(yaml string) string { return fmt.Sprintf(`{"status":"success","data":{"yaml":%q}}`, yaml) }
	for name, tc := range map[string]struct {
		status int
		body   string
		want   ops.Sending
		sent   string
	}{
		"nothing set":               {200, config("global:\n  scrape_interval: 1m\n"), ops.SendingKnown, ""},
		"external labels":           {200, config("global:\n  external_labels:\n    cluster: eu\n    pod: mine\n"), ops.SendingKnown, "alertname=Paged cluster=eu pod=a severity=page"},
		"one way drops, one not":    {200, config("alerting:\n  alertmanagers:\n  - alert_relabel_configs: [{action: drop}]\n  - alert_relabel_configs: [{regex: pod, action: labeldrop}]\n"), ops.SendingKnown, "alertname=Paged severity=page"},
		"every way drops":           {200, config("alerting:\n  alertmanagers:\n  - alert_relabel_configs: [{action: drop}]\n"), ops.SendingDropped, ""},
		"much of something else":    {200, config("global:\n  external_labels: {a: b}\nscrape_configs:\n" + strings.Repeat("- job_name: x\n", 20_000) + "alerting:\n  alert_relabel_configs: [{regex: pod, action: labeldrop}]\n"), ops.SendingKnown, "a=b alertname=Paged severity=page"},
		"a step of a later version": {200, config("alerting:\n  alert_relabel_configs:\n  - action: scramble\n"), ops.SendingUnknown, ""},
		"no YAML":                   {200, config("global: [\n"), ops.SendingUnknown, ""},
		"kept from us":              {403, `no`, ops.SendingUnknown, ""},
		"not there":                 {404, `no`, ops.SendingUnknown, ""},
		"no answer of Prometheus":   {200, `<html>`, ops.SendingUnknown, ""},
		"an answer without it":      {200, `{"status":"success","data":{}}`, ops.SendingUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeServer(t)
			f.files["rules"] = "rules-failing.json"
			f.hook = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "status/config") {
					return false
				}
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.body))
				return true
			}
			a := sentOf(t, f.collector(t))["Paged"]
			if a.Sending != tc.want || written(a.Sent) != tc.sent {
				t.Errorf("%v, %s", a.Sending, written(a.Sent))
			}
		})
	}
}

func TestSeveralThatGoOutAsOneBurnEachByItself(t *testing.T) {
	f := newFakeServer(t)
	one := `{"labels":{"alertname":"Down","pod":"%s"},"state":"firing","activeAt":"2026-11-21T02:0%d:00Z","value":"1"}`
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/rules") {
			return false
		}
		fmt.Fprintf(w, `{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"Down","query":"up == 0","alerts":[`+one+`,`+one+`]}]}]}}`, "a", 2, "b", 1)
		return true
	}
	facts, err := f.collector(t).Collect(t.Context())
	if err != nil || len(*facts.Alerts) != 2 {
		t.Fatalf("%+v, %v", facts.Alerts, err)
	}
	for _, a := range *facts.Alerts {
		oldest := ops.LabelOf(a.Labels, "pod").String() == "b"
		if oldest == (a.Ref.ID == a.Own) || written(a.Sent) != "alertname=Down cluster=eu shard=1" {
			t.Errorf("%s as %s, own %s, sent %s", written(a.Labels), a.Ref.ID, a.Own, written(a.Sent))
		}
	}
	if !slices.IsSortedFunc(*facts.Alerts, byFingerprint) {
		t.Error("they are not sorted")
	}
}
