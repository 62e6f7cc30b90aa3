package judge

import (
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Happened returns the mark of a container with what its newest row adds to it.
// Ends are told apart by the daemon's clock alone and spells by ours: the two may
// differ, and an end must not pass for an older one because of that.
func Happened(m ops.Latch, c ops.Container, now time.Time) ops.Latch {
	for _, d := range slices.Backward(c.ExitEvents) { // the oldest first
		switch {
		case d.At.After(m.Heard):
			m.Heard = d.At
			if notable(c, d) {
				m = withEnd(m, d)
			}
		case d.At.Equal(m.LastExit.At):
			m.LastExit.OOM = d.OOM // the event of the kernel's killer can come after the end
		}
	}
	if m.Exits > 0 && m.RestartedAt.IsZero() && c.State == ops.ContainerRunning && c.Started.After(m.LastExit.At) {
		m.RestartedAt = c.Started
	}
	return withHealth(withOOMKills(m, c, now), c, now)
}

// notable reports whether a death is worth a mark when all is well again: one
// nobody asked for, or one by SIGKILL, which gave the program no time to end. What the
// estate says to be a job, or optional, may end.
func notable(c ops.Container, d ops.ExitEvent) bool {
	if c.Expected && c.Duty != ops.DutyService && !d.OOM && endsWell(c, d.Code) {
		return false
	}
	return !d.Requested || d.Code == 137
}

// oomSettles is how long after the kernel killed a process the end of the main one may
// come: then it is that death, and told as one.
const oomSettles = 2 * time.Second

// withOOMKills adds the processes that the kernel killed while the container ran on.
func withOOMKills(m ops.Latch, c ops.Container, now time.Time) ops.Latch {
	for _, at := range slices.Backward(c.OOMKills) { // the oldest first
		if !at.After(m.HeardOOM) || now.Sub(at) < oomSettles || c.State != ops.ContainerRunning {
			continue
		}
		m = renewed(m)
		m.HeardOOM, m.LastOOM = at, at
		m.OOMKills++
	}
	return m
}

func withEnd(m ops.Latch, d ops.ExitEvent) ops.Latch {
	m = renewed(m)
	switch {
	case m.Exits > 0 && d.Requested && !m.LastExit.Requested:
		return m // a restart by hand does not take the crash before it off the screen
	case m.Exits > 0 && m.LastExit.Requested && !d.Requested:
		m.Exits = 0
	}
	if m.Exits++; m.Exits == 1 {
		m.First = d.At
	}
	m.LastExit, m.RestartedAt = d, time.Time{}
	return m
}

// withHealth begins and ends spells. That nobody knows the health ends none.
func withHealth(m ops.Latch, c ops.Container, now time.Time) ops.Latch {
	unhealthy := c.State == ops.ContainerRunning && c.Health == ops.HealthUnhealthy
	known := c.State != ops.ContainerRunning || c.Health != ops.HealthUnknown
	switch {
	case unhealthy && !m.Unhealthy.Open():
		m = renewed(m)
		m.Unhealthy = ops.UnhealthyPeriod{From: now, Check: said(c)}
		if !c.Failing.IsZero() {
			m.Unhealthy.From = c.Failing
		}
		m.UnhealthyPeriods++
	case unhealthy && m.Unhealthy.Check.Empty():
		m.Unhealthy.Check = said(c)
	case !unhealthy && known && m.Unhealthy.Open():
		m.Unhealthy.To = now
	}
	return m
}

// said is what the health check said, cut to what a mark keeps.
func said(c ops.Container) ops.Text {
	const most = 200
	words := []rune(c.Check.String())
	return ops.Clean(string(words[:min(len(words), most)]))
}

// renewed is the mark to which something is added: what is acked is over.
func renewed(m ops.Latch) ops.Latch {
	if m.Acked() {
		return ops.Latch{Heard: m.Heard, HeardOOM: m.HeardOOM}
	}
	return m
}

// Standing returns what of a mark is to be seen now: all of it while things are
// bad and for the least time after that, and what nobody has acked for longer. An
// end that somebody asked for waits for no ack: somebody knows of it.
func Standing(l ops.Limits, m ops.Latch, c ops.Container, now time.Time) ops.Latch {
	m.Heard, m.HeardOOM, m.Late = time.Time{}, time.Time{}, false
	if m.Empty() {
		return ops.Latch{}
	}
	well := c.State == ops.ContainerRunning && c.Health != ops.HealthUnhealthy || done(c)
	age := now.Sub(m.Last())
	switch {
	case !well || age <= l.Mark:
		return m
	case m.Acked() || !waits(m) || age > l.Unacked:
		return ops.Latch{}
	}
	m.Late = true
	return m
}

// done reports whether a container has ended as the estate says it may.
func done(c ops.Container) bool {
	return c.State == ops.ContainerExited && c.Expected && c.Exit.Known && !c.OOM && endsWell(c, c.Exit.Code)
}

// waits reports whether something is marked that nobody asked for.
func waits(m ops.Latch) bool {
	return m.UnhealthyPeriods > 0 || m.OOMKills > 0 || m.Exits > 0 && !m.LastExit.Requested
}

// marked is the verdict on a container that is well and was not: a restart policy
// hides a death from everybody who was not looking.
func marked(v ops.Verdict, c ops.Container, now time.Time) ops.Verdict {
	m := c.Latch
	if m.Empty() {
		return v
	}
	v.Level = ops.LevelInfo
	switch {
	case m.Exits == 0 && m.UnhealthyPeriods == 0:
		v.Word = ops.Lit("lost a process")
		v.Since = m.LastOOM
	case m.Exits == 0 && c.Health == ops.HealthHealthy:
		v.Word, v.Since = ops.Lit("healthy again"), m.Unhealthy.To
	default:
		v.Word = ops.Textf("%s again", v.Word)
	}
	v.Cause = Marked(m, now)
	switch {
	case m.Acked():
		v.Cause = ops.Textf("acked by %s; %s", m.Ack.By, v.Cause)
	case waits(m):
		v.Next = []ops.Next{by(ops.KeyOpen, ops.Lit("look why")), {What: ops.Lit("then ack it"), Key: ops.KeyAck, Action: ops.Clean(actAck), Ref: c.Ref}}
		if m.Late {
			v.Cause = ops.Textf("%s; not acked", v.Cause)
		}
	}
	return v
}

// byMark reports whether a container's verdict is nothing but its mark.
func byMark(c ops.Container) bool {
	return c.Verdict.Level == ops.LevelInfo && c.State == ops.ContainerRunning && c.Health != ops.HealthStarting && !c.Latch.Empty()
}

// Marked says what a mark is about: "died 00:10:27Z, exit code 3". It holds no age,
// so that the screen rests.
func Marked(m ops.Latch, now time.Time) ops.Text {
	var parts []string
	if m.Exits > 0 {
		s := "died " + ops.Moment(m.LastExit.At, now) + ", " + exitWords(m.LastExit.Code, m.LastExit.OOM, true)
		if m.Exits > 1 {
			s += ", " + ops.Count(m.Exits, "time") + " since " + ops.Moment(m.First, now)
		}
		parts = append(parts, s)
	}
	if m.UnhealthyPeriods > 0 {
		s := "unhealthy since " + ops.Moment(m.Unhealthy.From, now)
		if !m.Unhealthy.Open() {
			s = "unhealthy from " + ops.Moment(m.Unhealthy.From, now) + " to " + ops.Moment(m.Unhealthy.To, now)
		}
		if m.UnhealthyPeriods > 1 {
			s = ops.Count(m.UnhealthyPeriods, "time") + " unhealthy, the last" + strings.TrimPrefix(s, "unhealthy")
		}
		if !m.Unhealthy.Check.Empty() {
			s += ": " + m.Unhealthy.Check.String()
		}
		parts = append(parts, s)
	}
	if m.OOMKills > 0 {
		s := "out of memory " + ops.Moment(m.LastOOM, now) + ": the kernel killed a process in it, its main one lives on"
		if m.OOMKills > 1 {
			s += ", " + ops.Count(m.OOMKills, "time") + " in all"
		}
		parts = append(parts, s)
	}
	return ops.Clean(strings.Join(parts, "; "))
}

// lateFindings is one line about all marks that nobody has acked in time. They are
// kept in sight and raise no alarm, or an estate nobody looks after were never
// calm again.
func lateFindings(b *ops.Board) []ops.Finding {
	var late []ops.Container
	for c := range ops.All(b.Containers) {
		if byMark(c) && c.Latch.Late {
			late = append(late, c)
		}
	}
	switch len(late) {
	case 0:
		return nil
	case 1:
		return []ops.Finding{containerFinding(late[0])}
	}
	slices.SortFunc(late, func(x, y ops.Container) int { return y.Latch.Last().Compare(x.Latch.Last()) })
	var names []string
	for _, c := range late {
		names = append(names, c.Name.String())
	}
	const most = 5
	if more := len(names) - most; more > 0 {
		names = append(names[:most], "and "+ops.Count(more, "other"))
	}
	return []ops.Finding{{Level: ops.LevelInfo, Ref: ops.Ref{Kind: ops.KindContainer},
		What: ops.Textf("what happened to %d containers is not acked", len(late)), Cause: ops.Clean(strings.Join(names, ", ")),
		Next: []ops.Next{by(ops.KeyOpen, ops.Lit("look at them")), by(ops.KeyAck, ops.Lit("or ack all of it"))}, Since: late[len(late)-1].Latch.Last()}}
}

func containerFinding(c ops.Container) ops.Finding {
	return ops.Finding{Level: c.Verdict.Level, Ref: c.Ref, What: ops.Textf("%s %s", c.Name, c.Verdict.Word),
		Cause: c.Verdict.Cause, Next: c.Verdict.Next, Since: c.Verdict.Since}
}
