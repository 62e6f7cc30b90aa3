package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

func TestAKeyMapThatClashesIsNotUsedAndSaysSo(t *testing.T) {
	cases := map[string]struct {
		user keys.Config
		say  string
	}{
		"a key given twice":           {keys.Config{"quit": {"x"}}, "x is both actions and quit"},
		"a name that does not exist":  {keys.Config{"dance": {"d"}}, "dance"},
		"a thing left without a key":  {keys.Config{"help": {}}, "help has no key"},
		"two scopes that cannot meet": {keys.Config{"follow": {"o"}}, ""},
	}
	for name, c := range cases {
		m, notice := keys.New(digits(panes()), c.user)
		if c.say == "" && notice != "" || !strings.Contains(notice, c.say) {
			t.Errorf("%s: %q", name, notice)
		}
		if m.Read(keys.InLists, "q") != keys.Quit {
			t.Errorf("%s: q does not quit", name)
		}
	}
}

func TestTheDefaultKeysDoNotClash(t *testing.T) {
	m, clash := keys.New(digits(tenPanes()), nil)
	if clash != "" {
		t.Error(clash)
	}
	for id := keys.None + 1; id < keys.Count; id++ {
		if m.Row(id).Name == "" {
			t.Errorf("key %d has no row in the map", id)
		}
	}
}

func TestHistoryLoadsPagesAsOneScrolls(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.c.Records = nil
	for i := 450; i > 0; i-- {
		r.c.Records = append(r.c.Records, ops.Record{Seq: uint64(i), At: fixture.Now.Add(-time.Duration(450-i) * time.Minute), What: ops.Textf("thing %d", i)})
	}
	r.press("0")
	r.wants(t, "thing 450", "1/200", "older ones follow")
	r.press("G")
	r.wants(t, "/400")
	r.press("G", "G")
	r.wants(t, "450/450", "thing 1 ")
	if n := r.calls("history"); n != 3 {
		t.Errorf("%d pages asked for", n)
	}
	fresh := fixture.Good()
	fresh.Changes = []ops.Record{{Seq: 451, At: r.now, What: ops.Lit("the newest")}, {Seq: 450, What: ops.Lit("thing 450")}}
	r.board(fresh)
	r.press("g")
	r.wants(t, "the newest", "1/451")
}

func TestOpeningAndLeaving(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("enter")
	r.wants(t, "container api", "panic: cannot reach db:5432")
	r.press("l")
	r.wants(t, "log of api", "request 119")
	r.press("esc")
	r.wants(t, "panic: cannot reach db:5432")
	r.press("esc")
	r.wants(t, "needs attention")
}

func TestALateAnswerDoesNotReachAnotherScreen(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("enter")
	r.send(detailMsg{serial: 999, detail: ops.Detail{Title: ops.Lit("somebody else")}})
	r.lacks(t, "somebody else")
}

func TestHelpListsTheKeysOfThisScreen(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.send(size(120, 40))
	r.press("3", "?")
	r.wants(t, "mark for doing one thing to many", "sort by the next column")
	r.lacks(t, "wrap long lines")
}

func TestHelpAndTheWayOutAreAmongTheHintsOfEveryPane(t *testing.T) {
	for _, p := range panes() {
		for w := 40; w <= 200; w += 8 {
			r := newRig(fixture.Loaded(), "none")
			r.send(size(w, 24))
			r.press(fmt.Sprint(p.digit))
			lines := strings.Split(strings.TrimRight(r.screen(), "\n"), "\n")
			if last := lines[len(lines)-1]; !strings.Contains(last, "? help") || !strings.Contains(last, "q quit") {
				t.Errorf("pane %d, %d columns: %q", p.digit, w, last)
			}
		}
	}
}

func TestPaletteFindsByAFewLetters(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press(":")
	r.typed("grfn")
	r.wants(t, "> container grafana")
	r.press("enter")
	if r.calls("detail container:docker/grafana") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
}

// TestTheAdviceOfAnOpenedContainerGoesWithItsState: what was asked for seconds ago says
// to start what was started since.
func TestTheAdviceOfAnOpenedContainerGoesWithItsState(t *testing.T) {
	b := fixture.Failing()
	r := newRig(b, "none")
	c := &b.Containers[0].Value[0]
	r.send(stroke("3"))
	r.run(r.m.open(c.Ref))
	before := r.calls("detail ")
	next := b
	next.Containers = slices.Clone(b.Containers)
	next.Containers[0].Value = slices.Clone(b.Containers[0].Value)
	next.Containers[0].Value[0].Verdict = ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("running-again"), Cause: ops.Lit("all is well now")}
	r.m.console.(*fixture.Console).Picture = next
	r.board(next)
	if r.calls("detail ") != before+1 {
		t.Errorf("it was not asked for anew: %v", r.c.Calls())
	}
	r.board(next)
	if r.calls("detail ") != before+1 {
		t.Errorf("the same verdict asks again: %v", r.c.Calls())
	}
}

// TestCopiedIsSaidWhereItIsKnown: a terminal gives no answer, tmux does.
func TestCopiedIsSaidWhereItIsKnown(t *testing.T) {
	seq, whole := osc52("web", false)
	if seq != "\x1b]52;c;d2Vi\a" || !whole {
		t.Errorf("%q %v", seq, whole)
	}
	if seq, _ = osc52("web", true); seq != "\x1bP\x1b]52;c;d2Vi\a\x1b\\" {
		t.Errorf("%q", seq)
	}
	if seq, _ = osc52(strings.Repeat("x", 1000), true); strings.Count(seq, "\x1bP") != 3 || strings.Count(seq, "\x1b\\") != 3 {
		t.Errorf("%q", seq)
	}
	if seq, whole = osc52(strings.Repeat("ä", 100_000), false); len(seq) > clipboardMax || whole {
		t.Errorf("%d bytes, whole %v", len(seq), whole)
	}
	r := newRig(fixture.Failing(), "none")
	r.press("3", "j", "l", "y")
	r.wants(t, "sent to the terminal's clipboard: 120 lines")
	r.lacks(t, "copied")
	r = newRig(fixture.Failing(), "none")
	r.press("y")
	if r.raw != "\x1b]52;c;YXBp\a" {
		t.Errorf("%q", r.raw)
	}
	for words, err := range map[string]error{"copied to tmux's buffer, and offered to the terminal: api": nil, "not copied: tmux: no server␛": errors.New("tmux: no server\x1b")} {
		r = newRig(fixture.Failing(), "none")
		got := ""
		r.m.o.Buffer = func(text string) error { got = text; return err }
		r.press("y")
		r.wants(t, words)
		if got != "api" || r.raw != "" {
			t.Errorf("tmux was given %q, the terminal %q", got, r.raw)
		}
	}
}

func TestARingCountsWhatItDrops(t *testing.T) {
	l := newLogs(newRig(fixture.Good(), "none").m.th, 1, []ops.Ref{ops.NewRef(ops.KindContainer, "docker", "api")})
	l.ring = newRing(10)
	l.SetSize(80, 6)
	line := func(i int) ops.Line { return ops.Line{Text: ops.Textf("line %d", i)} }
	for i := range 25 {
		l.take([]ops.Line{line(i)}, false, nil)
	}
	got := strings.Join(l.View(), "\n")
	if !strings.Contains(got, "15 older dropped") || !strings.Contains(got, "line 24") || strings.Contains(got, "line 14") {
		t.Errorf("%s", got)
	}
	l.Key(screen.Press{ID: keys.Up})
	before := strings.Join(l.View()[1:], "\n")
	l.take([]ops.Line{line(25), line(26)}, false, nil)
	if after := strings.Join(l.View()[1:], "\n"); after != before {
		t.Errorf("the window moved under the eye:\n%s\n%s", before, after)
	}
	l.SetFilter(report.ParseFilter("26"))
	if got := strings.Join(l.View(), "\n"); strings.Contains(got, "line 25") || !strings.Contains(got, "line 26") {
		t.Errorf("filter: %s", got)
	}
}

func TestAnOpenedObjectIsAskedForAgainAndNeverLooksGoodWhenOld(t *testing.T) {
	r := newRig(fixture.Good(), "none")
	r.press("3", "enter")
	r.wants(t, "crash-looping  for")
	r.now = r.now.Add(10 * time.Second)
	r.board(fixture.Good())
	if n := r.calls("detail"); n != 2 {
		t.Errorf("asked %d times", n)
	}
	r.send(lostMsg{err: errors.New("gone")})
	r.wants(t, "was crash-looping", "cannot be read now")
}

func TestALogThatIsCutOffDoesNotSayThatItEnded(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "j", "l")
	r.wants(t, "ended")
	r.send(lostMsg{err: errors.New("gone")})
	r.wants(t, "CUT OFF")
}

func TestARunningJobCanBeCanceledAndAnEndedOneCannot(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.c.Infos = nil
	r.send(size(80, 30))
	for r.m.top().Selected().Kind != ops.KindJob {
		r.press("j")
	}
	r.press("x", "enter")
	r.wants(t, "cancel job 12 full backup", "Do it?")
	r.press("y")
	if r.calls("cancel") != 1 {
		t.Errorf("%v", r.c.Calls())
	}
	r.press("j", "x")
	r.wants(t, "blocked: it has ended")
}

func TestTheListStaysAtItsTopUntilSomebodyMoves(t *testing.T) {
	b := fixture.Failing()
	r := newRig(b, "none")
	first := r.m.top().Selected()
	// What was first leaves "needs attention" and is left as a record further down.
	b.Rev++
	b.Revs[ops.SectionFindings] = b.Rev
	b.Findings = b.Findings[1:]
	r.board(b)
	o := r.m.panes[1].(*overview)
	if i, _ := o.Current(); i != 0 {
		t.Errorf("nobody moved, and the list stands at row %d:\n%s", i, r.screen())
	}
	r.press("down", "down")
	chosen := o.Selected()
	b.Rev++
	r.board(b)
	if o.Selected() != chosen || chosen == first {
		t.Errorf("what was chosen by hand is let go: %s, %s", chosen, o.Selected())
	}
}
