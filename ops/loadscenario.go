package ops

import "time"

// LoadScenario is one load that an estate can be put under: what is sent to what, and
// what the figures of a run have to keep.
type LoadScenario struct {
	Name   Text       `json:"name"`
	Kind   LoadKind   `json:"kind,omitzero"`
	Driver LoadDriver `json:"driver"`
	// Target is what is loaded: its name is typed before a run in production, and one
	// run at a time is sent to it. A critical alert of the service of that name which
	// begins meanwhile ends the run.
	Target Text `json:"target"`
	// Allow are the servers that may be sent to, host:port in small letters.
	Allow       []Text        `json:"allow"`
	Stages      []LoadStage   `json:"stages"`
	Warmup      time.Duration `json:"warmup,omitzero"`    // charted, and never judged
	MaxRate     int           `json:"max_rate"`           // requests a second; of an open model
	MaxUsers    int           `json:"max_users,omitzero"` // of a closed loop
	MaxDuration time.Duration `json:"max_duration"`
	Connections int           `json:"connections"` // requests under way at once
	InFlight    int           `json:"in_flight"`   // those and the ones that wait
	Timeout     time.Duration `json:"timeout"`     // of one request
	Limits      []LoadLimit   `json:"limits"`
	AbortAfter  int           `json:"abort_after,omitzero"` // seconds on end that break a limit marked so; 0: never
	// Of a recovery: what is done to the target, and after how many windows on end that
	// keep the limits it is over.
	Fault     *LoadFault `json:"fault,omitempty"`
	Recovered int        `json:"recovered,omitzero"`
	// Tolerance is by what share of itself a figure of two runs may differ without being
	// news; 0: as judge has it.
	Tolerance float64    `json:"tolerance,omitzero"`
	Guards    LoadGuards `json:"guards,omitzero"`
	// Production says that it may run where the estate is a production.
	Production bool `json:"production,omitzero"`
	Note       Text `json:"note,omitzero"`
}

// Ref names the scenario.
func (s LoadScenario) Ref() Ref { return Ref{Kind: KindLoad, ID: s.Name} }

// Length is how long its stages are.
func (s LoadScenario) Length() time.Duration { return LoadRun{Stages: s.Stages}.Length() }

// Limit is its limit for a figure; false: it has none.
func (s LoadScenario) Limit(m LoadMetric) (LoadLimit, bool) {
	return named(s.Limits, func(l LoadLimit) bool { return l.Metric == m })
}

// Closed reports whether its load is a closed loop: of users, each of whom waits for an
// answer before the next request.
func (s LoadScenario) Closed() bool { return LoadRun{Stages: s.Stages}.Closed() }

// LoadGuards end a run for its target's sake, beside a critical alert and an archiver that
// fails.
type LoadGuards struct {
	WALGrowth int64   `json:"wal_growth"` // the most bytes by which pg_wal of one of its databases may grow; 0: any
	DiskFree  float64 `json:"disk_free"`  // the least share of each of Disks that has to be free
	Disks     []Text  `json:"disks,omitempty"`
}

// LoadPlan is what a run of a scenario would do.
type LoadPlan struct {
	Steps    []Step
	Hosts    []string // the servers that are sent to, host:port
	Replaces []Text   // what is gone afterwards
	Warnings []Text   // what may surprise
	Notes    []Text
}

// LoadScenario returns the scenario of a name; false: the estate has none of it.
func (e Estate) LoadScenario(name Text) (LoadScenario, bool) {
	return named(e.Loads, func(s LoadScenario) bool { return s.Name == name })
}

// LoadDriver is what makes the load of a scenario.
type LoadDriver uint8

// Drivers.
const (
	DriverUnknown LoadDriver = iota
	DriverHTTP               // requests of a process of our own, on the agent's machine
	DriverLocust             // the users of a Locust, over its web API
	DriverLoans              // a loan pipeline in a PostgreSQL
)

var loadDrivers = enumOf[LoadDriver]("driver", "unknown", "http", "locust", "loans")

func (d LoadDriver) String() string               { return loadDrivers.name(d) }
func (d LoadDriver) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts the names that String gives.
func (d *LoadDriver) UnmarshalText(b []byte) error { return loadDrivers.parse(d, b) }
