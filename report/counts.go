package report

import (
	"fmt"
	"time"

	"opsdeck/ops"
)

// Counts is how many containers there are, against how many there ought to be.
type Counts struct {
	Expected  int       // services that the estate names
	Up        int       // of those, running
	Missing   int       // of what the estate names, what is optional apart
	Unhealthy int       // running, and their health check says no
	Found     int       // all that daemons have
	Running   int       // of those
	Unnamed   int       // found, and not named by the estate
	Level     ops.Level // the worst of what they are counted of
	Fresh     bool
	Standing  string // of the worst reading, where not Fresh
}

// CountContainers counts over every Docker source.
func CountContainers(b ops.Board, now time.Time) Counts {
	n := Counts{Fresh: len(b.Containers) > 0, Level: worst()}
	for _, r := range b.Containers {
		if !r.Fresh() && n.Standing == "" {
			n.Fresh = false
			n.Standing = originOf(r).standing(now)
		}
		if d := doubt(b, r.Source); d != "" && n.Standing == "" {
			n.Fresh, n.Standing = false, d
		}
		for _, c := range r.Value {
			n.add(c)
		}
	}
	return n
}

// add counts one container. What is not the estate's own counts nowhere, and a job or
// what is optional is no service that ought to run.
func (n *Counts) add(c ops.Container) {
	if c.Foreign {
		return
	}
	running := runs(c)
	n.Level = worst(n.Level, c.Verdict.Level)
	if c.Expected && c.Duty == ops.DutyService {
		n.Expected++
		if running {
			n.Up++
		}
	}
	if c.State == ops.ContainerMissing {
		if c.Duty != ops.DutyOptional {
			n.Missing++
		}
		return
	}
	n.Found++
	if !c.Expected {
		n.Unnamed++
	}
	if running {
		n.Running++
		if c.Health == ops.HealthUnhealthy {
			n.Unhealthy++
		}
	}
}

// runs reports whether a container counts as one that runs. One in a crash loop does
// not: it is seen running half of the time.
func runs(c ops.Container) bool { return c.State == ops.ContainerRunning && !c.Looping }

// Cell says "13/13 running", and of a silent source "13/13 4m ago, docker
// SILENT", which is not ok whatever the numbers are.
func (n Counts) Cell() Cell { return n.bare().by(n.Standing) }

// bare is the count without how its source stands.
func (n Counts) bare() Cell {
	share := fmt.Sprintf("%d/%d", n.Up, n.Expected)
	if n.Expected == 0 {
		share = fmt.Sprintf("%d/%d", n.Running, n.Found)
	}
	switch {
	case n.Standing == "" && !n.Fresh:
		return toned("no Docker source", ToneMuted)
	case !n.Fresh && n.Found+n.Expected == 0:
		return Cell{Text: unknown, Tone: ToneUnknown}
	case !n.Fresh:
		return Cell{Text: share, Tone: ToneUnknown}
	case n.Expected == 0:
		return toned(share+" running, none expected by name", ToneOf(worst(unjudged, n.Level)))
	}
	text := share + " running"
	if n.Missing > 0 {
		text += fmt.Sprintf(", %d missing", n.Missing)
	}
	if n.Unhealthy > 0 {
		text += fmt.Sprintf(", %d unhealthy", n.Unhealthy)
	}
	return toned(text, ToneOf(n.Level))
}

// Others says how many containers there are that the estate does not name.
func (n Counts) Others() string {
	if n.Expected == 0 || n.Unnamed == 0 {
		return ""
	}
	return ops.Count(n.Unnamed, "other")
}
