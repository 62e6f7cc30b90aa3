package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Burn is a share of work done against a share of a window gone by, for a line
// that a screen draws.
type Burn struct{ Done, Gone float64 }

// Indicators returns the KPIs against their targets and the pipelines against
// their windows.
func Indicators(b ops.Board, now time.Time) Table {
	t := Table{Name: "indicators", Note: "the estate names no KPI and no pipeline", Columns: []Column{
		{Key: "state", Title: "STATE", Priority: 99, Max: 15},
		{Key: "what", Title: "WHAT", Priority: 100, Min: 24, Max: 64},
		{Key: "since", Title: "SINCE", Right: true, Priority: 60},
		{Key: "why", Title: "WHAT IT IS", Priority: 50, Min: 16, Max: 120},
		{Key: "value", Title: "VALUE", Right: true, Priority: 10},
		{Key: "target", Title: "TARGET", Priority: 9},
	}}
	for _, r := range b.Indicators {
		from := originOf(r)
		for _, p := range r.Value.Pipelines {
			t.Rows = append(t.Rows, pipelineRow(p, from, now))
		}
		kpis := slices.DeleteFunc(slices.Clone(r.Value.KPIs), func(k ops.KPI) bool { return !k.Load.Empty() }) // these its run shows
		widths := kpiWidths(kpis)
		for _, k := range kpis {
			t.Rows = append(t.Rows, kpiRow(k, from, widths, now))
		}
	}
	return t
}

// kpiWidth is how wide names and values are, so that they stand under each other.
type kpiWidth struct{ name, value int }

func kpiWidths(ks []ops.KPI) kpiWidth {
	var w kpiWidth
	for _, k := range ks {
		w.name = max(w.name, Width(k.Name.String()))
		w.value = max(w.value, Width(kpiValue(k.Value, k.Unit)))
	}
	w.name = min(w.name, 28)
	return w
}

// kpiWord is the word of a KPI: met or not, and not known where it is not.
func kpiWord(k ops.KPI, fresh bool) string {
	switch {
	case !k.Value.Known || !fresh:
		return "UNKNOWN"
	case !k.Target.Known:
		return "no target"
	case k.Level.Good():
		return "OK"
	}
	return "MISSED"
}

func kpiRow(k ops.KPI, from Origin, w kpiWidth, now time.Time) Row {
	word, level := kpiWord(k, from.Fresh()), aged(k.Level, from.Fresh())
	value := kpiValue(k.Value, k.Unit)
	what := pad(k.Name.String(), w.name, false) + "  " + pad(value, w.value, true) + "  " + kpiTarget(k)
	said := k.What.String()
	if !k.Value.Known {
		said = join("; ", k.Why.Or(ops.Lit("no value")).String(), said)
	} else if !from.Fresh() {
		said = join("; ", "the last value, "+ops.Ago(from.At, now), said)
	}
	num := Cell{Text: value, Unit: k.Unit.String()}
	if k.Value.Known {
		num.Value = k.Value.Value
	}
	target := nothing()
	if k.Target.Known {
		target = Cell{Text: kpiTarget(k), Value: k.Target.Limit, Unit: k.Unit.String()}
	}
	return Row{
		Ref: ops.NewRef(ops.KindSource, "", from.Source), Group: groupIndicators, Level: level, From: from, Detail: about(k.Name.String(), said),
		Cells: []Cell{
			{Text: word, Tone: ToneOf(level), Value: strings.ToLower(word)}, {Text: what, Value: k.Name.String()},
			{Text: ops.Never, Tone: ToneMuted, Trend: k.Trend}, {Text: said, Tone: ToneMuted, Value: said}, num, target,
		},
	}
}

func kpiValue(f ops.Value, unit ops.Text) string {
	if !f.Known {
		return ops.Never
	}
	if u := unit.String(); u != "" && u[0] != '%' && u[0] != '/' {
		return f.Number() + " " + u
	}
	return f.Number() + unit.String()
}

func kpiTarget(k ops.KPI) string {
	if !k.Target.Known {
		return ""
	}
	word := "at most "
	if k.Target.AtLeast {
		word = "at least "
	}
	return word + kpiValue(ops.Num(k.Target.Limit), k.Unit)
}

func pad(s string, w int, right bool) string {
	fill := strings.Repeat(" ", max(0, w-Width(s)))
	if right {
		return fill + s
	}
	return s + fill
}

func pipelineRow(p ops.Pipeline, from Origin, now time.Time) Row {
	level, word := aged(p.Verdict.Level, from.Fresh()), p.Verdict.Word.Or(ops.Lit("not known")).String()
	if level != p.Verdict.Level {
		word = "was " + word
	}
	what := p.Name.String() + "  " + pipelineWords(p, from, now)
	cell := Cell{Text: pipelineEnd(p, now), Tone: ToneMuted}
	cell.Value = cell.Text
	if p.Running && !p.Started.IsZero() && p.Window > 0 && p.Done.Known {
		cell.Burn = &Burn{Done: p.Done.Value, Gone: at(from, now).Sub(p.Started).Seconds() / p.Window.Seconds()}
	}
	since := nothing()
	if p.Running {
		since = moment(p.Started, now)
	}
	done := Cell{Text: ops.Never, Unit: "ratio"}
	if p.Done.Known {
		done = Cell{Text: ops.Percent(p.Done.Value), Value: p.Done.Value, Unit: "ratio"}
	}
	window := Cell{Text: minutes(p.Window, p.Window), Value: p.Window.Seconds(), Unit: "seconds"}
	return Row{
		Ref: ops.NewRef(ops.KindSource, "", from.Source), Group: groupIndicators, Level: level, From: from,
		Detail: about(p.Name.String(), join("  ", pipelineEnd(p, now), p.Verdict.Cause.String())), Next: p.Verdict.Next,
		Cells: []Cell{{Text: word, Tone: ToneOf(level), Value: p.Verdict.Word.String()}, {Text: what, Value: p.Name.String()},
			since, cell, done, window},
	}
}

// at is the moment that a reading's words are about: now, or when it was last
// true.
func at(from Origin, now time.Time) time.Time {
	if from.Fresh() || from.At.IsZero() {
		return now
	}
	return from.At
}

// minutes says a window in minutes, and one of a few of them to the second.
func minutes(d, window time.Duration) string {
	if window < 10*time.Minute {
		return ops.Span(d.Truncate(time.Second)) // tenths would change with every frame
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// clockWords says how much of its window a pipeline has used: "41m/150m".
func clockWords(p ops.Pipeline, from Origin, now time.Time) string {
	return minutes(max(0, at(from, now).Sub(p.Started)), p.Window) + "/" + minutes(p.Window, p.Window)
}

func pipelineWords(p ops.Pipeline, from Origin, now time.Time) string {
	switch {
	case !p.Why.Empty():
		return "not known: " + p.Why.String()
	case !p.Running:
		return "idle, window " + minutes(p.Window, p.Window)
	case p.Started.IsZero():
		return "running, since when is not known"
	}
	s := clockWords(p, from, now)
	if p.Done.Known {
		s += ", " + ops.Percent(p.Done.Value) + " done"
	}
	if !p.Stage.Empty() {
		s += ", stage " + p.Stage.String()
	}
	return s
}

// pipelineEnd says when it will end at this pace, against the window.
func pipelineEnd(p ops.Pipeline, now time.Time) string {
	if !p.Running || p.Started.IsZero() {
		return ""
	}
	end := p.Started.Add(p.Window)
	switch {
	case now.After(end):
		return "window over since " + ops.Clock(end, now)
	case p.Forecast.IsZero():
		return "window ends " + ops.Clock(end, now)
	case p.Forecast.After(end):
		return "ends " + ops.Clock(p.Forecast, now) + ", " + leftWord(p.Forecast.Sub(end)) + " after the window"
	}
	return "ends " + ops.Clock(p.Forecast, now) + ", " + leftWord(end.Sub(p.Forecast)) + " to spare"
}

// slaCells are the windows of running pipelines for the frame: "SLA 41m/150m".
func slaCells(b ops.Board, now time.Time) []Cell {
	var out []Cell
	for _, r := range b.Indicators {
		from := originOf(r)
		for _, p := range r.Value.Pipelines {
			if !p.Running || p.Started.IsZero() {
				continue
			}
			tone := ToneOf(p.Verdict.Level)
			if !from.Fresh() {
				tone = ToneUnknown
			}
			out = append(out, toned("SLA "+clockWords(p, from, now), tone))
		}
	}
	return out
}
