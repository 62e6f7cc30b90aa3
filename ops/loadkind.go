package ops

import "time"

// LoadKind is what a scenario wants to know.
type LoadKind uint8

// Kinds of scenarios.
const (
	LoadNormal    LoadKind = iota // whether the usual load keeps the limits
	LoadPeak                      // whether several of the usual load at once do
	LoadStress                    // at which rate a limit breaks
	LoadEndurance                 // whether memory grows under hours of load
	LoadRecovery                  // how long a fault takes to be over
)

var loadKinds = enumOf[LoadKind]("kind of load", "normal", "peak", "stress", "endurance", "recovery")

func (k LoadKind) String() string               { return loadKinds.name(k) }
func (k LoadKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *LoadKind) UnmarshalText(b []byte) error { return loadKinds.parse(k, b) }

// LoadFault is the fault of a recovery: an action of the estate on one of its things.
type LoadFault struct {
	At     time.Duration `json:"at"` // since the run's start
	Action Text          `json:"action"`
	On     Ref           `json:"on"`
}

// Request is the fault as one asks for it.
func (f LoadFault) Request() Request { return Request{Action: f.Action, Target: f.On} }

// LoadStruck is a fault that was made: the job that did it.
type LoadStruck struct {
	LoadFault
	Job   JobID    `json:"job"`
	State JobState `json:"state"`
}

// LoadStep is what one stage of a stress run measured.
type LoadStep struct {
	LoadWindow
	Stage LoadStage `json:"stage"`
	Left  int64     `json:"left,omitzero"` // of its requests, those that have not ended
	Ended bool      `json:"ended"`         // its time has passed
	// Broke says that it did not keep the limits, and Limit is the first of those; without
	// a metric something of it was not sent. judge fills both.
	Broke bool         `json:"broke,omitzero"`
	Limit LoadStanding `json:"limit,omitzero"`
}

// LoadBreak is where a stress run broke: rates in requests a second.
type LoadBreak struct {
	Held   float64      `json:"held"`            // the highest that kept the limits; 0: none did
	Broke  float64      `json:"broke,omitzero"`  // the first that did not; 0: all did
	Limit  LoadStanding `json:"limit,omitzero"`  // which limit that one broke
	Unsent int64        `json:"unsent,omitzero"` // of that rate, where no limit is broken: what was not sent
}

// LoadGrowth is how a memory grew during a run.
type LoadGrowth struct {
	Metric  LoadMetric    `json:"metric"`
	PerHour Value         `json:"per_hour"` // bytes; not known: too few looks
	Looks   int           `json:"looks"`
	Needed  int           `json:"needed"`
	Over    time.Duration `json:"over"` // between the first and the last of them
}

// LoadRecovered is how a target came back from a fault.
type LoadRecovered struct {
	Fault   LoadStruck    `json:"fault"`
	Hurt    bool          `json:"hurt"` // a window after the fault broke a limit
	Over    bool          `json:"over"` // as many windows on end as were asked for kept the limits
	Took    time.Duration `json:"took"` // from the fault until the first of those
	Windows int           `json:"windows"`
}
