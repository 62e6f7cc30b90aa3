package alert

import (
	"fmt"
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
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

func (c *calls) SetSize(w, h int)             { c.w, c.h = w, h; c.lay() }
func (c *calls) SetBoard(p screen.Picture)    { c.see(p); c.lay() }
func (c *calls) Take(v ops.Detail, err error) { c.hear(v, err); c.lay() }

func (c *calls) lay() {
	if c.w > 0 {
		c.sel = max(0, min(c.sel, len(c.d.Escalation)-1))
		c.pager.Set(c.lines(), max(0, c.h-1))
	}
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
		out = append(out, "no answer in "+report.Span(e.After)+": next level")
	}
	return out
}

func (c *calls) lines() []string {
	switch {
	case !c.came:
		return c.failed()
	case len(c.d.Escalation) == 0:
		return []string{c.th.Paint(themes.Muted, draw.Clip(c.th, "the estate names nobody to call (escalation:)", c.w))}
	}
	var lines []string
	for i, e := range c.d.Escalation {
		words := escalationWords(e)
		mark, ink := "  ", themes.Title
		if i == c.sel {
			mark, ink = c.th.Signs.Mark+" ", themes.Selection
		}
		lines = append(lines, draw.Clip(c.th, mark+c.th.Paint(ink, words[0])+"  "+words[1], c.w))
		for _, w := range words[2:] {
			lines = append(lines, draw.Clip(c.th, "     "+c.th.Paint(themes.Muted, w), c.w))
		}
	}
	return append(lines, c.called()...)
}

// called are the calls that were recorded, from the alert's own time line.
func (c *calls) called() []string {
	var lines []string
	for _, r := range append(append([]ops.Record{}, c.d.Changes...), c.p.Board.Changes...) {
		if r.Kind != ops.RecordCall || r.Ref.ID != c.Ref.ID {
			continue
		}
		line := "  " + report.Clock(r.At, c.p.Now) + "  " + r.What.String() + " (" + r.Actor.Name.String() + ")"
		for _, f := range r.Facts {
			if f.Name.String() == "answer" {
				line += ": " + f.Value.String()
			}
		}
		if line = draw.Clip(c.th, line, c.w); len(lines) == 0 || !contains(lines, line) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return []string{"", c.th.Paint(themes.Muted, "nobody has been called, as far as is recorded")}
	}
	return append([]string{"", c.th.Paint(themes.Title, "called")}, lines...)
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func (c *calls) Key(k screen.Press) screen.Intent {
	switch k.ID {
	case keys.Up:
		c.sel--
		c.lay()
	case keys.Down:
		c.sel++
		c.lay()
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
	if c.sel < len(c.d.Escalation) {
		e := c.d.Escalation[c.sel]
		w.Given = []ops.Param{param("level", fmt.Sprint(e.Level))}
		if len(e.Who) > 0 {
			w.Given = append(w.Given, ops.Param{Name: ops.Lit("who"), Value: e.Who[0]})
		}
	}
	return w
}

func (c *calls) View() []string {
	return append([]string{c.title("whom to call about " + c.name())}, c.pager.View()...)
}

func (c *calls) Keys() []keys.ID   { return []keys.ID{keys.Open, keys.Copy} }
func (c *calls) Scope() keys.Scope { return keys.InCalls }
