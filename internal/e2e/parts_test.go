package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// parts are what a screen of the console is made of, from top to bottom. A test
// that waits for words to go reads the part they go from: they may well stay in
// another one, as what changed in the last hour does, and where they do depends
// on the height of the screen.
type parts struct {
	head []string // estate, sources and what warns, above the tabs
	tabs string   // the tabs, and beside them the filter
	body []string
	job  string // the running job and the last notice
	hint string
}

// tabLine is the line of the tabs: its pane in brackets, its digit first. Where it
// is narrow, the name may be cut.
var tabLine = regexp.MustCompile(`(^| )\[\d( [^\]]*)?\]`)

// split takes a screen apart. One without tabs, as a help or a very small one,
// is all body.
func split(text string) parts {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	at := slices.IndexFunc(lines, tabLine.MatchString)
	if at < 0 || len(lines) < at+3 {
		return parts{body: lines}
	}
	end := len(lines) - 2
	return parts{lines[:at], lines[at], lines[at+1 : end], lines[end], lines[end+1]}
}

// isRow tells a row of a table from a title: two columns hold its marks.
func isRow(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasPrefix(line, ">")
}

// groups are the groups of a table by their titles' first words, in the order
// they stand; the last one ends the window.
func (p parts) groups(titles ...string) map[string][]string {
	out, in := map[string][]string{}, ""
	for _, line := range p.body {
		title := slices.IndexFunc(titles, func(t string) bool { return line == t || strings.HasPrefix(line, t+"  ") })
		switch {
		case title >= 0:
			in = titles[title]
			out[in] = []string{}
		case !isRow(line):
			in = ""
		case in != "":
			out[in] = append(out[in], line)
		}
	}
	return out
}

// The sections of the Overview, as it titles them.
const (
	attention  = "needs attention"
	standing   = "state"
	indicators = "indicators"
	jobs       = "jobs"
	changes    = "changed in the last hour"
)

// sections are the Overview's.
func (p parts) sections() map[string][]string {
	return p.groups(attention, standing, indicators, jobs, changes)
}

// folded is the row that stands for findings that had no room.
var folded = regexp.MustCompile(`\d+ more findings?, enter shows all`)

// whole tells whether all of a section stands on the screen: another section
// begins below it, and it folds nothing away.
func (p parts) whole(section string) bool {
	order := []string{attention, standing, indicators, jobs, changes}
	all := p.sections()
	rows, there := all[section]
	below := slices.ContainsFunc(order[slices.Index(order, section)+1:], func(s string) bool { _, ok := all[s]; return ok })
	return there && below && !slices.ContainsFunc(rows, folded.MatchString)
}

// now is all of the Overview that speaks of the present: what has been stays
// among what changed, and says the same words.
func (p parts) now() string {
	past := p.sections()[changes]
	body := slices.DeleteFunc(slices.Clone(p.body), func(l string) bool { return slices.Contains(past, l) })
	return strings.Join(slices.Concat(p.head, []string{p.tabs}, body, []string{p.job, p.hint}), "\n")
}

// row is the first row of a table that begins with a regular expression, behind
// its marks.
func (p parts) row(re string) (string, bool) {
	begins := regexp.MustCompile(`^(?:` + re + `)`)
	for _, line := range p.body {
		if isRow(line) && len(line) > 2 && begins.MatchString(line[2:]) {
			return line, true
		}
	}
	return "", false
}

// TestAScreenIsReadByItsParts reads screens that the console's own tests keep.
func TestAScreenIsReadByItsParts(t *testing.T) {
	golden := func(name string) parts {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "..", "tui", "testdata", "golden", name+"-120x40-none.txt"))
		if err != nil {
			t.Fatal(err)
		}
		return split(string(text))
	}
	over := golden("gone-pane1")
	if len(over.head) != 4 || !strings.HasPrefix(over.tabs, "[1 Overview]") || !strings.HasPrefix(over.hint, "enter open") {
		t.Errorf("%+v", over)
	}
	all := over.sections()
	for section, want := range map[string]int{attention: 8, standing: 5, indicators: 5, jobs: 1, changes: 5} {
		if len(all[section]) != want {
			t.Errorf("%s has %d rows, want %d: %q", section, len(all[section]), want, all[section])
		}
	}
	if !over.whole(attention) || !over.whole(jobs) || over.whole(changes) {
		t.Error("what has a section below it is whole, and nothing else")
	}
	if now := over.now(); strings.Contains(now, "api died") || !strings.Contains(now, "api killed") {
		t.Errorf("now:\n%s", now)
	}
	if row, ok := over.row(`OK\s+orders `); !ok || !strings.Contains(row, "412/min") {
		t.Errorf("the row of an indicator: %q", row)
	}
	tree := golden("locked-pane4").groups("blocking", "in a transaction", "idle")
	if len(tree["blocking"]) != 7 || len(tree["idle"]) != 1 {
		t.Errorf("the groups of another table: %q", tree)
	}
	if help := split("keys of this screen\n\n  q quit\n"); len(help.body) != 3 || help.tabs != "" {
		t.Errorf("no frame: %+v", help)
	}
}
