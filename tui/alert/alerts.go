package alert

import (
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
	"opsdeck/tui/table"
)

// alerts is the Alerts pane: what fires and what is pending, from all sources
// together, by severity or by service, and under the list what it is about.
type alerts struct {
	table.Pane
	book *report.AlertList
	by   report.Grouping
}

// NewPane returns the Alerts pane.
func NewPane(th themes.Theme) screen.Screen {
	return &alerts{Pane: table.New(th), book: report.NewAlerts(ops.Board{}, noTime, report.BySeverity)}
}

func (a *alerts) SetBoard(p screen.Picture) {
	same := a.Picture.SameAlerts(p)
	a.Picture = p
	if !same { // a storm is not read again for what another source has to say
		a.lay()
	}
}

func (a *alerts) lay() {
	a.book = report.NewAlerts(a.Picture.Board, a.Picture.Now, a.by)
	a.ShowRows(a.book)
}

func (a *alerts) Key(k screen.Press) screen.Intent {
	if in, done := a.Takes(k.ID); done {
		return in
	}
	if k.ID == keys.Group {
		a.by = 1 - a.by
		a.lay()
		return screen.Intent{Kind: screen.IntentSay, Text: "grouped by " + a.by.String()}
	}
	al := a.alert()
	if al == nil {
		return aboutNoAlert(k.ID)
	}
	if k.ID == keys.Logs {
		return logsOf(*al)
	}
	return aboutAlert(k.ID, *al, a.taken())
}

// alert is the selected one.
func (a *alerts) alert() *ops.Alert {
	if i, ok := a.Current(); ok {
		return a.book.Alert(i)
	}
	return nil
}

// taken are the alerts that a key is about: the marked ones, else the selected.
func (a *alerts) taken() []ops.Alert {
	var out []ops.Alert
	for _, i := range a.MarkedRows() {
		out = append(out, *a.book.Alert(i))
	}
	if al := a.alert(); len(out) == 0 && al != nil {
		out = append(out, *al)
	}
	return out
}

func (a *alerts) View() []string { return a.Draw(a.summary()) }

// Visible are the alerts whose newest values are wanted.
func (a *alerts) Visible() []ops.Ref { return a.InSight() }

// summary is the line above the list: how many stand how, and how far that is to
// be trusted.
func (a *alerts) summary() string {
	s := ""
	for i, c := range a.book.Head() {
		if i > 0 {
			s += "  "
		}
		s += a.Theme.Paint(draw.Role(c.Tone), c.Text)
	}
	return a.HeadLine(s)
}

func (a *alerts) Keys() []keys.ID {
	return []keys.ID{keys.Open, keys.Ack, keys.Silence, keys.Runbook, keys.Calls, keys.Note, keys.Graph, keys.Hold, keys.Silences, keys.Filter, keys.Group, keys.Mark, keys.Sort}
}

// Copy is what selects the alerts, as amtool reads it.
func (a *alerts) Copy() string {
	var out []string
	for _, al := range a.taken() {
		out = append(out, ownMatchers(al))
	}
	return strings.Join(out, "\n")
}

// Scope adds the keys that are about alerts.
func (a *alerts) Scope() keys.Scope { return keys.InAlerts }
