package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"opsdeck/ops"
)

// fake is a console under the test's hand.
type fake struct {
	events chan ops.Event
	err    error

	mu    sync.Mutex
	calls []string
	conf  ops.Confirmation
}

func (f *fake) say(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	return f.err
}

func (f *fake) Board(context.Context) (ops.Board, error) { return fullBoard(1), f.say("board") }
func (f *fake) Watch(ctx context.Context) (<-chan ops.Event, error) {
	return f.events, f.say("watch")
}
func (f *fake) Look(_ context.Context, refs []ops.Ref) error {
	return f.say("look " + refs[0].String())
}
func (f *fake) Detail(_ context.Context, ref ops.Ref, w time.Duration) (ops.Detail, error) {
	return ops.Detail{Ref: ref, Window: w, Title: ops.Lit("title")}, f.say("detail")
}
func (f *fake) Tail(_ context.Context, ref ops.Ref, from ops.TailFrom) (<-chan ops.Line, error) {
	out := make(chan ops.Line, 2)
	out <- ops.Line{Offset: from.Offset + 1, From: ref, Text: ops.Lit("one")}
	close(out)
	return out, f.say("tail")
}
func (f *fake) Actions(_ context.Context, ref ops.Ref) ([]ops.ActionInfo, error) {
	return []ops.ActionInfo{{ID: ops.Lit("container.restart"), On: ref.Kind, Class: ops.ClassDisruptive}}, f.say("actions")
}
func (f *fake) Plan(_ context.Context, req ops.Request) (ops.Plan, error) {
	return ops.Plan{ID: ops.Lit("p1"), Request: req, Steps: []ops.Step{{Method: ops.Lit("POST")}}}, f.say("plan")
}
func (f *fake) Start(_ context.Context, id ops.PlanID, c ops.Confirmation) (ops.JobID, error) {
	f.mu.Lock()
	f.conf = c
	f.mu.Unlock()
	return 7, f.say("start " + id.String())
}
func (f *fake) Cancel(context.Context, ops.JobID) error { return f.say("cancel") }
func (f *fake) History(context.Context, ops.Query) ([]ops.Record, error) {
	return []ops.Record{{Seq: 3, What: ops.Lit("x")}}, f.say("history")
}

// fullBoard has something in every section, so that a field lost on the wire
// shows.
func fullBoard(rev uint64) ops.Board {
	at := time.Date(2026, 11, 21, 2, 14, 0, 0, time.UTC)
	b := ops.Board{Rev: rev, At: at, Level: ops.LevelWarning,
		Estate:  ops.EstateInfo{Name: ops.Lit("shop"), Environment: ops.Staging, Agent: ops.AgentInfo{Kind: ops.AgentPersonal, PID: 4, Started: at}},
		Sources: []ops.Source{{Name: ops.Lit("prom"), State: ops.SourceSilent, Why: ops.Lit("no answer"), LastGood: at, Every: time.Second}, {Name: ops.Lit("dock"), State: ops.SourceOK, LastGood: at, Live: true}},
		Alerts:  []ops.Reading[[]ops.Alert]{{Source: ops.Lit("prom"), Value: []ops.Alert{{Name: ops.Lit("Down"), State: ops.AlertFiring, Since: at, Value: ops.Num(3), Severity: ops.Severity{Name: ops.Lit("high"), Rank: ops.RankHigh}}}}},
		Containers: []ops.Reading[[]ops.Container]{{Source: ops.Lit("dock"), Value: []ops.Container{{Name: ops.Lit("web"), State: ops.ContainerRunning, Health: ops.HealthHealthy,
			Exit: ops.Exit{Known: true, Code: 3}, Ports: []ops.Port{{Public: 80, Inside: 8080}}, Verdict: ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("running")}}}}},
		Silences:   []ops.Reading[[]ops.Silence]{{Source: ops.Lit("prom"), Value: []ops.Silence{{State: ops.SilenceActive, Matchers: []ops.Matcher{{Op: ops.MatchRegexp}}, Starts: at, Purpose: ops.PurposeAck}}}},
		Indicators: []ops.Reading[ops.Indicators]{{Source: ops.Lit("prom"), Value: ops.Indicators{KPIs: []ops.KPI{{Trend: []ops.Point{{At: at, Value: 1.5, Known: true}, {At: at.Add(time.Minute)}}, Value: ops.Num(1), Target: ops.Target{Known: true, Limit: 2}}}, Pipelines: []ops.Pipeline{{Window: time.Hour}}}}},
		Databases: []ops.Reading[ops.Database]{{Source: ops.Lit("pg"), Value: ops.Database{Use: ops.Use{Used: 3, Max: 100},
			Sessions: []ops.Session{{PID: 7, State: ops.SessionIdleInTx, BlockedBy: []int{8}, Began: at}}, WAL: ops.WAL{Rate: ops.Num(3)}}}},
		Backups: []ops.Reading[ops.Backups]{{Source: ops.Lit("plan"), Value: ops.Backups{Engine: ops.EnginePgBackRest, RPO: time.Minute, AtMost: ops.Num(3),
			Repositories: []ops.Repository{{Key: 1, WAL: ops.WALListing{SegmentSize: 1 << 24, Runs: []ops.WALRun{{Timeline: 1, First: 1, Last: 9, LastAt: at}}}}},
			Sets:         []ops.Backup{{Type: ops.BackupFull, Start: 0x3000028, Ended: at}}}}},
		Incidents: []ops.Incident{{Title: ops.Lit("outage"), Began: at, Alerts: []ops.Ref{ops.NewRef(ops.KindAlert, "prom", "f1")}}},
		Stats:     []ops.ContainerStats{{Ref: ops.NewRef(ops.KindContainer, "dock", "web"), CPU: ops.Num(0.25)}},
		Jobs:      []ops.Job{{ID: 1, State: ops.JobOrphaned, Class: ops.ClassDisruptive, Created: at}},
		Changes:   []ops.Record{{Seq: 9, Kind: ops.RecordContainer, Level: ops.LevelCritical, At: at}},
		Findings:  []ops.Finding{{Level: ops.LevelCritical, What: ops.Lit("web down")}},
	}
	for i := range b.Revs {
		b.Revs[i] = rev
	}
	b.Stamp()
	return b
}

// serve runs a server over a real socket and returns a client of it.
func serve(t *testing.T, f *fake) (*Client, *Server, string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	l, err := Listen(socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Hello: Hello{Protocol: Protocol, Version: ops.Lit("v1"), PID: 42}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Who: func(p Peer, key ops.Text) ops.Actor {
			return ops.Actor{Name: key.Or(ops.Lit("me")), UID: int(p.UID)}
		},
		Console: func(c ops.Caller) ops.Console {
			if c.Actor.UID != os.Getuid() {
				t.Errorf("the kernel said uid %d", c.Actor.UID)
			}
			_ = f.say("session " + c.Session.String())
			return f
		}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	c, h, err := Dial(t.Context(), socket, "s1")
	if err != nil || h.PID != 42 {
		t.Fatalf("%+v, %v", h, err)
	}
	return c, s, socket
}

func TestAClientThatFollowsAnotherAsksItsAgent(t *testing.T) {
	old, fresh := &fake{}, &fake{}
	c, _, _ := serve(t, old)
	to, _, _ := serve(t, fresh)
	c.unread.Store(ops.Errorf(ops.CodeVersion, "of the old one"))
	c.heard.Store(1)
	c.Follow(to)
	if _, err := c.Board(t.Context()); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(old.calls, "board") || !slices.Contains(fresh.calls, "board") || c.Socket() != to.Socket() {
		t.Errorf("the old agent was asked %v, the new one %v", old.calls, fresh.calls)
	}
	if c.Why() != nil || !c.Heard().IsZero() {
		t.Errorf("it still tells of the old one: %v, %s", c.Why(), c.Heard())
	}
}

func TestEveryCallTravels(t *testing.T) {
	f := &fake{}
	c, _, _ := serve(t, f)
	ctx, ref := t.Context(), ops.NewRef(ops.KindContainer, "dock", "web/ä b")
	if b, err := c.Board(ctx); err != nil || !reflect.DeepEqual(b, fullBoard(1)) {
		t.Errorf("board: %v\n%+v", err, b)
	}
	if d, err := c.Detail(ctx, ref, time.Hour); err != nil || d.Ref != ref || d.Window != time.Hour {
		t.Errorf("detail: %v %+v", err, d)
	}
	if err := c.Look(ctx, []ops.Ref{ref}); err != nil {
		t.Error(err)
	}
	if as, err := c.Actions(ctx, ref); err != nil || as[0].On != ops.KindContainer || as[0].Class != ops.ClassDisruptive {
		t.Errorf("actions: %v %+v", err, as)
	}
	if p, err := c.Plan(ctx, ops.Request{Target: ref}); err != nil || p.Request.Target != ref {
		t.Errorf("plan: %v %+v", err, p)
	}
	if id, err := c.Start(ctx, ops.Lit("p1"), ops.Confirmation{Yes: true, Reason: ops.Lit("r")}); err != nil || id != 7 || !f.conf.Yes || f.conf.Reason.String() != "r" {
		t.Errorf("start: %v %d %+v", err, id, f.conf)
	}
	if err := c.Cancel(ctx, 7); err != nil {
		t.Error(err)
	}
	if recs, err := c.History(ctx, ops.Query{Limit: 3}); err != nil || recs[0].Seq != 3 {
		t.Errorf("history: %v %+v", err, recs)
	}
	lines, err := c.Tail(ctx, ref, ops.TailFrom{Offset: 5, Follow: true, Since: time.Unix(1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if l := <-lines; l.Offset != 6 || l.From != ref {
		t.Errorf("tail: %+v", l)
	}
	if _, more := <-lines; more {
		t.Error("the tail did not end")
	}
	if !strings.Contains(strings.Join(f.calls, ","), "session s1") {
		t.Errorf("calls: %v", f.calls)
	}
}

func TestAWatchGivesTheSameBoardAndOnlyWhatChanged(t *testing.T) {
	f := &fake{events: make(chan ops.Event)}
	c, s, _ := serve(t, f)
	got, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := fullBoard(1)
	me := ops.Me{Actor: ops.Actor{Name: ops.Lit("me")}, Session: ops.Lit("s1"), Until: time.Unix(5, 0).UTC()}
	f.events <- ops.Event{Board: first, Me: me}
	if ev := <-got; !reflect.DeepEqual(ev.Board, first) || ev.Me != me {
		t.Fatalf("the board changed on the way:\n%+v\n%+v", ev.Board, first)
	}
	second := fullBoard(1)
	second.Rev, second.Revs[ops.SectionJobs] = 2, 2
	second.Jobs = []ops.Job{{ID: 1, State: ops.JobLost}}
	f.events <- ops.Event{Board: second, Me: me}
	if ev := <-got; !reflect.DeepEqual(ev.Board, second) {
		t.Fatalf("after a change of one section:\n%+v\n%+v", ev.Board, second)
	}
	sent := first.Revs
	parts, err := s.frame(ops.Event{Board: second}, &sent)
	line, fr := bytes.Join(parts, nil), frame{}
	if err != nil || json.Unmarshal(line, &fr) != nil || len(fr.Sections) != 1 || fr.Sections["jobs"] == nil {
		t.Fatalf("%s travels, %v", line, err)
	}
	close(f.events)
	if _, more := <-got; more {
		t.Fatal("the watch outlived the agent")
	}
}

func TestErrorsKeepTheirCodeAndRemedy(t *testing.T) {
	f := &fake{err: ops.Errorf(ops.CodeHeld, "web is held by ana").Help("wait")}
	c, _, _ := serve(t, f)
	_, err := c.Start(t.Context(), ops.Lit("p"), ops.Confirmation{})
	if e := ops.AsError(err); e.Code != ops.CodeHeld || e.What.String() != "web is held by ana" || e.Remedy.String() != "wait" {
		t.Fatalf("%+v", e)
	}
	if _, err := c.Watch(t.Context()); ops.CodeOf(err) != ops.CodeHeld {
		t.Fatalf("watch: %v", err)
	}
	f.err = errors.New("boom")
	if _, err := c.Plan(t.Context(), ops.Request{}); ops.CodeOf(err) != ops.CodeInternal {
		t.Fatalf("an error without a code: %v", err)
	}
}

// raw speaks the protocol as curl does.
func raw(t *testing.T, socket, method, path, body string, header http.Header) (int, ops.Error) {
	t.Helper()
	h := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }}}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://agent"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	resp, err := h.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var e ops.Error
	_ = json.NewDecoder(resp.Body).Decode(&e)
	return resp.StatusCode, e
}

func TestNothingButAPlansIdCanBeSent(t *testing.T) {
	f := &fake{}
	_, _, socket := serve(t, f)
	for name, body := range map[string]string{
		"a plan instead of its id": `{"plan":{"id":"p1","steps":[]},"confirmation":{"yes":true}}`,
		"an actor":                 `{"plan":"p1","actor":{"name":"root","role":"admin"},"confirmation":{"yes":true}}`,
		"a step beside it":         `{"plan":"p1","steps":[{"what":"rm"}],"confirmation":{"yes":true}}`,
		"no JSON":                  `plan=p1`,
		"a role in confirmation":   `{"plan":"p1","confirmation":{"yes":true,"role":"admin"}}`,
		"a megabyte and more":      `{"plan":"` + strings.Repeat("x", maxBody) + `"}`,
	} {
		if code, e := raw(t, socket, "POST", "/v1/start", body, nil); code != http.StatusBadRequest || e.Code != ops.CodeInvalid {
			t.Errorf("%s: %d %+v", name, code, e)
		}
	}
	if strings.Contains(strings.Join(f.calls, ","), "start") {
		t.Errorf("something was started: %v", f.calls)
	}
	if code, e := raw(t, socket, "GET", "/v1/nothing", "", nil); code != http.StatusNotFound || e.Remedy.Empty() {
		t.Errorf("an unknown call: %d %+v", code, e)
	}
}

func TestAnotherVersionIsToldSo(t *testing.T) {
	f := &fake{}
	_, _, socket := serve(t, f)
	code, e := raw(t, socket, "GET", "/v1/board", "", http.Header{headerProtocol: {"99"}})
	if code != http.StatusUpgradeRequired || e.Code != ops.CodeVersion || !strings.Contains(e.What.String(), "pid 42") || e.Remedy.Empty() {
		t.Fatalf("%d %+v", code, e)
	}
	if code, _ := raw(t, socket, "GET", "/v1/board", "", nil); code != http.StatusOK {
		t.Fatalf("curl, which names no version: %d", code)
	}
}

func TestSocketsAreReplacedOnlyWhenNobodyAnswers(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(socket, 0o600); ops.CodeOf(err) != ops.CodeHeld || !strings.Contains(err.Error(), "pid") {
		t.Fatalf("a socket in use: %v", err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Listen(socket, 0o640)
	if err != nil {
		t.Fatalf("a socket left behind: %v", err)
	}
	defer again.Close()
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o640 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
}

func TestTheSecondAgentOfAnEstateLearnsOfTheFirst(t *testing.T) {
	name := "test-" + filepath.Base(t.TempDir())
	release, other, err := Claim(name)
	if err != nil || other != nil {
		t.Fatal(other, err)
	}
	_, other, err = Claim(name)
	if err != nil || other == nil || int(other.PID) != os.Getpid() {
		t.Fatalf("%+v, %v", other, err)
	}
	release()
	release, other, err = Claim(name)
	defer release()
	if err != nil || other != nil {
		t.Fatalf("after the first has gone: %+v, %v", other, err)
	}
}

func TestNobodyThereIsSaidWithItsRemedy(t *testing.T) {
	_, _, err := Dial(t.Context(), filepath.Join(t.TempDir(), "none"), "s")
	if e := ops.AsError(err); e.Code != ops.CodeUnavailable || e.Remedy.Empty() {
		t.Fatalf("%+v", e)
	}
}

func TestAnAgentThatAcceptsAndSaysNothingDoesNotHoldUs(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now()
	if _, _, err := Dial(t.Context(), socket, "s"); ops.CodeOf(err) != ops.CodeUnanswered {
		t.Fatalf("%v", err)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Fatalf("it took %s", d)
	}
}

func TestWhatANewerAgentSaysAndWeCannotReadIsSaid(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/hello", func(w http.ResponseWriter, _ *http.Request) { answer(w, Hello{Protocol: Protocol}, nil) })
	mux.HandleFunc("/v1/watch", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"rev":1,"revs":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],"me":{},"sections":{"of-tomorrow":{},"sources":[{"kind":"of-tomorrow"}]}}`+"\n")
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close() //nolint:errcheck // the test has what it wanted
	c, _, err := Dial(t.Context(), socket, "s")
	if err != nil {
		t.Fatal(err)
	}
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if ev, more := <-events; more {
		t.Errorf("a board came: %+v", ev)
	}
	if ops.CodeOf(c.Why()) != ops.CodeVersion || !strings.Contains(c.Why().Error(), "sources") {
		t.Errorf("why: %v", c.Why())
	}
}

// TestWhatStandsInThePlaceOfASocketIsLeftAlone: nobody answers on a file either.
func TestWhatStandsInThePlaceOfASocketIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a file": file, "a link": filepath.Join(dir, "link"), "a folder": dir, "below a file": filepath.Join(file, "s"), "a long path": filepath.Join(dir, strings.Repeat("x", 108))} {
		l, err := Listen(path, 0o600)
		if err == nil {
			_ = l.Close()
		}
		if e := ops.AsError(err); err == nil || e.Remedy.Empty() {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := os.ReadFile(file); string(b) != "kept" {
		t.Errorf("%q %v", b, err)
	}
}
