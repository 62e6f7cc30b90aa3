package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"opsdeck/ops"
)

// Sessions returns the sessions of every server: blocking trees first, each root
// first and what waits for it below, then what is in a transaction, what runs, and
// what is idle.
func Sessions(b ops.Board, now time.Time) Table {
	t := Table{Name: "sessions", Groups: map[string]string{}, Columns: []Column{
		{Key: "session", Title: "SESSION", Priority: 100, Min: 28, Max: 36},
		{Key: "state", Title: "STATE", Priority: 99, Max: 14},
		{Key: "for", Title: "FOR", Right: true, Priority: 90},
		{Key: "lock", Title: "LOCKS", Priority: 95, Max: 18},
		{Key: "transaction", Title: "TX", Right: true, Priority: 80},
		{Key: "query", Title: "QUERY", Priority: 70, Min: 14, Max: 48},
		{Key: "user", Title: "USER", Priority: 60, Max: 16},
		{Key: "database", Title: "DB", Priority: 50, Max: 16},
		{Key: "client", Title: "CLIENT", Priority: 40, Max: 20},
		{Key: "wait", Title: "WAIT", Priority: 30, Max: 24},
		{Key: "app", Title: "APP", Priority: 20, Max: 24},
	}}
	for _, r := range b.Databases {
		from := originOf(r)
		var groups sessionGroups
		if len(b.Databases) > 1 {
			groups = sessionGroups(r.Source.String() + ": ")
		}
		for _, s := range r.Value.Sessions {
			row := sessionRow(s, from, now)
			row.Group = groups.of(s)
			t.Rows = append(t.Rows, row)
		}
		groups.words(r.Value, t.Groups)
	}
	if len(t.Rows) == 0 {
		t.Note = databasesNote(b, now, "no sessions: the server answered and has none but ours")
	}
	return t
}

// noneOf says that an estate names no source of a kind, and how it would.
func noneOf(what string, kind ops.SourceKind) string {
	return "no " + what + " source in this estate: add one of kind " + kind.String() + " to its sources"
}

func databasesNote(b ops.Board, now time.Time, otherwise string) string {
	if len(b.Databases) == 0 {
		return noneOf("PostgreSQL", ops.SourcePostgres)
	}
	return cmp.Or(unread("sessions", b.Databases, now), otherwise)
}

// sessionGroups is what the names of one server's groups begin with: where there are
// several servers each has its own.
type sessionGroups string

func (g sessionGroups) of(s ops.Session) string {
	name := "others"
	switch {
	case s.Root != 0:
		name = "blocking"
	case s.Own:
		name = "opsdeck itself"
	case s.Prepared():
		name = "prepared"
	case !s.Transaction.IsZero():
		name = "in a transaction"
	case s.State == ops.SessionIdle:
		name = "idle"
	case s.Hidden:
		name = "hidden"
	}
	return string(g) + name
}

// words say of each group how many there are.
func (g sessionGroups) words(d ops.Database, into map[string]string) {
	n, trees, deep := map[string]int{}, 0, 0
	blocking, hidden := string(g)+"blocking", string(g)+"hidden"
	for _, s := range d.Sessions {
		n[g.of(s)]++
		if s.Root == s.PID && s.Root != 0 {
			trees++
		}
		deep = max(deep, s.Depth+1)
	}
	for name, k := range n {
		into[name] = ops.Count(k, "session")
	}
	if k := n[string(g)+"prepared"]; k > 0 {
		into[string(g)+"prepared"] = ops.Count(k, "transaction") + " without a session, until somebody commits them or rolls them back"
	}
	if trees > 0 {
		into[blocking] = fmt.Sprintf("%s, %s, %d deep; terminate the root: those below it proceed", ops.Count(trees, "tree"), ops.Count(n[blocking], "session"), deep)
	}
	if d.Left > 0 {
		into[string(g)+"idle"] += fmt.Sprintf(", %d more are not listed", d.Left)
	}
	if !d.Rights.Superuser && n[hidden] > 0 {
		into[hidden] += ", the login lacks pg_monitor: GRANT pg_monitor TO " + d.Login.String()
	}
}

func sessionRow(s ops.Session, from Origin, now time.Time) Row {
	level := aged(s.Verdict.Level, from.Fresh())
	state := Cell{Text: s.Verdict.Word.Or(ops.Clean(s.State.String())).String(), Value: s.State.String(), Tone: loud(level, TonePlain)}
	if s.State == ops.SessionIdle {
		state.Tone = loud(level, ToneMuted)
	}
	if !from.Fresh() {
		state.Text, state.Tone = "was "+state.Text, ToneUnknown
	}
	query := toned(s.SQL.String(), ToneMuted)
	if s.Hidden {
		query = toned("hidden: no pg_monitor", ToneUnknown)
	} else if s.State == ops.SessionActive {
		query.Tone = TonePlain
	}
	return Row{
		Ref: s.Ref, Level: level, From: from, Detail: subject(SessionName(s), s.Verdict), Next: s.Verdict.Next,
		Cells: []Cell{
			{Text: treeMark(s.Depth) + SessionName(s), Value: SessionName(s)},
			state, orHidden(s, lasted(sessionSince(s), from, now)), locks(s), orHidden(s, transaction(s, from, now)), query,
			orNothing(s.User.String()), orNothing(s.Database.String()), orNothing(s.Client.String()),
			orHidden(s, orNothing(s.Wait.String())), orNothing(s.App.String()),
		},
	}
}

// treeMark is how process listings draw a tree.
func treeMark(depth int) string {
	if depth == 0 {
		return ""
	}
	return strings.Repeat("  ", min(depth, 6)-1) + `\_ `
}

// SessionName is how a session is called: its pid and its application, or its login. A
// prepared transaction has its own name.
func SessionName(s ops.Session) string {
	if s.Prepared() {
		return fmt.Sprintf("prepared '%s'", s.GID)
	}
	return join(" ", fmt.Sprint(s.PID), s.App.Or(s.User).String())
}

// sessionSince is when what its state says began.
func sessionSince(s ops.Session) time.Time {
	if !s.Waiting.IsZero() {
		return s.Waiting
	}
	return s.Changed
}

func transaction(s ops.Session, from Origin, now time.Time) Cell {
	if s.Transaction.IsZero() {
		return Cell{Tone: ToneMuted}
	}
	return lasted(s.Transaction, from, now)
}

// lasted says how long something has lasted. What is less than a minute is told in
// seconds, of the moment at which the source was read: a query of five milliseconds is
// none of fifty seconds.
func lasted(since time.Time, from Origin, now time.Time) Cell {
	at := at(from, now)
	cell := moment(since, at)
	if !since.IsZero() && at.Sub(since) < time.Minute && ops.Age(since, now) != ops.Future {
		cell.Text = ops.Span(max(0, from.At.Sub(since)))
	}
	return cell
}

// orHidden says of what the login may not see that it is hidden.
func orHidden(s ops.Session, c Cell) Cell {
	if s.Hidden {
		return Cell{Text: "hidden", Tone: ToneUnknown}
	}
	return c
}

func locks(s ops.Session) Cell {
	switch {
	case s.Blocks > 0 && s.Depth == 0:
		return toned(fmt.Sprintf("blocks %d", s.Blocks), ToneOf(s.Verdict.Level))
	case s.Blocks > 0:
		return text(fmt.Sprintf("waits, blocks %d", s.Blocks))
	case !s.Waiting.IsZero():
		return text("waits")
	}
	return Cell{Tone: ToneMuted}
}

// Statements returns the statements that took most of each server's time.
func Statements(b ops.Board, now time.Time) Table {
	t := Table{Name: "statements", Columns: []Column{
		{Key: "total", Title: "TOTAL", Right: true, Priority: 98},
		{Key: "calls", Title: "CALLS", Right: true, Priority: 97},
		{Key: "mean", Title: "MEAN", Right: true, Priority: 99},
		{Key: "rows", Title: "ROWS", Right: true, Priority: 60},
		{Key: "user", Title: "USER", Priority: 50, Max: 16},
		{Key: "statement", Title: "STATEMENT", Priority: 100, Min: 20, Max: 160},
	}}
	for _, r := range b.Databases {
		from := originOf(r)
		for _, s := range r.Value.Statements {
			t.Rows = append(t.Rows, Row{Ref: r.Value.Ref, Group: r.Source.String(), Level: unjudged, From: from, Detail: s.SQL.String(), Cells: []Cell{
				seconds(s.Total), whole(s.Calls), seconds(s.Mean), whole(s.Rows), orNothing(s.User.String()), text(s.SQL.String()),
			}})
		}
		if no := r.Value.NoStatements; t.Note == "" && !no.Empty() {
			t.Note = "no statements of " + r.Source.String() + ": " + no.String()
		}
	}
	if len(t.Rows) == 0 && t.Note == "" {
		t.Note = databasesNote(b, now, "no statements yet")
	}
	return t
}

func seconds(f ops.Value) Cell {
	if !f.Known {
		return nothing()
	}
	return Cell{Text: f.Span(), Value: f.Value, Unit: "seconds"}
}

func whole(f ops.Value) Cell {
	if !f.Known {
		return nothing()
	}
	return Cell{Text: f.Whole(), Value: f.Value}
}
