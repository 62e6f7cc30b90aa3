package judge

import (
	"time"

	"opsdeck/ops"
)

// crashLoop recognises a container that dies again and again: by the deaths we
// saw, or, where we were not there, by its restart count and a recent start. One that
// has outlived the loop is in none: what happened stays as its latch.
func crashLoop(e ops.Estate, c ops.Container, now time.Time) (ops.Verdict, bool) {
	deaths := deathsWithin(c, e.Limits.CrashWindow, now)
	alive := c.State == ops.ContainerRunning || c.State == ops.ContainerRestarting
	counted := alive && c.Restarts >= e.Limits.CrashLoop && now.Sub(c.Started) <= e.Limits.CrashWindow
	seen := len(deaths) >= e.Limits.CrashLoop
	if c.State == ops.ContainerExited || c.State == ops.ContainerMissing || !seen && !counted || outlived(c, deaths, now) {
		return ops.Verdict{}, false
	}
	v := ops.Verdict{Word: ops.Lit("crash-looping"),
		Next: []ops.Next{by(ops.KeyLogs, ops.Lit("read its last lines")), do(actStop, c.Ref, ops.Lit("stop it if it harms others"))}}
	switch {
	case len(deaths) > 0:
		last := deaths[0]
		v.Cause = ops.Textf("%s in %s, the last with %s", ops.Count(len(deaths), "death"), ops.Span(e.Limits.CrashWindow), exitWords(last.Code, last.OOM, true))
		v.Since = deaths[len(deaths)-1].At
	case c.Exit.Known && c.Exit.Code != 0:
		v.Cause = ops.Textf("restarted %s, %s", ops.Count(c.Restarts, "time"), exitWords(c.Exit.Code, false, false))
	default:
		v.Cause = ops.Textf("restarted %s, last start %s", ops.Count(c.Restarts, "time"), ops.Moment(c.Started, now))
	}
	return v, true
}

// deathsWithin are the ends within a window that nobody asked for, newest first. That a
// job ends with 0 is none.
func deathsWithin(c ops.Container, window time.Duration, now time.Time) []ops.ExitEvent {
	var deaths []ops.ExitEvent
	for _, d := range c.ExitEvents {
		if now.Sub(d.At) <= window && !d.Requested && !(c.Duty == ops.DutyJob && d.Code == 0) {
			deaths = append(deaths, d)
		}
	}
	return deaths
}

// A run outlives a loop when it is longer than the runs that ended so, and at least
// outlivesAfter; where nobody saw those, than unseenRun.
const (
	outlivesAfter = 10 * time.Second
	unseenRun     = time.Minute
)

// outlived reports whether a container runs longer than it ever did in its crash loop:
// a healthy one by anything, one that nobody checks by twice of that.
func outlived(c ops.Container, deaths []ops.ExitEvent, now time.Time) bool {
	if c.State != ops.ContainerRunning || c.Started.IsZero() {
		return false
	}
	longest := time.Duration(0)
	for i, d := range deaths {
		switch {
		case d.Ran > 0:
			longest = max(longest, d.Ran)
		case i+1 < len(deaths): // no longer than from one end to the next
			longest = max(longest, d.At.Sub(deaths[i+1].At))
		}
	}
	if c.Health != ops.HealthHealthy {
		longest *= 2
	}
	if len(deaths) == 0 {
		longest = unseenRun
	}
	return now.Sub(c.Started) > max(longest, outlivesAfter)
}
