//go:build lab

package silence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"opsdeck/actions/silence"
	"opsdeck/collectors/alertmanager"
	"opsdeck/internal/labtest"
	"opsdeck/ops"
)

// lab is the lab's Alertmanager with alerts of this test's own, read through a
// proxy that can lose answers.
type lab struct {
	*testing.T
	direct  string
	run     string
	col     *alertmanager.Collector
	actions map[string]ops.Action
	lose    atomic.Bool
}

func newLab(t *testing.T) *lab {
	t.Helper()
	labtest.Whole(t)
	l := &lab{T: t, direct: os.Getenv("OPSDECK_LAB_ALERTMANAGER_URL"), run: fmt.Sprintf("silence-%d", time.Now().UnixNano())}
	if l.direct == "" {
		t.Fatal("OPSDECK_LAB_ALERTMANAGER_URL is not set: start the lab and take its env")
	}
	target, err := url.Parse(l.direct)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method != http.MethodGet && l.lose.Load() {
			return fmt.Errorf("lost on purpose")
		}
		return nil
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusGatewayTimeout) }
	m := &http.Server{Handler: proxy}
	address := serve(t, m)
	l.col, err = alertmanager.New(alertmanager.Config{Name: "pager", Timeout: 20 * time.Second, Peers: []alertmanager.Peer{{URL: "http://ops:hunter2@" + address}}})
	if err != nil {
		t.Fatal(err)
	}
	l.actions = map[string]ops.Action{}
	for _, a := range silence.New(l.col, "pager", time.Now) {
		l.actions[a.Describe().ID.String()] = a
	}
	t.Cleanup(l.clean)
	return l
}

// clean expires what this test made and ends its alerts.
func (l *lab) clean() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	all, err := l.col.Silences(ctx)
	if err != nil {
		l.Errorf("clean up: %v", err)
	}
	for _, s := range all {
		if s.State != ops.SilenceExpired && strings.Contains(fmt.Sprint(s.Matchers), l.run) {
			if _, err := l.col.Expire(ctx, s.Ref.ID); err != nil {
				l.Errorf("clean up: %v", err)
			}
		}
	}
}

func (l *lab) post(instances ...string) {
	l.Helper()
	var alerts []map[string]any
	for _, i := range instances {
		alerts = append(alerts, map[string]any{"labels": map[string]string{"alertname": "SilenceTest", "run": l.run, "instance": i, "severity": "info"},
			"startsAt": time.Now().Add(-5 * time.Minute).UTC(), "endsAt": time.Now().Add(90 * time.Second).UTC()})
	}
	b, err := json.Marshal(alerts)
	if err != nil {
		l.Fatal(err)
	}
	resp, err := http.Post(l.direct+"/api/v2/alerts", "application/json", bytes.NewReader(b))
	if err != nil {
		l.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		l.Fatal(resp.Status)
	}
}

// board shows this test's alerts as a reading would.
func (l *lab) board() ops.Board {
	var alerts []ops.Alert
	for _, n := range l.alerts() {
		alerts = append(alerts, ops.Alert{Ref: ops.Ref{Kind: ops.KindAlert, Source: ops.Lit("prom"), ID: n.Fingerprint}, Name: ops.LabelOf(n.Labels, "alertname"),
			State: ops.AlertFiring, Labels: n.Labels, Paging: n.Paging})
	}
	return ops.Board{Alerts: []ops.Reading[[]ops.Alert]{{Source: ops.Lit("prom"), State: ops.SourceOK, At: time.Now(), Value: alerts}}}
}

func (l *lab) alerts() []ops.AlertmanagerAlert {
	l.Helper()
	all, err := l.col.Alerts(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	var out []ops.AlertmanagerAlert
	for _, a := range all {
		if ops.LabelOf(a.Labels, "run").String() == l.run {
			out = append(out, a)
		}
	}
	return out
}

// silences are this test's own, by id.
func (l *lab) silences() map[string]ops.Silence {
	l.Helper()
	all, err := l.col.Silences(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	out := map[string]ops.Silence{}
	for _, s := range all {
		if strings.Contains(fmt.Sprint(s.Matchers), l.run) {
			out[s.Ref.ID.String()] = s
		}
	}
	return out
}

type told struct{}

func (told) Progress(ops.Progress)   {}
func (told) Line(ops.Stream, string) {}
func (told) Child(ops.Process)       {}
func (told) Actor() ops.Actor        { return ops.Actor{Name: ops.Lit("ana")} }

// do plans twice, runs, and returns the plan and how it ended.
func (l *lab) do(id string, target ops.Ref, pairs ...string) (ops.Plan, ops.Result) {
	l.Helper()
	req := ops.Request{Action: ops.Clean(id), Target: target}
	for i := 0; i < len(pairs); i += 2 {
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(pairs[i]), Value: ops.Clean(pairs[i+1])})
	}
	p, err := l.actions[id].Plan(l.Context(), l.board(), req)
	if err != nil {
		l.Fatal(err)
	}
	if again, err := l.actions[id].Plan(l.Context(), l.board(), req); err != nil || !reflect.DeepEqual(p, again) {
		l.Errorf("planned again: %+v, %v; first %+v", again, err, p)
	}
	res, err := l.actions[id].Run(l.Context(), p, told{})
	if err != nil {
		l.Fatal(err)
	}
	l.Log(res.What)
	return p, res
}

func TestLabLifeCycle(t *testing.T) {
	l := newLab(t)
	l.post("a", "b", "c\x1b[2J\n\u202e")
	var target ops.Ref
	for _, a := range l.board().Alerts[0].Value {
		if strings.HasPrefix(ops.LabelOf(a.Labels, "instance").String(), "c") {
			target = a.Ref
		}
	}
	// By default the alert alone, hostile label and all; the answer is lost.
	l.lose.Store(true)
	p, res := l.do("silence.create", target, "comment", "it's \"known\"", "duration", "15m", "purpose", "ack")
	l.lose.Store(false)
	if !strings.Contains(fmt.Sprint(p.Warnings), "hits 1 alert now, 33 % of the 3 that fire") || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), "it hides 1 alert; the answer was lost") {
		t.Fatalf("%v, %+v", p.Warnings, res)
	}
	if n := len(l.silences()); n != 1 {
		t.Fatalf("%d silences", n)
	}
	if strings.Contains(fmt.Sprint(p), "hunter2") {
		t.Error("the plan shows the password")
	}
	_, again := l.do("silence.create", target, "comment", "it's \"known\"", "duration", "15m", "purpose", "ack")
	if n := len(l.silences()); n != 1 || !strings.Contains(again.What.String(), "there already") {
		t.Errorf("%d silences, %s", n, again.What)
	}
	var s ops.Silence
	for _, s = range l.silences() {
	}
	if s.By.String() != "ana" || s.Purpose != ops.PurposeAck || s.State != ops.SilenceActive {
		t.Errorf("%+v", s)
	}
	p, _ = l.do("silence.extend", s.Ref, "by", "1h")
	if got := l.silences()[s.Ref.ID.String()]; len(l.silences()) != 1 || got.Ends.Sub(s.Ends) != time.Hour || !strings.Contains(fmt.Sprint(p.Warnings), "hits 1 alert now") {
		t.Errorf("%+v, %v", got, p.Warnings)
	}
	p, _ = l.do("silence.expire", s.Ref)
	if got := l.silences()[s.Ref.ID.String()]; got.State != ops.SilenceExpired || !strings.Contains(fmt.Sprint(p.Warnings), "1 alert can page again") {
		t.Errorf("%+v, %v", got, p.Warnings)
	}
	for _, a := range l.alerts() {
		if a.Paging.State != ops.PagingActive {
			t.Errorf("%+v", a)
		}
	}
	req := ops.Request{Target: s.Ref}
	if _, err := l.actions["silence.expire"].Plan(t.Context(), ops.Board{}, req); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("expired twice: %v", err)
	}
}

func TestLabMaintenance(t *testing.T) {
	l := newLab(t)
	estate := ops.NewRef(ops.KindEstate, "", "lab")
	from := time.Now().Add(time.Hour).UTC().Truncate(time.Minute)
	_, res := l.do("maintenance.start", estate, "matchers", "run="+l.run, "from", from.Format("2006-01-02T15:04Z"), "duration", "30m", "comment", "new disk")
	if res.State != ops.JobSucceeded || len(l.silences()) != 1 {
		t.Fatalf("%+v", res)
	}
	for _, s := range l.silences() {
		if s.State != ops.SilencePending || s.Purpose != ops.PurposeMaintenance || !s.Starts.Equal(from) || !s.Ends.Equal(from.Add(30*time.Minute)) {
			t.Errorf("%+v", s)
		}
		l.do("silence.expire", s.Ref)
	}
}

// TestLabByHand gives the line of a plan to a shell with the real amtool: what it
// makes is the same silence.
func TestLabByHand(t *testing.T) {
	l := newLab(t)
	evil := `$(id) '; "x" \n back\slash` + "\x1b[31m ü"
	l.post("a", evil)
	for _, a := range l.board().Alerts[0].Value {
		req := ops.Request{Target: a.Ref, Params: []ops.Param{{Name: ops.Lit("comment"), Value: ops.Clean("by hand " + evil)}, {Name: ops.Lit("duration"), Value: ops.Lit("5m")}}}
		p, err := l.actions["silence.create"].Plan(t.Context(), l.board(), req)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.TrimPrefix(p.Notes[0].String(), "by hand: ")
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", line).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
		made, ok := l.silences()[strings.TrimSpace(string(out))]
		if !ok || made.Comment != ops.Clean("by hand "+evil) || len(made.Matchers) != 4 || (made.Ends.Sub(made.Starts)-5*time.Minute).Abs() > 10*time.Second {
			t.Errorf("%s made %+v", line, made)
		}
		for _, n := range l.alerts() {
			if n.Fingerprint == a.Ref.ID && n.Paging.State != ops.PagingSilenced {
				t.Errorf("%s does not hit %+v", line, n)
			}
		}
	}
}

// serve runs srv on a free port and returns its address.
func serve(t *testing.T, srv *http.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return l.Addr().String()
}
