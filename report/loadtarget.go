package report

import (
	"fmt"

	"opsdeck/ops"
)

// BesideLines say how the target of a run did meanwhile, by its own sources: the most of
// each figure, and the alerts that began.
func BesideLines(r ops.LoadReport) []Cell {
	var most ops.LoadTarget
	for _, t := range r.Target {
		most = most.Most(t)
	}
	said := ""
	add := func(v ops.Value, words string) {
		if v.Known {
			said = join(", ", said, words)
		}
	}
	add(most.CPU, fmt.Sprintf("CPU %.2g cores", most.CPU.Value))
	add(most.Memory, "memory "+most.Memory.Size())
	add(most.Sessions, fmt.Sprintf("%.0f sessions", most.Sessions.Value))
	lines := []Cell{{Text: "target  not known: nothing behind it is read", Tone: ToneMuted}}
	if said != "" {
		lines = []Cell{{Text: "target  at the most " + said}}
	}
	return append(lines, alertLines(r.Alerts)...)
}

// alertLines name the alerts that began during a run.
func alertLines(all []ops.LoadAlert) []Cell {
	var lines []Cell
	for i, a := range all {
		name := "        "
		if i == 0 {
			name = "began   "
		}
		of := ""
		if !a.Service.Empty() {
			of = fmt.Sprintf(" of %s", a.Service)
		}
		lines = append(lines, Cell{Text: fmt.Sprintf("%s%s %s%s, at %s", name, a.Severity.Name, a.Name, of, ops.Span(a.At)), Tone: lacking(1)})
	}
	return lines
}
