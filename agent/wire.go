package agent

import (
	"encoding/json"
	"net/http"
	"time"

	"opsdeck/ops"
)

// Protocol is the version of what goes over the socket. It grows when an older
// peer could misread it: 2 has records of kind database, 3 calls the sessions of
// databases sessions and those of consoles consoles, 5 lists what to do next.
const Protocol = 6

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

// statuses are the nearest HTTP statuses, for curl; our client reads the body.
var statuses = map[ops.Code]int{
	ops.CodeInvalid:     http.StatusBadRequest,
	ops.CodeNotFound:    http.StatusNotFound,
	ops.CodeDenied:      http.StatusForbidden,
	ops.CodeLocked:      http.StatusForbidden,
	ops.CodeConfirm:     http.StatusPreconditionRequired,
	ops.CodeHeld:        http.StatusConflict,
	ops.CodeChanged:     http.StatusConflict,
	ops.CodeExpired:     http.StatusGone,
	ops.CodeUnavailable: http.StatusServiceUnavailable,
	ops.CodeUnanswered:  http.StatusServiceUnavailable,
	ops.CodeFull:        http.StatusInsufficientStorage,
	ops.CodeVersion:     http.StatusUpgradeRequired,
}
