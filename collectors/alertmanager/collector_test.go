package alertmanager

import (
	"context"
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

func collect(t *testing.T, c *Collector) ops.Observation {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func notesOf(f ops.Observation) string {
	var words []string
	for _, n := range f.Notes {
		words = append(words, n.String())
	}
	return strings.Join(words, "\n")
}

func TestCollectReadsWhatAServerAnswered(t *testing.T) {
	f := collect(t, collectorOf(t, newFakePeer(t, newStore(t)).URL))
	if len(*f.AlertmanagerAlerts) != 2 || len(f.Notes) != 0 || f.Version.String() != "0.25.0" {
		t.Fatalf("%+v", f)
	}
	down, slow := (*f.AlertmanagerAlerts)[0], (*f.AlertmanagerAlerts)[1]
	if down.Fingerprint.String() != "664975df45a385d0" || down.Paging.State != ops.PagingSilenced || len(down.Paging.SilencedBy) != 1 ||
		down.Expr.String() != "up == 0" || down.Summary.String() != "web is down" || down.Runbook.Empty() || down.Starts.IsZero() ||
		down.Paging.Source.String() != "pager" || fmt.Sprint(down.Paging.Receivers) != "[platform-page operations]" || down.Paging.Updated.IsZero() {
		t.Errorf("%+v", down)
	}
	if slow.Paging.State != ops.PagingActive || ops.LabelOf(slow.Labels, "severity").String() != "info" {
		t.Errorf("%+v", slow)
	}
	if strings.Contains(fmt.Sprintf("%+v", f), "secret") {
		t.Error("the rest of the generatorURL was kept")
	}
	p := f.Peers[0]
	if p.State != ops.SourceOK || p.Count != 2 || !p.At.Equal(recordedAt) || p.Up.Year() != 2026 {
		t.Errorf("%+v", p)
	}
	byState := map[ops.SilenceState]ops.Silence{}
	for _, s := range *f.Silences {
		byState[s.State] = s
	}
	s := byState[ops.SilenceActive]
	if len(byState) != 2 || s.Purpose != ops.PurposeAck || s.By.String() != "ana" || s.Ref.String() != "silence:pager/5ce268e6-eff8-4dbf-8dec-fea8ce1668d4" ||
		fmt.Sprint(s.Matchers) != `[alertname="RecordedDown" run="recorder14925" severity!~"info|medium"]` || s.Ends.Sub(s.Starts) < 9*time.Minute {
		t.Errorf("%+v", byState)
	}
}

func TestExpiredSilencesAreShownForAnHour(t *testing.T) {
	c := collectorOf(t, newFakePeer(t, newStore(t)).URL)
	for after, want := range map[time.Duration]int{59 * time.Minute: 2, 61 * time.Minute: 1} {
		c.cfg.Now = func() time.Time { return recordedAt.Add(after) }
		c.peers[0].now = func() time.Time { return recordedAt } // the clocks agree
		if f := collect(t, c); len(*f.Silences) != want {
			t.Errorf("after %s: %d silences", after, len(*f.Silences))
		}
	}
}

func TestAnswersOfOtherVersions(t *testing.T) {
	for name, c := range map[string]struct {
		alerts string
		state  ops.PagingState
		notes  string
	}{
		"muted by an interval":         {`[{"labels":{"alertname":"A"},"status":{"state":"suppressed","mutedBy":["nights"],"silencedBy":[],"inhibitedBy":[]},"new":{"x":1}}]`, ops.PagingMuted, ""},
		"inhibited":                    {`[{"status":{"state":"suppressed","inhibitedBy":["36e3a0281d98d912"]}}]`, ops.PagingInhibited, ""},
		"silenced and inhibited":       {`[{"status":{"state":"suppressed","silencedBy":["s"],"inhibitedBy":["f"]}}]`, ops.PagingSilenced, ""},
		"suppressed, nobody says why":  {`[{"status":{"state":"suppressed"}}]`, ops.PagingMuted, ""},
		"not routed yet":               {`[{"status":{"state":"unprocessed"}}]`, ops.PagingUnprocessed, ""},
		"a state nobody knows":         {`[{"status":{"state":"dozing"}}]`, ops.PagingUnknown, ""},
		"nothing in it":                {`[{}]`, ops.PagingUnknown, ""},
		"nulls":                        {`[{"labels":null,"annotations":null,"receivers":null,"status":null,"startsAt":null}]`, ops.PagingUnknown, ""},
		"a field of another type":      {`[{"labels":{"alertname":7},"receivers":"x","status":{"state":"active"}}]`, ops.PagingActive, "is not as expected and left out"},
		"a time nobody can read":       {`[{"startsAt":"yesterday","updatedAt":12,"status":{"state":"active"}}]`, ops.PagingActive, "updatedAt of alerts"},
		"a generatorURL of % and more": {`[{"generatorURL":"http://[::1%25:x/%zz?g0.expr=%zz&g0.tab=1","status":{"state":"active"}}]`, ops.PagingActive, ""},
	} {
		t.Run(name, func(t *testing.T) {
			peer := newFakePeer(t, newStore(t))
			peer.bodies["alerts"] = c.alerts
			f := collect(t, collectorOf(t, peer.URL))
			if len(*f.AlertmanagerAlerts) != 1 || (*f.AlertmanagerAlerts)[0].Paging.State != c.state || (*f.AlertmanagerAlerts)[0].Fingerprint.Empty() {
				t.Errorf("%+v", *f.AlertmanagerAlerts)
			}
			if c.notes == "" && len(f.Notes) != 0 || !strings.Contains(notesOf(f), c.notes) {
				t.Errorf("notes: %s", notesOf(f))
			}
		})
	}
}

func TestNothingIsSomethingElseThanAnError(t *testing.T) {
	peer := newFakePeer(t, &fakeStore{silences: []map[string]any{}})
	peer.bodies["alerts"] = "[]"
	f := collect(t, collectorOf(t, peer.URL))
	if f.AlertmanagerAlerts == nil || len(*f.AlertmanagerAlerts) != 0 || f.Silences == nil || len(*f.Silences) != 0 {
		t.Errorf("%+v", f)
	}
	peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/silences") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	}
	f = collect(t, collectorOf(t, peer.URL))
	if f.Silences != nil || f.AlertmanagerAlerts == nil || !strings.Contains(notesOf(f), "its silences cannot be read") {
		t.Errorf("%+v", f)
	}
}

func TestErrorsAreReadInAllTheirShapes(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		kind   string
		body   string
		code   ops.Code
		words  string
	}{
		"a JSON string":       {400, "application/json", `"bad matcher format: nope"`, ops.CodeInvalid, "bad matcher format: nope"},
		"an object":           {422, "application/json", `{"code":602,"message":"comment in body is required"}`, ops.CodeInvalid, "comment in body is required"},
		"nothing":             {500, "", ``, ops.CodeUnavailable, "the server answers 500 Internal Server Error"},
		"no such path":        {404, "application/json", `{"code":404,"message":"path was not found"}`, ops.CodeNotFound, "check the url and its prefix"},
		"not let in":          {401, "text/html", `<h1>who are you</h1>`, ops.CodeDenied, "check basic_auth"},
		"too many at once":    {503, "text/plain", "Limit of concurrent GET requests reached", ops.CodeUnavailable, "Limit of concurrent GET"},
		"a page of a proxy":   {502, "text/html", "<html><body>nginx", ops.CodeUnavailable, "a page of something in between"},
		"v1 only, or gone":    {410, "application/json", `{"message":"gone"}`, ops.CodeInvalid, "gone"},
		"a login page as 200": {200, "text/html", "<html>", ops.CodeUnavailable, "answers with text/html and not as an Alertmanager"},
		"another program":     {200, "application/json", `{"status":"success"}`, ops.CodeUnavailable, "not as an Alertmanager"},
	} {
		t.Run(name, func(t *testing.T) {
			peer := newFakePeer(t, newStore(t))
			peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
				return true
			}
			_, err := collectorOf(t, peer.URL).Collect(t.Context())
			if err == nil || ops.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v (%s)", err, ops.CodeOf(err))
			}
		})
	}
}

func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	peer := newFakePeer(t, newStore(t))
	peer.hook = func(w http.ResponseWriter, r *http.Request) bool {
		chunk := []byte("[" + strings.Repeat(" ", 1<<16))
		for {
			if _, err := w.Write(chunk); err != nil {
				return true
			}
		}
	}
	c := collectorOf(t, peer.URL)
	c.cfg.Timeout, c.peers[0].most = 20*time.Second, 1<<20
	if _, err := c.Collect(t.Context()); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("%v", err)
	}
}

// frozen accepts connections and says nothing.
func frozen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return "http://" + l.Addr().String()
}

// refused is an address where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return "http://" + l.Addr().String()
}

func TestOnePeerOfThreeIsEnough(t *testing.T) {
	good := newFakePeer(t, newStore(t))
	c := collectorOf(t, frozen(t), refused(t), good.URL)
	f := collect(t, c)
	if len(*f.AlertmanagerAlerts) != 2 {
		t.Errorf("%+v", f.AlertmanagerAlerts)
	}
	if f.Peers[0].State != ops.SourceSilent || f.Peers[1].State != ops.SourceRefused || f.Peers[2].State != ops.SourceOK || !f.Peers[0].At.IsZero() {
		t.Errorf("%+v", f.Peers)
	}
	for _, want := range []string{"a: accepts connections, gives no answer", "b: connection refused: nobody listens", "c: its clustering is disabled"} {
		if !strings.Contains(notesOf(f), want) {
			t.Errorf("no %q in %s", want, notesOf(f))
		}
	}
}

func TestNoPeerIsAnErrorThatTellsItsKind(t *testing.T) {
	for name, c := range map[string]struct {
		urls []string
		is   error
		also string
	}{
		"frozen":             {[]string{frozen(t)}, context.DeadlineExceeded, "deadline"},
		"refused":            {[]string{refused(t)}, syscall.ECONNREFUSED, "refused"},
		"frozen and refused": {[]string{refused(t), frozen(t)}, context.DeadlineExceeded, "a: connection refused: nobody listens; b: accepts connections"},
	} {
		f, err := collectorOf(t, c.urls...).Collect(t.Context())
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.also) {
			t.Errorf("%s: %v", name, err)
		}
		if len(f.Peers) != len(c.urls) || f.AlertmanagerAlerts != nil || f.Silences != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestAPeersLastGoodAnswerIsKept(t *testing.T) {
	peer := newFakePeer(t, newStore(t))
	c := collectorOf(t, peer.URL)
	collect(t, c)
	peer.Close()
	f, err := c.Collect(t.Context())
	if err == nil || !f.Peers[0].At.Equal(recordedAt) || f.Peers[0].State != ops.SourceRefused {
		t.Errorf("%+v, %v", f.Peers, err)
	}
}

func TestPeersThatDisagree(t *testing.T) {
	store := newStore(t)
	a, b := newFakePeer(t, store), newFakePeer(t, store)
	b.bodies["alerts"] = `[{"labels":{"alertname":"New"},"fingerprint":"0000000000000001","startsAt":"` + recordedAt.Add(-time.Minute).Format(time.RFC3339) + `","status":{"state":"active"}}]`
	at := func(d time.Duration) *Collector {
		c := collectorOf(t, a.URL, b.URL)
		now := recordedAt.Add(d)
		a.set(func() { a.date = now })
		b.set(func() { b.date = now })
		c.cfg.Now = func() time.Time { return now }
		for _, p := range c.peers {
			p.now = c.cfg.Now
		}
		return c
	}
	if f := collect(t, at(0)); strings.Contains(notesOf(f), "lacks") || len(*f.AlertmanagerAlerts) != 3 {
		t.Errorf("a difference of a minute is normal: %s", notesOf(f))
	}
	f := collect(t, at(5*time.Minute))
	for _, want := range []string{"a: lacks 1 of 3 alerts that other peers hold: New", "b: lacks 2 of 3 alerts that other peers hold: RecordedDown, RecordedSlow"} {
		if !strings.Contains(notesOf(f), want) {
			t.Errorf("no %q in %s", want, notesOf(f))
		}
	}
	if f.Peers[0].Count != 2 || f.Peers[1].Count != 1 {
		t.Errorf("%+v", f.Peers)
	}
}

func TestUnionOfPeers(t *testing.T) {
	store := newStore(t)
	a, b := newFakePeer(t, store), newFakePeer(t, &fakeStore{})
	// b has not heard of the silence: it pages.
	b.bodies["alerts"] = strings.ReplaceAll(strings.Replace(recorded(t, "alerts-0.25.json"), "suppressed", "active", 1), `"5ce268e6-eff8-4dbf-8dec-fea8ce1668d4"`, "")
	f := collect(t, collectorOf(t, a.URL, b.URL))
	if len(*f.AlertmanagerAlerts) != 2 || (*f.AlertmanagerAlerts)[0].Paging.State != ops.PagingActive || len((*f.AlertmanagerAlerts)[0].Paging.SilencedBy) != 1 {
		t.Errorf("%+v", *f.AlertmanagerAlerts)
	}
	if len(*f.Silences) != 2 {
		t.Errorf("%+v", *f.Silences)
	}
	// The newest word on a silence counts, in whatever order the peers answer.
	for _, urls := range [][]string{{a.URL, b.URL}, {b.URL, a.URL}} {
		expired := strings.ReplaceAll(strings.Replace(recorded(t, "silences-0.25.json"), `"active"`, `"expired"`, 1), "19:21:33.940Z", "19:21:44.000Z")
		b.set(func() { b.bodies["silences"] = expired })
		for _, s := range *collect(t, collectorOf(t, urls...)).Silences {
			if s.State != ops.SilenceExpired {
				t.Errorf("%+v", s)
			}
		}
	}
}

func TestASilenceThatDidNotReachAPeerIsTold(t *testing.T) {
	a, b := newFakePeer(t, newStore(t)), newFakePeer(t, &fakeStore{silences: []map[string]any{}})
	a.bodies["silences"] = strings.ReplaceAll(recorded(t, "silences-0.25.json"), "19:21:33.940Z", "19:01:33.940Z")
	if f := collect(t, collectorOf(t, a.URL, b.URL)); !strings.Contains(notesOf(f), "b: lacks 1 silence that other peers hold") {
		t.Errorf("%s", notesOf(f))
	}
}

func TestStatusInWords(t *testing.T) {
	status := func(cluster, up string) string {
		return fmt.Sprintf(`{"cluster":%s,"uptime":%q,"versionInfo":{"version":"0.28.1"}}`, cluster, up)
	}
	const long = "2026-11-21T18:00:00Z"
	for name, c := range map[string]struct{ status, note, why string }{
		"just started":    {status(`{"status":"ready","peers":[{"name":"x"}]}`, "2026-11-21T19:20:30Z"), "up less than two minutes: it may not have heard of every alert yet", ""},
		"settling":        {status(`{"status":"settling"}`, long), "settling: it waits", "settling"},
		"members unnamed": {status(`{"status":"ready","peers":[{"name":"x"},{"name":"y"}]}`, long), "its cluster has 2 members, the estate names 1", ""},
		"a clean one":     {status(`{"status":"ready","peers":[{"name":"x"}]}`, long), "", ""},
		"no status":       {"nope", "its status cannot be read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			peer := newFakePeer(t, newStore(t))
			peer.bodies["status"] = c.status
			f := collect(t, collectorOf(t, peer.URL))
			if c.note == "" && len(f.Notes) != 0 || !strings.Contains(notesOf(f), c.note) || !strings.Contains(f.Peers[0].Why.String(), c.why) {
				t.Errorf("%q, %+v", notesOf(f), f.Peers)
			}
			if again := collect(t, collectorOf(t, peer.URL)); notesOf(again) != notesOf(f) {
				t.Errorf("the same cause, other words: %q", notesOf(again))
			}
		})
	}
}

func TestClocksThatDisagree(t *testing.T) {
	peer := newFakePeer(t, newStore(t))
	// A Date says whole seconds: what it means is half a second later.
	for ahead, want := range map[time.Duration]string{0: "", time.Second: "", 90 * time.Second: "its clock is 1 min 31 s ahead of ours", -time.Hour: "its clock is 1 h 0 min behind ours"} {
		peer.set(func() { peer.date = recordedAt.Add(ahead) })
		if f := collect(t, collectorOf(t, peer.URL)); notesOf(f) != want && !strings.Contains(notesOf(f), want) || want == "" && len(f.Notes) != 0 {
			t.Errorf("%s: %q", ahead, notesOf(f))
		}
	}
	// When it started is told by our clock.
	peer.set(func() { peer.date = recordedAt.Add(-time.Hour) })
	if up := collect(t, collectorOf(t, peer.URL)).Peers[0].Up; up.Sub(time.Date(2026, 11, 21, 19, 32, 33, 0, time.UTC)).Abs() > 2*time.Second {
		t.Errorf("up since %s", up)
	}
}

func TestSecretsStayIn(t *testing.T) {
	secret := "hunter2"
	with := func(u string) string { return strings.Replace(u, "http://", "http://ops:"+secret+"@", 1) }
	denied := newFakePeer(t, newStore(t))
	denied.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if _, password, _ := r.BasicAuth(); password != secret {
			t.Errorf("userinfo was not sent as basic_auth")
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	for name, urls := range map[string][]string{"denied": {denied.URL}, "refused": {refused(t)}, "frozen": {frozen(t)}, "all": {refused(t), denied.URL}} {
		for i := range urls {
			urls[i] = with(urls[i])
		}
		c := collectorOf(t, urls...)
		f, err := c.Collect(t.Context())
		_, _, perr := c.Post(t.Context(), wished())
		if all := fmt.Sprint(f, err, perr, c.URL()); err == nil || perr == nil || strings.Contains(all, secret) {
			t.Errorf("%s: %s", name, all)
		}
	}
	for _, bad := range []string{"http://ops:" + secret + "@[::1", "ftp://ops:" + secret + "@x", "http://ops:" + secret + "@x?token=" + secret, "://" + secret} {
		_, err := New(Config{Name: "pager", Peers: []Peer{{URL: bad}}})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%v", err)
		}
	}
	if _, err := New(Config{Name: "pager"}); err == nil {
		t.Error("no peers")
	}
}
