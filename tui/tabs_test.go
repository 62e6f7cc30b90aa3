package tui

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestEveryTabIsOnTheLineAndTheOneInSightIsWhole(t *testing.T) {
	for _, w := range []int{30, 31, 36, 40, 52, 60, 72, 80, 100, 120, 200} {
		for _, filter := range []string{"", "web"} {
			r := newRigOf(tenPanes(), fixture.Failing(), "none")
			r.send(size(w, 24))
			for _, now := range r.m.table {
				r.m.show(now.digit)
				r.m.applyFilter(filter)
				line := ansi.Strip(r.m.tabs())
				plain, word, _ := strings.Cut(line, " f")
				if filter != "" && !strings.HasPrefix(word, "ilte") {
					t.Errorf("%d wide: nothing says that a filter is on: %q", w, line)
				}
				if report.Width(line) > w {
					t.Errorf("%d wide: %d cells: %q", w, report.Width(line), line)
				}
				if whole := fmt.Sprintf("[%d %s]", now.digit, now.title); !strings.Contains(plain, whole) {
					t.Errorf("%d wide, filter %q: %s is not whole: %q", w, filter, whole, line)
				}
				for _, p := range r.m.table {
					if name := fmt.Sprint(p.digit); strings.Count(plain, name) != 1 {
						t.Errorf("%d wide, filter %q: %s is not there once: %q", w, filter, name, line)
					}
				}
			}
		}
	}
}

func TestTheNamesOfTenPanesStandOn80Columns(t *testing.T) {
	r := newRigOf(tenPanes(), fixture.Failing(), "none")
	for _, now := range r.m.table {
		r.m.show(now.digit)
		seen := map[string]bool{}
		for _, p := range r.m.table {
			name := fmt.Sprintf("%d %s", p.digit, p.title[:4])
			if seen[p.title[:4]] || !strings.Contains(ansi.Strip(r.m.tabs()), name) {
				t.Errorf("%s cannot be told: %q", p.title, r.m.tabs())
			}
			seen[p.title[:4]] = true
		}
	}
}

func TestATabLineThatFitsIsNotShortened(t *testing.T) {
	for _, w := range []int{117, 118, 200} {
		r := newRigOf(tenPanes(), fixture.Failing(), "none")
		r.send(size(w, 24))
		for _, p := range r.m.table {
			if !strings.Contains(ansi.Strip(r.m.tabs()), fmt.Sprintf("%d %s", p.digit, p.title)) {
				t.Errorf("%d wide: %q", w, r.m.tabs())
			}
		}
	}
}
