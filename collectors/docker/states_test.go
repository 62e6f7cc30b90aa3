package docker

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"

	"opsdeck/ops"
)

func TestSinceWhenAStateIsThatTheDaemonDoesNotDate(t *testing.T) {
	begin := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	row := func(s ops.ContainerState) []ops.Container { return []ops.Container{{Name: ops.Lit("web"), State: s}} }
	at := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Minute) }
	for situation, c := range map[string]struct {
		events []event // before the last rows
		states []ops.ContainerState
		want   time.Time
	}{
		"paused, and nobody saw it":           {nil, []ops.ContainerState{ops.ContainerPaused, ops.ContainerPaused}, time.Time{}},
		"paused between two lists":            {nil, []ops.ContainerState{ops.ContainerRunning, ops.ContainerPaused, ops.ContainerPaused}, at(1)},
		"paused, and an event told it":        {[]event{{action: "pause", name: "web", at: at(-9)}}, []ops.ContainerState{ops.ContainerPaused, ops.ContainerPaused}, at(-9)},
		"missing from the first":              {nil, []ops.ContainerState{ops.ContainerMissing, ops.ContainerMissing}, time.Time{}},
		"removed":                             {[]event{{action: "destroy", name: "web", at: at(-9)}}, []ops.ContainerState{ops.ContainerRunning, ops.ContainerMissing}, at(-9)},
		"removed, and somebody else paused":   {[]event{{action: "pause", name: "other", at: at(-9)}}, []ops.ContainerState{ops.ContainerRunning, ops.ContainerMissing}, at(1)},
		"named otherwise":                     {[]event{{action: "rename", oldName: "web", name: "other", at: at(-9)}}, []ops.ContainerState{ops.ContainerRunning, ops.ContainerMissing}, at(-9)},
		"paused and unpaused, and then dead":  {[]event{{action: "pause", name: "web", at: at(-9)}, {action: "unpause", name: "web", at: at(-8)}}, []ops.ContainerState{ops.ContainerRunning, ops.ContainerDead}, at(1)},
		"paused again after the last list":    {[]event{{action: "pause", name: "web", at: at(-9)}}, []ops.ContainerState{ops.ContainerRunning, ops.ContainerPaused, ops.ContainerPaused}, at(-9)},
		"running is dated by its start alone": {nil, []ops.ContainerState{ops.ContainerPaused, ops.ContainerRunning}, time.Time{}},
	} {
		b := newStateBook()
		var got time.Time
		for i, s := range c.states {
			if i == len(c.states)-1 {
				for _, e := range c.events {
					b.heard(e)
				}
			}
			rows := row(s)
			b.date(rows, at(i))
			got = rows[0].Since
		}
		if !got.Equal(c.want) {
			t.Errorf("%s: since %s, want %s", situation, got, c.want)
		}
	}
}

func TestAHealthCheckFailsSinceTheFirstThatDid(t *testing.T) {
	started := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return started.Add(time.Duration(s) * time.Second) }
	checks := func(first, apart int, codes ...int) (out []*container.HealthcheckResult) {
		for i, code := range codes {
			out = append(out, &container.HealthcheckResult{Start: at(first + i*apart), ExitCode: code, Output: "no"})
		}
		return out
	}
	for situation, c := range map[string]struct {
		status container.HealthStatus
		streak int
		log    []*container.HealthcheckResult
		before time.Time
		want   time.Time
	}{
		"well":                               {container.Healthy, 0, checks(100, 10, 0, 0), time.Time{}, time.Time{}},
		"well, after one that failed":        {container.Healthy, 1, checks(100, 10, 0, 1), time.Time{}, time.Time{}},
		"after a good one":                   {container.Unhealthy, 3, checks(100, 10, 0, 0, 1, 1, 1), time.Time{}, at(120)},
		"longer than the daemon keeps":       {container.Unhealthy, 9, checks(100, 10, 1, 1, 1, 1, 1), time.Time{}, at(60)},
		"the same, and known from before":    {container.Unhealthy, 9, checks(100, 10, 1, 1, 1, 1, 1), at(61), at(61)},
		"known from before it was restarted": {container.Unhealthy, 5, checks(100, 10, 1, 1, 1, 1, 1), at(-61), at(100)},
		"no longer than it runs":             {container.Unhealthy, 99, checks(100, 10, 1, 1, 1, 1, 1), time.Time{}, started},
		"while it starts":                    {container.Starting, 0, checks(600, 30, 1, 1, 1, 1, 1), time.Time{}, at(30)},
		"the first while it starts":          {container.Starting, 0, checks(30, 30, 1), time.Time{}, at(30)},
		"no check yet":                       {container.Starting, 0, nil, time.Time{}, time.Time{}},
	} {
		st := &container.State{Running: true, StartedAt: started.Format(time.RFC3339Nano), Health: &container.Health{Status: c.status, FailingStreak: c.streak, Log: c.log}}
		if got := failingSince(st, c.before); !got.Equal(c.want) {
			t.Errorf("%s: since %s, want %s", situation, got, c.want)
		}
	}
}

func TestWhichContainersAreTheEstatesOwn(t *testing.T) {
	labels := map[string]string{labelProject: "shop", "team": "payments", "tier": "web"}
	for situation, c := range map[string]struct {
		own  Own
		want bool
	}{
		"nothing is said":          {Own{}, true},
		"its project":              {Own{Projects: []string{"bank", "shop"}}, true},
		"another project":          {Own{Projects: []string{"bank"}}, false},
		"a pattern":                {Own{Names: []string{"shop-*"}}, true},
		"another pattern":          {Own{Names: []string{"sho?", "api"}}, false},
		"a pattern that is none":   {Own{Names: []string{"shop-["}}, false},
		"all of the labels":        {Own{Labels: []ops.Label{{Name: ops.Lit("team"), Value: ops.Lit("payments")}, {Name: ops.Lit("tier"), Value: ops.Lit("web")}}}, true},
		"one of the labels":        {Own{Labels: []ops.Label{{Name: ops.Lit("team"), Value: ops.Lit("payments")}, {Name: ops.Lit("tier"), Value: ops.Lit("db")}}}, false},
		"a label that it has not":  {Own{Labels: []ops.Label{{Name: ops.Lit("owner"), Value: ops.Lit("")}}}, false},
		"one part of several fits": {Own{Projects: []string{"bank"}, Names: []string{"*-api"}}, true},
		"no part of several does":  {Own{Projects: []string{"bank"}, Names: []string{"bank-*"}}, false},
	} {
		if got := c.own.has("shop-api", labels); got != c.want {
			t.Errorf("%s: %t", situation, got)
		}
	}
}

func TestAnExpectedContainerIsFoundByWhatComposeCallsIt(t *testing.T) {
	made := func(name, project, service, number string) container.Summary {
		return container.Summary{ID: "id-" + name, Names: []string{"/" + name}, Labels: map[string]string{labelProject: project, labelService: service, labelNumber: number}}
	}
	oneOff := made("shop-api-run-1a2b", "shop", "api", "1")
	oneOff.Labels[labelOneOff] = "True"
	for situation, c := range map[string]struct {
		items []container.Summary
		own   []string // projects
		want  string   // ids
	}{
		"by its name":                       {[]container.Summary{{ID: "id-shop-api", Names: []string{"/shop-api"}}, made("shop-api-2", "shop", "api", "2")}, nil, "id-shop-api"},
		"each replica":                      {[]container.Summary{made("shop-api-1", "shop", "api", "1"), made("shop-api-2", "shop", "api", "2")}, nil, "id-shop-api-1 id-shop-api-2"},
		"as the first compose called it":    {[]container.Summary{made("shop_api_1", "shop", "api", "1")}, nil, "id-shop_api_1"},
		"while it is made anew":             {[]container.Summary{made("1a2b3c_shop-api-1", "shop", "api", "1")}, nil, "id-1a2b3c_shop-api-1"},
		"another project's":                 {[]container.Summary{made("bank-api-1", "bank", "api", "1")}, nil, ""},
		"a command that was run beside":     {[]container.Summary{oneOff}, nil, ""},
		"by its service in one's own":       {[]container.Summary{made("shop-api-1", "shop", "api", "1")}, []string{"shop"}, "id-shop-api-1"},
		"by its service in somebody else's": {[]container.Summary{made("bank-api-1", "bank", "api", "1")}, []string{"shop"}, ""},
	} {
		col := New(Config{Name: "docker", Own: Own{Projects: c.own}, Expected: []ops.Expected{{Name: ops.Lit("shop-api")}}}, nil)
		found, absent := col.named(c.items)
		var ids []string
		for id := range found {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		if strings.Join(ids, " ") != c.want || (len(absent) == 0) != (c.want != "") {
			t.Errorf("%s: %v, absent %v", situation, ids, absent)
		}
	}
	col := New(Config{Name: "docker", Own: Own{Projects: []string{"shop"}}, Expected: []ops.Expected{{Name: ops.Lit("api")}}}, nil)
	if found, _ := col.named([]container.Summary{made("shop-api-1", "shop", "api", "1"), made("bank-api-1", "bank", "api", "1")}); len(found) != 1 {
		t.Errorf("by the service alone: %v", found)
	}
}

func TestEventsOfOthersAreNoNews(t *testing.T) {
	c := New(Config{Name: "docker", Own: Own{Projects: []string{"shop"}}, Expected: []ops.Expected{{Name: ops.Lit("proxy")}}}, nil)
	for name, want := range map[string]bool{"web": true, "proxy": true, "theirs": false} {
		m := events.Message{Action: events.ActionDie, TimeNano: 1, Actor: events.Actor{ID: name, Attributes: map[string]string{"name": name, "exitCode": "1"}}}
		if name == "web" {
			m.Actor.Attributes[labelProject] = "shop"
		}
		if _, ok := c.take(m); ok != want {
			t.Errorf("%s: %t", name, ok)
		}
	}
	if len(c.deaths.byName["theirs"]) != 1 {
		t.Error("its row does not know how it ended")
	}
}

func TestTheKernelsKillsAreOfTheRunThatGoesOn(t *testing.T) {
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	b := newDeathBook()
	b.started("id", at)
	b.outOfMemory("id", "web", at.Add(time.Minute))
	b.outOfMemory("id", "web", at.Add(2*time.Minute))
	if got := b.outlived("id", at.Add(3*time.Minute)); len(got) != 2 || got[0].Before(got[1]) {
		t.Errorf("newest first: %v", got)
	}
	if d := b.died("id", "web", at.Add(2*time.Minute+time.Second), 137); !d.OOM || d.Ran != 2*time.Minute+time.Second {
		t.Errorf("the end of the main one: %+v", d)
	}
	if got := b.outlived("id", at.Add(3*time.Minute)); len(got) != 0 {
		t.Errorf("the run is over: %v", got)
	}
}

// A daemon whose clock is behind tells of what happens now in times that are long over.
func TestTimesOfADaemonAreReadByOurClock(t *testing.T) {
	f := newFakeDaemon(t)
	f.events = replay(t)
	clock := newTestClock()
	clock.add(2*time.Hour - time.Minute) // the recording is of two hours ago, by our clock
	told := NewClock(clock.Now)
	told.clock.Measure(clock.Now().Add(-2*time.Hour), clock.Now(), clock.Now())
	c := fakeCollector(t, f.host, clock)
	c.cfg.Clock = told
	news := 0
	_ = c.Push(t.Context(), func(o ops.Observation) { news += len(o.Events) })
	clock.add(time.Minute)
	o, err := c.Collect(t.Context())
	if err != nil || news == 0 {
		t.Fatalf("%d events are news, %v", news, err)
	}
	if len(o.Notes) == 0 || !strings.Contains(o.Notes[0].String(), "2 h 0 min behind ours") {
		t.Errorf("notes: %v", o.Notes)
	}
	for _, r := range *o.Containers {
		for name, at := range map[string]time.Time{"created": r.Created, "started": r.Started, "finished": r.Finished} {
			if age := clock.Now().Sub(at); !at.IsZero() && (age.Abs() > time.Hour) {
				t.Errorf("%s %s %s ago", r.Name, name, age)
			}
		}
		if r.Name.String() == "loop" && len(r.ExitEvents) != 6 {
			t.Errorf("loop: %d ends", len(r.ExitEvents))
		}
	}
}
