package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestCollectReadsWhatAServerAnswered(t *testing.T) {
	f := newFakeServer(t)
	facts, err := f.collector(t).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]ops.Alert{}
	for _, a := range *facts.Alerts {
		byName[a.Name.String()] = a
	}
	down := byName["TargetDown"]
	if down.State != ops.AlertFiring || down.Severity.Rank != ops.RankCritical || down.Since.IsZero() || down.Value != ops.Num(0) ||
		down.Summary.String() != "127.0.0.1:1 down" || down.Expr.String() != "up == 0" || down.Runbook.Empty() || len(down.Ref.ID.String()) != 16 {
		t.Errorf("TargetDown: %+v", down)
	}
	for _, l := range down.Labels {
		if l.Name.String() == "evil" && l.Value.String() != "␛[31mred<U+202E>rtl" {
			t.Errorf("hostile label: %q", l.Value)
		}
	}
	if a := byName["PendingLong"]; a.State != ops.AlertPending || !a.Value.Known {
		t.Errorf("PendingLong: %+v", a)
	}
	for _, name := range []string{"NaNRule", "Inf"} {
		if a := byName[name]; a.State != ops.AlertFiring || a.Value.Known {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if _, err := json.Marshal(facts.Alerts); err != nil {
		t.Errorf("alerts cannot travel: %v", err)
	}
	notes := fmt.Sprint(facts.Notes)
	for _, want := range []string{"rule Broken fails: found duplicate series", "not evaluated yet: 1 of 8 alert rules",
		"1 of 2 targets are down", "nobody is paged"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in %s", want, notes)
		}
	}
	if strings.Contains(notes, "clock") || strings.Contains(notes, "configuration") || facts.Version.String() != "2.42.0+ds" {
		t.Errorf("version %s, notes %s", facts.Version, notes)
	}
}

func TestCollectAsksForTheServersStateAtItsOwnPace(t *testing.T) {
	f := newFakeServer(t)
	c := f.collector(t)
	now := recordedAt
	c.cfg.Now = func() time.Time { return now }
	count := func() (slow, all int) {
		if _, err := c.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, call := range f.calls {
			if call == "targets" {
				t.Error("the heavy /targets was polled")
			}
			if strings.HasPrefix(call, "status/") {
				slow++
			}
		}
		all, f.calls = len(f.calls), nil
		return slow, all
	}
	if slow, _ := count(); slow != 3 {
		t.Errorf("first: %d", slow)
	}
	f.mu.Lock()
	f.files["alertmanagers"] = "alertmanagers-one.json"
	f.mu.Unlock()
	if slow, _ := count(); slow != 3 {
		t.Errorf("that nobody is paged is not asked again: %d", slow)
	}
	if slow, all := count(); slow != 0 || all != 3 {
		t.Errorf("third: %d of %d", slow, all)
	}
	f.mu.Lock()
	f.files["status/runtimeinfo"] = "runtimeinfo-reload-failed.json"
	f.mu.Unlock()
	now = now.Add(slowEvery)
	facts, err := c.Collect(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(facts.Notes), "its last configuration was not accepted; it runs on the one of 2026-11-21 18:40:08Z") {
		t.Errorf("notes: %v, %v", facts.Notes, err)
	}
}

func TestServerThatDoesNotAnswerProperly(t *testing.T) {
	f := newFakeServer(t)
	text := func(status int, kind, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, walReplay) {
				return false
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	for name, tc := range map[string]struct {
		hook  func(http.ResponseWriter, *http.Request) bool
		code  ops.Code
		words string
	}{
		"has its log read":   {text(503, "text/plain; charset=utf-8", "Service Unavailable"), ops.CodeUnavailable, "it starts or stops"},
		"asks for a name":    {text(401, "text/plain", "Unauthorized\n"), ops.CodeDenied, "401"},
		"forbids":            {text(403, "application/json", `{"status":"error","error":"no"}`), ops.CodeDenied, "403"},
		"is a login page":    {text(200, "text/html; charset=utf-8", "<html>log in</html>"), ops.CodeUnavailable, "answers with text/html"},
		"is another JSON":    {text(200, "application/json", `{"hello":1}`), ops.CodeUnavailable, "application/json"},
		"has another prefix": {text(404, "text/plain", "404 page not found\n"), ops.CodeNotFound, "--web.external-url"},
		"is a dead proxy":    {text(502, "text/html", "<h1>Bad Gateway</h1>\n<p>x"), ops.CodeInternal, "502 Bad Gateway: <h1>Bad Gateway</h1>"},
		"redirects":          {text(302, "text/html", ""), ops.CodeUnavailable, "302"},
		"times out itself":   {text(503, "application/json", `{"status":"error","errorType":"timeout","error":"query timed out"}`), ops.CodeUnavailable, "query timed out"},
		"half an answer":     {text(200, "application/json", `{"status":"success","data":{"groups":[{"na`), ops.CodeUnavailable, "not as a Prometheus"},
	} {
		t.Run(name, func(t *testing.T) {
			f.mu.Lock()
			f.hook = tc.hook
			f.mu.Unlock()
			_, err := f.collector(t).Collect(t.Context())
			if err == nil || ops.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("%v: %v", ops.CodeOf(err), err)
			}
		})
	}
}

func TestServerThatReplaysItsLog(t *testing.T) {
	f := newFakeServer(t)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, walReplay) {
			_, _ = w.Write([]byte(`{"status":"success","data":{"min":0,"max":4,"current":1}}`))
			return true
		}
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return true
	}
	_, err := f.collector(t).Collect(t.Context())
	if ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "replaying WAL 1/4") {
		t.Errorf("%v", err)
	}
}

func TestServerThatCannotBeReached(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts by its backlog, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	for name, tc := range map[string]struct {
		addr string
		is   error
	}{
		"frozen": {silent.Addr().String(), context.DeadlineExceeded},
		"down":   {closed.Addr().String(), syscall.ECONNREFUSED},
	} {
		c := testCollector(t, "http://user:hunter2@"+tc.addr+"/")
		c.cfg.Timeout = 200 * time.Millisecond
		_, err := c.Collect(t.Context())
		if !errors.Is(err, tc.is) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "http://") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBodyThatStalls(t *testing.T) {
	f := newFakeServer(t)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"status":"succ`))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	}
	c := f.collector(t)
	c.cfg.Timeout = 200 * time.Millisecond
	if _, err := c.Collect(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestUserinfoServesAsBasicAuthAndIsNotShown(t *testing.T) {
	f := newFakeServer(t)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		if user == "ana" && password == "hunter2" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	c := testCollector(t, strings.Replace(f.URL, "http://", "http://ana:hunter2@", 1)+"/prefix")
	if _, err := c.Collect(t.Context()); err != nil {
		t.Error(err)
	}
	d, err := c.Open(t.Context(), ops.NewRef(ops.KindSource, "", "prom"), 0)
	if err != nil || strings.Contains(fmt.Sprint(d), "hunter2") {
		t.Errorf("%v, %v", d, err)
	}
}

func TestNewRefusesAnAddressWithoutRepeatingIt(t *testing.T) {
	for _, url := range []string{"", "localhost:9090", "ftp://ana:hunter2@h", "http://ana:hunter2@h:bad port", "http://h/?token=hunter2"} {
		_, err := New(Config{Name: "prom", URL: url})
		if ops.CodeOf(err) != ops.CodeInvalid || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestWarningsOfAQueryBecomeNotes(t *testing.T) {
	f := newFakeServer(t)
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.FormValue("query") != "count(up)" {
			return false
		}
		_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["remote read: partial \u001b[2J"],"infos":["not a counter"]}`))
		return true
	}
	facts, err := f.collector(t).Collect(t.Context())
	notes := fmt.Sprint(facts.Notes)
	if err != nil || !strings.Contains(notes, "remote read: partial ␛[2J") || !strings.Contains(notes, "not a counter") || !strings.Contains(notes, "it scrapes nothing") {
		t.Errorf("%s, %v", notes, err)
	}
}

func TestHowManyTargetsThereAreIsNotKnownWhereTheCountIsNoNumber(t *testing.T) {
	f := newFakeServer(t)
	f.files["query?count(up)"] = "query-nan.json"
	facts, err := f.collector(t).Collect(t.Context())
	if got := fmt.Sprint(facts.Notes); err != nil || !strings.Contains(got, "1 target down, of how many is not known: ") || strings.Contains(got, " of 0 ") {
		t.Errorf("%s, %v", got, err)
	}
}
