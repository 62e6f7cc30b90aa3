package ops

import "time"

// Record is one entry of the history.
type Record struct {
	Seq   uint64     `json:"seq"` // grows by one in one history
	At    time.Time  `json:"at"`
	Kind  RecordKind `json:"kind"`
	Ref   Ref        `json:"ref,omitzero"`
	Level Level      `json:"level,omitzero"`
	What  Text       `json:"what"`
	Actor Actor      `json:"actor,omitzero"`
	Job   JobID      `json:"job,omitzero"`
	Facts []Fact     `json:"facts,omitempty"`
	// Steps are the calls of an intent, as its plan had them. Histories of before
	// plans were data have them as facts, in words.
	Steps []Step `json:"steps,omitempty"`
}

// The names of facts that every record of an alert has, so that it can be named and
// helped after it has cleared; one without a runbook has none.
var (
	FactAlert   = Lit("alert")
	FactRunbook = Lit("runbook")
)

// Fact is the value of a fact of that name; empty where the record has none.
func (r Record) Fact(name Text) Text {
	f, _ := named(r.Facts, func(f Fact) bool { return f.Name == name })
	return f.Value
}

// Told is all that a record says beside its sentence: its steps in words, then its
// facts.
func (r Record) Told() []Fact {
	facts := make([]Fact, 0, len(r.Steps)+len(r.Facts))
	for _, s := range r.Steps {
		facts = append(facts, Fact{Name: Clean(s.How.String()), Value: s.Text()})
	}
	return append(facts, r.Facts...)
}

// RecordKind is what sort of thing a record tells.
type RecordKind uint8

// Kinds of records. Intent and outcome are the two that the audit chain holds
// for every operation.
const (
	RecordNote RecordKind = iota
	RecordAgent
	RecordSource
	RecordAlert
	RecordContainer
	RecordIntent
	RecordOutcome
	RecordUnlock
	RecordRefused // a start that was turned down, and why
	RecordAck
	RecordCall // somebody was called about an alert
	RecordIncident
	RecordDatabase // a finding about a database begins, gets worse, or is over
	RecordBackups  // how a backup plan, or one of its repositories, stands has changed
	RecordBackup   // somebody else made a backup
)

var recordKindNames = enumOf[RecordKind]("record kind", "note", "agent", "source", "alert", "container", "intent", "outcome", "unlock", "refused", "ack", "call", "incident", "database", "backups", "backup")

func (k RecordKind) String() string               { return recordKindNames.name(k) }
func (k RecordKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *RecordKind) UnmarshalText(b []byte) error { return recordKindNames.parse(k, b) }

// Audited reports whether records of this kind belong into the audit chain.
func (k RecordKind) Audited() bool {
	switch k {
	case RecordIntent, RecordOutcome, RecordUnlock, RecordRefused, RecordAck, RecordCall, RecordIncident:
		return true
	}
	return false
}

// Query asks for a page of the history, newest first.
type Query struct {
	From   time.Time    `json:"from,omitzero"`  // inclusive
	Until  time.Time    `json:"until,omitzero"` // exclusive
	Before uint64       `json:"before,omitzero"`
	Kinds  []RecordKind `json:"kinds,omitempty"`
	Ref    Ref          `json:"ref,omitzero"`
	Match  Text         `json:"match,omitzero"` // plain words, all of which What or Ref has to hold
	Limit  int          `json:"limit,omitzero"` // 0: 200
}

// Line is one line of a log or of a job's output.
type Line struct {
	Offset uint64    `json:"offset"` // where to resume after this line
	At     time.Time `json:"at,omitzero"`
	From   Ref       `json:"from"`
	Stream Stream    `json:"stream"`
	Text   Text      `json:"text"`
}

// Stream is which of a program's outputs a line came from.
type Stream uint8

// Streams. Meta lines are ours: "12 lines dropped".
const (
	StreamOut Stream = iota
	StreamErr
	StreamMeta
)

var streamNames = enumOf[Stream]("stream", "out", "err", "meta")

func (s Stream) String() string               { return streamNames.name(s) }
func (s Stream) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *Stream) UnmarshalText(b []byte) error { return streamNames.parse(s, b) }

// TailFrom says where a Tail begins and whether it goes on.
type TailFrom struct {
	Offset uint64    `json:"offset,omitzero"` // resume behind this offset (jobs)
	Since  time.Time `json:"since,omitzero"`  // logs
	Lines  int       `json:"lines,omitzero"`  // at most so many old lines; 0: all the source gives
	Follow bool      `json:"follow"`
}
