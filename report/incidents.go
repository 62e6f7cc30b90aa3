package report

import (
	"time"

	"opsdeck/ops"
)

// Incidents returns the open incidents and those that were closed within the
// hour, newest first.
func Incidents(b ops.Board, now time.Time) Table {
	t := Table{Name: "incidents", Columns: []Column{
		{Key: "id", Title: "NO", Right: true, Priority: 80},
		{Key: "state", Title: "STATE", Priority: 99},
		{Key: "title", Title: "WHAT", Priority: 100, Min: 16, Max: 60},
		{Key: "opened", Title: "OPENED", Right: true, Priority: 90},
		{Key: "who", Title: "WHO", Priority: 70, Max: 16},
		{Key: "restored", Title: "RESTORED IN", Right: true, Priority: 60},
		{Key: "cause", Title: "CAUSE", Priority: 50, Min: 16, Max: 80},
	}}
	if b.Estate.Agent.Kind == ops.AgentLocal {
		t.Note = NoAgent
		return t
	}
	t.Note = "no incident is open, and none was closed within the hour"
	for _, in := range b.Incidents {
		state := toned("open", ToneOf(in.Level))
		switch {
		case !in.Unrestored.Empty():
			state = toned("closed, not restored", ToneOf(in.Level))
		case !in.Open():
			state.Text, state.Value = "closed", "closed"
		}
		restored := nothing()
		if d, ok := in.TimeToRestore(); ok {
			restored = Cell{Text: ops.Span(d), Value: d.Seconds(), Unit: "seconds"}
		}
		t.Rows = append(t.Rows, Row{
			Ref: in.Ref, Level: in.Level, From: board(b), Detail: about(in.Title.String(), in.Cause.String()),
			Cells: []Cell{text(in.Ref.ID.String()), state, text(in.Title.String()), moment(in.Opened, now), text(in.By.String()), restored, text(in.Cause.String())},
		})
	}
	return t
}
