package report

import (
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
		{Key: "session", Title: "SESSION", Priority: 100, Min: 18, Max: 36},
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
	several := len(b.Databases) > 1
	for _, r := range b.Databases {
		from := Origin{Source: r.Source.String(), At: r.At, State: r.State}
		groups := sessionGroups{several: several, source: r.Source.String()}
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
	for _, r := range b.Databases {
		if !r.Fresh() {
			return "sessions unknown: " + standing(r.Source, r.State, r.At, now) + why(r.Why)
		}
	}
	if len(b.Databases) == 0 {
		return noneOf("PostgreSQL", ops.SourcePostgres)
	}
	return otherwise
}

// sessionGroups names the groups of one server's sessions; with several servers
// each has its own.
type sessionGroups struct {
	several bool
	source  string
}

func (g sessionGroups) named(s string) string {
	if g.several {
		return g.source + ": " + s
	}
	return s
}

func (g sessionGroups) of(s ops.Session) string {
	switch {
	case s.Root != 0:
		return g.named("blocking")
	case s.Own:
		return g.named("opsdeck itself")
	case s.Prepared():
		return g.named("prepared")
	case !s.Transaction.IsZero():
		return g.named("in a transaction")
	case s.State == ops.SessionIdle:
		return g.named("idle")
	case s.Hidden:
		return g.named("hidden")
	}
	return g.named("others")
}

// words say of each group how many there are.
func (g sessionGroups) words(d ops.Database, into map[string]string) {
	n, trees, deep := map[string]int{}, 0, 0
	for _, s := range d.Sessions {
		n[g.of(s)]++
		if s.Root == s.PID && s.Root != 0 {
			trees++
		}
		deep = max(deep, s.Depth+1)
	}
	for name, k := range n {
		into[name] = count(k, "session")
	}
	if k := n[g.named("prepared")]; k > 0 {
		into[g.named("prepared")] = count(k, "transaction") + " without a session, until somebody commits them or rolls them back"
	}
	if trees > 0 {
		into[g.named("blocking")] = fmt.Sprintf("%s, %s, %d deep; end the root and what is below it goes on", count(trees, "tree"), count(n[g.named("blocking")], "session"), deep)
	}
	if d.Left > 0 {
		into[g.named("idle")] += fmt.Sprintf(", %d more are not listed", d.Left)
	}
	if !d.Rights.Superuser && n[g.named("hidden")] > 0 {
		into[g.named("hidden")] += ", the login lacks pg_monitor: GRANT pg_monitor TO " + d.Login.String()
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
		now = from.At
	}
	query := Cell{Text: s.SQL.String(), Value: s.SQL.String(), Tone: ToneMuted}
	if s.Hidden {
		query = toned("hidden: no pg_monitor", ToneUnknown)
	} else if s.State == ops.SessionActive {
		query.Tone = TonePlain
	}
	return Row{
		Ref: s.Ref, Level: level, From: from, Detail: subject(SessionName(s), s.Verdict), Next: s.Verdict.Next,
		Cells: []Cell{
			{Text: treeMark(s.Depth) + SessionName(s), Value: SessionName(s)},
			state, orHidden(s, lasting(sessionSince(s), now)), locks(s), orHidden(s, transaction(s, now)), query,
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

// lasting is moment with the seconds of the first minute: a query of 50 seconds is
// another thing than one of none.
func lasting(at, now time.Time) Cell {
	cell := moment(at, now)
	if d := now.Sub(at); !at.IsZero() && d < time.Minute {
		cell.Text = fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	}
	return cell
}

func transaction(s ops.Session, now time.Time) Cell {
	cell := lasting(s.Transaction, now)
	if s.Transaction.IsZero() {
		cell.Text = ""
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
	return Cell{Text: "", Tone: ToneMuted}
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
		from := Origin{Source: r.Source.String(), At: r.At, State: r.State}
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
	return Cell{Text: Span(time.Duration(f.Value * float64(time.Second))), Value: f.Value, Unit: "seconds"}
}

func whole(f ops.Value) Cell {
	if !f.Known {
		return nothing()
	}
	return Cell{Text: fmt.Sprintf("%.0f", f.Value), Value: f.Value}
}
