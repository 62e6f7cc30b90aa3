package sim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Alerting is how the simulated Prometheus sends its alerts, and what becomes of them.
// The zero value sends all as they are, from one server.
type Alerting struct {
	// Replicas are the values that each server of a pair has as its external label
	// replica. It is taken away before Alertmanager sees it.
	Replicas []string
	// External are labels that are added to what is sent.
	External map[string]string
	// DropLabels are labels that are taken away of what is sent, Drop the labels of
	// alerts that are not sent at all.
	DropLabels []string
	Drop       map[string]string
	// Closed servers do not show their configuration.
	Closed bool
	// Muted are receivers whose route a time interval mutes. With one, the
	// Alertmanager is new enough to tell.
	Muted []string
	// Fails is the name of a recording rule that fails.
	Fails string
}

// mutedBy is the time interval, and mutingVersion the server that tells of it.
const (
	mutedBy       = "night"
	mutingVersion = "0.28.1"
)

// config is the configuration of a Prometheus, as it prints it.
func (a Alerting) config(replica int) string {
	external := maps.Clone(a.External)
	drop := a.DropLabels
	if len(a.Replicas) > 0 {
		if external == nil {
			external = map[string]string{}
		}
		external["replica"], drop = a.Replicas[replica], append(slices.Clone(drop), "replica")
	}
	var b strings.Builder
	b.WriteString("global:\n  evaluation_interval: 5s\n")
	if len(external) > 0 {
		b.WriteString("  external_labels:\n")
	}
	for _, name := range slices.Sorted(maps.Keys(external)) {
		fmt.Fprintf(&b, "    %s: %q\n", name, external[name])
	}
	b.WriteString("alerting:\n  alert_relabel_configs:\n")
	for _, name := range slices.Sorted(maps.Keys(a.Drop)) {
		fmt.Fprintf(&b, "  - source_labels: [%s]\n    regex: %q\n    action: drop\n", name, a.Drop[name])
	}
	for _, name := range drop {
		fmt.Fprintf(&b, "  - regex: %q\n    action: labeldrop\n", name)
	}
	return b.String()
}

// sent are the labels with which an alert goes out; false: it does not.
func (a Alerting) sent(labels model.LabelSet) (model.LabelSet, bool) {
	out := labels.Clone()
	for name, value := range a.External {
		if out[model.LabelName(name)] == "" {
			out[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	for name, value := range a.Drop {
		if string(out[model.LabelName(name)]) == value {
			return nil, false
		}
	}
	for _, name := range a.DropLabels {
		delete(out, model.LabelName(name))
	}
	return out, true
}

// routes is the configuration of the Alertmanager, as it prints it.
func (w *World) routes() string {
	out := fmt.Sprintf("route:\n  receiver: %s\n", w.script.receiver(""))
	if len(w.alerting.Muted) > 0 {
		out += "  routes:\n"
	}
	for _, to := range w.alerting.Muted {
		out += fmt.Sprintf("  - receiver: %s\n    mute_time_intervals:\n    - %s\n", to, mutedBy)
	}
	return out
}

// pagerVersion is what the Alertmanager calls itself.
func (w *World) pagerVersion() string {
	if len(w.alerting.Muted) > 0 {
		return mutingVersion
	}
	return w.script.Versions.Alertmanager
}

// mute tells in a group of alerts, and nowhere else, that its route is muted.
func (w *World) mute(g *groupedAnswer) {
	if !slices.Contains(w.alerting.Muted, g.Receiver.Name) {
		return
	}
	for i := range g.Alerts {
		g.Alerts[i].Status.MutedBy, g.Alerts[i].Status.State = []string{mutedBy}, "suppressed"
	}
}

// failing is the recording rule that fails, as /rules has it.
func (a Alerting) failing(at time.Time) groupAnswer {
	return groupAnswer{Name: "records", File: "/etc/prometheus/records.yml", Interval: 5, LastEvaluation: at.UTC(), Rules: []ruleAnswer{{
		Name: a.Fails, Query: "a / on(job) b", Health: "err", LastError: "found duplicate series for the match group: many-to-many matching not allowed",
		LastEvaluation: at.UTC(), Type: "recording"}}}
}

// Freeze lets the Prometheus servers take connections and answer nothing, as a stopped
// process does. Their last evaluation is that of a moment, which may be to come.
func (w *World) Freeze(last time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen = last
}

// Thaw lets them go on.
func (w *World) Thaw() { w.Freeze(time.Time{}) }

// freezes wraps the handler of a Prometheus.
func (w *World) freezes(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		frozen := !w.frozen.IsZero()
		w.mu.Unlock()
		if frozen {
			<-r.Context().Done()
			return
		}
		h.ServeHTTP(rw, r)
	})
}
