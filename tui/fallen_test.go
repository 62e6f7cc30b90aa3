package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
	"opsdeck/tui/table"
)

// brittle is a pane that crashes where it is told to.
type brittle struct {
	table.Pane
	at string
}

func (b *brittle) crash(where string) {
	if b.at == where {
		panic("made to crash in " + where)
	}
}

func (b *brittle) SetSize(w, h int)               { b.crash("SetSize"); b.Pane.SetSize(w, h) }
func (b *brittle) SetBoard(p screen.Picture)      { b.crash("SetBoard"); b.Picture = p }
func (b *brittle) Key(screen.Press) screen.Intent { b.crash("Key"); return screen.Intent{} }
func (b *brittle) View() []string                 { b.crash("View"); return []string{"whole again"} }
func (b *brittle) Keys() []keys.ID                { b.crash("Keys"); return nil }
func (b *brittle) Selected() ops.Ref              { b.crash("Selected"); return ops.Ref{} }
func (b *brittle) gather(screen.Picture)          { b.crash("gather") }

// withBrittle is a console whose second pane is brittle.
func withBrittle(t *testing.T) (*rig, *brittle, *guard) {
	pane := &brittle{}
	rows := panes()
	rows[1].make = func(o Options, _ time.Time) screen.Screen { pane.Pane = table.New(o.Theme); return pane }
	r := newRigOf(rows, fixture.Failing(), "none")
	r.m.o.CrashFile = filepath.Join(t.TempDir(), "crash.txt")
	return r, pane, &guard{Model: r.m, file: r.m.o.CrashFile}
}

func TestAPaneThatCrashesIsSetAsideAndTheRestGoesOn(t *testing.T) {
	for _, where := range []string{"SetSize", "SetBoard", "Key", "View", "Keys", "Selected"} {
		t.Run(where, func(t *testing.T) {
			r, pane, g := withBrittle(t)
			g.Update(stroke("2"))
			pane.at = where
			g.Update(boardMsg(ops.Event{Board: fixture.Failing(), Me: r.c.Me}))
			for range 3 { // the crash comes again with each key, frame and board
				g.Update(stroke("j"))
				g.Update(stroke("x"))
				g.View()
			}
			content := g.View().Content
			for _, want := range []string{"cannot be drawn: Alerts", "made to crash in " + where, "details in", "2 crit"} {
				if !strings.Contains(content, want) {
					t.Errorf("%q is not on\n%s", want, content)
				}
			}
			if g.crash != nil {
				t.Fatalf("the console ended: %v", g.crash)
			}
			if b, err := os.ReadFile(r.m.o.CrashFile); err != nil || !strings.Contains(string(b), "made to crash in "+where) {
				t.Errorf("the record holds %q, %v", b, err)
			}
			g.Update(stroke("esc"))
			g.Update(stroke("3"))
			if content := g.View().Content; !strings.Contains(content, "crash-looping") {
				t.Errorf("the Containers pane does not go on:\n%s", content)
			}
			g.Update(stroke("2"))
			pane.at = ""
			g.Update(boardMsg(ops.Event{Board: fixture.Failing(), Me: r.c.Me}))
			if content := g.View().Content; !strings.Contains(content, "whole again") {
				t.Errorf("what can be drawn again is not:\n%s", content)
			}
			g.Update(stroke("q")) // says that a job runs
			if _, cmd := g.Update(stroke("q")); cmd == nil {
				t.Error("q does not leave")
			}
		})
	}
}

func TestAPaneOutOfSightThatCrashesDisturbsNobody(t *testing.T) {
	r, pane, g := withBrittle(t)
	g.Update(stroke("3"))
	pane.at = "gather"
	g.Update(boardMsg(ops.Event{Board: fixture.Failing(), Me: r.c.Me}))
	if content := g.View().Content; !strings.Contains(content, "crash-looping") || g.crash != nil {
		t.Errorf("%v:\n%s", g.crash, content)
	}
	g.Update(stroke("2"))
	if b, err := os.ReadFile(r.m.o.CrashFile); err != nil || !strings.Contains(string(b), "made to crash in gather") {
		t.Errorf("the record holds %q, %v", b, err)
	}
}

func TestACrashIsWrittenDownOnce(t *testing.T) {
	r, pane, g := withBrittle(t)
	pane.at = "View"
	g.Update(stroke("2"))
	g.View()
	if err := os.Remove(r.m.o.CrashFile); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		g.Update(boardMsg(ops.Event{Board: fixture.Failing(), Me: r.c.Me}))
		g.View()
	}
	if _, err := os.Stat(r.m.o.CrashFile); err == nil {
		t.Error("the same crash is written down again")
	}
}

// brittleDialog is a dialog that crashes where it is told to.
type brittleDialog struct{ at string }

func (b *brittleDialog) crash(where string) {
	if b.at == where {
		panic("made to crash in " + where)
	}
}
func (b *brittleDialog) Key(tea.KeyPressMsg, time.Time) dialog.Outcome {
	b.crash("Key")
	return dialog.Outcome{}
}
func (b *brittleDialog) Paste(string)           { b.crash("Paste") }
func (b *brittleDialog) View(int, int) []string { b.crash("View"); return []string{"a dialog"} }
func (b *brittleDialog) Bottom(int) string      { b.crash("Bottom"); return "" }

func TestADialogThatCrashesLeavesTheScreenBelowIt(t *testing.T) {
	for where, do := range map[string]tea.Msg{"Key": stroke("j"), "Paste": tea.PasteMsg{Content: "x"}, "View": nil, "Bottom": nil} {
		r := newRig(fixture.Failing(), "none")
		g := &guard{Model: r.m}
		r.press("3")
		r.m.over = &brittleDialog{at: where}
		g.Update(do)
		if content := g.View().Content; !strings.Contains(content, "cannot be drawn: the dialog") || !strings.Contains(content, "made to crash in "+where) {
			t.Errorf("%s: it is not said:\n%s", where, content)
		}
		g.Update(stroke("esc"))
		if content := g.View().Content; !strings.Contains(content, "crash-looping") || g.crash != nil {
			t.Errorf("%s: the pane below does not go on: %v\n%s", where, g.crash, content)
		}
	}
}

func TestWhatIsOpenedAndCrashesIsClosedByOneKey(t *testing.T) {
	r, pane, g := withBrittle(t)
	r.press("3")
	pane.Pane = table.New(r.m.th)
	r.m.push(pane)
	pane.at = "View"
	if content := g.View().Content; !strings.Contains(content, "cannot be drawn: ") {
		t.Errorf("it is not said:\n%s", content)
	}
	g.Update(stroke("esc"))
	if content := g.View().Content; len(r.m.opened) > 0 || !strings.Contains(content, "crash-looping") {
		t.Errorf("esc does not close it:\n%s", content)
	}
}
