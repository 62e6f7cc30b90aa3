package report

import (
	"time"

	"opsdeck/ops"
)

// Changes returns what happened in the last hour, newest first.
func Changes(b ops.Board, now time.Time) Table {
	if b.Estate.Agent.Kind == ops.AgentLocal {
		t := History(nil, now)
		t.Note = NoAgent
		return t
	}
	t := History(b.Changes, now)
	t.Note = "nothing changed in the last hour"
	return t
}

// History returns records as rows, newest first as given; what happened again and
// again is one.
func History(records []ops.Record, now time.Time) Table {
	return TimeLine(HistoryEvents(records), now)
}

// HistoryEvents are the events of a time line that goes on for days.
func HistoryEvents(records []ops.Record) []Event { return Fold(records, foldWithin) }

// TimeLine returns events as rows, in the order given.
func TimeLine(events []Event, now time.Time) Table {
	t := Table{Name: "history", Note: "no records", Columns: []Column{
		{Key: "at", Title: "WHEN", Priority: 100},
		{Key: "age", Title: "AGE", Right: true, Priority: 40},
		{Key: "kind", Title: "KIND", Priority: 80},
		{Key: "what", Title: "WHAT", Priority: 99, Min: 20, Max: 100},
		{Key: "who", Title: "WHO", Priority: 70, Max: 16},
		{Key: "about", Title: "ABOUT", Priority: 30, Min: 12, Max: 30},
	}}
	for i := range events {
		t.Rows = append(t.Rows, eventRow(&events[i], now))
	}
	return t
}

func eventRow(r *Event, now time.Time) Row {
	tone := TonePlain
	if r.Level.Bad() { // of a record nobody judged nothing is unknown
		tone = ToneOf(r.Level)
	}
	ref := r.Ref
	if r.Job != 0 {
		ref = JobRef(r.Job)
	}
	return Row{
		Ref: ref, Level: r.Level,
		From: Origin{Source: "history", At: r.At, State: ops.SourceOK},
		Cells: []Cell{
			{Text: ops.Moment(r.At, now), Tone: ToneMuted, Value: stamp(r.At)},
			{Text: ops.Age(r.At, now), Tone: ToneMuted, Value: max(0, now.Sub(r.At).Seconds()), Unit: "seconds"},
			text(r.Kind.String()),
			toned(r.Text(), tone),
			text(r.Actor.Name.String()),
			orNothing(r.About()),
		},
	}
}

// RefText says what a Ref names: "container web", and "-" for nothing.
func RefText(r ops.Ref) ops.Text {
	if r.Zero() {
		return ops.Clean(ops.Never)
	}
	return ops.Clean(join(" ", r.Kind.String(), r.ID.String()))
}
