package silence

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// run plans and runs a request.
func run(t *testing.T, c *fakeCluster, req ops.Request) (ops.Result, string, error) {
	t.Helper()
	p := planned(t, c, theBoard(), req)
	var n notes
	res, err := actionsOf(t, c)[req.Action.String()].Run(t.Context(), p, &n)
	return res, fmt.Sprint(n.got), err
}

func notified(pairs ...string) ops.AlertmanagerAlert {
	return ops.AlertmanagerAlert{Labels: labels(pairs...)}
}

func TestRunPostsThePlanAndLooks(t *testing.T) {
	c := &fakeCluster{notes: []ops.Text{ops.Lit("peer b does not show it")}, alerts: []ops.AlertmanagerAlert{
		// Alertmanager's alerts carry labels that Prometheus adds on sending.
		notified("alertname", "Down", "instance", "a:80", "service", "web", "region", "eu"), notified("alertname", "Down", "instance", "b:80", "service", "web")}}
	res, told, err := run(t, c, request("silence.create", alertRef("1"), "comment", "new disk", "duration", "15m"))
	if err != nil || res.State != ops.JobSucceeded || res.What.String() != "silence new-1 until 2026-11-21 12:15:00Z: it hides 1 alert; peer b does not show it" {
		t.Errorf("%+v, %v", res, err)
	}
	if !strings.Contains(told, "peer b does not show it") {
		t.Errorf("%s", told)
	}
	s := c.posted[0]
	if s.By.String() != "ana" || s.Comment.String() != "new disk" || !s.Starts.IsZero() || !s.Ends.Equal(noon.Add(15*time.Minute)) || len(s.Matchers) != 3 {
		t.Errorf("%+v", s)
	}
}

func TestRunSaysWhatItCouldNotSee(t *testing.T) {
	req := request("silence.create", alertRef("1"), "comment", "x")
	down := []ops.AlertmanagerAlert{notified("alertname", "Down", "instance", "a:80", "service", "web")}
	res, _, err := run(t, &fakeCluster{alerts: down, deaf: true}, req)
	if err != nil || res.State != ops.JobPartial || !strings.Contains(res.What.String(), "1 alert that it selects are not shown as silenced") {
		t.Errorf("not applied: %+v, %v", res, err)
	}
	res, _, err = run(t, &fakeCluster{}, req)
	if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), "it hides nothing now") {
		t.Errorf("nothing to hide: %+v, %v", res, err)
	}
	c := &fakeCluster{}
	p := planned(t, c, theBoard(), req)
	c.err = ops.Errorf(ops.CodeUnanswered, "lost")
	if _, err := actionsOf(t, c)["silence.create"].Run(t.Context(), p, &notes{}); ops.CodeOf(err) != ops.CodeUnanswered {
		t.Errorf("%v", err)
	}
}

func TestRunMaintenance(t *testing.T) {
	c := &fakeCluster{}
	res, _, err := run(t, c, request("maintenance.start", estateRef, "matchers", "service=web", "from", "2026-11-21T22:00Z", "duration", "1h", "comment", "new disk"))
	if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), "maintenance from 2026-11-21 22:00:00Z to 2026-11-21 23:00:00Z, silence new-1") {
		t.Errorf("%+v, %v", res, err)
	}
	if s := c.posted[0]; s.Comment.String() != "MAINTENANCE new disk" || !s.Starts.Equal(noon.Add(10*time.Hour)) || !s.Ends.Equal(noon.Add(11*time.Hour)) {
		t.Errorf("%+v", s)
	}
}

func TestRunExtendAndExpire(t *testing.T) {
	c := &fakeCluster{silences: []ops.Silence{held()}}
	res, _, err := run(t, c, request("silence.extend", silenceRef))
	if err != nil || res.What.String() != "silence s-1 ends at 2026-11-21 14:00:00Z" || !c.extended[0].Equal(noon.Add(2*time.Hour)) {
		t.Errorf("%+v, %v", res, err)
	}
	c.newID = "s-2"
	res, _, err = run(t, c, request("silence.extend", silenceRef))
	if err != nil || !strings.Contains(res.What.String(), "silence s-2 ends at") || !strings.Contains(res.What.String(), "s-1 has expired") {
		t.Errorf("%+v, %v", res, err)
	}
	res, _, err = run(t, c, request("silence.expire", silenceRef))
	if err != nil || res.What.String() != "silence s-1 has expired" || c.expired[0].String() != "s-1" {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestRunTakesNoOthersPlan(t *testing.T) {
	c := &fakeCluster{silences: []ops.Silence{held()}}
	as := actionsOf(t, c)
	plans := map[string]ops.Plan{
		"silence.create": planned(t, c, theBoard(), request("silence.create", alertRef("1"), "comment", "x")),
		"silence.extend": planned(t, c, theBoard(), request("silence.extend", silenceRef)),
		"silence.expire": planned(t, c, theBoard(), request("silence.expire", silenceRef)),
		"nothing":        {},
	}
	for of, p := range plans {
		for id, a := range as {
			if of == id || of == "silence.create" && id == "maintenance.start" {
				continue
			}
			if _, err := a.Run(t.Context(), p, &notes{}); ops.CodeOf(err) != ops.CodeInvalid {
				t.Errorf("%s ran the plan of %s: %v", id, of, err)
			}
		}
	}
	if len(c.posted)+len(c.extended)+len(c.expired) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestTheCreatorIsNamed(t *testing.T) {
	for want, a := range map[string]ops.Actor{
		"ana":     {Name: ops.Lit("ana")},
		"opsdeck": {},
	} {
		if got := creator(a).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
