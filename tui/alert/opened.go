// Package alert holds the Alerts pane, the silences behind it, and the views of an
// alert that is opened: triage, graph, runbook, whom to call.
package alert

import (
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// opened is what the views of an alert share: what the agent said of it, and the
// board's own words, which are newer.
type opened struct {
	th themes.Theme
	screen.Question
	d     ops.Detail
	came  bool
	err   error // of the last answer; what came before stays on the screen
	p     screen.Picture
	now   report.Triage // the alert as the board has it
	there bool          // it is on the board
	w, h  int
	pager draw.Pager
}

// New returns an alert opened, or one view of it: its runbook, its graph,
// or whom to call. What the screen below has heard of it already is there at once.
func New(th themes.Theme, serial int, ref ops.Ref, view keys.ID, below screen.Screen) screen.Screen {
	base := opened{th: th, Question: screen.Question{Serial: serial, Ref: ref}}
	if t, ok := below.(*triage); ok && t.Ref == ref {
		base.d, base.came, base.err, base.At = t.d, t.came, t.err, t.At // its last answer is as good here
	}
	switch view {
	case keys.Runbook, keys.Graph:
		return &alertPage{opened: base, view: view}
	case keys.Calls:
		return &calls{opened: base}
	}
	return &triage{opened: base}
}

func (o *opened) hear(v ops.Detail, err error) {
	o.err = err
	if err == nil {
		o.d, o.came = v, true
	}
}

func (o *opened) see(p screen.Picture) {
	o.p = p
	if t, ok := report.NewTriage(p.Board, o.Ref, p.Now); ok {
		o.now, o.there = t, true
	} else if p.Known {
		o.there = false
	}
}

// name is the alert's, as far as anybody has said it.
func (o *opened) name() string {
	if n := o.now.Alert.Name; !n.Empty() {
		return n.String()
	}
	if !o.d.Title.Empty() {
		return o.d.Title.String()
	}
	return "alert " + o.Ref.ID.String()
}

// began is when the condition began.
func (o *opened) began() time.Time {
	if !o.d.Began.IsZero() {
		return o.d.Began
	}
	return o.now.Alert.Since
}

// title is the first line of a view, with what is wrong with what it shows.
func (o *opened) title(what string) string {
	left := o.th.Paint(themes.Title, what)
	switch {
	case !o.came && o.err == nil:
		left += "  " + o.th.Paint(themes.Muted, "asking the agent")
	case o.came && (o.err != nil || o.p.Lost || o.p.Now.Sub(o.d.At) > screen.Fresh):
		left += "  " + o.th.Paint(themes.Unknown, "as of "+report.Age(o.d.At, o.p.Now)+" ago, cannot be read now")
	case o.came && !o.there && o.p.Known:
		left += "  " + o.th.Paint(themes.Info, "it has cleared: this is how it was")
	}
	return draw.Sides(o.th, left, o.th.Paint(themes.Muted, o.pager.More(o.th)), o.w)
}

// failed is what stands where the agent had nothing to say.
func (o *opened) failed() []string {
	if o.err == nil {
		return nil
	}
	e := ops.AsError(o.err)
	lines := draw.Labelled(o.th, themes.Unknown, "not known: "+e.What.String(), "", o.w)
	return append(lines, draw.Labelled(o.th, themes.Muted, e.Remedy.String(), "", o.w)...)
}

// alertKey handles the keys of every view of an alert.
func (o *opened) alertKey(k screen.Press) screen.Intent {
	switch {
	case o.pager.Key(k.ID):
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

func (o *opened) Selected() ops.Ref  { return o.Ref }
func (o *opened) Visible() []ops.Ref { return []ops.Ref{o.Ref} }
func (o *opened) Scope() keys.Scope  { return keys.InTriage }
