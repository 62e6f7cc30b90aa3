package report

import (
	"fmt"
	"strings"
	"time"

	"opsdeck/ops"
)

// Databases returns how every server stands: a row a subject, in the order in which
// one asks.
func Databases(b ops.Board, now time.Time) Table {
	t := Table{Name: "databases", Groups: map[string]string{}, Columns: []Column{
		{Key: "what", Title: "WHAT", Priority: 100, Min: 14, Max: 34},
		{Key: "state", Title: "STATE", Priority: 99, Max: 30},
		{Key: "since", Title: "SINCE", Right: true, Priority: 80},
		{Key: "more", Title: "MORE", Priority: 70, Min: 20, Max: 120},
	}}
	for _, r := range b.Databases {
		v := dbView{d: r.Value, from: originOf(r), now: now}
		t.Groups[r.Source.String()] = v.title(r, now)
		if !r.Known() {
			v.add("server", toned("unknown, "+originOf(r).standing(now), ToneUnknown), time.Time{}, r.Why.String())
		} else {
			v.all()
		}
		for i := range v.rows {
			v.rows[i].Group = r.Source.String()
		}
		t.Rows = append(t.Rows, v.rows...)
	}
	if len(t.Rows) == 0 {
		t.Note = noneOf("PostgreSQL", ops.SourcePostgres)
	}
	return t
}

// dbView lays out one server.
type dbView struct {
	d    ops.Database
	from Origin
	now  time.Time
	rows []Row
}

func (v *dbView) title(r ops.Reading[ops.Database], now time.Time) string {
	words := ""
	if !v.d.Version.Empty() {
		words = "PostgreSQL " + strings.Fields(v.d.Version.String())[0]
	}
	if v.d.Standby {
		words += ", standby"
	}
	if !v.d.Started.IsZero() {
		words += ", up " + ops.Age(v.d.Started, now)
	}
	if !r.Fresh() && r.Known() {
		words = join("  ", words, "as of "+originOf(r).standing(now))
	}
	return words
}

// add puts a row in. What looks good only when it is fresh does not look so else.
func (v *dbView) add(what string, state Cell, since time.Time, more string) {
	level := aged(levelOf(state.Tone), v.from.Fresh())
	if !v.from.Fresh() {
		state.Tone = ToneUnknown
	}
	v.rows = append(v.rows, Row{Ref: v.d.Ref, Level: level, From: v.from, Detail: about(what, more),
		Cells: []Cell{text(what), state, moment(since, v.now), toned(more, ToneMuted)}})
}

// all are the rows, in the order in which one asks.
func (v *dbView) all() {
	v.connections()
	v.limits()
	v.transactions()
	v.replication()
	v.wal()
	v.sizes()
	v.vacuum()
	v.missing()
}

// Connections is one server's use of its connections: "57/60 connections".
func Connections(u ops.Use) Cell {
	if u.Max == 0 {
		return Cell{Text: "not known", Tone: ToneUnknown}
	}
	return Cell{Text: fmt.Sprintf("%d/%d", u.Used, u.Max), Value: u.Used, Tone: ToneOf(u.Level)}
}

func (v *dbView) connections() {
	u := v.d.Use
	var states []string
	for _, s := range u.States {
		states = append(states, fmt.Sprintf("%d %s", s.Count, stateWords(s.State)))
	}
	more := fmt.Sprintf("%d free for ordinary logins, %d reserved", u.Free(), u.Reserved)
	v.add("connections", Connections(u), time.Time{}, join("; ", strings.Join(states, ", "), more))
	for i, by := range u.By {
		if i == 5 {
			v.add("  others", Cell{Text: fmt.Sprint(rest(u.By[i:]))}, time.Time{}, "in other applications and states")
			break
		}
		v.add("  "+by.App.Or(ops.Lit("(no name)")).String(), Cell{Text: fmt.Sprintf("%d %s", by.Count, stateWords(by.State)), Value: by.Count}, time.Time{}, "")
	}
}

// limits are the roles and databases that may not have any number of connections.
func (v *dbView) limits() {
	for i, l := range v.d.Limits {
		if i == 5 {
			v.add("  others", Cell{Text: ops.Count(len(v.d.Limits)-i, "limit")}, time.Time{}, "of roles and databases that are less full")
			break
		}
		v.add("  limit of "+l.Of.String()+" "+l.Name.String(), Cell{Text: fmt.Sprintf("%d/%d", l.Used, l.Limit), Value: l.Used, Tone: ToneOf(l.Level)}, time.Time{}, "")
	}
}

func rest(by []ops.UsedBy) int {
	n := 0
	for _, x := range by {
		n += x.Count
	}
	return n
}

func stateWords(s ops.SessionState) string {
	if s == ops.SessionUnknown {
		return "hidden"
	}
	return s.String()
}

// DatabaseLine is one server in a line, above the pane's list.
func DatabaseLine(r ops.Reading[ops.Database], now time.Time) Cell {
	cell, standing := databaseLine(r, now)
	return cell.by(standing)
}

// databaseLine is the line, and beside it how its source stands where it is not fresh.
func databaseLine(r ops.Reading[ops.Database], now time.Time) (line Cell, standing string) {
	d, from := r.Value, originOf(r)
	if !r.Known() {
		return toned(unknown, ToneUnknown), from.standing(now)
	}
	parts := []string{Connections(d.Use).Text + " connections"}
	waits, longest := 0, time.Time{}
	for _, s := range d.Sessions {
		if !s.Waiting.IsZero() && !s.Own {
			waits++
		}
		if !s.Transaction.IsZero() && !s.Own && !s.System && !s.Prepared() && (longest.IsZero() || s.Transaction.Before(longest)) {
			longest = s.Transaction
		}
	}
	if waits > 0 {
		parts = append(parts, fmt.Sprintf("%d blocked", waits))
	}
	if !longest.IsZero() {
		parts = append(parts, "longest tx "+lasted(longest, from, now).Text)
	}
	line = toned(strings.Join(parts, ", "), ToneOf(d.Verdict.Level))
	if !r.Fresh() {
		line.Tone, standing = ToneUnknown, from.standing(now)
	}
	return line, standing
}

// databaseRows are the servers on the Overview.
func databaseRows(b ops.Board, now time.Time) []Row {
	var rows []Row
	for _, r := range b.Databases {
		cell, standing := databaseLine(r, now)
		why := join("; ", cell.asOf(standing), r.Value.Verdict.Cause.String())
		rows = append(rows, stateRow("database "+r.Source.String(), cell, ops.Ref{Kind: ops.KindDatabase}, why, originOf(r)))
	}
	return rows
}
