package main

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestAListOfLoadsIsSearchedAsThePaneIsFiltered(t *testing.T) {
	b := fixture.Loaded()
	for i := range b.Loads.Kept {
		b.Loads.Kept[i].Reason, b.Loads.Kept[i].Note = ops.Text{}, ops.Text{}
	}
	b.Loads.Kept[1].Reason = ops.Lit("release 2.5")
	for words, c := range map[string]struct{ has, lacks []string }{
		"":             {has: []string{"run 31", "run 30", "2 scenarios", "4 runs"}},
		"RELEASE":      {has: []string{"run 30", "1 of 4 runs"}, lacks: []string{"run 31", "never run", "scenarios"}},
		"verdict=pass": {has: []string{"run 27"}, lacks: []string{"run 30", "run 28"}},
		"run !failed":  {has: []string{"run 30", "run 28"}, lacks: []string{"run 31"}},
		"nowhere":      {has: []string{"nothing here matches nowhere"}, lacks: []string{"run 31", "of 4 runs"}},
	} {
		for _, format := range []string{"text", "json"} {
			var out strings.Builder
			if err := report.Write(&out, searched(report.New(b, fixture.Now, "loads"), words), format); err != nil {
				t.Fatal(err)
			}
			for _, want := range c.has {
				if format == "text" && !strings.Contains(out.String(), want) {
					t.Errorf("%q, %s: %q is not in\n%s", words, format, want, out.String())
				}
			}
			for _, not := range c.lacks {
				if strings.Contains(out.String(), not) {
					t.Errorf("%q, %s: %q is in\n%s", words, format, not, out.String())
				}
			}
		}
	}
}
