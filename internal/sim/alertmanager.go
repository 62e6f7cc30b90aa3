package sim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/common/model"
)

// Alertmanager returns the handler of the simulated Alertmanager. generator is
// the address of the Prometheus that its alerts come from.
func (w *World) Alertmanager(generator string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/status", w.serve(func(rw http.ResponseWriter, _ *http.Request, _ time.Time) {
		send(rw, http.StatusOK, map[string]any{
			"cluster": map[string]any{"peers": []any{}, "status": "disabled"}, "config": map[string]string{"original": w.routes()},
			"uptime": w.started().UTC(), "versionInfo": map[string]string{"version": w.pagerVersion(), "branch": "simulated", "revision": "simulated"}})
	}))
	mux.HandleFunc("GET /api/v2/alerts", w.serve(func(rw http.ResponseWriter, _ *http.Request, now time.Time) {
		send(rw, http.StatusOK, w.notified(now, generator))
	}))
	mux.HandleFunc("GET /api/v2/alerts/groups", w.serve(func(rw http.ResponseWriter, _ *http.Request, now time.Time) {
		send(rw, http.StatusOK, w.groups(w.notified(now, generator)))
	}))
	mux.HandleFunc("GET /api/v2/receivers", w.serve(func(rw http.ResponseWriter, _ *http.Request, _ time.Time) { send(rw, http.StatusOK, w.receivers()) }))
	mux.HandleFunc("GET /api/v2/silences", w.serve(func(rw http.ResponseWriter, _ *http.Request, now time.Time) {
		out := []silence{}
		for _, s := range w.silences {
			out = append(out, s.answer(now))
		}
		slices.SortStableFunc(out, newestFirst)
		send(rw, http.StatusOK, out)
	}))
	mux.HandleFunc("POST /api/v2/silences", w.serve(w.postSilence))
	mux.HandleFunc("GET /api/v2/silence/{id}", w.serve(func(rw http.ResponseWriter, r *http.Request, now time.Time) {
		if s := w.silence(r.PathValue("id")); s != nil {
			send(rw, http.StatusOK, s.answer(now))
			return
		}
		rw.WriteHeader(http.StatusNotFound)
	}))
	mux.HandleFunc("DELETE /api/v2/silence/{id}", w.serve(w.deleteSilence))
	ok := w.serve(func(rw http.ResponseWriter, _ *http.Request, _ time.Time) { _, _ = rw.Write([]byte("OK")) })
	mux.HandleFunc("/-/healthy", ok)
	mux.HandleFunc("/-/ready", ok)
	return mux
}

// bodyMost bounds what is read of a request.
const bodyMost = 1 << 20

func (w *World) postSilence(rw http.ResponseWriter, r *http.Request, now time.Time) {
	var in silence
	if err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, bodyMost)).Decode(&in); err != nil {
		send(rw, http.StatusBadRequest, map[string]any{"code": http.StatusBadRequest, "message": err.Error()})
		return
	}
	id, found, err := w.put(in, now)
	switch {
	case !found:
		send(rw, http.StatusNotFound, err.Error())
	case err != nil:
		send(rw, http.StatusBadRequest, err.Error())
	default:
		send(rw, http.StatusOK, map[string]string{"silenceID": id})
	}
}

func (w *World) deleteSilence(rw http.ResponseWriter, r *http.Request, now time.Time) {
	s := w.silence(r.PathValue("id"))
	switch {
	case s == nil:
		send(rw, http.StatusNotFound, "silence not found")
	case s.state(now) == "expired":
		send(rw, http.StatusInternalServerError, "silence "+s.ID+" already expired")
	default:
		s.EndsAt, s.UpdatedAt = now, now
		rw.WriteHeader(http.StatusOK)
	}
}

type notifiedAnswer struct {
	Annotations  map[string]string `json:"annotations"`
	EndsAt       time.Time         `json:"endsAt"`
	Fingerprint  string            `json:"fingerprint"`
	Receivers    []nameAnswer      `json:"receivers"`
	StartsAt     time.Time         `json:"startsAt"`
	Status       pagingAnswer      `json:"status"`
	UpdatedAt    time.Time         `json:"updatedAt"`
	GeneratorURL string            `json:"generatorURL"`
	Labels       model.LabelSet    `json:"labels"`
}

type nameAnswer struct {
	Name string `json:"name"`
}

type pagingAnswer struct {
	InhibitedBy []string `json:"inhibitedBy"`
	SilencedBy  []string `json:"silencedBy"`
	MutedBy     []string `json:"mutedBy,omitzero"` // absent before 0.28
	State       string   `json:"state"`
}

// resendFor is how long an alert stays without being sent again.
const resendFor = 4 * time.Minute

// notified are the alerts that Prometheus has sent: those that fire.
func (w *World) notified(now time.Time, generator string) []notifiedAnswer {
	at := w.evaluated(now)
	out := []notifiedAnswer{}
	if !w.frozen.IsZero() && at.After(w.frozen) {
		at = w.evaluated(w.frozen)
	}
	if now.Sub(at) > resendFor {
		return out
	}
	for _, r := range w.rules {
		link := generator + "/graph?g0.expr=" + url.QueryEscape(r.Expr) + "&g0.tab=1"
		for _, a := range w.alerts(r, at) {
			labels, goes := w.alerting.sent(a.labels)
			if !a.firing || !goes {
				continue
			}
			n := notifiedAnswer{Annotations: a.annotations, Labels: labels, Fingerprint: labels.Fingerprint().String(), GeneratorURL: link,
				StartsAt: a.fired.UTC(), UpdatedAt: at.UTC(), EndsAt: at.Add(resendFor).UTC(),
				Receivers: []nameAnswer{{w.script.receiver(string(labels["severity"]))}},
				Status:    pagingAnswer{InhibitedBy: []string{}, SilencedBy: w.silencedBy(labels, now), State: "active"}}
			if len(w.alerting.Muted) > 0 {
				n.Status.MutedBy = []string{}
			}
			if len(n.Status.SilencedBy) > 0 {
				n.Status.State = "suppressed"
			}
			out = append(out, n)
		}
	}
	return out
}

type groupedAnswer struct {
	Labels   model.LabelSet   `json:"labels"`
	Receiver nameAnswer       `json:"receiver"`
	Alerts   []notifiedAnswer `json:"alerts"`
}

// groups puts alerts together by name and receiver.
func (w *World) groups(all []notifiedAnswer) []groupedAnswer {
	out := []groupedAnswer{}
	for _, n := range all {
		name := n.Labels[model.AlertNameLabel]
		i := slices.IndexFunc(out, func(g groupedAnswer) bool {
			return g.Labels[model.AlertNameLabel] == name && g.Receiver == n.Receivers[0]
		})
		if i < 0 {
			i = len(out)
			out = append(out, groupedAnswer{Labels: model.LabelSet{model.AlertNameLabel: name}, Receiver: n.Receivers[0]})
		}
		out[i].Alerts = append(out[i].Alerts, n)
	}
	for i := range out {
		w.mute(&out[i])
	}
	return out
}

func (w *World) receivers() []nameAnswer {
	out := []nameAnswer{}
	for _, name := range w.script.Receivers {
		out = append(out, nameAnswer{name})
	}
	slices.SortFunc(out, func(a, b nameAnswer) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(out)
}
