package silence

import (
	"context"
	"fmt"
	"testing"
	"time"

	"opsdeck/ops"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fakeCluster is a client whose cluster the test sets.
type fakeCluster struct {
	silences []ops.Silence
	alerts   []ops.AlertmanagerAlert
	posted   []ops.Silence
	extended []time.Time
	newID    string // of an extended silence
	expired  []ops.Text
	notes    []ops.Text
	deaf     bool // accepts silences and does not apply them
	err      error
}

func (f *fakeCluster) URL() ops.Text                                   { return ops.Lit("http://pager:9093") }
func (f *fakeCluster) Silences(context.Context) ([]ops.Silence, error) { return f.silences, f.err }
func (f *fakeCluster) Alerts(context.Context) ([]ops.AlertmanagerAlert, error) {
	return f.alerts, f.err
}
func (f *fakeCluster) Expire(_ context.Context, id ops.Text) ([]ops.Text, error) {
	f.expired = append(f.expired, id)
	return f.notes, f.err
}

func (f *fakeCluster) Post(_ context.Context, s ops.Silence) (ops.Text, []ops.Text, error) {
	if f.err != nil {
		return ops.Text{}, nil, f.err
	}
	f.posted = append(f.posted, s)
	id := ops.Textf("new-%d", len(f.posted))
	s.Ref = ops.Ref{Kind: ops.KindSilence, Source: ops.Lit("pager"), ID: id}
	s.State = ops.SilencePending
	f.silences = append(f.silences, s)
	sel, err := ops.Compile(s.Matchers)
	for i := range f.alerts {
		if a := &f.alerts[i]; err == nil && !f.deaf && s.Starts.IsZero() && sel.Match(a.Labels) {
			a.Paging.SilencedBy = append(a.Paging.SilencedBy, id)
		}
	}
	return id, f.notes, err
}

func (f *fakeCluster) Extend(_ context.Context, id ops.Text, ends time.Time) (ops.Text, []ops.Text, error) {
	f.extended = append(f.extended, ends)
	if f.newID != "" {
		id = ops.Clean(f.newID)
	}
	return id, f.notes, f.err
}

// notes collects what a run tells.
type notes struct{ got []string }

func (n *notes) Progress(p ops.Progress)     { n.got = append(n.got, p.Note.String()) }
func (n *notes) Line(_ ops.Stream, s string) { n.got = append(n.got, s) }
func (n *notes) Child(p ops.Process)         { n.got = append(n.got, fmt.Sprint(p)) }
func (n *notes) Actor() ops.Actor            { return ops.Actor{Name: ops.Lit("ana")} }

func labels(pairs ...string) []ops.Label {
	var out []ops.Label
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, ops.Label{Name: ops.Clean(pairs[i]), Value: ops.Clean(pairs[i+1])})
	}
	return out
}

func alert(id string, rank ops.Rank, pairs ...string) ops.Alert {
	ls := labels(pairs...)
	return ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", id), Name: ops.LabelOf(ls, "alertname"), State: ops.AlertFiring,
		Severity: ops.Severity{Rank: rank}, Labels: ls}
}

// theBoard has four firing alerts and a pending one.
func theBoard() ops.Board {
	down := alert("1", ops.RankCritical, "alertname", "Down", "instance", "a:80", "service", "web")
	silenced := alert("3", ops.RankInfo, "alertname", "Slow", "service", "web")
	silenced.Paging = ops.Paging{State: ops.PagingSilenced, SilencedBy: []ops.Text{ops.Lit("s-1")}}
	pending := alert("5", ops.RankCritical, "alertname", "Down", "instance", "c:80", "service", "web")
	pending.State = ops.AlertPending
	return ops.Board{
		Sources: []ops.Source{{Name: ops.Lit("pager"), State: ops.SourceOK}},
		Alerts: []ops.Reading[[]ops.Alert]{{Source: ops.Lit("prom"), State: ops.SourceOK, At: noon, Value: []ops.Alert{
			down, alert("2", ops.RankHigh, "alertname", "Down", "instance", "b:80", "service", "web"), silenced,
			alert("4", ops.RankMedium, "alertname", "Full", "service", "db"), pending,
		}}, {Source: ops.Lit("pager"), State: ops.SourceOK, At: noon}},
	}
}

func held() ops.Silence {
	return ops.Silence{Ref: ops.NewRef(ops.KindSilence, "pager", "s-1"), State: ops.SilenceActive, By: ops.Lit("bob"), Comment: ops.Lit("known"),
		Matchers: []ops.Matcher{{Name: ops.Lit("alertname"), Value: ops.Lit("Slow")}}, Starts: noon.Add(-time.Hour), Ends: noon.Add(time.Hour)}
}

// actionsOf returns the four actions by id.
func actionsOf(t *testing.T, c Client) map[string]ops.Action {
	t.Helper()
	out := map[string]ops.Action{}
	for _, a := range New(c, "pager", func() time.Time { return noon }) {
		out[a.Describe().ID.String()] = a
		switch a := a.(type) {
		case *create:
			a.watch, a.lookEvery = 20*time.Millisecond, time.Millisecond
		case *maintain:
			a.watch, a.lookEvery = 20*time.Millisecond, time.Millisecond
		}
	}
	return out
}

func request(action string, target ops.Ref, pairs ...string) ops.Request {
	req := ops.Request{Action: ops.Clean(action), Target: target}
	for i := 0; i < len(pairs); i += 2 {
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(pairs[i]), Value: ops.Clean(pairs[i+1])})
	}
	return req
}

func alertRef(id string) ops.Ref { return ops.NewRef(ops.KindAlert, "prom", id) }

var (
	estateRef  = ops.NewRef(ops.KindEstate, "", "shop")
	silenceRef = ops.NewRef(ops.KindSilence, "pager", "s-1")
)
