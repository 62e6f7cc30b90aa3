package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// night is one container over the hours: each step is a row that is told to the
// mark, or an ack of it.
type night struct {
	t *testing.T
	m ops.Latch
	c ops.Container
}

func newNight(t *testing.T) *night {
	return &night{t: t, c: ops.Container{Name: ops.Lit("web"), Expected: true, State: ops.ContainerRunning, Health: ops.HealthHealthy, Started: ago(100 * time.Hour)}}
}

func (n *night) dies(at time.Time, asked bool, code int) {
	n.c.ExitEvents = append([]ops.ExitEvent{{At: at, Code: code, Requested: asked}}, n.c.ExitEvents...)
	n.c.Started = at.Add(time.Second)
}

func (n *night) acks(by string, at time.Time) {
	n.look(at)
	n.m.Ack = ops.Ack{By: ops.Clean(by), At: at}
}

// look judges at a time, and wants a level and words of the cause.
func (n *night) look(at time.Time) ops.Verdict {
	n.m = Happened(n.m, n.c, at)
	n.c.Latch = Standing(shop().Limits, n.m, n.c, at)
	n.c.Verdict = Container(shop(), n.c, at)
	return n.c.Verdict
}

func (n *night) wants(at time.Time, l ops.Level, word, cause string) {
	n.t.Helper()
	if v := n.look(at); v.Level != l || v.Word.String() != word || !strings.Contains(v.Cause.String(), cause) {
		n.t.Errorf("at %s: %s, %q, %q; want %s, %q, %q", at.Sub(now), v.Level, v.Word, v.Cause, l, word, cause)
	}
}

func TestAMarkStaysUntilAckedAndAtLeastAnHour(t *testing.T) {
	n := newNight(t)
	n.dies(now, false, 3)
	n.wants(now.Add(time.Minute), ops.LevelInfo, "running again", "died 02:14:00Z, exit code 3")
	n.c.ExitEvents = nil // the daemon has forgotten it
	n.wants(now.Add(3*time.Hour), ops.LevelInfo, "running again", "exit code 3; not acked")
	n.wants(now.Add(30*time.Hour), ops.LevelInfo, "running again", "died 2026-11-21 02:14:00Z")
	n.acks("ana", now.Add(31*time.Hour))
	n.wants(now.Add(32*time.Hour), ops.LevelOK, "running", "")
}

func TestAnEarlyAckLeavesTheMarkInSightForItsHour(t *testing.T) {
	n := newNight(t)
	n.dies(now, false, 3)
	n.acks("ana", now.Add(5*time.Minute))
	n.wants(now.Add(59*time.Minute), ops.LevelInfo, "running again", "acked by ana; died 02:14:00Z")
	if len(n.c.Verdict.Next) > 0 {
		t.Errorf("acked, and next is %q", n.c.Verdict.Next)
	}
	n.wants(now.Add(61*time.Minute), ops.LevelOK, "running", "")
}

func TestWhatHappensAfterAnAckIsMarkedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		again func(*night)
		cause string
	}{
		"another end": {func(n *night) { n.dies(now.Add(20*time.Minute), false, 4) }, "died 02:34:00Z, exit code 4"},
		"an end that came before the ack and is heard of after it": {func(n *night) { n.dies(now.Add(time.Minute), false, 4) }, "died 02:15:00Z, exit code 4"},
		"an unhealthy period": {func(n *night) {
			n.c.Health = ops.HealthUnhealthy
			n.look(now.Add(20 * time.Minute))
			n.c.Health = ops.HealthHealthy
		}, "unhealthy from 02:34:00Z to 02:44:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNight(t)
			n.dies(now, false, 3)
			n.acks("ana", now.Add(10*time.Minute))
			c.again(n)
			v := n.look(now.Add(30 * time.Minute))
			if v.Level != ops.LevelInfo || !strings.Contains(v.Cause.String(), c.cause) || strings.Contains(v.Cause.String(), "ana") {
				t.Errorf("%s, %q", v.Level, v.Cause)
			}
			if len(v.Next) == 0 {
				t.Error("nothing says that it wants an ack")
			}
		})
	}
}

func TestAnAckMendsNothing(t *testing.T) {
	n := newNight(t)
	n.dies(now, false, 137)
	n.c.State, n.c.Exit, n.c.Finished = ops.ContainerExited, ops.Exit{Known: true, Code: 137}, now
	n.acks("ana", now.Add(time.Minute))
	n.wants(now.Add(5*time.Hour), ops.LevelCritical, "killed", "exit code 137: killed (SIGKILL); acked by ana")

	n = newNight(t)
	n.c.Health, n.c.Check = ops.HealthUnhealthy, ops.Lit("status 500")
	n.acks("ana", now.Add(time.Minute))
	n.wants(now.Add(5*time.Hour), ops.LevelCritical, "unhealthy", "status 500; acked by ana")
	n.c.Health = ops.HealthHealthy
	n.wants(now.Add(6*time.Hour), ops.LevelInfo, "healthy again", "acked by ana; unhealthy from 02:15:00Z to 08:14:00Z: status 500")
}

func TestAStopThatWasAskedForIsNotTakenForTheAckedEnd(t *testing.T) {
	n := newNight(t)
	n.dies(now, false, 3)
	n.acks("ana", now.Add(time.Minute))
	n.dies(now.Add(10*time.Minute), true, 143)
	n.c.State, n.c.Exit, n.c.Finished = ops.ContainerExited, ops.Exit{Known: true, Code: 143}, now.Add(10*time.Minute)
	if v := n.look(now.Add(11 * time.Minute)); v.Level != ops.LevelCritical || strings.Contains(v.Cause.String(), "ana") {
		t.Errorf("%s, %q", v.Level, v.Cause)
	}
}

func TestARestartByHandDoesNotHideTheCrashBeforeIt(t *testing.T) {
	n := newNight(t)
	n.dies(now, false, 3)
	n.dies(now.Add(time.Minute), true, 137)
	n.wants(now.Add(5*time.Hour), ops.LevelInfo, "running again", "died 02:14:00Z, exit code 3; not acked")
	n.acks("ana", now.Add(6*time.Hour))
	n.wants(now.Add(7*time.Hour), ops.LevelOK, "running", "") // and the restart does not mark it again
}

func TestSeveralEndsAreCounted(t *testing.T) {
	n := newNight(t)
	n.dies(now, true, 137)
	for i := range 4 {
		n.dies(now.Add(time.Duration(i)*10*time.Minute+time.Minute), false, 3)
	}
	n.wants(now.Add(2*time.Hour), ops.LevelInfo, "running again", "died 02:45:00Z, exit code 3, 4 times since 02:15:00Z")
}

func TestUnknownHealthEndsNoSpell(t *testing.T) {
	n := newNight(t)
	n.c.Health = ops.HealthUnhealthy
	n.look(now)
	n.c.Health = ops.HealthUnknown
	n.look(now.Add(time.Minute))
	if !n.m.Unhealthy.Open() {
		t.Error("nobody knew its health, and the period ended")
	}
}

func TestAnEstateCanLetMarksEndByThemselves(t *testing.T) {
	l := ops.Limits{Mark: time.Minute, Unacked: time.Minute}
	c := ops.Container{State: ops.ContainerRunning, ExitEvents: died(3, false, 2*time.Minute)}
	if m := Standing(l, Happened(ops.Latch{}, c, now), c, now); !m.Empty() {
		t.Errorf("%+v", m)
	}
}

func TestMarksOnTheBoard(t *testing.T) {
	box := func(name string, d time.Duration, acked bool) ops.Container {
		c := ops.Container{Ref: ops.NewRef(ops.KindContainer, "docker", name), Name: ops.Clean(name), Expected: true, State: ops.ContainerRunning, Health: ops.HealthNone, ExitEvents: died(3, false, d)}
		m := Happened(ops.Latch{}, c, now)
		if acked {
			m.Ack = ops.Ack{By: ops.Lit("ana"), At: now}
		}
		c.Latch = Standing(shop().Limits, m, c, now)
		c.Verdict = Container(shop(), c, now)
		return c
	}
	for name, c := range map[string]struct {
		boxes []ops.Container
		level ops.Level
		want  []string
	}{
		"not acked, of this hour":  {[]ops.Container{box("web", time.Minute, false)}, ops.LevelInfo, []string{"web running again"}},
		"acked":                    {[]ops.Container{box("web", time.Minute, true)}, ops.LevelOK, nil},
		"not acked, long ago":      {[]ops.Container{box("web", 2*time.Hour, false)}, ops.LevelOK, []string{"web running again"}},
		"several, long ago":        {[]ops.Container{box("web", 2*time.Hour, false), box("db", 3*time.Hour, false)}, ops.LevelOK, []string{"what happened to 2 containers is not acked"}},
		"one now, one before that": {[]ops.Container{box("web", 2*time.Hour, false), box("db", time.Minute, false)}, ops.LevelInfo, []string{"db running again", "web running again"}},
	} {
		b := board(ops.SourceOK)
		b.Alerts = nil
		b.Containers = []ops.Reading[[]ops.Container]{{Source: ops.Lit("docker"), Value: c.boxes}}
		Board(shop(), b, now)
		var got []string
		for _, f := range b.Findings {
			got = append(got, f.What.String())
		}
		if b.Level != c.level || strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %s, %q", name, b.Level, got)
		}
	}
}
