package ops

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Console is the port: the one interface between everything that asks and the
// engine that knows and does. The engine implements it in-process, the agent's
// client over a unix socket. Every method returns promptly or honours ctx.
// To add a method, argue for it in docs/decisions.
type Console interface {
	// Board returns the newest picture.
	Board(ctx context.Context) (Board, error)
	// Watch delivers the newest board whenever it changed (a slow reader skips
	// boards, never jobs: Board.Jobs holds each job's last state) and who we are.
	// The channel closes when ctx ends or the engine goes away.
	Watch(ctx context.Context) (<-chan Event, error)
	// Look tells which things are on the caller's screen, so that their figures
	// are sampled and the values of alerts travel. It replaces what the caller looked at before and holds for 30 s.
	Look(ctx context.Context, refs []Ref) error
	// Detail returns what is known of one object.
	Detail(ctx context.Context, ref Ref, window time.Duration) (Detail, error)
	// Tail delivers log lines or a job's output. The channel closes at the end,
	// or when ctx ends.
	Tail(ctx context.Context, ref Ref, from TailFrom) (<-chan Line, error)
	// Actions lists what can be done to ref; a zero ref lists everything there is.
	Actions(ctx context.Context, ref Ref) ([]ActionInfo, error)
	// Plan works out what a request would do and keeps it for two minutes.
	Plan(ctx context.Context, req Request) (Plan, error)
	// Start plans again, compares, checks the confirmation, writes the record and
	// runs. Errors: CodeExpired, CodeChanged, CodeConfirm, CodeDenied, CodeLocked,
	// CodeHeld, CodeFull.
	Start(ctx context.Context, id PlanID, c Confirmation) (JobID, error)
	// Cancel asks a running job to stop.
	Cancel(ctx context.Context, id JobID) error
	// History returns a page of records, newest first.
	History(ctx context.Context, q Query) ([]Record, error)
}

// Event is what Watch delivers.
type Event struct {
	Board Board
	Me    Me
}

// Me is what the engine knows of the caller.
type Me struct {
	Actor   Actor     `json:"actor"`
	Session Text      `json:"session"`
	Until   time.Time `json:"until,omitzero"` // unlocked until; zero: read-only where the estate says so
}

// Detail is one object opened.
type Detail struct {
	Ref     Ref         `json:"ref"`
	At      time.Time   `json:"at"`
	Title   Text        `json:"title"`
	Verdict Verdict     `json:"verdict"`
	Groups  []FactGroup `json:"groups"`
	Series  []Series    `json:"series,omitempty"`
	Related []Ref       `json:"related,omitempty"`
	Lines   []Line      `json:"lines,omitempty"`   // the last ones
	Changes []Record    `json:"changes,omitempty"` // for an alert: what changed around its start
	// Began is the moment to mark in the series, when an alert's condition began; of a
	// session, when it connected, which tells it from the next one with its pid.
	Began time.Time `json:"began,omitzero"`
	// Suspects are what may be behind an alert, with their last lines in Lines.
	Suspects []Suspect `json:"suspects,omitempty"`
	// Runbook is Markdown, a line a Text.
	Runbook    []Text       `json:"runbook,omitempty"`
	Escalation []Escalation `json:"escalation,omitempty"`
	// Incident is the incident itself, where one was opened; Changes then holds
	// everything between its first sign and its end.
	Incident Incident `json:"incident,omitzero"`
	// Load is a kept load run, where one was opened.
	Load   *LoadReport   `json:"load,omitempty"`
	Why    Text          `json:"why,omitzero"` // what could not be found out
	Window time.Duration `json:"window,omitzero"`
}

// FactGroup is a titled list of facts.
type FactGroup struct {
	Title Text   `json:"title"`
	Facts []Fact `json:"facts"`
}

// Series is one line of a chart.
type Series struct {
	Name   Text    `json:"name"`
	Unit   Text    `json:"unit,omitzero"`
	Points []Point `json:"points"`
}

// Point is one value of a series; Known is false where there is a gap or a NaN.
type Point struct {
	At    time.Time
	Value float64
	Known bool
}

// MarshalJSON writes [unix seconds, value], with null for a gap: a board carries
// hundreds of points, and their names would be most of it.
func (p Point) MarshalJSON() ([]byte, error) {
	b := strconv.AppendFloat([]byte{'['}, float64(p.At.UnixMilli())/1000, 'f', -1, 64)
	b = append(b, ',')
	if !p.Known || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
		return append(b, "null]"...), nil
	}
	return append(strconv.AppendFloat(b, p.Value, 'g', -1, 64), ']'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Point) UnmarshalJSON(b []byte) error {
	var v [2]*float64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*p = Point{}
	if v[0] != nil {
		p.At = UnixTime(*v[0])
	}
	if v[1] != nil {
		p.Value, p.Known = *v[1], true
	}
	return nil
}
