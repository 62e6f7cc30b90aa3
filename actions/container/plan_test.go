package container

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestPlanNamesTheCallAndWhatItInterrupts(t *testing.T) {
	d := newScripted(t)
	d.list = []map[string]any{
		{"Id": "a", "Names": []string{"/api"}, "Labels": map[string]string{labelProject: "shop", labelDependsOn: "db:service_healthy:false,web:service_started:true"},
			"NetworkSettings": map[string]any{"Networks": map[string]any{"shop_net": map[string]any{}}}},
		{"Id": "b", "Names": []string{"/elsewhere"}, "Labels": map[string]string{labelProject: "other", labelDependsOn: "web:service_started:true"}},
		{"Id": "c", "Names": []string{"/web"}, "NetworkSettings": map[string]any{"Networks": map[string]any{"shop_net": map[string]any{}}}},
	}
	for v, want := range map[verb]struct{ step, replaces, warnings string }{
		verbRestart: {"POST /v1.41/containers/50c7b94fa591/restart?t=7  (web)",
			"[interrupts it for up to 7 s and its own start; up since 2026-11-21 02:00:00Z, restarts 0 container 50c7b94fa591 of image shop/web:1.2 (fa02c45fec1f) published ports, closed meanwhile: 127.0.0.1:8000 -> 80/tcp]",
			"[depend on it by their compose file: api]"},
		verbStop: {"POST /v1.41/containers/50c7b94fa591/stop?t=7  (web)",
			"[interrupts it for good; up since 2026-11-21 02:00:00Z, restarts 0 container 50c7b94fa591 of image shop/web:1.2 (fa02c45fec1f) published ports, closed from then on: 127.0.0.1:8000 -> 80/tcp]",
			"[its restart policy is always: it stays stopped now, and comes back when the daemon starts again depend on it by their compose file: api]"},
	} {
		a := actionOf(t, d.host, v)
		p, err := a.Plan(t.Context(), ops.Board{}, request("web"))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Steps) != 1 || p.Steps[0].Text().String() != want.step || fmt.Sprint(p.Replaces) != want.replaces || fmt.Sprint(p.Warnings) != want.warnings {
			t.Errorf("%s:\n%v\n%v\n%v", v, p.Steps, p.Replaces, p.Warnings)
		}
		if p.Title.String() != string(v)+" container web" || len(p.Locks) != 1 || p.Locks[0] != request("web").Target {
			t.Errorf("%s: %v %v", v, p.Title, p.Locks)
		}
		again, err := a.Plan(t.Context(), ops.Board{}, request("web"))
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%s: planned again: %v, %v", v, again, err)
		}
		c, err := callOf(p, v)
		if err != nil || c.id != webID[:12] || c.wait != 7 || c.name != "web" {
			t.Errorf("%s: read back: %+v, %v", v, c, err)
		}
	}
}

func TestPlanNamesNeighboursWhereNobodyWroteDownWhoDepends(t *testing.T) {
	d := newScripted(t)
	on := map[string]any{"Networks": map[string]any{"shop_net": map[string]any{}}}
	d.list = []map[string]any{{"Id": "w", "Names": []string{"/web"}, "NetworkSettings": on}}
	for i := range 8 {
		d.list = append(d.list, map[string]any{"Id": "x", "Names": []string{fmt.Sprintf("/n%d", i)}, "NetworkSettings": on})
	}
	p, err := actionOf(t, d.host, verbRestart).Plan(t.Context(), ops.Board{}, request("web"))
	if want := "[may use it over network shop_net: n0, n1, n2, n3, n4, n5 and 2 more]"; err != nil || fmt.Sprint(p.Warnings) != want {
		t.Errorf("%v, %v", p.Warnings, err)
	}
}

func TestPlanChangesWithTheContainer(t *testing.T) {
	d := newScripted(t)
	a := actionOf(t, d.host, verbRestart)
	first, err := a.Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil {
		t.Fatal(err)
	}
	d.set(func() { d.id = strings.Repeat("ab", 32) })
	again, err := a.Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil || reflect.DeepEqual(first.Steps, again.Steps) {
		t.Errorf("the same steps for one that was made anew: %v, %v", again.Steps, err)
	}
}

func TestPlanForACrashLoopHoldsThroughItsRestarts(t *testing.T) {
	d := newScripted(t)
	a := actionOf(t, d.host, verbRestart)
	d.set(func() { d.count, d.state = 4, running("2026-11-21T02:00:00Z") })
	first, err := a.Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil {
		t.Fatal(err)
	}
	d.set(func() {
		d.count, d.state = 5, map[string]any{"Status": "restarting", "Running": true, "Restarting": true, "ExitCode": 1, "StartedAt": "2026-11-21T02:00:09Z"}
	})
	again, err := a.Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil || !reflect.DeepEqual(first.Replaces, again.Replaces) {
		t.Errorf("%v\n%v, %v", first.Replaces, again.Replaces, err)
	}
}

func TestPlanGivesADatabaseItsOwnTime(t *testing.T) {
	d := newScripted(t)
	d.config["StopTimeout"] = 60
	p, err := actionOf(t, d.host, verbStop).Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil || !strings.Contains(p.Steps[0].Text().String(), "?t=60") {
		t.Errorf("%v, %v", p.Steps, err)
	}
}

func TestStopOfARemovingContainerSaysSo(t *testing.T) {
	d := newScripted(t)
	d.hostCfg["AutoRemove"] = true
	p, err := actionOf(t, d.host, verbStop).Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil || !strings.Contains(fmt.Sprint(p.Replaces), "--rm: stopping removes it") {
		t.Errorf("%v, %v", p.Replaces, err)
	}
}

func TestPlanThatMakesNoSense(t *testing.T) {
	d := newScripted(t)
	paused := running("2026-11-21T02:00:00Z")
	paused["Status"], paused["Paused"] = "paused", true
	for name, tc := range map[string]struct {
		verb   verb
		state  map[string]any
		target ops.Ref
		code   ops.Code
		words  string
	}{
		"start a running one":   {verbStart, running("2026-11-21T02:00:00Z"), request("web").Target, ops.CodeInvalid, "running already"},
		"start a paused one":    {verbStart, paused, request("web").Target, ops.CodeInvalid, "paused"},
		"stop a stopped one":    {verbStop, exited(1), request("web").Target, ops.CodeInvalid, "does not run: exited"},
		"one that is not":       {verbStop, exited(1), request("nosuch").Target, ops.CodeNotFound, "no container nosuch"},
		"an id for a name":      {verbRestart, exited(1), request(webID[:12]).Target, ops.CodeNotFound, "container web answers to it"},
		"of another daemon":     {verbStop, exited(1), ops.NewRef(ops.KindContainer, "other", "web"), ops.CodeInvalid, "no container of docker"},
		"no container":          {verbStop, exited(1), ops.NewRef(ops.KindAlert, "docker", "web"), ops.CodeInvalid, "no container of docker"},
		"nothing":               {verbStop, exited(1), ops.Ref{}, ops.CodeInvalid, "no container of docker"},
		"one that is going":     {verbStop, map[string]any{"Status": "removing"}, request("web").Target, ops.CodeInvalid, "being removed"},
		"restart a stopped one": {verbRestart, exited(1), request("web").Target, ops.CodeInternal, ""},
	} {
		d.set(func() { d.state = tc.state })
		_, err := actionOf(t, d.host, tc.verb).Plan(t.Context(), ops.Board{}, ops.Request{Target: tc.target})
		if (err == nil) != (tc.words == "") || err != nil && (ops.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.words)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRunTakesNoPlanButItsOwn(t *testing.T) {
	d := newScripted(t)
	p := planned(t, actionOf(t, d.host, verbRestart))
	if _, err := callOf(p, verbRestart); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*ops.Step){
		"nothing":             func(s *ops.Step) { *s = ops.Step{} },
		"another verb":        func(s *ops.Step) { s.Path = ops.Clean("/v1.41/containers/" + webID[:12] + "/stop") },
		"another container":   func(s *ops.Step) { s.On = []ops.Text{ops.Lit("000000000000"), ops.Lit("web")} },
		"no container":        func(s *ops.Step) { s.On = nil },
		"a path within":       func(s *ops.Step) { s.Path = ops.Clean("/v1.41/containers/" + webID[:12] + "/../x/restart") },
		"another method":      func(s *ops.Step) { s.Method = ops.Lit("DELETE") },
		"a body":              func(s *ops.Step) { s.Body = ops.Lit("{}") },
		"a time of no number": func(s *ops.Step) { s.Query[0].Value = ops.Lit("soon") },
		"more than its time": func(s *ops.Step) {
			s.Query = append(s.Query, ops.Param{Name: ops.Lit("signal"), Value: ops.Lit("KILL")})
		},
		"a statement": func(s *ops.Step) { s.How = ops.StepSQL },
	} {
		other := planned(t, actionOf(t, d.host, verbRestart))
		change(&other.Steps[0])
		if _, err := callOf(other, verbRestart); ops.CodeOf(err) != ops.CodeInvalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
