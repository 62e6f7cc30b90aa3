package report

import (
	"fmt"

	"opsdeck/ops"
)

// soFar are the lines of a run under way that its kind asks for: the stages of a stress
// that are over, the slope of memory, how far the fault is.
func soFar(l ops.LoadLive) []Cell {
	s, t := l.Scenario, l.Tick
	switch {
	case s.Kind == ops.LoadStress:
		return stepLines(t.Steps, "> now")
	case s.Fault != nil && t.Second.At < s.Fault.At:
		return []Cell{{Text: fmt.Sprintf("fault   in %s: %s on %s", ops.Span(s.Fault.At-t.Second.At), s.Fault.Action, s.Fault.On), Tone: ToneMuted}}
	case s.Fault != nil:
		return []Cell{{Text: fmt.Sprintf("fault   made %s ago: %s on %s", ops.Span(t.Second.At-s.Fault.At), s.Fault.Action, s.Fault.On)}}
	}
	return growthLines(l.Growth)
}

// KindLines are those of a kept run.
func KindLines(r ops.LoadReport) []Cell {
	v := r.Kept.Verdict
	lines := append(stepLines(r.Steps, "not seen to its end"), growthLines(v.Growth)...)
	if f := v.Recovered; f != nil && !f.Fault.Action.Empty() {
		words, left := fmt.Sprintf("back after %s, by %s on end", ops.MetricRecovery.Figure(f.Took.Seconds()), ops.Count(f.Windows, "window")), int64(0)
		switch {
		case !f.Over:
			words, left = fmt.Sprintf("not back: no %s on end kept the limits", ops.Count(f.Windows, "window")), 1
		case !f.Hurt:
			words = "it broke no limit"
		}
		lines = append(lines, Cell{Text: fmt.Sprintf("fault   at %s job %d: %s on %s, %s", ops.Span(f.Fault.At), f.Fault.Job, f.Fault.Action, f.Fault.On, f.Fault.State)},
			Cell{Text: "        " + words, Tone: lacking(left)})
	}
	return lines
}

// stepLines are the stages of a stress, each with what it was judged by, or with these words
// where it is not over.
func stepLines(steps []ops.LoadStep, open string) (lines []Cell) {
	for i, s := range steps {
		name := "        "
		if i == 0 {
			name = "steps   "
		}
		w := s.LoadWindow
		said := fmt.Sprintf("%s%8s  good %s, failed %s, p95 %s", name, ops.MetricHeld.Figure(s.Stage.To), inWords(ops.MetricRate, w), inWords(ops.MetricErrors, w), inWords(ops.MetricLatencyP95, w))
		switch {
		case s.Broke && s.Limit.Metric != ops.MetricUnknown:
			lines = append(lines, Cell{Text: said + "  BROKE " + s.Limit.Metric.Words(), Tone: lacking(1)})
		case s.Broke && s.Dropped+s.Cut > 0:
			lines = append(lines, Cell{Text: said + fmt.Sprintf("  BROKE %d not sent", s.Dropped+s.Cut), Tone: lacking(1)})
		case s.Broke:
			lines = append(lines, Cell{Text: said + "  BROKE for too many seconds on end", Tone: lacking(1)})
		case !s.Ended || s.Left > 0:
			lines = append(lines, Cell{Text: said + "  " + open, Tone: ToneInfo})
		default:
			lines = append(lines, Cell{Text: said + "  held", Tone: ToneInfo})
		}
	}
	return lines
}

// growthLines say how memory grows, and whether there are enough looks to tell.
func growthLines(all []ops.LoadGrowth) (lines []Cell) {
	for i, g := range all {
		name := "        "
		if i == 0 {
			name = "memory  "
		}
		by := known(g.Metric, g.PerHour)
		if !g.PerHour.Known {
			by += fmt.Sprintf(" (it needs at least %s over most of the run)", ops.Count(g.Needed, "look"))
		}
		lines = append(lines, Cell{Text: fmt.Sprintf("%s%s %s, by %s over %s", name, g.Metric.Words(), by, ops.Count(g.Looks, "look"), ops.Span(g.Over))})
	}
	return lines
}
