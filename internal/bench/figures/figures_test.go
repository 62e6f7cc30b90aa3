package figures

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestVerdicts(t *testing.T) {
	for name, tc := range map[string]struct {
		row Row
		err error
		is  string
		bad bool
	}{
		"below its budget":          {Row{Limit: 20, Value: 19}, nil, "within", false},
		"exactly its budget":        {Row{Limit: 20, Value: 20}, nil, "within", false},
		"missed by half":            {Row{Limit: 20, Value: 30}, nil, "**1.5x over**", false},
		"missed by far":             {Row{Limit: 20, Value: 41}, nil, "**2.0x over**", true},
		"without a budget":          {Row{Value: 41}, nil, "-", false},
		"nobody could measure":      {Row{Limit: 20}, errors.New("no such name | seen"), "not measured: no such name / seen", true},
		"a promise that was broken": {Row{Broken: true, Value: 3}, nil, "**broken**", true},
		"comparison that failed":    {Row{}, errors.New("gone"), "not measured: gone", true},
	} {
		t.Run(name, func(t *testing.T) {
			var table Table
			table.Add(tc.row, tc.err)
			if got := table.Markdown(); !strings.Contains(got, "| "+tc.is+" |") || table.Bad() != tc.bad {
				t.Errorf("bad %v, %s", table.Bad(), got)
			}
		})
	}
}

func TestQuantilesAreTimesThatOccurred(t *testing.T) {
	var s Spread
	for i := 20; i >= 1; i-- {
		s = append(s, time.Duration(i)*time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 10, 0.95: 19, 1: 20, 0: 1} {
		if got := s.At(q); got != want*time.Millisecond {
			t.Errorf("%v: %s", q, got)
		}
	}
	if (Spread{}).At(0.5) != 0 || (Spread{5}).At(0.95) != 5 {
		t.Error("none and one")
	}
}

func TestReplaceLeavesOtherSectionsAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "docs", "figures.md")
	for _, step := range [][2]string{{"make bench", "first"}, {"make soak", "calm"}, {"make bench", "### a part\n\nsecond\n"}} {
		if err := Replace(path, step[0], step[1]); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := preface + "\n## make bench\n\n### a part\n\nsecond\n\n## make soak\n\ncalm\n"
	if string(raw) != want {
		t.Errorf("%s\nwant\n%s", raw, want)
	}
	byHand := "# t\n\n## other\n\nkept\n\n## make bench\n\nold\n\n## last\n\nkept too\n"
	if got, want := replaced(byHand, "make bench", "new"), "# t\n\n## other\n\nkept\n\n## make bench\n\nnew\n\n## last\n\nkept too\n"; got != want {
		t.Errorf("%q", got)
	}
}

func TestAComparisonHasAColumnForEveryProgram(t *testing.T) {
	c := Comparison{Title: "Beside", Notes: []string{"By turns."}, Programs: []string{"ours", "theirs"}}
	if got := c.Markdown(); got != "### Beside\n\nBy turns.\n" {
		t.Errorf("without figures: %q", got)
	}
	c.Add("keys", "1 ms", "not measured: a | b")
	if got, want := c.Markdown(), "### Beside\n\nBy turns.\n\n| what | ours | theirs |\n|---|---|---|\n| keys | 1 ms | not measured: a / b |\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
