package alert

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/themes"
)

func TestARunbookIsRenderedAndItsReferencesAreNotDecoded(t *testing.T) {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	lines := ansi.Strip(strings.Join(markdown(th, []ops.Text{ops.Lit("# Down"), ops.Lit("a &#27;[31m &ZeroWidthSpace; `ls -l`"), ops.Lit("b"), ops.Lit(""), ops.Lit("- one **two**"),
		ops.Lit("```"), ops.Lit("docker   ps | grep x"), ops.Lit("```"), ops.Lit("| a | bb |"), ops.Lit("|---|---|"), ops.Lit("| ccc | d |")}, 60), "\n"))
	for _, want := range []string{"Down\n", "a &#27;[31m &ZeroWidthSpace;", "ls -l", "- ", "one two", "    ", "docker   ps | grep x", "ccc  d"} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is not in\n%q", want, lines)
		}
	}
}

func TestAChartWithoutValuesSaysSo(t *testing.T) {
	th, err := themes.New("none", false)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	none := ops.Detail{Series: []ops.Series{{Points: []ops.Point{{At: now}, {At: now.Add(time.Minute)}}}}}
	if got := strings.Join(chartLines(th, none, now, now, 60, 5), ""); !strings.Contains(got, "no values in this window") {
		t.Errorf("%s", got)
	}
}
