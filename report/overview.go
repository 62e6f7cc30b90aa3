package report

import (
	"fmt"
	"strings"
	"time"

	"opsdeck/ops"
)

// Groups of the overview, in the order they stand.
const (
	groupFindings   = "needs attention"
	groupState      = "state"
	groupIndicators = "indicators"
	groupJobs       = "jobs"
	groupChanges    = "changed in the last hour"
)

// Verdict is the one line that answers "is anything wrong, and since when".
func Verdict(b ops.Board, now time.Time) Cell {
	level := Overall(b)
	parts := []string{LevelWord(level)}
	if level.Good() {
		n := CountContainers(b, now)
		burns, handled := firing(b, now)
		for _, c := range append(burns, handled, n.Cell()) {
			parts = append(parts, c.Text)
		}
		return toned(join("  ", parts...), ToneOf(level))
	}
	if n := len(b.Findings); n > 0 {
		f := b.Findings[0]
		s := ops.Count(n, "finding") + ", the worst: " + f.What.String()
		if c := len(byCause(b.Findings)); c < n {
			s = ops.Count(c, "cause") + " of " + s
		}
		if !f.Since.IsZero() {
			s += " since " + ops.Clock(f.Since, now) + " (" + ops.Age(f.Since, now) + ")"
		}
		parts = append(parts, s)
	} else if _, reason := sourceWords(b, now); reason != "" {
		parts = append(parts, reason)
	}
	return toned(join("  ", parts...), ToneOf(level))
}

// Overview returns what an engineer has to know first: what is wrong, the worst cause
// first and behind each what it makes, what fires, what runs, the jobs, and what
// changed.
func Overview(b ops.Board, now time.Time, shown Shown) Table {
	t := Table{Name: "overview", Columns: []Column{
		{Key: "state", Title: "STATE", Priority: 99, Max: 11},
		{Key: "what", Title: "WHAT", Priority: 100, Min: 24, Max: 64},
		{Key: "since", Title: "SINCE", Right: true, Priority: 90},
		{Key: "why", Title: "WHY, AND WHAT NEXT", Priority: 50, Min: 16, Max: 120, Next: true},
	}}
	t.Rows = append(t.Rows, findingRows(b, now, shown)...)
	t.Rows = append(t.Rows, stateRows(b, now)...)
	t.Rows = append(t.Rows, indicatorRows(b, now)...)
	t.Rows = append(t.Rows, jobRows(b, now)...)
	t.Rows = append(t.Rows, changeRows(b, now)...)
	return t
}

// Findings returns every finding, worst first.
func Findings(b ops.Board, now time.Time) Table {
	t := Overview(b, now, Shown{})
	t.Name, t.Rows = "findings", findingRows(b, now, Shown{})
	return t
}

// board is the origin of what was worked out from the whole board.
func board(b ops.Board) Origin { return Origin{Source: "agent", At: b.At, State: ops.SourceOK} }

// origin is the source behind an object, as it stands now; what belongs to no
// source comes from the board.
func origin(b ops.Board, ref ops.Ref) Origin {
	for _, s := range b.Sources {
		if s.Name == ref.Source && !ref.Source.Empty() || s.Ref == ref {
			return sourceOrigin(s)
		}
	}
	return board(b)
}

// oldest is the origin of what several readings say together: the first that is
// not fresh, else the one that is longest ago.
func oldest[T any](b ops.Board, readings ops.Readings[T]) Origin {
	worst := board(b)
	for _, r := range readings {
		o := originOf(r)
		if !o.Fresh() {
			return o
		}
		if o.At.Before(worst.At) {
			worst = o
		}
	}
	return worst
}

func findingRow(f ops.Finding, from Origin, now time.Time) Row {
	return Row{
		Ref: f.Ref, Group: groupFindings, Level: f.Level, From: from, Next: f.Next,
		Detail: subject(f.What.String(), ops.Verdict{Cause: f.Cause, Next: f.Next}),
		Cells: []Cell{
			toned(LevelWord(f.Level), ToneOf(f.Level)),
			text(f.What.String()),
			moment(f.Since, now),
			toned(f.Cause.String(), ToneMuted),
		},
	}
}

// noFinding says that nothing is wrong only where that is known.
func noFinding(b ops.Board, now time.Time) Row {
	level := Overall(b)
	what := "nothing needs attention"
	if !level.Good() {
		what = "cannot say whether anything needs attention"
	}
	_, reason := sourceWords(b, now)
	return Row{
		Group: groupFindings, Level: level, From: board(b), Detail: reason,
		Cells: []Cell{toned(LevelWord(level), ToneOf(level)), text(what), nothing(), toned(reason, ToneMuted)},
	}
}

func stateRows(b ops.Board, now time.Time) []Row {
	rows := firingRows(b, now)
	n := CountContainers(b, now)
	if n.Fresh || n.Standing != "" {
		cell := n.bare()
		rows = append(rows, stateRow("containers", cell, ops.Ref{Kind: ops.KindContainer}, join("; ", cell.asOf(n.Standing), n.Others()), oldest(b, b.Containers)))
	}
	rows = append(rows, databaseRows(b, now)...)
	rows = append(rows, backupRows(b, now)...)
	return append(rows, sourceSummary(b, now))
}

// stateRow is a row of the state group. A cell that is not judged stays so.
func stateRow(what string, c Cell, ref ops.Ref, why string, from Origin) Row {
	level := levelOf(c.Tone)
	return Row{
		Ref: ref, Group: groupState, Level: level, From: from,
		Cells: []Cell{
			toned(LevelWord(level), c.Tone), {Text: what + ": " + c.Text, Value: c.Text},
			nothing(), toned(why, ToneMuted),
		},
	}
}

func firingRows(b ops.Board, now time.Time) []Row {
	if len(b.Alerts) == 0 {
		return nil
	}
	phrase, fresh := alertsStanding(b, now)
	from := oldest(b, b.Alerts)
	var rows []Row
	for _, c := range countFiring(b, now) {
		cell := toned(fmt.Sprintf("%d %s", c.n, rankWord(c.rank)), ToneOf(c.level))
		if held := c.held(); held != "" {
			cell.Text += " (" + held + ")"
		}
		ref := c.ref
		if c.n > 1 { // several: the pane that lists them
			ref = ops.Ref{Kind: ops.KindAlert}
		}
		r := stateRow("alerts firing", cell, ref, "", from)
		r.Cells[2] = moment(c.oldest, now)
		if !fresh {
			r.Cells[3] = toned("as of "+phrase, ToneUnknown)
		}
		rows = append(rows, r)
	}
	switch {
	case !fresh && len(rows) == 0:
		rows = append(rows, stateRow("alerts", toned(unknown, ToneUnknown), ops.Ref{}, phrase, from))
	case len(rows) == 0:
		none := noneFires(b, now)
		none.Text = strings.Replace(none.Text, "0 alerts", "0", 1)
		rows = append(rows, stateRow("alerts firing", none, ops.Ref{Kind: ops.KindAlert}, "", from))
	}
	return rows
}

// indicatorRows are the KPIs and pipelines without the columns of their own.
func indicatorRows(b ops.Board, now time.Time) []Row {
	rows := Indicators(b, now).Rows
	for i := range rows {
		rows[i].Cells = rows[i].Cells[:4]
	}
	return rows
}

func sourceSummary(b ops.Board, now time.Time) Row {
	ok, level := 0, worst()
	var ref ops.Ref
	for _, s := range b.Sources {
		if s.State == ops.SourceOK {
			ok++
		}
		if l := sourceLevel(s); l.Worse(level) {
			level, ref = l, s.Ref
		}
	}
	if len(b.Sources) == 0 {
		return stateRow("sources", toned("none", ToneUnknown), ops.Ref{}, "the estate names none", board(b))
	}
	_, reason := sourceWords(b, now)
	return stateRow("sources", toned(fmt.Sprintf("%d/%d fresh", ok, len(b.Sources)), ToneOf(level)), ref, reason, board(b))
}

func jobRows(b ops.Board, now time.Time) []Row {
	if b.Estate.Agent.Kind == ops.AgentLocal {
		return []Row{noAgentRow(groupJobs)}
	}
	var rows []Row
	for i, r := range Jobs(b, now).Rows {
		if i == 5 {
			break
		}
		rows = append(rows, Row{
			Ref: r.Ref, Group: groupJobs, Level: r.Level, From: r.From, Detail: r.Detail,
			Cells: []Cell{r.Cells[1], {Text: r.Cells[0].Text + " " + r.Cells[2].Text, Value: r.Cells[2].Text, Shrinks: true}, r.Cells[3], {Text: r.Cells[6].Text, Tone: ToneMuted, Value: r.Cells[6].Value}},
		})
	}
	return rows
}

func noAgentRow(group string) Row {
	return Row{
		Group: group, From: Origin{Source: "agent", NoAgent: true},
		Cells: []Cell{toned("UNKNOWN", ToneUnknown), toned(NoAgent, ToneUnknown), nothing(), text("")},
	}
}

func changeRows(b ops.Board, now time.Time) []Row {
	if b.Estate.Agent.Kind == ops.AgentLocal {
		return []Row{noAgentRow(groupChanges)}
	}
	var rows []Row
	for _, r := range Changes(b, now).Rows {
		what := r.Cells[3]
		what.Shrinks = true
		rows = append(rows, Row{
			Ref: r.Ref, Group: groupChanges, Level: r.Level, From: r.From,
			Cells: []Cell{{Text: r.Cells[0].Text, Tone: ToneMuted, Value: r.Cells[0].Value}, what, r.Cells[1], {Text: join(" ", r.Cells[2].Text, r.Cells[4].Text), Tone: ToneMuted, Value: r.Cells[4].Text}},
		})
	}
	return rows
}
