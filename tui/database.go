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
	table.Pane
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
	if s, ok := b.Session(ref); ok {
		return report.SessionName(s)
	}
	return ""
}

// paletteSessions is how many sessions of one server can be found by name: those
// that block, wait or work stand first.
const paletteSessions = 50

func foundDatabases(p screen.Picture) []dialog.Item {
	var all []dialog.Item
	for _, r := range p.Board.Databases {
		if !r.Value.Ref.Zero() {
			all = append(all, dialog.Opens(r.Source.String(), r.Value.Ref))
		}
		for _, s := range r.Value.Sessions[:min(len(r.Value.Sessions), paletteSessions)] {
			all = append(all, dialog.Opens(report.SessionName(s), s.Ref))
		}
	}
	return all
}

func newDatabase(th themes.Theme) *database {
	return &database{Pane: table.New(th)}
}

// SetSize gives the servers up to a quarter of the height, above the list.
func (d *database) SetSize(w, h int) {
	d.Head = max(1, min(len(d.Picture.Board.Databases), h/4))
	d.Pane.SetSize(w, h)
}

func (d *database) SetBoard(p screen.Picture) {
	d.Picture = p
	d.lay()
	d.SetSize(d.Width, d.Height) // there may be more servers, or fewer
}

func (d *database) lay() {
	switch d.what {
	case dbServers:
		d.Show(report.Databases(d.Picture.Board, d.Picture.Now))
	case dbStatements:
		d.Show(report.Statements(d.Picture.Board, d.Picture.Now))
	default:
		d.Show(report.Sessions(d.Picture.Board, d.Picture.Now))
	}
}

func (d *database) Key(k screen.Press) screen.Intent {
	if in, done := d.Takes(k.ID); done {
		return in
	}
	if k.ID == keys.Group {
		d.what = (d.what + 1) % dbViews
		d.Reset()
		d.lay()
		return screen.Intent{Kind: screen.IntentSay, Text: d.what.String()}
	}
	return screen.Intent{}
}

func (d *database) View() []string { return d.Draw(d.servers()...) }

// servers are the lines above the list.
func (d *database) servers() []string {
	var lines []string
	for i, r := range d.Picture.Board.Databases {
		if i == d.Head {
			break
		}
		cell := report.DatabaseLine(r, d.Picture.Now)
		s := d.Theme.Paint(themes.Title, r.Source.String()+"  ")
		if l := r.Value.Verdict.Level; r.Fresh() && l != ops.LevelOK { // colour alone says nothing
			s += d.Theme.Paint(draw.Role(cell.Tone), report.LevelWord(l)+"  ")
		}
		s += d.Theme.Paint(draw.Role(cell.Tone), cell.Text)
		right := ""
		if i == 0 {
			right = d.Theme.Paint(themes.Muted, d.what.String()+"  "+d.Position())
		}
		lines = append(lines, draw.Sides(d.Theme, s, right, d.Width))
	}
	if len(lines) == 0 {
		lines = append(lines, d.Theme.Paint(themes.Muted, draw.Clip(d.Theme, "no database", d.Width)))
	}
	return lines
}

func (d *database) Keys() []keys.ID {
	return []keys.ID{keys.Open, keys.Actions, keys.Group, keys.Filter, keys.Mark, keys.Sort, keys.Copy, keys.Backups}
}

// Scope adds the key that changes what is listed.
func (d *database) Scope() keys.Scope { return keys.InDatabase }
