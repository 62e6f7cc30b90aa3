package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// containers is the Containers pane: what runs against what ought to run, and
// under the list why the selected one is as it is.
type containers struct {
	th   themes.Theme
	list list
	p    picture
	n    report.Counts
	w, h int
}

func newContainers(th themes.Theme) *containers {
	return &containers{th: th, list: newList(th)}
}

func (c *containers) SetSize(w, h int) {
	c.w, c.h = w, h
	c.list.setSize(w, max(0, h-1-c.leads()))
}

// leads is how many lines the words about the selected row get.
func (c *containers) leads() int {
	switch {
	case c.h >= 16:
		return 2
	case c.h >= 8:
		return 1
	}
	return 0
}

func (c *containers) SetBoard(p picture) {
	c.p = p
	c.n = report.CountContainers(p.board, p.now)
	c.list.setTable(report.Containers(p.board, p.now))
}

func (c *containers) Key(k press) intent {
	if c.list.key(k.id) {
		return intent{}
	}
	switch k.id {
	case keyOpen, keyRight:
		return intent{kind: intentOpen, ref: c.Selected()}
	case keyAck:
		if marked := c.Marked(); len(marked) > 0 {
			return ackMarks(c.p.board, marked)
		}
		return ackMarks(c.p.board, []ops.Ref{c.Selected()})
	case keyShell:
		return intent{kind: intentShell, ref: c.Selected()}
	case keyLogs:
		if marked := c.Marked(); len(marked) > 0 {
			return intent{kind: intentLogs, ref: marked[0], refs: marked[1:]}
		}
		return intent{kind: intentLogs, ref: c.Selected()}
	}
	return intent{}
}

func (c *containers) View() []string {
	lines := append([]string{c.summary()}, c.list.view()...)
	if n := c.leads(); n > 0 {
		lines = append(lines, leadLines(c.th, &c.list, c.w, n)...)
	}
	return lines
}

// summary is the line above the list: expected against found.
func (c *containers) summary() string {
	cell := c.n.Cell()
	s := c.th.Paint(themes.Title, "expected ") + c.th.Paint(role(cell.Tone), cell.Text)
	if o := c.n.Others(); o != "" {
		s += c.th.Paint(themes.Muted, "  "+o)
	}
	return sides(c.th, s, c.th.Paint(themes.Muted, c.list.position()), c.w)
}

// leadLines says about the selected row why it is as it is and what to do next.
func leadLines(th themes.Theme, l *list, w, n int) []string {
	r, ok := l.row()
	if !ok || r.Detail == "" {
		return filled(nil, n)
	}
	return filled(wrapped(th, r.Detail, w, n), n)
}

func (c *containers) Keys() []keyID {
	return []keyID{keyFilter, keyOpen, keyActions, keyAck, keyLogs, keyShell, keyMark, keySort, keyCopy}
}

func (c *containers) Scope() scope              { return inLists }
func (c *containers) Selected() ops.Ref         { return c.list.selected() }
func (c *containers) Visible() []ops.Ref        { return c.list.visible() }
func (c *containers) SetFilter(f report.Filter) { c.list.setFilter(f) }
func (c *containers) Filter() report.Filter     { return c.list.filter }
func (c *containers) Marked() []ops.Ref         { return c.list.marked() }
func (c *containers) Unmark()                   { c.list.unmark() }
