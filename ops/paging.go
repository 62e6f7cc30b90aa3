package ops

import (
	"strings"
	"time"
)

// PagingState is how an alert stands with Alertmanager, which decides whether
// anybody is told.
type PagingState uint8

// Paging states. Unknown is not the same as absent: it means that no
// Alertmanager could be asked.
const (
	PagingUnknown     PagingState = iota
	PagingAbsent                  // Alertmanager was asked and does not have it
	PagingUnprocessed             // received, not routed yet
	PagingActive                  // goes to its receivers
	PagingSilenced                // at least one silence matches
	PagingInhibited               // another alert suppresses it
	PagingMuted                   // a time interval of its route mutes it
	PagingDropped                 // its Prometheus keeps it from Alertmanager, by its configuration
)

var pagingNames = enumOf[PagingState]("paging state", "unknown", "absent", "unprocessed", "active", "silenced", "inhibited", "muted", "dropped")

func (s PagingState) String() string               { return pagingNames.name(s) }
func (s PagingState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *PagingState) UnmarshalText(b []byte) error { return pagingNames.parse(s, b) }

// Quiet reports whether Alertmanager has the alert and tells nobody of it.
func (s PagingState) Quiet() bool {
	return s.Held() || s == PagingMuted
}

// Held reports whether a silence or another alert keeps an alert quiet: somebody took
// care of it, or will by the other one. A time interval mutes whatever comes, and says
// nothing of an alert.
func (s PagingState) Held() bool { return s == PagingSilenced || s == PagingInhibited }

// Paging is what Alertmanager says of one alert.
type Paging struct {
	State       PagingState `json:"state"`
	Source      Text        `json:"source,omitzero"`
	Fingerprint Text        `json:"fingerprint,omitzero"` // what Alertmanager calls it, where that is not the Ref's
	Receivers   []Text      `json:"receivers,omitempty"`
	SilencedBy  []Text      `json:"silenced_by,omitempty"`  // ids of silences
	InhibitedBy []Text      `json:"inhibited_by,omitempty"` // fingerprints of alerts
	MutedBy     []Text      `json:"muted_by,omitempty"`     // names of time intervals; Alertmanager 0.28 and later
	NotTold     []Text      `json:"not_told,omitempty"`     // those of Receivers whose routes MutedBy mute
	// MutingUnknown is why it is not known whether a time interval mutes it; empty
	// where that is known, or something else keeps it quiet.
	MutingUnknown Text `json:"muting_unknown,omitzero"`
	// Updated is when Prometheus last told Alertmanager of it; the endsAt of a
	// firing alert lies in the future and says nothing.
	Updated time.Time `json:"updated,omitzero"`
	// Level is how bad it is who is told, and who is not; filled by judge.
	Level Level `json:"level"`
}

// Muting says who is not told because a time interval mutes the route, and is empty
// where everybody is: "muted by night: team-a not told".
func (p Paging) Muting() string {
	if p.State != PagingMuted && len(p.NotTold) == 0 {
		return ""
	}
	by, to := "a time interval of its route", ""
	if len(p.MutedBy) > 0 {
		by = Join(", ", p.MutedBy)
	}
	if len(p.NotTold) > 0 {
		to = ": " + Join(", ", p.NotTold) + " not told"
	}
	return "muted by " + by + to
}

// AlertmanagerAlert is one alert as an Alertmanager cluster knows it.
type AlertmanagerAlert struct {
	Fingerprint Text      `json:"fingerprint"`
	Labels      []Label   `json:"labels"` // sorted by name
	Summary     Text      `json:"summary,omitzero"`
	Description Text      `json:"description,omitzero"`
	Runbook     Text      `json:"runbook,omitzero"`
	Expr        Text      `json:"expr,omitzero"` // g0.expr of the generatorURL
	Starts      time.Time `json:"starts"`
	Paging      Paging    `json:"paging"`
	// Told is when the cluster had it last, where it has it no more and nobody can say
	// whether it is over; filled by the engine.
	Told time.Time `json:"told,omitzero"`
}

// Ack is our own word that somebody takes care of an alert. It silences nothing
// by itself.
type Ack struct {
	By   Text      `json:"by"`
	At   time.Time `json:"at"`
	Note Text      `json:"note,omitzero"`
	// Silence is the id of the short silence behind it, where there is one.
	Silence Text `json:"silence,omitzero"`
}

// Suspect is a container or database that may be behind an alert.
type Suspect struct {
	Ref   Ref  `json:"ref"`
	Guess bool `json:"guess"` // not by the estate's services, but by labels or ports
	Why   Text `json:"why"`
}

// MatchOp is how a matcher compares.
type MatchOp uint8

// Matcher operators, as Alertmanager writes them.
const (
	MatchEqual MatchOp = iota
	MatchNotEqual
	MatchRegexp
	MatchNotRegexp
)

var matchOpNames = enumOf[MatchOp]("matcher operator", "=", "!=", "=~", "!~")

func (o MatchOp) String() string               { return matchOpNames.name(o) }
func (o MatchOp) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText accepts the names that String gives.
func (o *MatchOp) UnmarshalText(b []byte) error { return matchOpNames.parse(o, b) }

// Matcher selects alerts by one label.
type Matcher struct {
	Name  Text    `json:"name"`
	Op    MatchOp `json:"op"`
	Value Text    `json:"value"`
}

// String writes a matcher as amtool reads it. A name that could be read as more than
// a name is quoted, as Alertmanager takes it since 0.27.
func (m Matcher) String() string {
	name := m.Name.String()
	if strings.ContainsAny(name, "{}!=~,\\\"'` ") {
		name = quote(name)
	}
	return name + m.Op.String() + quote(m.Value.String())
}

// SilenceState is Alertmanager's word for a silence.
type SilenceState uint8

// Silence states.
const (
	SilenceUnknown SilenceState = iota
	SilencePending
	SilenceActive
	SilenceExpired
)

var silenceStateNames = enumOf[SilenceState]("silence state", "unknown", "pending", "active", "expired")

func (s SilenceState) String() string               { return silenceStateNames.name(s) }
func (s SilenceState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *SilenceState) UnmarshalText(b []byte) error { return silenceStateNames.parse(s, b) }

// Purpose says what a silence is for; it stands as a prefix in its comment, so
// that other tools show it too.
type Purpose uint8

// Purposes.
const (
	PurposeSilence     Purpose = iota
	PurposeAck                 // comment begins with ACK! (karma's convention)
	PurposeMaintenance         // comment begins with MAINTENANCE
)

var purposeNames = enumOf[Purpose]("purpose", "silence", "ack", "maintenance")

func (p Purpose) String() string               { return purposeNames.name(p) }
func (p Purpose) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText accepts the names that String gives.
func (p *Purpose) UnmarshalText(b []byte) error { return purposeNames.parse(p, b) }

// Silence is one silence of an Alertmanager cluster.
type Silence struct {
	Ref      Ref          `json:"ref"`
	State    SilenceState `json:"state"`
	Matchers []Matcher    `json:"matchers"`
	Starts   time.Time    `json:"starts"`
	Ends     time.Time    `json:"ends"`
	By       Text         `json:"by"`
	Comment  Text         `json:"comment"`
	Purpose  Purpose      `json:"purpose"`
	// Hits is how many alerts it suppresses now; filled by judge.
	Hits int `json:"hits"`
	// Verdict marks one that ends soon while what it silences still fires.
	Verdict Verdict `json:"verdict,omitzero"`
}

// Peer is one member of an Alertmanager cluster.
type Peer struct {
	Name  Text        `json:"name"`
	State SourceState `json:"state"`
	Why   Text        `json:"why,omitzero"`
	At    time.Time   `json:"at,omitzero"` // its last good answer
	Up    time.Time   `json:"up,omitzero"` // when it started
	// Count is how many alerts it holds: peers that disagree are shown.
	Count int `json:"count"`
}

// PagingGrace is how long Prometheus and Alertmanager may differ: an alert is sent
// again every minute (resend-delay), so one that is new to either says nothing.
const PagingGrace = 2 * time.Minute

// Handled reports whether somebody took an alert, or a silence or another alert holds it.
// What an Alertmanager that cannot be asked said last holds nothing: the silence
// may be over.
func (a *Alert) Handled(answers bool) bool {
	return !a.Ack.At.IsZero() || answers && a.Paging.State.Held()
}

// Unpaged reports whether a firing alert is missing from an Alertmanager that was
// asked, beyond the grace: nobody is told of it.
func (a Alert) Unpaged(now time.Time) bool {
	return a.State == AlertFiring && a.Paging.State == PagingAbsent && !a.Fired.IsZero() && now.Sub(a.Fired) > PagingGrace
}
