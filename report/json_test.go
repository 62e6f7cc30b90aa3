package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// document is the part of a JSON snapshot that says how far it may be trusted.
type document struct {
	Schema string    `json:"schema"`
	Level  ops.Level `json:"level"`
	Exit   int       `json:"exit"`
	Tables []struct {
		Name string `json:"name"`
		Note string `json:"note"`
		Rows []struct {
			Ref   string                    `json:"ref"`
			Level ops.Level                 `json:"level"`
			Cells map[string]map[string]any `json:"cells"`
		} `json:"rows"`
	} `json:"tables"`
}

func documents(t *testing.T, each func(name string, s report.Snapshot, d document)) {
	t.Helper()
	for _, board := range append(fixture.Names(), "simulated", "marked") {
		b := fixture.Named(board)
		for _, view := range append(report.Views(), "handover") {
			s := report.New(b, fixture.Now, view)
			if view == "handover" {
				s = report.Handover(b, b.Changes, fixture.Now.Add(-time.Hour), fixture.Now)
			}
			var d document
			if err := json.Unmarshal([]byte(inFormat(t, s, "json")), &d); err != nil {
				t.Fatalf("%s %s: %v", board, view, err)
			}
			each(board+" "+view, s, d)
		}
	}
}

func TestEveryDatumOfADocumentCanBeTrustedOrNot(t *testing.T) {
	seen := 0
	documents(t, func(name string, s report.Snapshot, d document) {
		if d.Schema != report.Schema || d.Exit != s.Exit() || d.Level != s.Level || len(d.Tables) != len(s.Tables) {
			t.Errorf("%s: %s, level %s, exit %d, %d tables", name, d.Schema, d.Level, d.Exit, len(d.Tables))
		}
		for i, table := range d.Tables {
			if len(table.Rows) == 0 && table.Note == "" {
				t.Errorf("%s: %s is empty and does not say why", name, table.Name)
			}
			for j, row := range table.Rows {
				if len(row.Cells) != len(s.Tables[i].Columns) {
					t.Errorf("%s: row %s of %s has %d cells for %d columns", name, row.Ref, table.Name, len(row.Cells), len(s.Tables[i].Columns))
				}
				for key, datum := range row.Cells {
					seen++
					if fault := faultOf(datum, s.Tables[i].Rows[j].From); fault != "" {
						t.Errorf("%s: %s of %s in %s: %s: %v", name, key, row.Ref, table.Name, fault, datum)
					}
				}
			}
		}
	})
	if seen < 5000 {
		t.Fatalf("only %d values: the test looks in the wrong place", seen)
	}
}

// faultOf says what is wrong with one datum: it has a value or is openly without one,
// a unit, a source, that source's state, and an age unless there never was a value.
func faultOf(datum map[string]any, from report.Origin) string {
	for _, key := range []string{"value", "unit", "text", "source", "age_seconds", "state"} {
		if _, ok := datum[key]; !ok {
			return "no " + key
		}
	}
	age, aged := datum["age_seconds"].(float64)
	_, worded := datum["unit"].(string)
	switch {
	case !worded:
		return "its unit is no word"
	case datum["source"] == "":
		return "no source"
	case from.NoAgent:
		if datum["state"] != "no agent" || aged {
			return "nobody could know it"
		}
	case datum["state"] != from.State.String():
		return "another state than its source's"
	case aged == from.At.IsZero() || age < 0:
		return "its age is not that of its source"
	}
	if text, ok := datum["text"].(string); !ok || strings.ContainsAny(text, "\x1b\x07\r\n\u202e") {
		return "its text attacks a terminal"
	}
	return ""
}
