package report_test

import (
	"regexp"
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// bracketed is what a key in a sentence looks like.
var bracketed = regexp.MustCompile(`\((?:[A-Za-z]|enter|esc|tab|space)[,)]`)

func TestWhatToDoNextNamesNoKeyAndARefWhereAnActionDoesIt(t *testing.T) {
	seen, named := 0, 0
	for _, board := range fixture.Names() {
		for about, next := range fixture.Asked(fixture.Named(board)) {
			for _, n := range next {
				seen++
				if n.What.Empty() || bracketed.MatchString(n.What.String()) {
					t.Errorf("%s, %s: %q", board, about, n.What)
				}
				if n.Action.Empty() != n.Ref.Zero() {
					t.Errorf("%s, %s: action %q on %q", board, about, n.Action, n.Ref)
				}
				if n.Action.Empty() {
					continue
				}
				named++
				if ref, err := ops.ParseRef(n.Ref.String()); err != nil || ref != n.Ref {
					t.Errorf("%s: %q is read back as %q, %v", board, n.Ref, ref, err)
				}
			}
		}
	}
	if seen < 50 || named < 20 {
		t.Errorf("%d things to do, %d with an action: the test cannot fail", seen, named)
	}
}

func TestNoFormatNamesAKey(t *testing.T) {
	commands := 0
	for _, board := range fixture.Names() {
		for _, format := range report.Formats() {
			for _, view := range report.Views() {
				got := strings.Join(strings.Fields(written(t, board, view, format)), " ")
				if key := bracketed.FindString(got); key != "" {
					t.Errorf("%s %s as %s names the key %s", board, view, format, key)
				}
				commands += strings.Count(got, ": opsdeck run ")
			}
		}
	}
	if commands == 0 {
		t.Error("no format names a command: the test cannot fail")
	}
}

func TestACommandIsOneThatAShellReadsAsItIsMeant(t *testing.T) {
	for id, want := range map[string]string{
		"web":         "start it: opsdeck run container.start container:docker/web",
		"two words":   "start it: opsdeck run container.start 'container:docker/two words'",
		"$(reboot);'": `start it: opsdeck run container.start 'container:docker/$(reboot);'\'''`,
	} {
		got := report.Command(ops.Next{What: ops.Lit("start it"), Action: ops.Lit("container.start"), Ref: ops.NewRef(ops.KindContainer, "docker", id)})
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
