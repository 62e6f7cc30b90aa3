package tui

import (
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// containers is the Containers pane: what runs against what ought to run, and
// under the list why the selected one is as it is.
type containers struct {
	listPane
	n report.Counts
}

// containersPane is the pane's row in the table of panes.
func containersPane() pane {
	return pane{
		digit: 3, name: "containers", title: "Containers", kinds: []ops.Kind{ops.KindContainer},
		make: func(o Options, _ time.Time) screen { return newContainers(o.Theme) },
		found: func(p picture) []item {
			var all []item
			for _, r := range report.Containers(p.board, p.now).Rows {
				all = append(all, opens(r.Cells[0].Text, r.Ref))
			}
			return all
		},
	}
}

func newContainers(th themes.Theme) *containers {
	return &containers{listPane: newListPane(th)}
}

func (c *containers) SetBoard(p picture) {
	c.p = p
	c.n = report.CountContainers(p.board, p.now)
	c.show(report.Containers(p.board, p.now))
}

func (c *containers) Key(k press) intent {
	if in, done := c.key(k.id); done {
		return in
	}
	switch k.id {
	case keyAck:
		return ackMarks(c.p.board, c.targets())
	case keyShell:
		return intent{kind: intentShell, ref: c.Selected()}
	case keyLogs:
		all := c.targets()
		return intent{kind: intentLogs, ref: all[0], refs: all[1:]}
	}
	return intent{}
}

func (c *containers) View() []string { return c.view(c.summary()) }

// summary is the line above the list: expected against found.
func (c *containers) summary() string {
	cell := c.n.Cell()
	s := c.th.Paint(themes.Title, "expected ") + c.th.Paint(role(cell.Tone), cell.Text)
	if o := c.n.Others(); o != "" {
		s += c.th.Paint(themes.Muted, "  "+o)
	}
	return c.headLine(s)
}

func (c *containers) Keys() []keyID {
	return []keyID{keyFilter, keyOpen, keyActions, keyAck, keyLogs, keyShell, keyMark, keySort, keyCopy}
}

// Visible are the containers whose figures are wanted now.
func (c *containers) Visible() []ops.Ref { return c.inSight() }
