package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/engine"
	"opsdeck/ops"
)

// rules is a Prometheus under the test's hand.
type rules struct{ server }

func (r *rules) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Lit("prom"), Kind: ops.SourcePrometheus, Every: 10 * time.Second, Timeout: 3 * time.Second, Required: true}
}

func (r *rules) Push(ctx context.Context, _ func(ops.Observation)) error {
	<-ctx.Done()
	return ctx.Err()
}

func (r *rules) Open(_ context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	if r.hang {
		return ops.Detail{}, context.DeadlineExceeded
	}
	return ops.Detail{Title: ops.Lit("from prometheus"), Series: []ops.Series{{Name: ops.Lit("x")}}}, nil
}

// pager is an Alertmanager under the test's hand.
type pager struct{ server }

func (p *pager) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: ops.Lit("am"), Kind: ops.SourceAlertmanager, Every: 10 * time.Second, Timeout: 3 * time.Second, Required: true}
}

func (p *pager) Push(ctx context.Context, _ func(ops.Observation)) error {
	<-ctx.Done()
	return ctx.Err()
}

// logs makes the container server a tailer.
type logs struct{ server }

func (l *logs) Tail(_ context.Context, ref ops.Ref, _ ops.TailFrom, emit func(ops.Line) error) error {
	return emit(ops.Line{From: ref, Text: ops.Lit("panic: no memory")})
}

func firing(id, name string) ops.Alert {
	return ops.Alert{Ref: ops.NewRef(ops.KindAlert, "prom", id), Name: ops.Clean(name), State: ops.AlertFiring, Since: time.Now().Add(-time.Minute),
		Severity: ops.Severity{Name: ops.Lit("critical"), Rank: ops.RankCritical},
		Labels:   []ops.Label{{Name: ops.Lit("alertname"), Value: ops.Clean(name)}, {Name: ops.Lit("service"), Value: ops.Lit("web")}}}
}

// alertWorld is a world with Prometheus, Alertmanager and a container with a log.
func alertWorld(t *testing.T, change func(*engine.Config)) (*world, *rules, *pager) {
	prom, am := &rules{}, &pager{}
	prom.facts.Alerts = &[]ops.Alert{}
	am.facts.AlertmanagerAlerts = &[]ops.AlertmanagerAlert{}
	am.facts.Peers = []ops.Peer{{State: ops.SourceOK, Up: time.Now().Add(-time.Hour)}}
	box := &logs{}
	box.facts.Containers = &[]ops.Container{container("web", ops.ContainerRunning)}
	w := newWorld(t, func(c *engine.Config) {
		c.Collectors = []ops.Collector{prom, am, box}
		c.Estate.Services = []ops.Service{{Name: ops.Lit("web"), Matchers: []ops.Matcher{{Name: ops.Lit("service"), Value: ops.Lit("web")}},
			Behind: []ops.Ref{web()}, Runbook: ops.Lit("restart-web")}}
		c.Estate.Runbooks = []ops.Runbook{{Name: ops.Lit("restart-web"), Lines: []ops.Text{ops.Lit("# Restart web")}}}
		if change != nil {
			change(c)
		}
	})
	return w, prom, am
}

func (r *rules) fire(alerts ...ops.Alert) {
	r.set(func(s *server) { s.facts.Alerts = &alerts })
}

func (w *world) own(c ops.Console, action string, target ops.Ref, params ...string) error {
	req := ops.Request{Action: ops.Clean(action), Target: target}
	for i := 0; i < len(params); i += 2 {
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(params[i]), Value: ops.Clean(params[i+1])})
	}
	p, err := c.Plan(w.Context(), req)
	if err != nil {
		return err
	}
	_, err = c.Start(w.Context(), p.ID, ops.Confirmation{})
	synctest.Wait()
	return err
}

func TestAnAckHoldsUntilTheAlertClearsAndSurvivesTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, _ := alertWorld(t, nil)
		prom.fire(firing("f1", "Down"))
		time.Sleep(11 * time.Second)
		ana, target := w.as("ana", 7, ops.RoleOperator, "s"), ops.NewRef(ops.KindAlert, "prom", "f1")
		if err := w.own(w.as("eve", 9, ops.RoleViewer, "s"), "alert.ack", target); code(err) != ops.CodeDenied {
			t.Fatalf("a viewer: %v", err)
		}
		if err := w.own(ana, "alert.ack", target, "note", "on it"); err != nil {
			t.Fatal(err)
		}
		if err := w.own(w.as("bob", 8, ops.RoleOperator, "s"), "alert.ack", target); code(err) != ops.CodeHeld || !strings.Contains(err.Error(), "ana") {
			t.Fatalf("the second is told: %v", err)
		}
		b := w.board()
		if a := b.Alerts[0].Value[0]; a.Ack.By.String() != "ana" || a.Ack.Note.String() != "on it" {
			t.Fatalf("%+v", a.Ack)
		}
		if b.Level != ops.LevelInfo {
			t.Fatalf("in hand, and the estate is %s: %+v", b.Level, b.Findings)
		}
		if !slices.Contains(w.history.kinds(), ops.RecordAck) {
			t.Fatal("no record of it")
		}
		w.stop()
		next, _, _ := alertWorld(t, func(c *engine.Config) { c.History = w.history; c.Collectors[0] = prom })
		defer next.stop()
		if a := next.board().Alerts[0].Value[0]; a.Ack.By.String() != "ana" {
			t.Fatalf("after a restart of the agent: %+v", a.Ack)
		}
		prom.fire()
		time.Sleep(11 * time.Second)
		prom.fire(firing("f1", "Down"))
		time.Sleep(11 * time.Second)
		if a := next.board().Alerts[0].Value[0]; !a.Ack.At.IsZero() {
			t.Fatalf("the next time it is still acked: %+v", a.Ack)
		}
	})
}

func TestAnAlertmanagerThatLacksWhatFiresIsLying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, am := alertWorld(t, nil)
		defer w.stop()
		prom.fire(firing("f1", "Down"))
		time.Sleep(30 * time.Second)
		if s := w.board().Sources[1]; s.State != ops.SourceOK {
			t.Fatalf("within the resend delay it is %s: %s", s.State, s.Why)
		}
		time.Sleep(3 * time.Minute)
		b := w.board()
		if s := b.Sources[1]; s.State != ops.SourceLying || !strings.Contains(s.Why.String(), "lacks 1 of 1") {
			t.Fatalf("%s: %s", s.State, s.Why)
		}
		am.set(func(s *server) {
			s.facts.AlertmanagerAlerts = &[]ops.AlertmanagerAlert{{Fingerprint: ops.Lit("f1"), Labels: firing("f1", "Down").Labels, Paging: ops.Paging{State: ops.PagingActive}}}
		})
		time.Sleep(11 * time.Second)
		b = w.board()
		if s := b.Sources[1]; s.State != ops.SourceOK || b.Alerts[0].Value[0].Paging.State != ops.PagingActive {
			t.Fatalf("%s: %s", s.State, s.Why)
		}
		// Prometheus falls silent: Alertmanager forgets, and we do not.
		prom.set(func(s *server) { s.hang = true })
		am.set(func(s *server) { s.facts.AlertmanagerAlerts = &[]ops.AlertmanagerAlert{} })
		time.Sleep(5 * time.Minute)
		b = w.board()
		if r := b.Alerts[0]; len(r.Value) != 1 || r.State != ops.SourceSilent || b.Level != ops.LevelCritical {
			t.Fatalf("with Prometheus silent for 5 minutes: %d alerts, %s, level %s", len(r.Value), r.State, b.Level)
		}
	})
}

func TestTriageGathersWhatIsBehindAnAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, _ := alertWorld(t, nil)
		defer w.stop()
		prom.fire(firing("f1", "Down"))
		time.Sleep(11 * time.Second)
		c, ref := w.as("ana", 7, ops.RoleOperator, "s"), ops.NewRef(ops.KindAlert, "prom", "f1")
		if err := w.own(c, "alert.call", ref, "who", "level 2", "answer", "on the way"); err != nil {
			t.Fatal(err)
		}
		d, err := c.Detail(t.Context(), ref, time.Hour)
		if err != nil || len(d.Series) != 1 || len(d.Suspects) != 1 || d.Suspects[0].Guess {
			t.Fatalf("%v %+v", err, d)
		}
		if len(d.Lines) != 1 || d.Lines[0].Text.String() != "panic: no memory" || len(d.Runbook) != 1 || len(d.Changes) == 0 || d.Began.IsZero() {
			t.Fatalf("%+v", d)
		}
		prom.set(func(s *server) { s.hang = true })
		d, err = c.Detail(t.Context(), ref, time.Hour)
		if err != nil || d.Why.Empty() || len(d.Lines) != 1 {
			t.Fatalf("with its source silent: %v %+v", err, d)
		}
	})
}

func TestAnOpenIncidentAndItsFirstAckSurviveTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, _ := alertWorld(t, nil)
		prom.fire(firing("f1", "Down"))
		time.Sleep(11 * time.Second)
		c := w.as("ana", 7, ops.RoleOperator, "s")
		if err := w.own(c, "incident.open", ops.NewRef(ops.KindEstate, "", "test"), "title", "web is down"); err != nil {
			t.Fatal(err)
		}
		if err := w.own(c, "alert.ack", ops.NewRef(ops.KindAlert, "prom", "f1")); err != nil {
			t.Fatal(err)
		}
		was := w.board().Incidents[0]
		w.stop()
		next, _, _ := alertWorld(t, func(c *engine.Config) { c.History = w.history; c.Collectors[0] = prom })
		defer next.stop()
		is := next.board().Incidents[0]
		if was.Acked.IsZero() || !is.Acked.Equal(was.Acked) || is.Ref != was.Ref {
			t.Errorf("before %+v, after %+v", was, is)
		}
	})
}

func TestAnIncidentKnowsItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, _ := alertWorld(t, nil)
		defer w.stop()
		prom.fire(firing("f1", "Down"))
		time.Sleep(11 * time.Second)
		c, here := w.as("ana", 7, ops.RoleOperator, "s"), ops.NewRef(ops.KindEstate, "", "test")
		if err := w.own(c, "incident.open", here); code(err) != ops.CodeInvalid {
			t.Fatalf("without a title: %v", err)
		}
		if err := w.own(c, "incident.open", here, "title", "web is down"); err != nil {
			t.Fatal(err)
		}
		in := w.board().Incidents[0]
		if in.Ref.ID.String() != "1" || len(in.Alerts) != 1 || in.Began.IsZero() {
			t.Fatalf("%+v", in)
		}
		time.Sleep(time.Minute)
		if err := w.own(c, "alert.ack", in.Alerts[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.own(c, "incident.note", in.Ref, "text", "disk swapped"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		prom.fire()
		time.Sleep(11 * time.Second)
		if err := w.own(c, "incident.close", in.Ref, "cause", "a full disk"); err != nil {
			t.Fatal(err)
		}
		in = w.board().Incidents[0]
		detect, ok1 := in.TimeToDetect()
		ack, ok2 := in.TimeToAck()
		restore, ok3 := in.TimeToRestore()
		if in.Open() || !ok1 || !ok2 || !ok3 || detect < time.Minute || ack <= detect || restore <= ack {
			t.Fatalf("detect %s, ack %s, restore %s: %+v", detect, ack, restore, in)
		}
		d, err := c.Detail(t.Context(), in.Ref, 0)
		if err != nil || d.Incident.Cause.String() != "a full disk" || len(d.Changes) < 4 {
			t.Fatalf("its report: %v, %+v", err, d)
		}
		if err := w.own(c, "incident.close", in.Ref); code(err) != ops.CodeNotFound {
			t.Fatalf("closed twice: %v", err)
		}
	})
}

func TestAStormIsToldOnceForEachName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, _ := alertWorld(t, nil)
		defer w.stop()
		time.Sleep(11 * time.Second)
		before := len(w.history.kinds())
		var storm []ops.Alert
		for i := range 2000 {
			storm = append(storm, firing(strings.Repeat("x", 1)+string(rune('a'+i%26))+time.Duration(i).String(), "Flood"))
		}
		prom.fire(storm...)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if n := len(w.history.kinds()) - before; n != 1 {
			t.Fatalf("2,000 alerts of one name made %d records", n)
		}
		if c := w.board().Changes[0]; !strings.Contains(c.What.String(), "2000 times") {
			t.Fatalf("%s", c.What)
		}
	})
}

// extender is silence.extend under the test's hand.
type extender struct{ runs chan ops.Actor }

func (x *extender) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("silence.extend"), Class: ops.ClassDisruptive, On: ops.KindSilence, Params: []ops.ParamInfo{{Name: ops.Lit("by")}}}
}

func (x *extender) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	return ops.Plan{Title: ops.Lit("extend"), Locks: []ops.Ref{req.Target}}, nil
}

func (x *extender) Run(_ context.Context, _ ops.Plan, out ops.Progresser) (ops.Result, error) {
	x.runs <- out.Actor()
	return done, nil
}

func TestTheSilenceBehindAnAckIsExtendedWhileItIsNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &extender{runs: make(chan ops.Actor, 10)}
		w, prom, am := alertWorld(t, func(c *engine.Config) { c.Actions = []ops.Action{x} })
		defer w.stop()
		prom.fire(firing("f1", "Down"))
		am.set(func(s *server) {
			s.facts.AlertmanagerAlerts = &[]ops.AlertmanagerAlert{{Labels: firing("f1", "Down").Labels, Paging: ops.Paging{State: ops.PagingSilenced, SilencedBy: []ops.Text{ops.Lit("s1")}}}}
			s.facts.Silences = &[]ops.Silence{{Ref: ops.NewRef(ops.KindSilence, "am", "s1"), State: ops.SilenceActive, Purpose: ops.PurposeAck, Ends: time.Now().Add(4 * time.Minute)}}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(x.runs) != 0 {
			t.Fatal("extended though nobody has acked")
		}
		if err := w.own(w.as("ana", 7, ops.RoleOperator, "s"), "alert.ack", ops.NewRef(ops.KindAlert, "prom", "f1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if len(x.runs) == 0 {
			t.Fatal("not extended")
		}
		if who := <-x.runs; who.Name.String() != "opsdeck" {
			t.Fatalf("in the name of %s", who.Name)
		}
		if k := w.history.kinds(); !slices.Contains(k, ops.RecordIntent) || !slices.Contains(k, ops.RecordOutcome) {
			t.Fatalf("without a trace: %v", k)
		}
		am.set(func(s *server) { s.hang = true })
		time.Sleep(30 * time.Second)
		for len(x.runs) > 0 {
			<-x.runs
		}
		time.Sleep(2 * time.Minute)
		if len(x.runs) != 0 {
			t.Fatal("extended on an old picture")
		}
	})
}
