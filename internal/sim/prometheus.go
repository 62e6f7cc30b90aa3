package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// Prometheus returns the handler of the simulated Prometheus. pager is the
// address of the Alertmanager that it says it sends to.
func (w *World) Prometheus(pager string) http.Handler { return w.replica(pager, 0) }

// replica is one of the Prometheus servers that are made alike.
func (w *World) replica(pager string, replica int) http.Handler {
	mux := http.NewServeMux()
	get := func(path string, data func(r *http.Request, now time.Time) (any, error)) {
		mux.HandleFunc("/api/v1/"+path, w.serve(func(rw http.ResponseWriter, r *http.Request, now time.Time) {
			v, err := data(r, now)
			if err != nil {
				send(rw, http.StatusBadRequest, map[string]any{"status": "error", "errorType": "bad_data", "error": err.Error()})
				return
			}
			send(rw, http.StatusOK, map[string]any{"status": "success", "data": v})
		}))
	}
	get("rules", func(r *http.Request, now time.Time) (any, error) { return w.ruleGroups(now), nil })
	get("alerts", func(r *http.Request, now time.Time) (any, error) { return w.allAlerts(now), nil })
	get("query", w.query)
	get("query_range", w.queryRange)
	get("targets", func(r *http.Request, now time.Time) (any, error) { return w.targets(now), nil })
	get("label/__name__/values", func(*http.Request, time.Time) (any, error) { return w.metricNames(), nil })
	get("alertmanagers", func(*http.Request, time.Time) (any, error) {
		return map[string]any{"activeAlertmanagers": []any{map[string]string{"url": pager + "/api/v2/alerts"}}, "droppedAlertmanagers": []any{}}, nil
	})
	get("status/buildinfo", func(*http.Request, time.Time) (any, error) {
		return map[string]string{"version": w.script.Versions.Prometheus, "revision": "simulated", "branch": "simulated", "goVersion": "simulated"}, nil
	})
	get("status/runtimeinfo", func(*http.Request, time.Time) (any, error) {
		return map[string]any{"startTime": w.started(), "reloadConfigSuccess": true, "lastConfigTime": w.configured.Truncate(time.Second).UTC(), "corruptionCount": 0, "storageRetention": "15d"}, nil
	})
	get("status/config", func(*http.Request, time.Time) (any, error) {
		if w.alerting.Closed {
			return nil, fmt.Errorf("not for everybody")
		}
		return map[string]string{"yaml": w.alerting.config(replica)}, nil
	})
	get("status/walreplay", func(*http.Request, time.Time) (any, error) {
		return map[string]int{"min": 0, "max": 2, "current": 2}, nil
	})
	mux.HandleFunc("POST /-/reload", w.serve(func(rw http.ResponseWriter, _ *http.Request, now time.Time) {
		w.configured = now
		rw.WriteHeader(http.StatusOK)
	}))
	ok := w.serve(func(rw http.ResponseWriter, _ *http.Request, _ time.Time) {
		_, _ = rw.Write([]byte("Prometheus Server is Healthy.\n"))
	})
	mux.HandleFunc("/-/healthy", ok)
	mux.HandleFunc("/-/ready", ok)
	return w.freezes(mux)
}

// The answers' shapes, as a Prometheus writes them.
type groupAnswer struct {
	Name           string       `json:"name"`
	File           string       `json:"file"`
	Rules          []ruleAnswer `json:"rules"`
	Interval       float64      `json:"interval"`
	Limit          int          `json:"limit"`
	EvaluationTime float64      `json:"evaluationTime"`
	LastEvaluation time.Time    `json:"lastEvaluation"`
}

type ruleAnswer struct {
	State          string            `json:"state"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       float64           `json:"duration"`
	KeepFiringFor  float64           `json:"keepFiringFor"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Alerts         []alertAnswer     `json:"alerts"`
	Health         string            `json:"health"`
	EvaluationTime float64           `json:"evaluationTime"`
	LastError      string            `json:"lastError,omitempty"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Type           string            `json:"type"`
}

type alertAnswer struct {
	Labels      model.LabelSet    `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    time.Time         `json:"activeAt"`
	Value       string            `json:"value"`
}

func (a alert) answer() alertAnswer {
	state := "pending"
	if a.firing {
		state = "firing"
	}
	return alertAnswer{Labels: a.labels, Annotations: a.annotations, State: state, ActiveAt: a.activeAt.UTC(), Value: strconv.FormatFloat(a.value, 'e', -1, 64)}
}

func (w *World) ruleGroups(now time.Time) any {
	at := w.evaluated(now)
	var groups []groupAnswer
	for _, r := range w.rules {
		i := slices.IndexFunc(groups, func(g groupAnswer) bool { return g.Name == r.Group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, groupAnswer{Name: r.Group, File: "/etc/prometheus/" + r.Group + ".yml", Interval: w.script.Evaluate.d().Seconds(), EvaluationTime: 0.0006, LastEvaluation: at.UTC()})
		}
		out := ruleAnswer{State: "inactive", Name: r.Name, Query: r.Expr, Duration: r.For.d().Seconds(), Labels: r.Labels, Annotations: r.Notes,
			Alerts: []alertAnswer{}, Health: "ok", EvaluationTime: 0.0002, LastEvaluation: at.UTC(), Type: "alerting"}
		for _, a := range w.alerts(r, at) {
			made := a.answer()
			if out.Alerts = append(out.Alerts, made); out.State != "firing" {
				out.State = made.State
			}
		}
		groups[i].Rules = append(groups[i].Rules, out)
	}
	if w.alerting.Fails != "" {
		groups = append(groups, w.alerting.failing(at))
	}
	return map[string]any{"groups": groups}
}

func (w *World) allAlerts(now time.Time) any {
	all := []alertAnswer{}
	for _, r := range w.rules {
		for _, a := range w.alerts(r, w.evaluated(now)) {
			all = append(all, a.answer())
		}
	}
	return map[string]any{"alerts": all}
}

func (w *World) query(r *http.Request, now time.Time) (any, error) {
	x, err := parseExpr(r.FormValue("query"))
	if err != nil {
		return nil, err
	}
	at, err := stamp(r.FormValue("time"), now)
	if err != nil {
		return nil, err
	}
	v := x.eval(w, at)
	if v.scalar {
		return map[string]any{"resultType": "scalar", "result": model.Scalar{Value: model.SampleValue(v.number), Timestamp: model.TimeFromUnixNano(at.UnixNano())}}, nil
	}
	if v.vector == nil {
		v.vector = model.Vector{}
	}
	return map[string]any{"resultType": "vector", "result": v.vector}, nil
}

// pointsMost is what a Prometheus gives of one series at most.
const pointsMost = 11_000

func (w *World) queryRange(r *http.Request, now time.Time) (any, error) {
	x, err := parseExpr(r.FormValue("query"))
	if err != nil {
		return nil, err
	}
	from, err := stamp(r.FormValue("start"), now)
	if err != nil {
		return nil, err
	}
	to, err := stamp(r.FormValue("end"), now)
	if err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseFloat(r.FormValue("step"), 64)
	step := time.Duration(seconds * float64(time.Second))
	if err != nil || step <= 0 || to.Before(from) || to.Sub(from)/step > pointsMost {
		return nil, notUnderstood("start, end and step")
	}
	found := map[string]*model.SampleStream{}
	matrix := model.Matrix{}
	for t := from; !t.After(to); t = t.Add(step) {
		v := x.eval(w, t)
		if v.scalar {
			v.vector = model.Vector{{Metric: model.Metric{}, Value: model.SampleValue(v.number), Timestamp: model.TimeFromUnixNano(t.UnixNano())}}
		}
		for _, s := range v.vector {
			key := s.Metric.String()
			if found[key] == nil {
				found[key] = &model.SampleStream{Metric: s.Metric}
				matrix = append(matrix, found[key])
			}
			found[key].Values = append(found[key].Values, model.SamplePair{Timestamp: s.Timestamp, Value: s.Value})
		}
	}
	return map[string]any{"resultType": "matrix", "result": matrix}, nil
}

// stamp reads a time in unix seconds or RFC 3339; empty is now.
func stamp(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now, nil
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		return time.UnixMilli(int64(v*1000 + 0.5)), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, notUnderstood(s)
	}
	return t, nil
}

func (w *World) metricNames() []string {
	names := []string{}
	for name := range w.series {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// targets are what it scrapes: every container.
func (w *World) targets(now time.Time) any {
	active := []any{}
	for _, s := range w.series["up"] {
		v, ok := s.at(now)
		if !ok {
			continue
		}
		health, lastError := "up", ""
		address := string(s.labels["instance"])
		if v == 0 {
			health, lastError = "down", "Get \"http://"+address+"/metrics\": dial tcp "+address+": connect: connection refused"
		}
		active = append(active, map[string]any{
			"labels": map[string]string{"job": string(s.labels["job"]), "instance": address, "service": string(s.labels["service"])}, "discoveredLabels": map[string]string{"__address__": address},
			"scrapePool": s.labels["job"], "scrapeUrl": "http://" + address + "/metrics", "health": health, "lastError": lastError,
			"lastScrape": w.evaluated(now).UTC(), "lastScrapeDuration": 0.003, "scrapeInterval": "5s", "scrapeTimeout": "5s"})
	}
	return map[string]any{"activeTargets": active, "droppedTargets": []any{}}
}
