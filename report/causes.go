package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Shown is how much of the findings the Overview has as rows; zero: all of it.
type Shown struct {
	Causes int // at most so many; the rest is counted in a row without a Ref; 0: all
	// Folded says of which causes the rest is named in one row; nil: of none.
	Folded func(ops.Ref) bool
}

func findingRows(b ops.Board, now time.Time, shown Shown) []Row {
	if len(b.Findings) == 0 {
		return []Row{noFinding(b, now)}
	}
	var rows []Row
	causes, told := byCause(b.Findings), 0
	for i, g := range causes {
		if shown.Causes > 0 && i == shown.Causes && len(causes) > shown.Causes+1 {
			more, level := len(b.Findings)-told, worstOf(b.Findings[told:])
			return append(rows, Row{
				Group: groupFindings, Level: level, From: board(b),
				Cells: []Cell{toned("+"+fmt.Sprint(more), ToneOf(level)), text(ops.Count(more, "more finding") + ", enter shows all"), nothing(), text("")},
			})
		}
		told += len(g)
		rows = append(rows, causeRows(b, g, shown.Folded != nil && shown.Folded(g[0].Ref), now)...)
	}
	return rows
}

// byCause divides findings into causes, each with what it makes behind it.
func byCause(fs []ops.Finding) [][]ops.Finding {
	var out [][]ops.Finding
	for i, f := range fs {
		if f.Under.Zero() || i == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], f)
	}
	return out
}

// maybe calls a guess one.
func maybe(f ops.Finding) string {
	if f.Guess {
		return "perhaps "
	}
	return ""
}

// Makes reports whether something is a cause of other findings.
func Makes(b ops.Board, cause ops.Ref) bool {
	return !cause.Zero() && slices.ContainsFunc(b.Findings, func(f ops.Finding) bool { return f.Under == cause })
}

func worstOf(fs []ops.Finding) ops.Level {
	level := worst()
	for _, f := range fs {
		level = worst(level, f.Level)
	}
	return level
}

// causeRows are a cause and what it makes, or one row that names it all. The cause is
// as bad as the worst of it.
func causeRows(b ops.Board, g []ops.Finding, folded bool, now time.Time) []Row {
	head, parts := g[0], g[1:]
	head.Level = worstOf(g)
	if folded && len(parts) > 0 {
		var names []string
		for _, f := range parts {
			names = append(names, maybe(f)+f.What.String())
		}
		head.Cause = ops.Clean(join("; ", head.Cause.String(), "with it: "+strings.Join(names, ", ")))
	}
	rows := []Row{findingRow(head, origin(b, head.Ref), now)}
	if len(parts) == 0 {
		return rows
	}
	rows[0].Cells[1].Text += fmt.Sprintf(" +%d", len(parts))
	for _, f := range parts {
		if folded {
			break
		}
		r := findingRow(f, origin(b, f.Ref), now)
		r.Cells[1].Text = "+ " + maybe(f) + r.Cells[1].Text
		rows = append(rows, r)
	}
	return rows
}
