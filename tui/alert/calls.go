package alert

import (
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// calls is the escalation matrix of an alert: whom to call, level by level, and
// who was called already. Enter records a call.
type calls struct {
	opened
	sel int
}

// escalationWords are level and name, who, how to reach them, and what belongs to
// them.
func escalationWords(e ops.Escalation) []string {
	var who []string
	for _, w := range e.Who {
		who = append(who, w.String())
	}
	out := []string{fmt.Sprintf("L%d %s", e.Level, e.Name), strings.Join(who, ", ")}
	if !e.Contact.Empty() {
		out = append(out, e.Contact.String())
	}
	if !e.For.Empty() {
		out = append(out, "for: "+e.For.String())
	}
	if e.After > 0 {
		out = append(out, "no answer in "+ops.Span(e.After)+": next level")
	}
	return out
}

func (c *calls) lines() []string {
	c.sel = max(0, min(c.sel, len(c.Detail.Escalation)-1))
	switch {
	case !c.Came:
		return c.Failed()
	case len(c.Detail.Escalation) == 0:
		return []string{c.Theme.Paint(themes.Muted, draw.Clip(c.Theme, "the estate names nobody to call (escalation:)", c.Width))}
	}
	var lines []string
	for i, e := range c.Detail.Escalation {
		words := escalationWords(e)
		mark, ink := "  ", themes.Title
		if i == c.sel {
			mark, ink = c.Theme.Signs.Mark+" ", themes.Selection
		}
		lines = append(lines, draw.Clip(c.Theme, mark+c.Theme.Paint(ink, words[0])+"  "+words[1], c.Width))
		for _, w := range words[2:] {
			lines = append(lines, draw.Clip(c.Theme, "     "+c.Theme.Paint(themes.Muted, w), c.Width))
		}
	}
	return append(lines, c.called()...)
}

// called are the calls that were recorded, from the alert's own time line.
func (c *calls) called() []string {
	var lines []string
	for _, r := range append(append([]ops.Record{}, c.Detail.Changes...), c.Picture.Board.Changes...) {
		if r.Kind != ops.RecordCall || r.Ref.ID != c.Ref.ID {
			continue
		}
		line := "  " + ops.Clock(r.At, c.Picture.Now) + "  " + r.What.String() + " (" + r.Actor.Name.String() + ")"
		for _, f := range r.Facts {
			if f.Name.String() == "answer" {
				line += ": " + f.Value.String()
			}
		}
		if line = draw.Clip(c.Theme, line, c.Width); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return []string{"", c.Theme.Paint(themes.Muted, "nobody has been called, as far as is recorded")}
	}
	return append([]string{"", c.Theme.Paint(themes.Title, "called")}, lines...)
}

func (c *calls) Key(k screen.Press) screen.Intent {
	switch k.ID {
	case keys.Up:
		c.sel--
		c.Lay()
	case keys.Down:
		c.sel++
		c.Lay()
	case keys.Open, keys.Calls:
		return c.record()
	case keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	}
	return screen.Intent{}
}

// record asks for what to write down of a call to the selected level.
func (c *calls) record() screen.Intent {
	w := screen.Intent{Kind: screen.IntentAct, Action: actionCall, Refs: []ops.Ref{c.Ref}}
	if c.sel < len(c.Detail.Escalation) {
		e := c.Detail.Escalation[c.sel]
		w.Given = []ops.Param{param("level", fmt.Sprint(e.Level))}
		if len(e.Who) > 0 {
			w.Given = append(w.Given, ops.Param{Name: ops.Lit("who"), Value: e.Who[0]})
		}
	}
	return w
}

func (c *calls) View() []string {
	return c.page("whom to call about " + c.name())
}

func (c *calls) Keys() []keys.ID   { return []keys.ID{keys.Open, keys.Copy} }
func (c *calls) Scope() keys.Scope { return keys.InCalls }
