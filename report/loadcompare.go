package report

import (
	"fmt"

	"opsdeck/ops"
)

// TwoRuns put one kept run beside another: what got worse in a sentence, each figure of
// both, then how each of them ended.
func TwoRuns(is, was ops.LoadKept, c ops.LoadComparison) []Cell {
	lines := []Cell{{Text: c.Words.String(), Tone: past(c.Level)}, {},
		{Text: fmt.Sprintf("%-14s %14s %14s %9s", "", "run "+is.Ref.ID.String(), "run "+was.Ref.ID.String(), "change"), Tone: ToneMuted}}
	for _, f := range c.Figures {
		word, tone := moved(f)
		lines = append(lines, Cell{Text: join("  ", fmt.Sprintf("%-14s %14s %14s %9s", f.Metric.Words(), known(f.Metric, f.Is), known(f.Metric, f.Was), change(f)), word), Tone: tone})
	}
	lines = append(lines, Cell{})
	for _, k := range []ops.LoadKept{is, was} {
		lines = append(lines, Cell{Text: fmt.Sprintf("run %s%s", k.Ref.ID, pinned(k.Pinned)), Tone: ToneInfo})
		lines = append(lines, KeptLines(k)...)
		lines = append(lines, Cell{})
	}
	return lines
}

// change is by how much of itself a figure differs.
func change(f ops.LoadDelta) string {
	if !f.Is.Known || !f.Was.Known || f.Was.Value == 0 {
		return ""
	}
	by := f.Is.Value / f.Was.Value
	if by >= 10 {
		return fmt.Sprintf("x %.0f", by)
	}
	return fmt.Sprintf("%+.0f %%", (by-1)*100)
}
