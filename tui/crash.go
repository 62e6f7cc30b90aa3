package tui

import (
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
)

// guard sets aside the screen or the dialog that crashes (fallen.go). What else
// crashes it turns into a clean end: the terminal is restored by
// the ordinary way out, and the details go to a file instead of the screen. (Bubble
// Tea's own net prints the stack over the terminal that it has just restored.)
type guard struct {
	*Model
	file  string
	crash error
}

// crashMsg is a crash outside Update and View.
type crashMsg struct{ what any }

// Update passes on, and ends the program on a crash below it.
func (g *guard) Update(msg tea.Msg) (model tea.Model, cmd tea.Cmd) {
	defer func() {
		if r := recover(); r != nil {
			if model, cmd = g, tea.Quit; g.blame(r) {
				cmd = func() tea.Msg { return tickMsg{} } // what crashed may have been to set the clock
			} else {
				g.fell(r)
			}
		}
	}()
	if c, ok := msg.(crashMsg); ok {
		g.fell(c.what)
	}
	if g.crash != nil {
		return g, tea.Quit
	}
	if _, cmd = g.Model.Update(msg); g.broken != nil {
		g.fell(g.broken)
		return g, tea.Quit
	}
	return g, caught(cmd)
}

// View draws the model; after a crash there is nothing to draw.
func (g *guard) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			if g.blame(r) {
				v = g.View()
			} else {
				g.fell(r)
			}
		}
	}()
	if g.crash != nil {
		return tea.View{}
	}
	if v = g.Model.View(); g.broken != nil {
		g.fell(g.broken)
		return tea.View{}
	}
	return v
}

// caught makes a command's crash a message, also inside batches.
func caught(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = crashMsg{r}
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i, c := range batch {
				batch[i] = caught(c)
			}
		}
		return msg
	}
}

// fell keeps what is known of a crash and names where it is.
func (g *guard) fell(r any) {
	if g.crash == nil {
		g.crash = ops.Errorf(ops.CodeInternal, "the console crashed: %v", r).
			Help("%s; jobs go on in the agent, start the console again", writeCrash(g.file, r))
	}
}

// crashReport is what a crash leaves behind. The panic's text may hold something
// from outside, so it is cleaned like everything else.
func crashReport(r any) []byte {
	return fmt.Appendf(nil, "opsdeck console crash: %s\n\n%s", ops.Textf("%v", r), debug.Stack())
}
