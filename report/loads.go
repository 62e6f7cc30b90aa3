package report

import (
	"fmt"
	"time"

	"opsdeck/ops"
)

// Loads returns what the estate can be put under, and below it the runs that were kept,
// newest first.
func Loads(b ops.Board, now time.Time) Table {
	t := Table{Name: "loads", Groups: map[string]string{}, Columns: []Column{
		{Key: "name", Title: "LOAD", Priority: 100, Min: 10, Max: 28},
		{Key: "verdict", Title: "VERDICT", Priority: 99},
		{Key: "when", Title: "WHEN", Right: true, Priority: 90},
		{Key: "p95", Title: "P95 WAITED", Right: true, Priority: 85},
		{Key: "rate", Title: "GOOD/S", Right: true, Priority: 80},
		{Key: "failed", Title: "FAILED", Right: true, Priority: 75},
		{Key: "target", Title: "TARGET", Priority: 60, Max: 20},
		{Key: "who", Title: "WHO", Priority: 50, Max: 12},
		{Key: "why", Title: "WHY", Priority: 70, Min: 12, Max: 100},
	}}
	for _, s := range b.Loads.Scenarios {
		t.Rows = append(t.Rows, scenarioRow(b, s, now))
	}
	for _, k := range b.Loads.Kept {
		t.Rows = append(t.Rows, keptRow(b, k, now))
	}
	t.Groups[groupScenarios] = ops.Count(len(b.Loads.Scenarios), "scenario")
	t.Groups[groupKept] = ops.Count(len(b.Loads.Kept), "run") + ", newest first"
	if len(t.Rows) == 0 {
		t.Note = "the estate has no load: add one under loads (docs/guide/load.md)"
	}
	return t
}

const (
	groupScenarios = "scenarios"
	groupKept      = "kept runs"
)

// scenarioRow is a scenario with its newest run.
func scenarioRow(b ops.Board, s ops.LoadScenario, now time.Time) Row {
	row := Row{Ref: s.Ref(), Group: groupScenarios, Level: unjudged, From: board(b), Detail: about(s.Name.String(), s.Note.String())}
	for _, l := range b.Loading {
		if l.Scenario.Name == s.Name {
			row.Cells = []Cell{text(s.Name.String()), toned("running", ToneInfo), moment(l.Began, now), p95Cell(l.Tick.Last10),
				figureCell(ops.MetricRate, l.Tick.Last10), figureCell(ops.MetricErrors, l.Tick.Last10), text(s.Target.String()), text(l.Actor.String()), text(s.Note.String())}
			return row
		}
	}
	for _, k := range b.Loads.Kept {
		if k.Scenario == s.Name {
			row.Cells = append([]Cell{text(s.Name.String())}, keptCells(k, now, s.Note.String())...)
			return row
		}
	}
	row.Cells = []Cell{text(s.Name.String()), toned("never run", ToneMuted), nothing(), nothing(), nothing(), nothing(), text(s.Target.String()), nothing(), text(s.Note.String())}
	return row
}

func keptRow(b ops.Board, k ops.LoadKept, now time.Time) Row {
	return Row{Ref: k.Ref, Group: groupKept, Level: unjudged, From: board(b), Detail: about(k.Scenario.String(), join("; ", k.Verdict.Why.String(), k.Health.Shares().String())), Beside: join(", ", k.Reason.String(), k.Note.String()),
		Cells: append([]Cell{text(fmt.Sprintf("run %s %s%s", k.Ref.ID, k.Scenario, pinned(k.Pinned)))}, keptCells(k, now, k.Verdict.Why.String())...)}
}

// pinned marks a baseline.
func pinned(is bool) string {
	if is {
		return " (baseline)"
	}
	return ""
}

func keptCells(k ops.LoadKept, now time.Time, why string) []Cell {
	return []Cell{toned(k.Verdict.Outcome.String(), past(k.Verdict.Level)), moment(k.Ended, now), p95Cell(k.Run),
		figureCell(ops.MetricRate, k.Run), figureCell(ops.MetricErrors, k.Run), text(k.Target.String()), text(k.Actor.String()), text(why)}
}

// figureCell is one figure of a span; nothing where it has none.
func figureCell(m ops.LoadMetric, w ops.LoadWindow) Cell {
	v := w.Value(m)
	if !v.Known {
		return nothing()
	}
	c := Cell{Text: m.Figure(v.Value), Value: v.Value}
	if m.Time() && w.Latency.Lower {
		c.Text = ">=" + c.Text
	}
	return c
}

// p95Cell is what most waited, and of a closed loop how long most were served.
func p95Cell(w ops.LoadWindow) Cell {
	if w.Latency.N > 0 || w.Service.N == 0 {
		return figureCell(ops.MetricLatencyP95, w)
	}
	c := figureCell(ops.MetricServiceP95, w)
	c.Text = "served " + roughly(w.Service.Approx) + c.Text
	return c
}

// LoadHead says in a line what runs, and how far it is.
func LoadHead(l ops.LoadLive) string {
	return fmt.Sprintf("%s on %s  job %d by %s  %s of %s", l.Scenario.Name, l.Scenario.Target, l.Job, l.Actor, ops.Span(l.Tick.Second.At), ops.Span(l.Scenario.Length()))
}

// LiveLines say how a run under way stands: where in its plan it is, what was asked and
// achieved in the last 10 s, its times in these, in the last minute and in all of it, its
// limits, its errors, and whether the generator keeps up. Without room for more, the longer
// spans are left out: the limits say of the run what matters.
func LiveLines(l ops.LoadLive, more bool) []Cell {
	t, s := l.Tick, l.Scenario
	lines := []Cell{{Text: stageLine(s, t), Tone: TonePlain}}
	if s.Warmup > t.Second.At {
		lines = append(lines, Cell{Text: fmt.Sprintf("warming up for %s more: nothing of this is judged", ops.Span(s.Warmup-t.Second.At)), Tone: ToneInfo})
	}
	w := t.Last10
	rate := fmt.Sprintf("rate    asked %.4g/s, good %s, failed %s; %d in flight, the oldest for %s",
		t.Rate, inWords(ops.MetricRate, w), inWords(ops.MetricErrors, w), t.Second.InFlight, ops.Span(t.Second.Oldest))
	if s.Closed() {
		rate = fmt.Sprintf("users   %d of %.0f; good %s, failed %s", t.Second.InFlight, t.Rate, inWords(ops.MetricRate, w), inWords(ops.MetricErrors, w))
	}
	lines = append(lines, Cell{Text: rate})
	if more && w.Over > 0 && t.Health.CountsConns {
		lines = append(lines, Cell{Text: fmt.Sprintf("        %.3g new connections/s", float64(w.Conns)/w.Over.Seconds())})
	}
	lines = append(lines, waited("10 s    ", w, s.Closed()), timesLine("        served", w.Service))
	if more {
		lines = append(lines, longer(t, s.Closed())...)
	}
	lines = append(lines, partLines(t.Parts)...)
	lines = append(lines, soFar(l)...)
	lines = append(append(lines, alertLines(l.Alerts)...), figures(l.Limits, t.Run, t.Errors, t.Health)...)
	return append(lines, sharedLines(t.Health)...)
}

// longer are the times of the last minute and of the whole run: of a closed loop those served,
// since it has no others.
func longer(t ops.LoadTick, closed bool) (lines []Cell) {
	for _, span := range []struct {
		name string
		w    ops.LoadWindow
	}{{"60 s    ", t.Last60}, {"run     ", t.Run}} {
		if span.w.Over <= 0 { // nobody looks back so far, or it warms up
			continue
		}
		name, times := span.name+"waited", span.w.Latency
		if closed {
			name, times = span.name+"served", span.w.Service
		}
		lines = append(lines, timesLine(name, times))
	}
	return lines
}

// VerdictLines say the verdict on a run, and what whoever reads it has to know besides.
func VerdictLines(k ops.LoadKept) []Cell {
	return append([]Cell{{Text: join(": ", k.Verdict.Outcome.String(), k.Verdict.Why.String()), Tone: past(k.Verdict.Level)}}, sharedLines(k.Health)...)
}

// sharedLines say that the generator and what it sends to are on one machine.
func sharedLines(h ops.LoadHealth) []Cell {
	said := h.Shares()
	if said.Empty() {
		return nil
	}
	return []Cell{{Text: join(" ", "note   ", said.String()), Tone: ToneUnknown}}
}

// KeptLines say what a run has shown.
func KeptLines(k ops.LoadKept) []Cell {
	lines := VerdictLines(k)
	by := fmt.Sprintf("%s until %s, by %s", ops.Stamp(k.Began), ops.Stamp(k.Ended), k.Actor)
	lines = append(lines, Cell{Text: join(": ", by, k.Reason.String()), Tone: ToneMuted})
	for i, s := range k.Stages {
		lines = append(lines, Cell{Text: fmt.Sprintf("stage   %d of %d: %s", i+1, len(k.Stages), s.Words())})
	}
	if k.Warmup > 0 {
		lines = append(lines, Cell{Text: fmt.Sprintf("        of this the first %s warmed up and is not in the figures", ops.Span(k.Warmup))})
	}
	if k.Before > 0 {
		lines = append(lines, Cell{Text: fmt.Sprintf("covers  what was left: an earlier run had done %s, and they are in no figure here", ops.Count(k.Before, "record")), Tone: lacking(k.Before)})
	}
	lines = append(lines, Cell{Text: fmt.Sprintf("rate    good %s over %s", inWords(ops.MetricRate, k.Run), ops.Span(k.Run.Over.Round(100*time.Millisecond)))})
	lines = append(lines, waited("run     ", k.Run, closed(k.Stages)), timesLine("        served", k.Run.Service))
	lines = append(lines, partLines(k.Parts)...)
	return append(lines, figures(k.Verdict.Limits, k.Run, k.Errors, k.Health)...)
}

// partLines say how long the parts of a pipeline's batches took.
func partLines(parts []ops.LoadPart) []Cell {
	line := "parts   p95"
	for _, p := range parts {
		if p.Times.N > 0 {
			line += fmt.Sprintf("  %s %s", p.Name, ops.Digits(p.Times.P95))
		}
	}
	if line == "parts   p95" {
		return nil
	}
	return []Cell{{Text: line}}
}

// CompareLines put a run beside another one.
func CompareLines(c ops.LoadComparison) []Cell {
	if c.Against.Zero() {
		return nil
	}
	lines := []Cell{{Text: fmt.Sprintf("beside run %s%s: %s", c.Against.ID, pinned(c.Pinned), c.Words)}}
	for _, f := range c.Figures {
		word, tone := moved(f)
		line := Cell{Text: join("  ", fmt.Sprintf("  %-14s %12s  was %12s", f.Metric.Words(), known(f.Metric, f.Is), known(f.Metric, f.Was)), word), Tone: tone}
		lines = append(lines, line)
	}
	return lines
}

// figures are the lines that running and ended runs share.
func figures(limits []ops.LoadStanding, w ops.LoadWindow, errs []ops.LoadError, h ops.LoadHealth) []Cell {
	var lines []Cell
	for i, s := range limits {
		word, tone := held(s)
		name := "        "
		if i == 0 {
			name = "limits  "
		}
		bound := "at most"
		if s.Least() {
			bound = "at least"
		}
		value, margin := ops.NotKnown, ops.NotKnown
		if s.Known {
			value, margin = s.Figure(s.Value), s.Figure(s.Margin)
		}
		lines = append(lines, Cell{Text: fmt.Sprintf("%s%-12s %10s  %s %s, margin %s  %s", name, s.Words(), roughly(s.Approx)+value, bound, s.Figure(s.Limit), margin, word), Tone: tone})
	}
	if len(limits) == 0 {
		lines = append(lines, Cell{Text: "limits  none: there is nothing to pass", Tone: ToneUnknown})
	}
	count := Cell{Text: fmt.Sprintf("count   %d planned, %d sent, %d dropped, %d cut off, %d failed", w.Planned, w.Sent, w.Dropped, w.Cut, w.Failed), Tone: lacking(w.Dropped + w.Cut)}
	if h.Users > 0 {
		count = Cell{Text: fmt.Sprintf("count   %d done, %d failed, %s at the most", w.Done, w.Failed, ops.Count(h.Users, "user"))}
	}
	lines = append(lines, count)
	for i, e := range errs {
		name := "        "
		if i == 0 {
			name = "errors  "
		}
		status := ""
		if e.Status > 0 {
			status = fmt.Sprintf(" %d", e.Status)
		}
		lines = append(lines, Cell{Text: fmt.Sprintf("%s%s%s: %d, first at %s, last at %s: %s", name, e.Class, status, e.Count, ops.Span(e.First), ops.Span(e.Last), e.Sample), Tone: lacking(e.Count)})
	}
	cpu := "not known"
	if h.CPUKnown {
		cpu = ops.Percent(h.CPU)
	}
	if h.Users > 0 {
		return append(lines, senderLines(h, cpu)...)
	}
	sender := fmt.Sprintf("sender  late p99 %s, CPU %s", ops.Digits(h.LateP99), cpu)
	if h.Busy > 0 { // else how busy its connections are is the target's affair
		sender += fmt.Sprintf(", connections %s busy, %d late, %d at the cap", ops.Percent(min(1, h.Busy)), w.Late, h.CapHits)
	}
	return append(lines, Cell{Text: sender, Tone: ToneMuted})
}

// mostWorkers is how many workers are listed, those in a bad way first.
const mostWorkers = 8

// senderLines say how the workers of a generator on several machines do.
func senderLines(h ops.LoadHealth, cpu string) []Cell {
	if len(h.Workers) == 0 {
		return []Cell{{Text: "sender  one process; CPU " + cpu, Tone: ToneMuted}}
	}
	head := fmt.Sprintf("sender  %s, the busiest at %s of its core", ops.Count(len(h.Workers), "worker"), cpu)
	if h.Lost > 0 {
		head += fmt.Sprintf(", %d lost", h.Lost)
	}
	lines := []Cell{{Text: head, Tone: lacking(int64(h.Lost))}}
	for i, w := range h.Workers {
		if i == mostWorkers {
			return append(lines, Cell{Text: fmt.Sprintf("        and %d more", len(h.Workers)-i), Tone: ToneMuted})
		}
		lines = append(lines, Cell{Text: fmt.Sprintf("        %s %s, %s, CPU %s", w.State, w.Name, ops.Count(w.Users, "user"), ops.Percent(w.CPU)), Tone: ToneMuted})
	}
	return lines
}

// closed reports whether stages are of users.
func closed(stages []ops.LoadStage) bool { return ops.LoadRun{Stages: stages}.Closed() }

// waited is the line of times from the intended start, which a closed loop does not have.
func waited(name string, w ops.LoadWindow, closed bool) Cell {
	if closed {
		return Cell{Text: name + "waited  not known: a closed loop sends less while the target is slow", Tone: ToneMuted}
	}
	return timesLine(name+"waited", w.Latency)
}

// roughly marks a figure that is to two digits.
func roughly(approx bool) string {
	if approx {
		return "~"
	}
	return ""
}

func timesLine(name string, t ops.LoadTimes) Cell {
	if t.N == 0 {
		return Cell{Text: name + "  no answer", Tone: ToneUnknown}
	}
	at := roughly(t.Approx)
	if t.Lower {
		at = ">="
	}
	line := name
	for i, v := range []time.Duration{t.P50, t.P90, t.P95, t.P99} {
		if v >= 0 {
			line += fmt.Sprintf("  %s %s%s", [...]string{"p50", "p90", "p95", "p99"}[i], at, ops.Digits(v))
		}
	}
	if t.Max >= 0 {
		line += "  max " + ops.Digits(t.Max).String()
	}
	return Cell{Text: line}
}

func inWords(m ops.LoadMetric, w ops.LoadWindow) string { return known(m, w.Value(m)) }

func known(m ops.LoadMetric, v ops.Value) string {
	if !v.Known {
		return ops.NotKnown
	}
	return m.Figure(v.Value)
}
