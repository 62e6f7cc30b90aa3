package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// looped are the ends of a crash loop, the newest first, each after a run of so long.
func looped(ran time.Duration, ages ...time.Duration) []ops.ExitEvent {
	ds := died(1, false, ages...)
	for i := range ds {
		ds[i].Ran = ran
	}
	return ds
}

func TestAMendedCrashLoopIsOverAndLatched(t *testing.T) {
	quick := looped(2*time.Second, time.Minute, 70*time.Second, 80*time.Second)
	for situation, c := range map[string]struct {
		c       ops.Container
		looping bool
	}{
		"it has just started again": {ops.Container{Health: ops.HealthNone, Started: ago(3 * time.Second),
			ExitEvents: looped(2*time.Second, 4*time.Second, 9*time.Second, 15*time.Second)}, true},
		"it runs longer than ever in the loop":          {ops.Container{Health: ops.HealthNone, Started: ago(58 * time.Second), ExitEvents: quick}, false},
		"the same, and its health check says yes":       {ops.Container{Health: ops.HealthHealthy, Started: ago(11 * time.Second), ExitEvents: quick}, false},
		"its restart count alone told, a minute and on": {ops.Container{Health: ops.HealthNone, Restarts: 9, Started: ago(61 * time.Second)}, false},
		"its restart count alone tells":                 {ops.Container{Health: ops.HealthNone, Restarts: 9, Started: ago(20 * time.Second)}, true},
		"it always lived for a minute, and is healthy": {ops.Container{Health: ops.HealthHealthy, Started: ago(50 * time.Second),
			ExitEvents: looped(time.Minute, 51*time.Second, 112*time.Second, 173*time.Second)}, true},
		"nobody knows how long it lived, ends are far apart": {ops.Container{Health: ops.HealthNone, Started: ago(40 * time.Second),
			ExitEvents: died(1, false, 42*time.Second, 82*time.Second, 122*time.Second)}, true},
	} {
		c.c.State, c.c.Expected = ops.ContainerRunning, true
		c.c.Latch = Standing(shop().Limits, Happened(ops.Latch{}, c.c, now), c.c, now)
		cs := []ops.Container{c.c}
		Containers(shop(), cs, now)
		got := cs[0]
		if got.Looping != c.looping || got.Looping != (got.Verdict.Word.String() == "crash-looping") {
			t.Errorf("%s: looping %t, %q", situation, got.Looping, got.Verdict.Word)
		}
		if !c.looping && len(c.c.ExitEvents) > 0 && (got.Latch.Empty() || got.Latch.Acked() || got.Verdict.Level != ops.LevelInfo) {
			t.Errorf("%s: what happened does not wait for an ack: %+v, %s", situation, got.Latch, got.Verdict.Level)
		}
	}
}

func TestSinceIsOfTheStateItStandsBy(t *testing.T) {
	started, finished, created, since, failing := ago(9*time.Hour), ago(8*time.Hour), ago(10*time.Hour), ago(7*time.Minute), ago(6*time.Minute)
	base := ops.Container{Started: started, Finished: finished, Created: created, Since: since, Health: ops.HealthNone, Exit: ops.Exit{Known: true, Code: 3}}
	with := func(change func(*ops.Container)) ops.Container {
		c := base
		change(&c)
		return c
	}
	state := func(s ops.ContainerState) ops.Container { return with(func(c *ops.Container) { c.State = s }) }
	for situation, c := range map[string]struct {
		c    ops.Container
		word string
		want time.Time
	}{
		"running":    {state(ops.ContainerRunning), "running", started},
		"exited":     {state(ops.ContainerExited), "exited", finished},
		"restarting": {state(ops.ContainerRestarting), "restarting", finished},
		"paused":     {state(ops.ContainerPaused), "paused", since},
		"removing":   {state(ops.ContainerRemoving), "removing", since},
		"dead":       {state(ops.ContainerDead), "dead", since},
		"missing":    {state(ops.ContainerMissing), "missing", since},
		"created":    {state(ops.ContainerCreated), "not started", created},
		"unhealthy": {with(func(c *ops.Container) {
			c.State, c.Health, c.Failing = ops.ContainerRunning, ops.HealthUnhealthy, failing
		}), "unhealthy", failing},
		"unhealthy, first seen so": {with(func(c *ops.Container) {
			c.State, c.Health = ops.ContainerRunning, ops.HealthUnhealthy
			c.Latch.Unhealthy.From = since
		}), "unhealthy", since},
		"starting": {with(func(c *ops.Container) { c.State, c.Health = ops.ContainerRunning, ops.HealthStarting }), "starting", started},
		"in a crash loop nobody saw begin": {with(func(c *ops.Container) {
			c.State, c.Restarts, c.Started, c.Finished = ops.ContainerRunning, 9, ago(2*time.Second), ago(4*time.Second)
		}), "crash-looping", time.Time{}},
		"the kernel killed a process": {with(func(c *ops.Container) {
			c.State, c.Latch = ops.ContainerRunning, ops.Latch{OOMKills: 1, LastOOM: since}
		}), "lost a process", since},
	} {
		c.c.Expected = true
		if v := Container(shop(), c.c, now); v.Word.String() != c.word || !v.Since.Equal(c.want) {
			t.Errorf("%s: %q since %s, want %s", situation, v.Word, v.Since, c.want)
		}
	}
}

func TestWhatAContainerIsForDecidesHowItMayEnd(t *testing.T) {
	exited := func(code int) ops.Container {
		return ops.Container{State: ops.ContainerExited, Exit: ops.Exit{Known: true, Code: code}}
	}
	missingAfter := func(code int) ops.Container {
		return ops.Container{State: ops.ContainerMissing, ExitEvents: died(code, false, time.Minute)}
	}
	const (
		ok, info, warning, critical = ops.LevelOK, ops.LevelInfo, ops.LevelWarning, ops.LevelCritical
	)
	for situation, c := range map[string]struct {
		c                      ops.Container
		service, job, optional ops.Level
	}{
		"runs":                        {ops.Container{State: ops.ContainerRunning, Health: ops.HealthNone}, ok, ok, ok},
		"ended with 0":                {exited(0), critical, ok, ok},
		"ended with 3":                {exited(3), critical, critical, warning},
		"was stopped":                 {exited(143), critical, critical, ok},
		"was killed for its memory":   {ops.Container{State: ops.ContainerExited, Exit: ops.Exit{Known: true, Code: 137}, OOM: true}, critical, critical, warning},
		"ended, nobody knows how":     {ops.Container{State: ops.ContainerExited}, critical, critical, warning},
		"never ran":                   {ops.Container{State: ops.ContainerCreated}, critical, warning, ok},
		"cannot start":                {ops.Container{State: ops.ContainerCreated, Fault: ops.Lit("no such file")}, critical, critical, warning},
		"is not there":                {ops.Container{State: ops.ContainerMissing}, critical, warning, ok},
		"failed and was removed":      {missingAfter(3), critical, critical, ok},
		"ended well, and was removed": {missingAfter(0), critical, warning, ok},
		"fails its health check":      {ops.Container{State: ops.ContainerRunning, Health: ops.HealthUnhealthy}, critical, critical, warning},
		"is tried again and again":    {ops.Container{State: ops.ContainerRestarting, ExitEvents: looped(time.Second, time.Second, 5*time.Second, 9*time.Second)}, critical, critical, warning},
		"ended well, three times":     {ops.Container{State: ops.ContainerExited, Exit: ops.Exit{Known: true}, ExitEvents: died(0, false, 10*time.Second, 20*time.Second, 30*time.Second)}, critical, ok, ok},
		"is being removed":            {ops.Container{State: ops.ContainerRemoving}, info, info, info},
	} {
		for duty, want := range map[ops.ContainerDuty]ops.Level{ops.DutyService: c.service, ops.DutyJob: c.job, ops.DutyOptional: c.optional} {
			c.c.Expected, c.c.Duty = true, duty
			c.c.Latch = Standing(shop().Limits, Happened(ops.Latch{}, c.c, now), c.c, now)
			v := Container(shop(), c.c, now)
			if v.Level != want || v.Level.Bad() && v.Cause.Empty() {
				t.Errorf("%s that %s: %s, %q, %q; want %s", duty, situation, v.Level, v.Word, v.Cause, want)
			}
			c.c.Foreign = true
			if v := Container(shop(), c.c, now); v.Level.Worse(info) {
				t.Errorf("somebody else's %s that %s counts: %s", duty, situation, v.Level)
			}
			c.c.Foreign = false
		}
	}
}

func TestChecksThatFailForLongWhileItStartsAreMoreThanInformation(t *testing.T) {
	e := shop()
	e.Limits.Starting = 5 * time.Minute
	for failing, want := range map[time.Duration]ops.Level{0: ops.LevelInfo, 4 * time.Minute: ops.LevelInfo, 10 * time.Minute: ops.LevelWarning} {
		c := ops.Container{State: ops.ContainerRunning, Health: ops.HealthStarting, Started: ago(11 * time.Minute), Check: ops.Lit("status 503"), Expected: true}
		if failing > 0 {
			c.Failing = ago(failing)
		}
		if v := Container(e, c, now); v.Level != want || strings.Contains(v.Cause.String(), "status 503") != (failing > 0) {
			t.Errorf("failing for %s: %s, %q", failing, v.Level, v.Cause)
		}
	}
}

func TestAProcessThatTheKernelKilledIsLatchedWhileTheMainOneLives(t *testing.T) {
	n := newNight(t)
	n.c.OOMKills = []time.Time{now}
	n.wants(now.Add(time.Second), ops.LevelOK, "running", "") // the end of the main one may still come
	n.wants(now.Add(2*time.Second), ops.LevelInfo, "lost a process", "out of memory 02:14:00Z: the kernel killed a process in it")
	n.c.OOMKills = []time.Time{now.Add(time.Minute), now}
	n.wants(now.Add(2*time.Minute), ops.LevelInfo, "lost a process", "2 times in all")
	n.acks("ana", now.Add(3*time.Minute))
	n.wants(now.Add(4*time.Minute), ops.LevelInfo, "lost a process", "acked by ana")
	n.c.OOMKills = append([]time.Time{now.Add(5 * time.Minute)}, n.c.OOMKills...)
	n.wants(now.Add(6*time.Minute), ops.LevelInfo, "lost a process", "out of memory 02:19:00Z")
	if n.c.Latch.Acked() || n.c.Latch.OOMKills != 1 {
		t.Errorf("what came after the ack: %+v", n.c.Latch)
	}
	n.c.OOMKills = nil
	n.acks("ana", now.Add(7*time.Minute))
	n.wants(now.Add(2*time.Hour), ops.LevelOK, "running", "")
}
