package report

import (
	_ "embed"
	"encoding/json"
	"time"

	"opsdeck/ops"
)

// document is the JSON snapshot. Fields are only ever added.
type document struct {
	Schema      string     `json:"schema"`
	Estate      string     `json:"estate"`
	Environment string     `json:"environment"`
	Simulated   bool       `json:"simulated,omitempty"`
	Now         string     `json:"now"`
	BoardAt     string     `json:"board_at"`
	View        string     `json:"view"`
	Level       ops.Level  `json:"level"`
	Exit        int        `json:"exit"`
	Verdict     string     `json:"verdict"`
	Unknowns    []string   `json:"unknowns"`
	Tables      []docTable `json:"tables"`
}

type docTable struct {
	Name string   `json:"name"`
	Note string   `json:"note,omitempty"`
	Rows []docRow `json:"rows"`
}

type docRow struct {
	Ref   string              `json:"ref"`
	Group string              `json:"group,omitempty"`
	Level ops.Level           `json:"level"`
	Lead  string              `json:"lead,omitempty"`
	Next  []docNext           `json:"next,omitempty"`
	Cells map[string]docDatum `json:"cells"`
}

// docNext is one thing to do. Action, Ref and Run are there where an action does it, SQL
// and its database where a statement does.
type docNext struct {
	What     string `json:"what"`
	Action   string `json:"action,omitempty"`
	Ref      string `json:"ref,omitempty"`
	Run      string `json:"run,omitempty"`
	SQL      string `json:"sql,omitempty"`
	Database string `json:"database,omitempty"`
}

// docDatum is one value with everything needed to trust it or not. Value is null
// where it is not known; age is null where there never was one.
type docDatum struct {
	Value  any      `json:"value"`
	Unit   string   `json:"unit"`
	Text   string   `json:"text"`
	Source string   `json:"source"`
	Age    *float64 `json:"age_seconds"`
	State  string   `json:"state"`
}

func asJSON(s Snapshot) (string, error) {
	d := document{
		Schema: Schema, Estate: s.Estate, Environment: s.Environment, Simulated: s.Simulated,
		Now: stamp(s.Now), BoardAt: stamp(s.BoardAt), View: s.View,
		Level: s.Level, Exit: s.Exit(), Verdict: s.Verdict, Unknowns: s.Unknowns,
		Tables: []docTable{},
	}
	for _, t := range s.Tables {
		d.Tables = append(d.Tables, docOf(t, s.Now))
	}
	out, err := json.MarshalIndent(d, "", "  ")
	return string(out) + "\n", err
}

func docOf(t Table, now time.Time) docTable {
	d := docTable{Name: t.Name, Rows: []docRow{}}
	if len(t.Rows) == 0 {
		d.Note = t.Note
	}
	for _, r := range t.Rows {
		row := docRow{Ref: r.Ref.String(), Group: r.Group, Level: r.Level, Lead: r.Detail, Cells: map[string]docDatum{}}
		for i, c := range r.Cells {
			row.Cells[t.Columns[i].Key] = datum(c, r.From, now)
		}
		for _, n := range r.Next {
			row.Next = append(row.Next, docNextOf(n))
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

func docNextOf(n ops.Next) docNext {
	d := docNext{What: n.What.String(), SQL: n.SQL.String(), Database: n.In.String()}
	if !n.Action.Empty() {
		d.Action, d.Ref, d.Run = n.Action.String(), n.Ref.String(), commandOf(n)
	}
	return d
}

func datum(c Cell, from Origin, now time.Time) docDatum {
	d := docDatum{Value: c.Value, Unit: c.Unit, Text: c.Text, Source: from.Source, State: from.State.String()}
	if from.NoAgent {
		d.State = "no agent"
	}
	if !from.At.IsZero() {
		age := max(0, now.Sub(from.At).Seconds())
		d.Age = &age
	}
	return d
}

//go:embed snapshot.schema.json
var snapshotSchema string

// SnapshotSchema returns the JSON schema (draft 2020-12) of the JSON snapshot.
func SnapshotSchema() []byte { return []byte(snapshotSchema) }
