package tui

import (
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/dialog"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
	"opsdeck/tui/table"
)

// containers is the Containers pane: what runs against what ought to run, and
// under the list why the selected one is as it is.
type containers struct {
	table.Pane
	n report.Counts
}

// containersPane is the pane's row in the table of panes.
func containersPane() pane {
	return pane{
		digit: 3, name: "containers", title: "Containers", kinds: []ops.Kind{ops.KindContainer},
		make: func(o Options, _ time.Time) screen.Screen { return newContainers(o.Theme) },
		found: func(p screen.Picture) []dialog.Item {
			var all []dialog.Item
			for _, r := range report.Containers(p.Board, p.Now).Rows {
				all = append(all, dialog.Opens(r.Cells[0].Text, r.Ref))
			}
			return all
		},
	}
}

func newContainers(th themes.Theme) *containers {
	return &containers{Pane: table.New(th)}
}

func (c *containers) SetBoard(p screen.Picture) {
	c.Picture = p
	c.n = report.CountContainers(p.Board, p.Now)
	c.Show(report.Containers(p.Board, p.Now))
}

func (c *containers) Key(k screen.Press) screen.Intent {
	if in, done := c.Takes(k.ID); done {
		return in
	}
	switch k.ID {
	case keys.Ack:
		return ackMarks(c.Picture.Board, c.Targets())
	case keys.Shell:
		return screen.Intent{Kind: screen.IntentShell, Ref: c.Selected()}
	case keys.Logs:
		all := c.Targets()
		return screen.Intent{Kind: screen.IntentLogs, Ref: all[0], Refs: all[1:]}
	}
	return screen.Intent{}
}

func (c *containers) View() []string { return c.Draw(c.summary()) }

// summary is the line above the list: expected against found.
func (c *containers) summary() string {
	cell := c.n.Cell()
	s := c.Theme.Paint(themes.Title, "expected ") + c.Theme.Paint(draw.Role(cell.Tone), cell.Text)
	if o := c.n.Others(); o != "" {
		s += c.Theme.Paint(themes.Muted, "  "+o)
	}
	return c.HeadLine(s)
}

func (c *containers) Keys() []keys.ID {
	return []keys.ID{keys.Filter, keys.Open, keys.Actions, keys.Ack, keys.Logs, keys.Shell, keys.Mark, keys.Sort, keys.Copy}
}

// Visible are the containers whose figures are wanted now.
func (c *containers) Visible() []ops.Ref { return c.InSight() }

// actionAckMark acks what happened to a container.
const actionAckMark = "container.ack"

// ackMarks takes what happened to containers and nobody has acked yet. A Ref that
// names containers as a whole stands for those that have waited too long.
func ackMarks(b ops.Board, refs []ops.Ref) screen.Intent {
	var free []ops.Ref
	said := "only alerts and containers are acked"
	for c := range ops.All(b.Containers) {
		for _, ref := range refs {
			whole := ref.Kind == ops.KindContainer && ref.ID.Empty()
			switch {
			case whole && c.Latch.Late, ref == c.Ref && !c.Latch.Empty() && !c.Latch.Acked():
				free = append(free, c.Ref)
			case ref == c.Ref && c.Latch.Acked():
				said = c.Latch.Ack.By.String() + " acked what happened to " + c.Name.String() + " already"
			case ref == c.Ref:
				said = "nothing is marked on " + c.Name.String()
			case whole:
				said = "nothing waits for an ack"
			}
		}
	}
	if len(free) == 0 {
		return screen.Intent{Kind: screen.IntentSay, Text: said}
	}
	return screen.Intent{Kind: screen.IntentAct, Action: actionAckMark, Refs: free}
}

// ackFinding acks what a line of the Overview is about.
func ackFinding(b ops.Board, r report.Row) screen.Intent {
	if r.Ref.Kind == ops.KindAlert {
		return screen.Intent{Kind: screen.IntentSay, Text: "open the alert (enter) to ack it"}
	}
	return ackMarks(b, []ops.Ref{r.Ref})
}
