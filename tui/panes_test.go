package tui

import (
	"slices"
	"strconv"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// tenPanes is the table with a pane for each digit. Those that are not built list
// containers.
func tenPanes() []pane {
	table := panes()
	last := table[len(table)-1]
	table = table[:len(table)-1]
	for i, title := range []string{"Backups", "Loads", "Metrics", "Logs", "Checks"} {
		p := containersPane()
		p.digit, p.title, p.name, p.kinds = Pane(5+i), title, "pane-"+title, nil
		if !slices.ContainsFunc(table, func(o pane) bool { return o.digit == p.digit }) {
			table = append(table, p)
		}
	}
	slices.SortFunc(table, func(a, b pane) int { return int(a.digit) - int(b.digit) })
	return append(table, last)
}

func TestEveryPaneHasADigitANameAndATitleOfItsOwn(t *testing.T) {
	for _, table := range [][]pane{panes(), tenPanes()} {
		digits, words := map[Pane]bool{}, map[string]bool{}
		kinds := map[ops.Kind]bool{}
		for _, p := range table {
			if p.digit > 9 || digits[p.digit] || words[p.name] || words[p.title] || p.name == "" || p.title == "" || p.make == nil {
				t.Errorf("pane %d %q %q is not whole, or there twice", p.digit, p.name, p.title)
			}
			digits[p.digit], words[p.name], words[p.title] = true, true, true
			for _, k := range p.kinds {
				if kinds[k] {
					t.Errorf("%s: another pane lists every %s, too", p.title, k)
				}
				kinds[k] = true
			}
		}
	}
}

func TestEveryPaneIsReachedByItsDigitByTabAndByThePalette(t *testing.T) {
	table := tenPanes()
	ways := map[string]func(r *rig, i int){
		"digit": func(r *rig, i int) { r.press(strconv.Itoa(int(table[i].digit))) },
		"tab": func(r *rig, i int) {
			for range i {
				r.press("tab")
			}
		},
		"palette": func(r *rig, i int) { r.press(":"); r.typed(table[i].title); r.press("enter") },
	}
	for way, walk := range ways {
		for _, s := range [][2]int{{20, 5}, {40, 12}, {80, 24}, {120, 40}} {
			for i, p := range table {
				r := newRigOf(table, fixture.Failing(), "none")
				r.send(size(s[0], s[1]))
				walk(r, i)
				if r.m.pane != p.digit {
					t.Errorf("%dx%d: %s for %s leads to %d", s[0], s[1], way, p.title, r.m.pane)
				}
			}
		}
	}
}

func TestAllOfAKindOpensItsPane(t *testing.T) {
	for _, p := range panes() {
		for _, k := range p.kinds {
			r := newRig(fixture.Failing(), "none")
			r.m.open(ops.Ref{Kind: k})
			if r.m.pane != p.digit || len(r.m.opened) > 0 {
				t.Errorf("every %s opens pane %d, not %s", k, r.m.pane, p.title)
			}
		}
	}
}
