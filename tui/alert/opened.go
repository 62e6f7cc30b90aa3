// Package alert holds the Alerts pane, the silences behind it, and the views of an
// alert that is opened: triage, graph, runbook, whom to call.
package alert

import (
	"cmp"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// opened is what the views of an alert share: what the agent said of it, and the
// board's own words, which are newer.
type opened struct {
	screen.Object
	now   report.Triage // the alert as the board has it
	there bool          // it is on the board
}

// New returns an alert opened, or one view of it: its runbook, its graph,
// or whom to call. What the screen below has heard of it already is there at once.
func New(th themes.Theme, serial int, ref ops.Ref, view keys.ID, below screen.Screen) screen.Screen {
	base := opened{Object: screen.Object{Theme: th, Question: screen.Question{Serial: serial, Ref: ref}}}
	if o, ok := below.(interface{ heard() *opened }); ok && o.heard().Ref.ID == ref.ID {
		b := o.heard() // its last answer is as good here, and so is what it saw before the alert cleared
		base.Detail, base.Came, base.Err, base.At, base.now = b.Detail, b.Came, b.Err, b.At, b.now
	}
	switch view {
	case keys.Runbook, keys.Graph:
		a := &alertPage{opened: base, view: view}
		a.Lines = a.lines
		return a
	case keys.Calls:
		c := &calls{opened: base}
		c.Lines = c.lines
		return c
	}
	t := &triage{opened: base}
	t.Lines = t.lines
	return t
}

// SetBoard takes the board's own words, too.
func (o *opened) SetBoard(p screen.Picture) {
	if t, ok := report.NewTriage(p.Board, o.Ref, p.Now); ok {
		o.now, o.there = t, true
	} else if p.Known {
		o.there = false
	}
	o.Object.SetBoard(p)
}

func (o *opened) heard() *opened { return o }

// NameOf names the alert, also when it has cleared and is on no board any more.
func (o *opened) NameOf(ref ops.Ref) string {
	if n := o.now.Alert.Name; ref.Kind == ops.KindAlert && ref.ID == o.Ref.ID {
		return n.Or(o.Detail.Title).String()
	}
	return ""
}

// name is the alert's, as far as anybody has said it.
func (o *opened) name() string {
	return o.now.Alert.Name.Or(o.Detail.Title).Or(ops.Textf("alert %s", o.Ref.ID)).String()
}

// began is when the condition began.
func (o *opened) began() time.Time {
	return cmp.Or(o.Detail.Began, o.now.Alert.Since)
}

// page is a view of the alert.
func (o *opened) page(what string) []string {
	if !o.there && o.Picture.Known {
		return o.Page(what, "it has cleared: this is how it was")
	}
	return o.Page(what, "")
}

// alertKey handles the keys of every view of an alert.
func (o *opened) alertKey(k screen.Press) screen.Intent {
	switch {
	case o.Pager.Key(k.ID):
		return screen.Intent{}
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	case k.ID == keys.Logs:
		return logsOf(o.alert())
	}
	a := o.alert()
	return aboutAlert(k.ID, a, []ops.Alert{a})
}

// alert is the alert itself; of one that has cleared only its name is left.
func (o *opened) alert() ops.Alert {
	a := o.now.Alert
	if a.Ref.Zero() {
		a.Ref, a.Name = o.Ref, ops.Clean(o.name())
	}
	return a
}

func (o *opened) Scope() keys.Scope { return keys.InTriage }
