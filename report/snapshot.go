package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Schema names the shape of the JSON snapshot. It only ever grows.
const Schema = "opsdeck/snapshot/v1"

// Snapshot is a board at a moment, read through one view: the same rows that the
// console shows, ready to be written.
type Snapshot struct {
	Estate      string
	Environment string
	// Simulated is true where nothing of the estate is real.
	Simulated bool
	Now       time.Time
	BoardAt   time.Time
	View      string
	Level     ops.Level
	Verdict   string
	// Unknowns lists in words what could not be known.
	Unknowns []string
	Tables   []Table
	counts   Counts
	firing   []alertCount
	tally    alertTally
	// alertsFresh is false also where nothing counts alerts.
	alertsFresh bool
	sources     [2]int // fresh, all
}

// place is what people read in the place of the environment.
func (s Snapshot) place() string {
	if s.Simulated {
		return Simulated
	}
	return s.Environment
}

// Views lists what New takes.
func Views() []string {
	return []string{"overview", "alerts", "silences", "containers", "databases", "backups", "loads", "sources", "jobs", "history"}
}

// New reads a board through a view; a view that does not exist is the overview.
func New(b ops.Board, now time.Time, view string) Snapshot {
	if !slices.Contains(Views(), view) {
		view = Views()[0]
	}
	s := newSnapshot(b, now, view)
	switch view {
	case "overview":
		s.Tables = []Table{Overview(b, now, Shown{}), Sources(b, now)}
	case "alerts":
		s.Tables = []Table{NewAlerts(b, now, BySeverity).Table()}
	case "silences":
		s.Tables = []Table{Silences(b, now)}
	case "containers":
		s.Tables = []Table{Containers(b, now)}
	case "databases":
		s.Tables = []Table{Databases(b, now), Sessions(b, now), Statements(b, now)}
	case "backups":
		s.Tables = []Table{BackupPlans(b, now), Backups(b, now)}
	case "loads":
		s.Tables = []Table{Loads(b, now)}
	case "sources":
		s.Tables = []Table{Sources(b, now)}
	case "jobs":
		s.Tables = []Table{Jobs(b, now)}
	case "history":
		s.Tables = []Table{Changes(b, now)}
	}
	return s
}

// newSnapshot is everything of a snapshot but its tables.
func newSnapshot(b ops.Board, now time.Time, view string) Snapshot {
	s := Snapshot{
		Estate: b.Estate.Name.String(), Environment: b.Estate.Environment.String(), Simulated: b.Estate.Simulated,
		Now: now.UTC(), BoardAt: b.At.UTC(), View: view,
		Level: required(b), Verdict: Verdict(b, now).Text, Unknowns: unknowns(b, now),
		counts: CountContainers(b, now), firing: countFiring(b, now),
	}
	v := newPagingView(b, now)
	for _, it := range distinct(b) {
		if !repeated(b, it.a) {
			s.tally.add(it.a, v, now)
		}
	}
	_, fresh := alertsStanding(b, now)
	s.alertsFresh = fresh && len(b.Alerts) > 0
	for _, src := range b.Sources {
		s.sources[1]++
		if src.State == ops.SourceOK {
			s.sources[0]++
		}
	}
	return s
}

// required is the level that the exit code tells: Overall, and unknown where the
// board is stale, whichever section the stale reading stands in.
func required(b ops.Board) ops.Level {
	level := worst(Overall(b), worstOf(b.Findings)) // a board whose own level forgot it
	return aged(level, !b.Stale())
}

// unknowns lists what could not be known, sources first.
func unknowns(b ops.Board, now time.Time) []string {
	out := []string{}
	for _, s := range b.Sources {
		if s.State != ops.SourceOK {
			out = append(out, sourceReason(s, now))
		}
	}
	if b.Estate.Agent.Kind == ops.AgentLocal {
		for _, what := range []string{"history", "jobs", "rates of restarts"} {
			out = append(out, what+" "+NoAgent)
		}
	}
	return out
}

// Formats lists what Write takes.
func Formats() []string { return []string{"text", "markdown", "json", "nagios"} }

// Write writes a snapshot. The same snapshot always gives the same bytes.
func Write(w io.Writer, s Snapshot, format string) error {
	var out string
	var err error
	s.Tables = slices.Clone(s.Tables)
	for i, t := range s.Tables {
		s.Tables[i] = t.Spoken(Command)
	}
	switch format {
	case "text":
		out = asText(s)
	case "markdown":
		out = asMarkdown(s)
	case "nagios":
		out = asNagios(s)
	case "json":
		out, err = asJSON(s)
	default:
		return ops.Errorf(ops.CodeInvalid, "no format %q", ops.Clean(format)).Help("there are %s", strings.Join(Formats(), ", "))
	}
	if err != nil {
		return fmt.Errorf("write snapshot as %s: %w", format, err)
	}
	if _, err := io.WriteString(w, out); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// Sources returns how every source stands, worst first.
func Sources(b ops.Board, now time.Time) Table {
	t := Table{Name: "sources", Note: "the estate names no source", Columns: []Column{
		{Key: "name", Title: "SOURCE", Priority: 100, Min: 10, Max: 24},
		{Key: "state", Title: "STATE", Priority: 99},
		{Key: "since", Title: "SINCE", Right: true, Priority: 80},
		{Key: "age", Title: "LAST GOOD", Right: true, Priority: 90},
		{Key: "took", Title: "TOOK", Right: true, Priority: 40},
		{Key: "kind", Title: "KIND", Priority: 30},
		{Key: "required", Title: "REQUIRED", Priority: 20},
		{Key: "why", Title: "WHY", Priority: 70, Min: 16, Max: 120},
	}}
	for _, s := range b.Sources {
		t.Rows = append(t.Rows, sourceRow(s, now))
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int {
		return cmp.Or(ops.WorstFirst(a.Level, b.Level), cmp.Compare(a.Cells[0].Text, b.Cells[0].Text))
	})
	return t
}

func sourceRow(s ops.Source, now time.Time) Row {
	level := sourceLevel(s)
	reason := s.Why.String()
	for _, n := range s.Notes {
		reason = join("; ", reason, n.String())
	}
	duration := nothing()
	if s.Took > 0 {
		duration = Cell{Text: ops.Span(s.Took), Value: s.Took.Seconds(), Unit: "seconds"}
	}
	need := "optional"
	if s.Required {
		need = "required"
	}
	return Row{
		Ref: s.Ref, Level: level, Detail: about(s.Name.String(), reason),
		From: sourceOrigin(s),
		Cells: []Cell{
			text(s.Name.String()),
			{Text: StateWord(s.State, s.Live), Tone: ToneOf(level), Value: s.State.String()},
			moment(s.Since, now), moment(s.LastGood, now), duration,
			text(s.Kind.String()), {Text: need, Value: s.Required}, text(reason),
		},
	}
}
