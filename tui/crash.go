package tui

import (
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// guard turns a crash of the model into a clean end: the terminal is restored by
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
			g.fell(r)
			model, cmd = g, tea.Quit
		}
	}()
	if c, ok := msg.(crashMsg); ok {
		g.fell(c.what)
	}
	if g.crash != nil {
		return g, tea.Quit
	}
	_, cmd = g.Model.Update(msg)
	return g, caught(cmd)
}

// View draws the model; after a crash there is nothing to draw.
func (g *guard) View() (v tea.View) {
	defer func() {
		if r := recover(); r != nil {
			g.fell(r)
			v = tea.View{}
		}
	}()
	if g.crash != nil {
		return tea.View{}
	}
	return g.Model.View()
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

// fell keeps what is known of a crash and names where it is. It writes a file
// from where nothing else may, because nothing else comes after.
func (g *guard) fell(r any) {
	if g.crash != nil {
		return
	}
	where := "no crash file is set"
	if g.file != "" {
		where = "details in " + g.file
		if err := ownfile.Write(g.file, crashReport(r)); err != nil {
			where = "the details could not be written: " + err.Error()
		}
	}
	g.crash = ops.Errorf(ops.CodeInternal, "the console crashed: %v", r).
		Help("%s; jobs go on in the agent, start the console again", where)
}

// crashReport is what a crash leaves behind. The panic's text may hold something
// from outside, so it is cleaned like everything else.
func crashReport(r any) []byte {
	return fmt.Appendf(nil, "opsdeck console crash: %s\n\n%s", ops.Textf("%v", r), debug.Stack())
}
