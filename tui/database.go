package tui

import (
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
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
	listPane
	what dbView
}

// databasePane is the pane's row in the table of panes.
func databasePane() pane {
	return pane{
		digit: 4, name: "database", title: "Database", kinds: []ops.Kind{ops.KindDatabase},
		make:   func(o Options, _ time.Time) screen.Screen { return newDatabase(o.Theme) },
		nameOf: nameOfSession,
		found:  foundDatabases,
	}
}

// nameOfSession is a session's pid and what it is.
func nameOfSession(b ops.Board, ref ops.Ref) string {
	for _, r := range b.Databases {
		for _, s := range r.Value.Sessions {
			if s.Ref == ref {
				return report.SessionName(s)
			}
		}
	}
	return ""
}

// paletteSessions is how many sessions of one server can be found by name: those
// that block, wait or work stand first.
const paletteSessions = 50

func foundDatabases(p screen.Picture) []item {
	var all []item
	for _, r := range p.Board.Databases {
		if !r.Value.Ref.Zero() {
			all = append(all, opens(r.Source.String(), r.Value.Ref))
		}
		for _, s := range r.Value.Sessions[:min(len(r.Value.Sessions), paletteSessions)] {
			all = append(all, opens(report.SessionName(s), s.Ref))
		}
	}
	return all
}

func newDatabase(th themes.Theme) *database {
	return &database{listPane: newListPane(th)}
}

// SetSize gives the servers up to a quarter of the height, above the list.
func (d *database) SetSize(w, h int) {
	d.head = max(1, min(len(d.p.Board.Databases), h/4))
	d.listPane.SetSize(w, h)
}

func (d *database) SetBoard(p screen.Picture) {
	d.p = p
	d.lay()
	d.SetSize(d.w, d.h) // there may be more servers, or fewer
}

func (d *database) lay() {
	switch d.what {
	case dbServers:
		d.show(report.Databases(d.p.Board, d.p.Now))
	case dbStatements:
		d.show(report.Statements(d.p.Board, d.p.Now))
	default:
		d.show(report.Sessions(d.p.Board, d.p.Now))
	}
}

func (d *database) Key(k screen.Press) screen.Intent {
	if in, done := d.key(k.ID); done {
		return in
	}
	if k.ID == keys.Group {
		d.what = (d.what + 1) % dbViews
		d.reset()
		d.lay()
		return screen.Intent{Kind: screen.IntentSay, Text: d.what.String()}
	}
	return screen.Intent{}
}

func (d *database) View() []string { return d.view(d.servers()...) }

// servers are the lines above the list.
func (d *database) servers() []string {
	var lines []string
	for i, r := range d.p.Board.Databases {
		if i == d.head {
			break
		}
		cell := report.DatabaseLine(r, d.p.Now)
		s := d.th.Paint(themes.Title, r.Source.String()+"  ")
		if l := r.Value.Verdict.Level; r.Fresh() && l != ops.LevelOK { // colour alone says nothing
			s += d.th.Paint(draw.Role(cell.Tone), report.LevelWord(l)+"  ")
		}
		s += d.th.Paint(draw.Role(cell.Tone), cell.Text)
		right := ""
		if i == 0 {
			right = d.th.Paint(themes.Muted, d.what.String()+"  "+d.position())
		}
		lines = append(lines, draw.Sides(d.th, s, right, d.w))
	}
	if len(lines) == 0 {
		lines = append(lines, d.th.Paint(themes.Muted, draw.Clip(d.th, "no database", d.w)))
	}
	return lines
}

func (d *database) Keys() []keys.ID {
	return []keys.ID{keys.Open, keys.Actions, keys.Group, keys.Filter, keys.Mark, keys.Sort, keys.Copy}
}

// Scope adds the key that changes what is listed.
func (d *database) Scope() keys.Scope { return keys.InDatabase }
