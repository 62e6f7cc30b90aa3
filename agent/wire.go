package agent

import (
	"encoding/json"
	"net/http"
	"time"

	"opsdeck/ops"
)

// Protocol is the version of what goes over the socket. It grows when an older
// peer could misread it: 2 has records of kind database, 3 calls the sessions of
// databases sessions and those of consoles consoles.
const Protocol = 3

// Header names.
const (
	headerProtocol = "Opsdeck-Protocol"
	headerSession  = "Opsdeck-Session"
	headerKey      = "Opsdeck-Key"
)

// Paces of the wire.
const (
	beat        = 5 * time.Second  // silence of a Watch before a heartbeat
	lostAfter   = 16 * time.Second // silence after which the client gives a Watch up
	callTimeout = 15 * time.Second
	maxBody     = 1 << 20
)

// Hello is who answers on a socket.
type Hello struct {
	Protocol int           `json:"protocol"`
	Version  ops.Text      `json:"version"`
	Estate   ops.Text      `json:"estate"`
	Hash     ops.Text      `json:"hash"` // of the estate the agent runs, see estate.Hash
	Kind     ops.AgentKind `json:"kind"`
	PID      int           `json:"pid"`
	Started  time.Time     `json:"started"`
}

// frame is one line of a Watch: the sections that changed, each whole.
type frame struct {
	Rev      uint64                     `json:"rev"`
	Revs     [ops.Sections]uint64       `json:"revs"`
	At       time.Time                  `json:"at"`
	Level    ops.Level                  `json:"level"`
	Me       *ops.Me                    `json:"me,omitempty"`
	Sections map[string]json.RawMessage `json:"sections,omitempty"`
}

// values is a reading without what its source says of it, which travels in the
// sources section: an answer that brings nothing new sends nothing.
type values[T any] struct {
	Source ops.Text `json:"source"`
	Value  T        `json:"value"`
}

// encode writes one section of a board.
func encode(b ops.Board, s ops.Section) (json.RawMessage, error) {
	switch s {
	case ops.SectionEstate:
		return json.Marshal(b.Estate)
	case ops.SectionSources:
		return json.Marshal(b.Sources)
	case ops.SectionAlerts:
		return json.Marshal(bare(b.Alerts))
	case ops.SectionContainers:
		return json.Marshal(bare(b.Containers))
	case ops.SectionStats:
		return json.Marshal(b.Stats)
	case ops.SectionJobs:
		return json.Marshal(b.Jobs)
	case ops.SectionChanges:
		return json.Marshal(b.Changes)
	case ops.SectionSilences:
		return json.Marshal(bare(b.Silences))
	case ops.SectionIndicators:
		return json.Marshal(bare(b.Indicators))
	case ops.SectionDatabases:
		return json.Marshal(bare(b.Databases))
	case ops.SectionIncidents:
		return json.Marshal(b.Incidents)
	}
	return json.Marshal(b.Findings)
}

// decode reads one section into a board.
func decode(b *ops.Board, s ops.Section, raw json.RawMessage) error {
	switch s {
	case ops.SectionEstate:
		return into(raw, &b.Estate)
	case ops.SectionSources:
		return into(raw, &b.Sources)
	case ops.SectionAlerts:
		return dress(raw, &b.Alerts)
	case ops.SectionContainers:
		return dress(raw, &b.Containers)
	case ops.SectionStats:
		return into(raw, &b.Stats)
	case ops.SectionJobs:
		return into(raw, &b.Jobs)
	case ops.SectionChanges:
		return into(raw, &b.Changes)
	case ops.SectionSilences:
		return dress(raw, &b.Silences)
	case ops.SectionIndicators:
		return dress(raw, &b.Indicators)
	case ops.SectionDatabases:
		return dress(raw, &b.Databases)
	case ops.SectionIncidents:
		return into(raw, &b.Incidents)
	}
	return into(raw, &b.Findings)
}

// into replaces *v: decoding over the old value would write into slices that
// boards already handed out still share.
func into[T any](raw json.RawMessage, v *T) error {
	var fresh T
	if err := json.Unmarshal(raw, &fresh); err != nil {
		return err
	}
	*v = fresh
	return nil
}

func bare[T any](rs []ops.Reading[T]) []values[T] {
	out := make([]values[T], len(rs))
	for i, r := range rs {
		out[i] = values[T]{r.Source, r.Value}
	}
	return out
}

func dress[T any](raw json.RawMessage, rs *[]ops.Reading[T]) error {
	var vs []values[T]
	if err := json.Unmarshal(raw, &vs); err != nil {
		return err
	}
	*rs = make([]ops.Reading[T], len(vs))
	for i, v := range vs {
		(*rs)[i] = ops.Reading[T]{Source: v.Source, Value: v.Value}
	}
	return nil
}

// status maps a code to the nearest HTTP status, for curl; our client reads the
// body.
func status(c ops.Code) int {
	switch c {
	case ops.CodeInvalid:
		return http.StatusBadRequest
	case ops.CodeNotFound:
		return http.StatusNotFound
	case ops.CodeDenied, ops.CodeLocked:
		return http.StatusForbidden
	case ops.CodeConfirm:
		return http.StatusPreconditionRequired
	case ops.CodeHeld, ops.CodeChanged:
		return http.StatusConflict
	case ops.CodeExpired:
		return http.StatusGone
	case ops.CodeUnavailable, ops.CodeUnanswered:
		return http.StatusServiceUnavailable
	case ops.CodeFull:
		return http.StatusInsufficientStorage
	case ops.CodeVersion:
		return http.StatusUpgradeRequired
	}
	return http.StatusInternalServerError
}
