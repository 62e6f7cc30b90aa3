package ops

import "time"

// Incident is one disturbance as people treat it, from the first sign to its end.
// What happened meanwhile is the history between Began and Closed: events attach
// themselves by their time.
type Incident struct {
	Ref    Ref       `json:"ref"`
	Title  Text      `json:"title"`
	By     Text      `json:"by"`
	Began  time.Time `json:"began"`  // when the oldest condition behind it began
	Seen   time.Time `json:"seen"`   // when opsdeck first saw that fire
	Opened time.Time `json:"opened"` // when somebody opened it
	Acked  time.Time `json:"acked,omitzero"`
	Closed time.Time `json:"closed,omitzero"`
	Cause  Text      `json:"cause,omitzero"` // as told at the close
	Alerts []Ref     `json:"alerts,omitempty"`
	// Fired are its alerts by name: those that it was opened with, and those that began
	// to fire while it was open.
	Fired []IncidentAlert `json:"fired,omitempty"`
	// Unrestored says in words what was not over when it was closed; empty: nothing, or
	// it is open.
	Unrestored Text `json:"unrestored,omitzero"`
	// Level is filled by judge, for an incident on a board.
	Level Level `json:"level,omitzero"`
}

// IncidentAlert is one alert of an incident.
type IncidentAlert struct {
	Ref     Ref       `json:"ref"`
	Name    Text      `json:"name"`             // with its severity: "critical Down"
	Runbook Text      `json:"runbook,omitzero"` // as the alert names it
	Fired   time.Time `json:"fired"`            // when it was first seen firing
	Cleared time.Time `json:"cleared,omitzero"` // when it was seen to have cleared; zero: it was not
	Times   int       `json:"times"`            // how often it fired
}

// Open reports whether it is still going on.
func (i Incident) Open() bool { return i.Closed.IsZero() }

// TimeToDetect is from the condition's start to the moment opsdeck saw it fire;
// false where there was no alert behind the incident.
func (i Incident) TimeToDetect() (time.Duration, bool) { return between(i.Began, i.Seen) }

// TimeToAck is from the condition's start to the first ack.
func (i Incident) TimeToAck() (time.Duration, bool) { return between(i.Began, i.Acked) }

// TimeToRestore is from the condition's start to the close; false where it was closed
// before it was over.
func (i Incident) TimeToRestore() (time.Duration, bool) {
	if !i.Unrestored.Empty() {
		return 0, false
	}
	return between(i.Began, i.Closed)
}

func between(from, to time.Time) (time.Duration, bool) {
	if from.IsZero() || to.IsZero() {
		return 0, false
	}
	return max(0, to.Sub(from)), true
}
