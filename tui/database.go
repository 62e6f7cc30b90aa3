package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// dbView is what the Database pane lists.
type dbView uint8

const (
	dbSessions dbView = iota
	dbServers
	dbStatements
	dbViews
)

func (v dbView) String() string { return [dbViews]string{"sessions", "servers", "statements"}[v] }

// database is the Database pane: a line a server, and below it the sessions with
// blocking trees first, or how the servers stand, or their statements.
type database struct {
	th   themes.Theme
	list list
	view dbView
	p    picture
	w, h int
}

func newDatabase(th themes.Theme) *database {
	return &database{th: th, list: newList(th)}
}

func (d *database) SetSize(w, h int) {
	d.w, d.h = w, h
	d.list.setSize(w, max(0, h-d.heads()-d.leads()))
}

// heads is how many lines the servers get above the list.
func (d *database) heads() int { return max(1, min(len(d.p.board.Databases), max(1, d.h/4))) }

func (d *database) leads() int {
	switch {
	case d.h >= 16:
		return 2
	case d.h >= 8:
		return 1
	}
	return 0
}

func (d *database) SetBoard(p picture) {
	d.p = p
	d.lay()
}

func (d *database) lay() {
	switch d.view {
	case dbServers:
		d.list.setTable(report.Databases(d.p.board, d.p.now))
	case dbStatements:
		d.list.setTable(report.Statements(d.p.board, d.p.now))
	default:
		d.list.setTable(report.Sessions(d.p.board, d.p.now))
	}
	d.list.setSize(d.w, max(0, d.h-d.heads()-d.leads()))
}

func (d *database) Key(k press) intent {
	if d.list.key(k.id) {
		return intent{}
	}
	switch k.id {
	case keyOpen, keyRight:
		return intent{kind: intentOpen, ref: d.Selected()}
	case keyGroup:
		d.view = (d.view + 1) % dbViews
		filter := d.list.filter
		d.list = newList(d.th)
		d.list.filter = filter
		d.lay()
		return intent{kind: intentSay, text: d.view.String()}
	}
	return intent{}
}

func (d *database) View() []string {
	lines := append(d.servers(), d.list.view()...)
	if n := d.leads(); n > 0 {
		lines = append(lines, leadLines(d.th, &d.list, d.w, n)...)
	}
	return lines
}

// servers are the lines above the list.
func (d *database) servers() []string {
	var lines []string
	for i, r := range d.p.board.Databases {
		if i == d.heads() {
			break
		}
		cell := report.DatabaseLine(r, d.p.now)
		s := d.th.Paint(themes.Title, r.Source.String()+"  ")
		if l := r.Value.Verdict.Level; r.Fresh() && l != ops.LevelOK { // colour alone says nothing
			s += d.th.Paint(role(cell.Tone), report.LevelWord(l)+"  ")
		}
		s += d.th.Paint(role(cell.Tone), cell.Text)
		right := ""
		if i == 0 {
			right = d.th.Paint(themes.Muted, d.view.String()+"  "+d.list.position())
		}
		lines = append(lines, sides(d.th, s, right, d.w))
	}
	if len(lines) == 0 {
		lines = append(lines, d.th.Paint(themes.Muted, clip(d.th, "no database", d.w)))
	}
	return lines
}

func (d *database) Keys() []keyID {
	return []keyID{keyOpen, keyActions, keyGroup, keyFilter, keyMark, keySort, keyCopy}
}

func (d *database) Scope() scope              { return inDatabase }
func (d *database) Selected() ops.Ref         { return d.list.selected() }
func (d *database) Visible() []ops.Ref        { return nil }
func (d *database) SetFilter(f report.Filter) { d.list.setFilter(f) }
func (d *database) Filter() report.Filter     { return d.list.filter }
func (d *database) Marked() []ops.Ref         { return d.list.marked() }
func (d *database) Unmark()                   { d.list.unmark() }
