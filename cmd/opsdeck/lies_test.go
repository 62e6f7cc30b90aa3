package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"opsdeck/engine"
	"opsdeck/estate"
	"opsdeck/internal/sim"
	"opsdeck/ops"
	"opsdeck/store"
)

// What stands between opsdeck and a server does to calls that change something.
const (
	honest  = "lets them through"
	nothing = "answers 200 and does nothing" // as a proxy that is set wrongly
	page    = "answers a page, and then no other"
	drops   = "does it and drops the answer"
)

// between stands between opsdeck and a server.
type between struct {
	how    atomic.Value  // what it does
	gate   chan struct{} // closed when calls that change something may go on
	open   func()        // closes it
	struck atomic.Bool
	server http.Handler
}

func (b *between) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	how, changes := b.how.Load(), r.Method == http.MethodPost || r.Method == http.MethodDelete
	if changes && how != honest {
		<-b.gate
		b.struck.Store(true)
	}
	switch {
	case how == page && b.struck.Load():
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>login</html>")
	case !changes, how == honest:
		b.server.ServeHTTP(w, r)
	case how == drops:
		b.server.ServeHTTP(httptest.NewRecorder(), r)
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			_ = c.Close()
		}
	case strings.HasSuffix(r.URL.Path, "/silences"):
		_, _ = io.WriteString(w, `{"silenceID":"3b1f3f54-0000-4000-8000-000000000001"}`)
	case strings.Contains(r.URL.Path, "/containers/"):
		w.WriteHeader(http.StatusNoContent)
	}
}

// lying is an agent on simulated servers with something in between.
type lying struct {
	*testing.T
	c        ops.Console
	betweens []*between
	backups  []string // folders of programs that make backups, one for each plan
}

// running is the engine of an estate, with a history in a folder, until the test ends.
func running(t *testing.T, file estate.File, dir string) (*engine.Engine, *store.Store) {
	t.Helper()
	history, err := store.Open(filepath.Join(dir, "history"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	eng := wire(file, ops.AgentPersonal, history, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, history.Close()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return eng, history
}

func newLying(t *testing.T) *lying {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	world, err := sim.New(sim.Config{Seed: 3, Now: time.Now, Age: time.Minute, Still: true, Containers: 40, Alerts: 60})
	if err != nil {
		t.Fatal(err)
	}
	servers, err := sim.Serve(world, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	l := &lying{T: t}
	at := map[string]string{}
	for _, a := range []string{servers.Prometheus, servers.Alertmanager, servers.Docker} {
		at[a] = l.between(a)
	}
	path, err := sim.WriteEstate(dir)
	if err != nil {
		t.Fatal(err)
	}
	file, err := estate.Load(path, func(name string) (string, bool) { v, ok := servers.Env(name); return cmp.Or(at[v], v), ok })
	if err != nil {
		t.Fatal(err)
	}
	l.backupPlans(dir, &file)
	eng, _ := running(t, file, dir)
	admin := me()
	admin.Role = ops.RoleAdmin
	l.c = eng.For(ops.Caller{Actor: admin, Session: ops.Lit("test")})
	l.start("console.unlock", ops.NewRef(ops.KindConsole, "", "this"))
	return l
}

// backupPlans adds plans whose program lies, one for each action on them.
func (l *lying) backupPlans(dir string, f *estate.File) {
	l.Helper()
	f.Estate.Backups, f.Backups = nil, nil // the world's own tells no lies
	for i := range 6 {
		name := fmt.Sprint("backup", i)
		of := filepath.Join(dir, name)
		fakeBackup(l.T, of)
		l.backups = append(l.backups, of)
		plan := ops.BackupPlan{Name: ops.Clean(name), Engine: ops.EnginePgBackRest, RPO: time.Hour, Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1}}}
		f.Estate.Backups = append(f.Estate.Backups, plan)
		f.Backups = append(f.Backups, estate.Backup{Source: estate.Source{Name: name, Every: time.Second, Timeout: time.Minute, Required: true}, Plan: plan,
			Stanza: "s", Command: of + "/program", Config: of + "/conf"})
	}
}

// between puts something before the server at an address, and returns its own.
func (l *lying) between(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		l.Fatal(err)
	}
	to, network, where := &url.URL{Scheme: "http", Host: u.Host}, "tcp", u.Host
	if u.Scheme == "unix" {
		to.Host, network, where = "docker", "unix", u.Path
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval, proxy.ErrorLog = -1, slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	proxy.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, where)
	}}
	gate := make(chan struct{})
	b := &between{gate: gate, open: sync.OnceFunc(func() { close(gate) }), server: proxy}
	b.how.Store(honest)
	l.betweens = append(l.betweens, b)
	s := httptest.NewServer(b)
	l.Cleanup(func() { b.open(); s.CloseClientConnections(); s.Close() })
	if u.Scheme != "http" {
		return strings.Replace(s.URL, "http:", "tcp:", 1)
	}
	return s.URL
}

// start plans and starts an action.
func (l *lying) start(id string, target ops.Ref, params ...ops.Param) ops.JobID {
	l.Helper()
	p, err := l.c.Plan(l.Context(), ops.Request{Action: ops.Clean(id), Target: target, Params: params})
	if err != nil {
		l.Fatalf("%s: %v", id, err)
	}
	job, err := l.c.Start(l.Context(), p.ID, ops.Confirmation{Yes: true, Typed: target.ID, Reason: ops.Lit("test")})
	if err != nil {
		l.Fatalf("%s: %v", id, err)
	}
	return job
}

// ended waits for jobs, and returns how each ended.
func (l *lying) ended(ids ...ops.JobID) map[ops.JobID]ops.Job {
	l.Helper()
	out := map[ops.JobID]ops.Job{}
	events, err := l.c.Watch(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	for ev := range events {
		for _, j := range ev.Board.Jobs {
			if slices.Contains(ids, j.ID) && j.State.Ended() {
				out[j.ID] = j
			}
		}
		if len(out) == len(ids) {
			return out
		}
	}
	l.Fatalf("%d of %d jobs ended", len(out), len(ids))
	return nil
}

func (l *lying) board() ops.Board {
	l.Helper()
	b, err := round(l.Context(), l.c, 10*time.Second)
	if err != nil {
		l.Fatal(err)
	}
	return b
}

// needs says what of an action's target has to be done before.
var needs = map[string]string{"container.start": "container.stop", "container.remove": "container.stop", "container.unpause": "container.pause", "backup.start": "backup.stop"}

// apart are the actions that are looked at elsewhere: those that the agent does at once
// (engine), the shell, which is only handed over, those on databases
// (actions/database), which speak another protocol, loads, of which a run is nothing but what
// was answered (TestARunEndsInItsVerdictAndIsKept), a stop is believed by what still runs
// (TestAStoppedRunLeavesNoLoadAndIsAborted, TestAStopIsNoSuccessWhileTheProcessRuns), a removal by
// what is left (TestLabWhatALoadLeftIsRemovedAndNothingElse) and a pin by the list that is kept
// (TestAPinnedRunIsWhatOthersAreComparedWithAndIsNeverForgotten), and drills and
// restores, which believe nothing but the copy itself (TestLabDrillsOfARealStanza,
// TestLabRestoresOfARealStanza, TestLabARestoreInPlaceKeepsTheOldDataAndGoesBack),
// and a failover, which writes to the new primary (TestLabTheRegionOfThePrimaryIsLost).
func apart(i ops.ActionInfo) bool {
	id := i.ID.String()
	return slices.Contains([]string{"console.unlock", "console.lock", "alert.ack", "alert.unack", "alert.call", "container.ack", "estate.note",
		"incident.open", "incident.note", "incident.close", "container.shell", "shell.end", "backup.drill", "backup.restore", "backup.restore-in-place", "backup.failover"}, id) || strings.HasPrefix(id, "database.") || strings.HasPrefix(id, "load.")
}

// TestNoActionIsSucceededOnAnAnswerAlone runs every action there is, the next one too,
// against servers behind something that lies about what it did.
func TestNoActionIsSucceededOnAnAnswerAlone(t *testing.T) {
	for _, how := range []string{honest, nothing, page, drops} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			l := newLying(t)
			l.everything(how)
		})
	}
}

// lie lets everything between the actions and their servers behave so from now on.
func (l *lying) lie(how string) {
	for _, x := range l.betweens {
		x.how.Store(how)
	}
	for _, of := range l.backups {
		if err := os.WriteFile(filepath.Join(of, "how"), []byte(how), 0o600); err != nil {
			l.Fatal(err)
		}
	}
}

// mayEnd reports whether an action may end so behind something that lies.
func mayEnd(s ops.JobState, how string) bool {
	switch how {
	case honest:
		return s == ops.JobSucceeded
	case drops:
		return s == ops.JobSucceeded || s == ops.JobUnknown
	}
	return s == ops.JobFailed || s == ops.JobUnknown || s == ops.JobPartial && how == nothing
}

func (l *lying) everything(how string) {
	b := l.board()
	containers, alerts := b.Containers[0].Value, slices.DeleteFunc(slices.Clone(b.Alerts[0].Value), func(a ops.Alert) bool { return a.State != ops.AlertFiring || a.Name.String() == "Watchdog" })
	containers = slices.DeleteFunc(slices.Clone(containers), func(c ops.Container) bool { return c.State != ops.ContainerRunning })
	plans := b.Backups
	comment := ops.Param{Name: ops.Lit("comment"), Value: ops.Lit("test")}
	next := func(kind ops.Kind) (ref ops.Ref) {
		switch kind {
		case ops.KindContainer:
			ref, containers = containers[0].Ref, containers[1:]
		case ops.KindAlert:
			ref, alerts = alerts[0].Ref, alerts[1:]
		case ops.KindSource:
			ref = ops.NewRef(ops.KindSource, "", b.Sources[0].Name.String())
		case ops.KindBackups:
			ref, plans = plans[0].Value.Ref, plans[1:]
		case ops.KindEstate:
			ref = ops.NewRef(ops.KindEstate, "", "")
		case ops.KindSilence:
			job := l.start("silence.create", alerts[0].Ref, comment)
			alerts = alerts[1:]
			made := l.ended(job)[job].Result.String()
			ref = ops.NewRef(ops.KindSilence, b.Silences[0].Source.String(), strings.Fields(made)[1])
		default:
			l.Fatalf("the test has no %s", kind)
		}
		return ref
	}
	list, err := l.c.Actions(l.Context(), ops.Ref{})
	if err != nil {
		l.Fatal(err)
	}
	targets := map[string]ops.Ref{}
	for _, i := range list {
		id := i.ID.String()
		if apart(i) {
			continue
		}
		targets[id] = next(i.On)
		if before := needs[id]; before != "" {
			l.ended(l.start(before, targets[id]))
		}
	}
	l.lie(how)
	var ids []ops.JobID
	for id, target := range targets {
		var params []ops.Param
		switch id {
		case "silence.create":
			params = []ops.Param{comment}
		case "alert.ack.silence":
			params = []ops.Param{{Name: ops.Lit("note"), Value: ops.Lit("test")}}
		case "maintenance.start":
			params = []ops.Param{comment, {Name: ops.Lit("matchers"), Value: ops.Lit(`service="x"`)}}
		}
		ids = append(ids, l.start(id, target, params...))
	}
	for _, x := range l.betweens {
		x.open()
	}
	for _, j := range l.ended(ids...) {
		if !mayEnd(j.State, how) {
			l.Errorf("%s is %s: %s", j.Action, j.State, j.Result)
		}
	}
	if len(ids) < 16 {
		l.Errorf("only %d actions were tried", len(ids))
	}
}
