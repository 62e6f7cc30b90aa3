package judge

import (
	"regexp"
	"strings"
	"time"

	"opsdeck/ops"
)

// Containers judges containers in a slice that nobody else holds yet: each one, and
// its restarts alone.
func Containers(e ops.Estate, cs []ops.Container, now time.Time) {
	for i := range cs {
		c := &cs[i]
		c.Verdict = Container(e, *c, now)
		c.RestartLevel = ops.LevelOK
		if c.Restarts > 0 && len(c.ExitEvents) > 0 { // they are of this hour, and as bad as what came of them
			if c.RestartLevel = c.Verdict.Level; c.RestartLevel.Good() {
				c.RestartLevel = ops.LevelInfo
			}
		}
	}
}

// memoryShare is the share of its limit from which the kernel reclaims hard: the
// next peak ends in an OOM kill.
const memoryShare = 0.9

// Stats judges the memory of containers against their limits, of which the
// container's own counts before the sampled one, in figures that nobody else holds.
func Stats(stats []ops.ContainerStats, containers ops.Readings[[]ops.Container]) {
	limits := map[ops.Ref]float64{}
	for c := range ops.All(containers) {
		limits[c.Ref] = float64(c.MemoryLimit)
	}
	for i := range stats {
		s := &stats[i]
		limit := limits[s.Ref]
		if limit == 0 && s.Limit.Known {
			limit = s.Limit.Value
		}
		switch {
		case !s.Memory.Known:
			s.MemoryLevel = ops.LevelUnknown
		case limit > 0 && s.Memory.Value >= memoryShare*limit:
			s.MemoryLevel = ops.LevelWarning
		default:
			s.MemoryLevel = ops.LevelOK
		}
	}
}

// Container judges one container. What the estate expects to run and does not is
// critical; the same of a container nobody asked for is worth a word.
func Container(e ops.Estate, c ops.Container, now time.Time) ops.Verdict {
	bad := ops.LevelWarning
	if c.Expected {
		bad = ops.LevelCritical
	}
	if v, ok := crashLoop(e, c, now); ok {
		v.Level = bad
		return v
	}
	switch c.State {
	case ops.ContainerMissing:
		return ops.Verdict{Level: ops.LevelCritical, Word: ops.Lit("missing"),
			Cause: ops.Textf("the estate expects it on %s, which has no such container", c.Ref.Source),
			Next:  words(ops.Lit("create it from its compose project"))}
	case ops.ContainerCreated:
		return created(c, bad)
	case ops.ContainerExited, ops.ContainerDead:
		if !c.Fault.Empty() {
			return cannotStart(c, bad)
		}
		return exited(c, bad)
	case ops.ContainerPaused:
		return ops.Verdict{Level: ops.LevelWarning, Word: ops.Lit("paused"),
			Cause: ops.Lit("somebody paused it: it does nothing and answers nobody"), Next: []ops.Next{do(actUnpause, c.Ref, ops.Lit("unpause it"))}}
	case ops.ContainerRestarting:
		v := exited(c, bad)
		v.Word = ops.Lit("restarting")
		return v
	case ops.ContainerRunning:
		return running(c, bad, now)
	}
	return ops.Verdict{Level: ops.LevelUnknown, Word: ops.Clean(c.State.String())}
}

// crashLoop recognises a container that dies again and again: by the deaths we
// saw, or, where we were not there, by its restart count and a recent start.
func crashLoop(e ops.Estate, c ops.Container, now time.Time) (ops.Verdict, bool) {
	deaths, last := 0, ops.ExitEvent{}
	for _, d := range c.ExitEvents {
		if now.Sub(d.At) <= e.Limits.CrashWindow && !d.Requested {
			if deaths++; deaths == 1 {
				last = d
			}
		}
	}
	alive := c.State == ops.ContainerRunning || c.State == ops.ContainerRestarting
	counted := alive && c.Restarts >= e.Limits.CrashLoop && now.Sub(c.Started) <= e.Limits.CrashWindow
	if c.State == ops.ContainerExited || (deaths < e.Limits.CrashLoop && !counted) {
		return ops.Verdict{}, false
	}
	v := ops.Verdict{Word: ops.Lit("crash-looping"), Since: c.Finished,
		Next: []ops.Next{by(ops.KeyLogs, ops.Lit("read its last lines")), do(actStop, c.Ref, ops.Lit("stop it if it harms others"))}}
	switch {
	case deaths > 0:
		v.Cause = ops.Textf("%s in %s, the last with %s", ops.Count(deaths, "death"), ops.Span(e.Limits.CrashWindow), exitWords(last.Code, last.OOM, true))
		v.Since = c.ExitEvents[min(deaths, len(c.ExitEvents))-1].At
	case c.Exit.Known && c.Exit.Code != 0:
		v.Cause = ops.Textf("restarted %d times, %s", c.Restarts, exitWords(c.Exit.Code, false, false))
	default:
		v.Cause = ops.Textf("restarted %d times, last start %s", c.Restarts, ops.Moment(c.Started, now))
	}
	return v, true
}

func created(c ops.Container, bad ops.Level) ops.Verdict {
	if c.Fault.Empty() {
		return ops.Verdict{Level: bad, Word: ops.Lit("not started"), Cause: ops.Lit("created and never started"), Next: []ops.Next{do(actStart, c.Ref, ops.Lit("start it"))}}
	}
	return cannotStart(c, bad)
}

// cannotStart is for a container whose last start failed: its exit code then is
// Docker's, and says nothing of its program.
func cannotStart(c ops.Container, bad ops.Level) ops.Verdict {
	v := ops.Verdict{Level: bad, Word: ops.Lit("cannot start"), Cause: c.Fault, Next: thenStart(c, ops.Next{What: ops.Lit("fix the cause")}), Since: c.Finished}
	if v.Since.IsZero() {
		v.Since = c.Created
	}
	if s := c.Fault.String(); strings.Contains(s, "port is already allocated") || strings.Contains(s, "address already in use") {
		v.Word, v.Next = ops.Lit("port clash"), thenStart(c, ops.Next{What: ops.Lit("free the port or change it")})
		if !c.Holder.Empty() {
			v.Cause = ops.Textf("its port is held by %s", c.Holder)
			if at := clashAddress.FindString(s); at != "" {
				v.Cause = ops.Textf("port %s is held by %s", at, c.Holder)
			}
		}
	}
	return v
}

// clashAddress is the address in Docker's words about a port.
var clashAddress = regexp.MustCompile(`[0-9.\[\]:a-f]+:\d+`)

func exited(c ops.Container, bad ops.Level) ops.Verdict {
	oom, seen := c.OOM, false
	if len(c.ExitEvents) > 0 && sameEnd(c.ExitEvents[0], c) {
		oom, seen = oom || c.ExitEvents[0].OOM, true
	}
	v := ops.Verdict{Level: bad, Word: ops.Clean(c.State.String()), Since: c.Finished, Next: thenStart(c, by(ops.KeyLogs, ops.Lit("read its last lines")))}
	if !c.Expected && c.Exit.Known && c.Exit.Code == 0 {
		v.Level, v.Next = ops.LevelOK, nil
	}
	if !c.Exit.Known {
		v.Cause = ops.Lit("how it ended is not known")
		return v
	}
	v.Cause = ops.Clean(exitWords(c.Exit.Code, oom, seen))
	switch {
	case oom:
		v.Word, v.Next = ops.Lit("out of memory"), thenStart(c, ops.Next{What: ops.Lit("raise its limit or find the leak")})
	case c.Exit.Code == 137:
		v.Word = ops.Lit("killed")
	}
	if c.Latch.Exits > 0 && sameEnd(c.Latch.LastExit, c) {
		v.Cause = taken(v.Cause, c.Latch)
	}
	return v
}

// taken adds to what is wrong now that somebody knows of it. It is as wrong as
// before: an ack repairs nothing.
func taken(cause ops.Text, m ops.Latch) ops.Text {
	if !m.Acked() {
		return cause
	}
	return ops.Textf("%s; acked by %s", cause, m.Ack.By)
}

// sameEnd reports whether a death that an event told is the end that the state
// tells: after a gap in the events the last death we saw is an earlier one, and
// how the last run ended nobody knows.
func sameEnd(d ops.ExitEvent, c ops.Container) bool {
	const slack = 10 * time.Second // between the state's time and the event's, on a busy machine
	return c.Finished.IsZero() || d.At.Sub(c.Finished).Abs() <= slack
}

// exitWords puts an exit code into words. Docker reports 128+N for signal N; 137
// is SIGKILL, which is also how the kernel's OOM killer ends a process: without
// the event nobody can tell the two apart (State.OOMKilled of Docker 20.10 is
// false even after an OOM kill).
func exitWords(code int, oom, seen bool) string {
	switch {
	case oom:
		return ops.Textf("out of memory, exit code %d", code).String()
	case code == 137 && !seen:
		return "exit code 137: killed or out of memory, not known"
	case code == 137:
		return "exit code 137: killed (SIGKILL)"
	case code == 143:
		return "exit code 143: asked to stop (SIGTERM)"
	case code == 139:
		return "exit code 139: crashed (SIGSEGV)"
	case code == 0:
		return "exit code 0: ended by itself or was stopped"
	case code == 127:
		return "exit code 127: command not found"
	}
	return ops.Textf("exit code %d", code).String()
}

func running(c ops.Container, bad ops.Level, now time.Time) ops.Verdict {
	v := ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("running"), Since: c.Started}
	switch c.Health {
	case ops.HealthUnhealthy:
		cause := ops.Lit("its health check fails")
		if !c.Check.Empty() {
			cause = ops.Textf("its health check fails: %s", c.Check)
		}
		if c.Latch.Unhealthy.Open() {
			cause = taken(cause, c.Latch)
		}
		return ops.Verdict{Level: bad, Word: ops.Lit("unhealthy"), Cause: cause,
			Next: []ops.Next{by(ops.KeyOpen, ops.Lit("read its health log"))}, Since: c.Started}
	case ops.HealthStarting:
		v.Level, v.Word = ops.LevelInfo, ops.Lit("starting")
	}
	return marked(v, c, now)
}
