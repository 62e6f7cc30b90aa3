package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

// burns is a world with an open incident, opened while f1 fires.
func burns(t *testing.T) (*world, *rules, ops.Console, ops.Ref) {
	w, prom, _ := alertWorld(t, nil)
	time.Sleep(time.Hour)
	prom.fire(firing("f1", "Down"))
	time.Sleep(11 * time.Second)
	c := w.as("ana", 7, ops.RoleOperator, "s")
	if err := w.own(c, "incident.open", ops.NewRef(ops.KindEstate, "", "test"), "title", "web is down"); err != nil {
		t.Fatal(err)
	}
	return w, prom, c, w.board().Incidents[0].Ref
}

// later is an alert whose condition began just now.
func later(id, name string) ops.Alert {
	a := firing(id, name)
	a.Since = time.Now()
	return a
}

func TestAnIncidentIsRestoredWhenItsAlertsHaveCleared(t *testing.T) {
	for name, x := range map[string]struct {
		then  func(*rules)
		as    string
		code  ops.Code
		says  string // why it is not closed, or what it is closed with
		known bool   // the time to restore
	}{
		"its alert has cleared":             {then: func(p *rules) { p.fire() }, known: true},
		"its alert fires":                   {says: "still firing: critical Down", code: ops.CodeInvalid},
		"its alert fires, and that is said": {as: "still firing", says: "still firing: critical Down"},
		"it has cleared, and more was said": {then: func(p *rules) { p.fire() }, as: "still firing", known: true},
		"another began meanwhile":           {then: func(p *rules) { p.fire(later("f2", "Full")) }, says: "still firing: critical Full", code: ops.CodeInvalid},
		"one fired before it, and fires on": {then: func(p *rules) { old := firing("f0", "Old"); old.Since = time.Now().Add(-50 * time.Minute); p.fire(old) }, known: true},
		"nobody can say":                    {then: func(p *rules) { p.fire(); p.set(func(s *server) { s.hang = true }) }, says: "prom is silent: what fires now is not known", code: ops.CodeInvalid},
		"nobody can say, and that is said":  {then: func(p *rules) { p.set(func(s *server) { s.hang = true }) }, as: "still firing", says: "critical Down; prom is silent"},
		"closed as something that is not":   {as: "done", says: "not closed as", code: ops.CodeInvalid},
		"many fire: some are named": {then: func(p *rules) {
			p.fire(later("1", "A"), later("2", "B"), later("3", "C"), later("4", "D"), later("5", "E"), later("6", "F"), later("7", "F"))
		}, says: "critical A, critical B, critical C, critical D, critical E, 1 more", code: ops.CodeInvalid},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, prom, c, ref := burns(t)
			defer w.stop()
			time.Sleep(time.Minute)
			if x.then != nil {
				x.then(prom)
			}
			time.Sleep(20 * time.Second)
			var params []string
			if x.as != "" {
				params = []string{"as", x.as}
			}
			err := w.own(c, "incident.close", ref, params...)
			in := w.board().Incidents[0]
			if x.code != 0 {
				if code(err) != x.code || !strings.Contains(err.Error(), x.says) || !in.Open() {
					t.Errorf("%s: %v, open %v", name, err, in.Open())
				}
				return
			}
			_, known := in.TimeToRestore()
			if err != nil || in.Open() || known != x.known || !strings.Contains(in.Unrestored.String(), x.says) || (x.says == "") != in.Unrestored.Empty() {
				t.Errorf("%s: %v, %+v", name, err, in)
			}
			d, err := c.Detail(t.Context(), ref, 0)
			if told := fmt.Sprint(d.Groups); err != nil || strings.Contains(told, "time to restore") != x.known {
				t.Errorf("%s: its report says %s, %v", name, told, err)
			}
		})
	}
}

func TestAnIncidentKnowsWhenItsAlertsFiredAndCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, prom, c, ref := burns(t)
		defer w.stop()
		step := func(alerts ...ops.Alert) {
			prom.fire(alerts...)
			time.Sleep(11 * time.Second)
		}
		time.Sleep(time.Second)
		down := firing("f1", "Down")
		full := later("f2", "Full")
		step(down, full)
		step(full)
		step(down, full)
		step()
		fired := w.board().Incidents[0].Fired
		if len(fired) != 2 || fired[0].Name.String() != "critical Down" || fired[0].Times != 2 || fired[0].Cleared.IsZero() || fired[1].Name.String() != "critical Full" || fired[1].Times != 1 || !fired[1].Cleared.After(fired[1].Fired) {
			t.Fatalf("%+v", fired)
		}
		step(down)
		prom.set(func(s *server) { s.hang = true })
		time.Sleep(time.Hour)
		if f := w.board().Incidents[0].Fired[0]; !f.Cleared.IsZero() || f.Times != 3 {
			t.Errorf("while Prometheus is silent: %+v", f)
		}
		prom.set(func(s *server) { s.hang = false })
		step()
		time.Sleep(time.Minute) // one that was silent is asked less often
		if err := w.own(c, "incident.close", ref); err != nil {
			t.Fatal(err)
		}
		step(down)
		if f := w.board().Incidents[0].Fired[0]; f.Cleared.IsZero() || f.Times != 3 {
			t.Errorf("after the close: %+v", f)
		}
	})
}

// TestWhatIsDoneAtOnceIsSeenAtOnce: its answer comes when the board shows it.
func TestWhatIsDoneAtOnceIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, c, ref := burns(t)
		defer w.stop()
		alert := ops.NewRef(ops.KindAlert, "prom", "f1")
		for _, x := range []struct {
			action string
			target ops.Ref
			params []string
			shown  func(ops.Board) bool
		}{
			{"alert.ack", alert, nil, func(b ops.Board) bool { return !b.Alerts[0].Value[0].Ack.At.IsZero() }},
			{"alert.unack", alert, nil, func(b ops.Board) bool { return b.Alerts[0].Value[0].Ack.At.IsZero() }},
			{"alert.call", alert, []string{"who", "bob"}, func(b ops.Board) bool { return strings.Contains(b.Changes[0].What.String(), "called bob") }},
			{"incident.note", ref, []string{"text", "hello"}, func(b ops.Board) bool { return strings.Contains(b.Changes[0].What.String(), "hello") }},
			{"incident.close", ref, []string{"as", "still firing"}, func(b ops.Board) bool { return !b.Incidents[0].Open() }},
		} {
			p := w.plan(c, with(ops.Request{Action: ops.Clean(x.action), Target: x.target}, x.params...))
			if _, err := c.Start(t.Context(), p.ID, ops.Confirmation{}); err != nil {
				t.Fatalf("%s: %v", x.action, err)
			}
			if b, err := c.Board(t.Context()); err != nil || !x.shown(b) {
				t.Errorf("%s is done, and the board does not show it: %v", x.action, err)
			}
		}
	})
}
