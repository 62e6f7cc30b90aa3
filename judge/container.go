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
		_, c.Looping = crashLoop(e, *c, now)
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

// Container judges one container. What the estate expects and does not do its work is
// critical; the same of a container that is optional, or that nobody asked for, is
// worth a word, and of one that is somebody else's, none.
func Container(e ops.Estate, c ops.Container, now time.Time) ops.Verdict {
	bad := ops.LevelWarning
	if c.Expected && c.Duty != ops.DutyOptional {
		bad = ops.LevelCritical
	}
	v := containerVerdict(e, c, bad, now)
	if c.Foreign && !v.Level.Good() {
		v.Level = ops.LevelInfo
	}
	return v
}

// containerVerdict is the verdict on a container of which it is known how bad a fault is.
func containerVerdict(e ops.Estate, c ops.Container, bad ops.Level, now time.Time) ops.Verdict {
	if v, ok := crashLoop(e, c, now); ok {
		v.Level = bad
		return v
	}
	switch c.State {
	case ops.ContainerMissing:
		return missing(c, bad)
	case ops.ContainerCreated:
		return created(c, bad)
	case ops.ContainerRemoving:
		return ops.Verdict{Level: ops.LevelInfo, Word: ops.Lit("removing"), Cause: ops.Lit("somebody removes it"), Since: c.Since}
	case ops.ContainerExited, ops.ContainerDead:
		if !c.Fault.Empty() {
			return cannotStart(c, bad)
		}
		return exited(c, bad)
	case ops.ContainerPaused:
		return ops.Verdict{Level: ops.LevelWarning, Word: ops.Lit("paused"),
			Cause: ops.Lit("somebody paused it: it does nothing and answers nobody"), Since: c.Since, Next: []ops.Next{do(actUnpause, c.Ref, ops.Lit("unpause it"))}}
	case ops.ContainerRestarting:
		v := exited(c, bad)
		v.Word = ops.Lit("restarting")
		return v
	case ops.ContainerRunning:
		return running(e, c, bad, now)
	}
	return ops.Verdict{Level: ops.LevelUnknown, Word: ops.Clean(c.State.String())}
}

// missing is for a container that the estate names and its daemon has not.
func missing(c ops.Container, bad ops.Level) ops.Verdict {
	v := ops.Verdict{Level: bad, Word: ops.Lit("missing"), Since: c.Since,
		Cause: ops.Textf("the estate expects it on %s, which has no such container", c.Ref.Source),
		Next:  words(ops.Lit("create it from its compose project"))}
	switch {
	case c.Duty == ops.DutyOptional:
		return ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("not there"), Since: c.Since}
	case c.Duty == ops.DutyJob && len(c.ExitEvents) > 0 && c.ExitEvents[0].Code != 0:
		last := c.ExitEvents[0]
		v.Word, v.Since = ops.Lit("failed"), last.At
		v.Cause = ops.Textf("%s, and it was removed", exitWords(last.Code, last.OOM, true))
	case c.Duty == ops.DutyJob:
		v.Level = ops.LevelWarning
		v.Cause = ops.Textf("a job of the estate, and %s has no such container: whether it ran is not known", c.Ref.Source)
	}
	return v
}

func created(c ops.Container, bad ops.Level) ops.Verdict {
	v := ops.Verdict{Level: bad, Word: ops.Lit("not started"), Cause: ops.Lit("created and never started"), Since: c.Created,
		Next: []ops.Next{do(actStart, c.Ref, ops.Lit("start it"))}}
	switch {
	case !c.Fault.Empty():
		return cannotStart(c, bad)
	case c.Duty == ops.DutyOptional:
		v.Level, v.Next = ops.LevelOK, nil
	case c.Duty == ops.DutyJob:
		v.Level, v.Word = ops.LevelWarning, ops.Lit("never ran")
	}
	return v
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
		if name, ok := strings.CutPrefix(c.Holder.String(), "container "); ok {
			v.Next = append([]ops.Next{{What: ops.Textf("look at %s", name), Key: ops.KeyHolder, Ref: ops.NewRef(ops.KindContainer, c.Ref.Source.String(), name)}}, v.Next...)
		}
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
	if c.State == ops.ContainerDead {
		v.Since = c.Since
	}
	if !c.Exit.Known {
		v.Cause = ops.Lit("how it ended is not known")
		return v
	}
	v.Cause = ops.Clean(exitWords(c.Exit.Code, oom, seen))
	switch {
	case !oom && c.State == ops.ContainerExited && endsWell(c, c.Exit.Code):
		v.Level, v.Next = ops.LevelOK, nil
		if c.Duty == ops.DutyJob {
			v.Word = ops.Lit("done")
		}
		return v
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

// endsWell reports whether an exit code is how a container may end, by what the estate
// says it is for. What is optional may be stopped, and docker stop ends a program by a
// signal that few answer with 0.
func endsWell(c ops.Container, code int) bool {
	switch {
	case c.Expected && c.Duty == ops.DutyOptional:
		return code == 0 || code == 130 || code == 137 || code == 143
	case !c.Expected || c.Duty == ops.DutyJob:
		return code == 0
	}
	return false
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

func running(e ops.Estate, c ops.Container, bad ops.Level, now time.Time) ops.Verdict {
	v := ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("running"), Since: c.Started}
	switch c.Health {
	case ops.HealthUnhealthy:
		return unhealthy(c, bad)
	case ops.HealthStarting:
		if v.Level, v.Word = ops.LevelInfo, ops.Lit("starting"); c.Failing.IsZero() {
			break
		}
		v.Cause = checkWords(c, ops.Lit("its health check fails so far"))
		if limit := e.Limits.Starting; limit > 0 && now.Sub(c.Failing) >= limit {
			v.Level, v.Cause = ops.LevelWarning, checkWords(c, ops.Textf("its health check fails since %s, within its start period", ops.Moment(c.Failing, now)))
			v.Next = []ops.Next{by(ops.KeyOpen, ops.Lit("read its health log"))}
			return v
		}
	}
	return marked(v, c, now)
}

func unhealthy(c ops.Container, bad ops.Level) ops.Verdict {
	v := ops.Verdict{Level: bad, Word: ops.Lit("unhealthy"), Cause: checkWords(c, ops.Lit("its health check fails")),
		Next: []ops.Next{by(ops.KeyOpen, ops.Lit("read its health log"))}, Since: c.Failing}
	if v.Since.IsZero() {
		v.Since = c.Latch.Unhealthy.From
	}
	if c.Latch.Unhealthy.Open() {
		v.Cause = taken(v.Cause, c.Latch)
	}
	return v
}

// checkWords adds what the last check said.
func checkWords(c ops.Container, words ops.Text) ops.Text {
	if c.Check.Empty() {
		return words
	}
	return ops.Textf("%s: %s", words, c.Check)
}
