package tui

import (
	"strings"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// alerts is the Alerts pane: what fires and what is pending, from all sources
// together, by severity or by service, and under the list what it is about.
type alerts struct {
	th   themes.Theme
	list list
	book *report.AlertList
	by   report.Grouping
	p    picture
	w, h int
}

func newAlerts(th themes.Theme) *alerts {
	return &alerts{th: th, list: newList(th), book: report.NewAlerts(ops.Board{}, noTime, report.BySeverity)}
}

func (a *alerts) SetSize(w, h int) {
	a.w, a.h = w, h
	a.list.setSize(w, max(0, h-1-a.leads()))
}

func (a *alerts) leads() int {
	switch {
	case a.h >= 16:
		return 2
	case a.h >= 8:
		return 1
	}
	return 0
}

func (a *alerts) SetBoard(p picture) {
	same := a.p.same(p)
	a.p = p
	if !same { // a storm is not read again for a pane that comes back into sight
		a.lay()
	}
}

func (a *alerts) lay() {
	a.book = report.NewAlerts(a.p.board, a.p.now, a.by)
	a.list.setRows(a.book)
}

func (a *alerts) Key(k press) intent {
	if a.list.key(k.id) {
		return intent{}
	}
	switch k.id {
	case keyOpen, keyRight:
		return intent{kind: intentOpen, ref: a.Selected()}
	case keyGroup:
		a.by = 1 - a.by
		a.lay()
		return intent{kind: intentSay, text: "grouped by " + a.by.String()}
	}
	al := a.alert()
	if al == nil {
		return aboutNoAlert(k.id)
	}
	if k.id == keyLogs {
		return logsOf(*al)
	}
	return aboutAlert(k.id, *al, a.taken())
}

// alert is the selected one.
func (a *alerts) alert() *ops.Alert {
	if i, ok := a.list.current(); ok {
		return a.book.Alert(i)
	}
	return nil
}

// taken are the alerts that a key is about: the marked ones, else the selected.
func (a *alerts) taken() []ops.Alert {
	var out []ops.Alert
	for i := 0; i < a.book.Len() && len(a.list.marks) > 0; i++ {
		if al := a.book.Alert(i); a.list.marks[al.Ref] {
			out = append(out, *al)
		}
	}
	if al := a.alert(); len(out) == 0 && al != nil {
		out = append(out, *al)
	}
	return out
}

func (a *alerts) View() []string {
	lines := append([]string{a.summary()}, a.list.view()...)
	if n := a.leads(); n > 0 {
		lines = append(lines, leadLines(a.th, &a.list, a.w, n)...)
	}
	return lines
}

// summary is the line above the list: how many stand how, and how far that is to
// be trusted.
func (a *alerts) summary() string {
	s := ""
	for i, c := range a.book.Head() {
		if i > 0 {
			s += "  "
		}
		s += a.th.Paint(role(c.Tone), c.Text)
	}
	return sides(a.th, s, a.th.Paint(themes.Muted, a.list.position()), a.w)
}

func (a *alerts) Keys() []keyID {
	return []keyID{keyOpen, keyAck, keySilence, keyRunbook, keyCalls, keyNote, keyGraph, keyHold, keySilences, keyFilter, keyGroup, keyMark, keySort}
}

// Copy is what selects the alerts, as amtool reads it.
func (a *alerts) Copy() string {
	var out []string
	for _, al := range a.taken() {
		out = append(out, ownMatchers(al))
	}
	return strings.Join(out, "\n")
}

func (a *alerts) Scope() scope              { return inAlerts }
func (a *alerts) Selected() ops.Ref         { return a.list.selected() }
func (a *alerts) Visible() []ops.Ref        { return nil }
func (a *alerts) SetFilter(f report.Filter) { a.list.setFilter(f) }
func (a *alerts) Filter() report.Filter     { return a.list.filter }
func (a *alerts) Marked() []ops.Ref         { return a.list.marked() }
func (a *alerts) Unmark()                   { a.list.unmark() }
