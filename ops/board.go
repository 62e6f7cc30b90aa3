package ops

import "time"

// Section is a part of a Board that changes and travels as a whole.
type Section uint8

// Sections of a Board.
const (
	SectionEstate Section = iota
	SectionSources
	SectionAlerts
	SectionContainers
	SectionStats
	SectionJobs
	SectionChanges
	SectionFindings
	SectionSilences
	SectionIndicators
	SectionIncidents
	SectionDatabases
	SectionValues
	SectionBackups
	SectionLoads
	SectionLoading
	Sections // how many there are
)

var sectionNames = enumOf[Section]("section", "estate", "sources", "alerts", "containers", "stats", "jobs", "changes", "findings", "silences", "indicators", "incidents", "databases", "values", "backups", "loads", "loading")

func (s Section) String() string               { return sectionNames.name(s) }
func (s Section) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *Section) UnmarshalText(b []byte) error { return sectionNames.parse(s, b) }

// Board is one consistent picture of the estate. A Board is never changed after
// it was handed out: slices are shared between all who hold it.
type Board struct {
	Rev  uint64           `json:"rev"`  // grows by one with every change
	Revs [Sections]uint64 `json:"revs"` // the Rev at which each section last changed
	At   time.Time        `json:"at"`   // when this picture was put together

	Estate     EstateInfo            `json:"estate"`
	Sources    []Source              `json:"sources"`
	Alerts     Readings[[]Alert]     `json:"alerts"`     // one per Prometheus; one per Alertmanager with what only it has
	Silences   Readings[[]Silence]   `json:"silences"`   // one per Alertmanager cluster
	Indicators Readings[Indicators]  `json:"indicators"` // one per Prometheus
	Containers Readings[[]Container] `json:"containers"` // one reading per Docker host
	Databases  Readings[Database]    `json:"databases"`  // one per PostgreSQL server
	Backups    Readings[Backups]     `json:"backups"`    // one per backup plan
	Loads      Loads                 `json:"loads"`      // what the estate can be put under, and what was
	Loading    []LoadLive            `json:"loading"`    // load runs under way, as of their last second
	Incidents  []Incident            `json:"incidents"`  // open ones, and those closed within the hour
	Stats      []ContainerStats      `json:"stats"`      // of what somebody looks at
	Values     []AlertValue          `json:"values"`     // of the alerts that somebody looks at
	Jobs       []Job                 `json:"jobs"`       // running ones and the last ended, newest first
	Changes    []Record              `json:"changes"`    // the last hour, newest first
	Findings   []Finding             `json:"findings"`   // worst first
	Level      Level                 `json:"level"`      // of the whole estate
}

// EstateInfo is what the frame says of the estate and of the agent behind it.
type EstateInfo struct {
	Name        Text        `json:"name"`
	Environment Environment `json:"environment"`
	// Simulated is true where nothing of the estate is real.
	Simulated bool `json:"simulated,omitzero"`
	// Watchdog is the alert that always fires: it is no problem and not counted.
	Watchdog Text      `json:"watchdog,omitzero"`
	Agent    AgentInfo `json:"agent"`
}

// AgentKind is which of the three ways to run is at work.
type AgentKind uint8

// The three ways to run.
const (
	AgentLocal    AgentKind = iota // in the console's process: read-only, no history
	AgentPersonal                  // started by a console, outlives it, runs no schedules
	AgentSystem                    // the systemd unit: the one that production uses
)

var agentKindNames = enumOf[AgentKind]("agent kind", "local", "personal", "system")

func (k AgentKind) String() string               { return agentKindNames.name(k) }
func (k AgentKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *AgentKind) UnmarshalText(b []byte) error { return agentKindNames.parse(k, b) }

// AgentInfo is the process that polls and owns the history.
type AgentInfo struct {
	Kind    AgentKind `json:"kind"`
	Version Text      `json:"version"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	// History says in words what is wrong with the history; empty when nothing is.
	History Text `json:"history,omitzero"`
	// Warnings are other things the frame has to say, in words.
	Warnings []Text `json:"warnings,omitempty"`
}

// Source is a server that is read, and how it stands.
type Source struct {
	Ref      Ref           `json:"ref"`
	Name     Text          `json:"name"`
	Kind     SourceKind    `json:"kind"`
	State    SourceState   `json:"state"`
	Why      Text          `json:"why,omitzero"`    // the cause in words, where State is not ok
	Remedy   Text          `json:"remedy,omitzero"` // what the error itself says to do
	Since    time.Time     `json:"since,omitzero"`  // when State began
	LastGood time.Time     `json:"last_good,omitzero"`
	Every    time.Duration `json:"every"`         // how often it is asked
	Took     time.Duration `json:"took,omitzero"` // the last answer
	Required bool          `json:"required"`      // unreadable means the whole is unknown
	Live     bool          `json:"live"`          // pushes its changes to us
	Version  Text          `json:"version,omitzero"`
	Up       time.Time     `json:"up,omitzero"`     // when the server started, where it says
	Notes    []Text        `json:"notes,omitempty"` // warnings in words, where State is ok
	Peers    []Peer        `json:"peers,omitempty"` // members of a cluster, where it is one
	// Level is how much its state asks for, and Doubt why its word is worth nothing
	// although it answers; both are filled by judge.
	Level Level `json:"level"`
	Doubt Text  `json:"doubt,omitzero"`
}

// SourceKind is what sort of server a source is.
type SourceKind uint8

// Kinds of sources.
const (
	SourceKindUnknown SourceKind = iota
	SourcePrometheus
	SourceDocker
	SourceAlertmanager
	SourcePostgres
	SourcePgBackRest
	SourceBaseBackup
)

var sourceKindNames = enumOf[SourceKind]("source kind", "unknown", "prometheus", "docker", "alertmanager", "postgres", "pgbackrest", "basebackup")

func (k SourceKind) String() string               { return sourceKindNames.name(k) }
func (k SourceKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *SourceKind) UnmarshalText(b []byte) error { return sourceKindNames.parse(k, b) }

// Alert is one alert instance as Prometheus evaluates it.
type Alert struct {
	// Ref has the fingerprint of the labels that Alertmanager is sent, where that is
	// known: whichever source tells of an alert, it is the same one.
	Ref Ref `json:"ref"`
	// Own is the fingerprint of the labels that its Prometheus shows; empty where none
	// told of it.
	Own      Text       `json:"-"`
	Name     Text       `json:"name"`
	State    AlertState `json:"state"`
	Severity Severity   `json:"severity"`
	Since    time.Time  `json:"since"` // when the condition began (activeAt)
	// Fired is when it was first seen firing here; a rule with a for clause fires
	// later than its condition began.
	Fired time.Time `json:"fired,omitzero"`
	// Told is when its source told of it last, where it does no more and nobody can say
	// whether it is over; zero: the source tells of it.
	Told time.Time `json:"told,omitzero"`
	// At is when Value, Summary, Description and Paging.Updated read so; see AlertValue.
	At     time.Time `json:"at,omitzero"`
	Value  Value     `json:"value"`
	Labels []Label   `json:"labels"` // sorted by name
	// Sent are the labels that Alertmanager is sent, where they are others. Others are
	// the sets that further Alertmanagers are sent, and Sending is whether any is.
	Sent        []Label   `json:"sent,omitempty"`
	Others      [][]Label `json:"-"`
	Sending     Sending   `json:"-"`
	Summary     Text      `json:"summary,omitzero"`
	Description Text      `json:"description,omitzero"`
	Expr        Text      `json:"expr,omitzero"`
	Runbook     Text      `json:"runbook,omitzero"`
	RuleFault   Text      `json:"rule_fault,omitzero"` // the rule's lastError
	// What follows is put together by judge from the other sources.
	Paging   Paging    `json:"paging"`
	Ack      Ack       `json:"ack,omitzero"`
	Suspects []Suspect `json:"suspects,omitempty"`
	Service  Text      `json:"service,omitzero"` // the one of the estate that it belongs to
	Level    Level     `json:"level"`
}

// Sending is what a Prometheus does with an alert that fires.
type Sending uint8

// Sendings.
const (
	SendingKnown   Sending = iota // goes out with the labels Sent, or Labels
	SendingUnknown                // its configuration cannot be read
	SendingDropped                // its configuration keeps it from every Alertmanager
)

var sendingNames = enumOf[Sending]("sending", "known", "unknown", "dropped")

func (s Sending) String() string               { return sendingNames.name(s) }
func (s Sending) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *Sending) UnmarshalText(b []byte) error { return sendingNames.parse(s, b) }

// SentLabels are the labels that Alertmanager knows the alert by.
func (a *Alert) SentLabels() []Label {
	if a.Sent != nil {
		return a.Sent
	}
	return a.Labels
}

// Severity is the estate's own word and the rank the estate gives it.
type Severity struct {
	Name Text `json:"name"`
	Rank Rank `json:"rank"`
}

// Rank orders severities: whatever an estate calls them, each has one.
type Rank uint8

// Ranks. None is for alerts whose severity the estate does not rank.
const (
	RankNone Rank = iota
	RankInfo
	RankMedium
	RankHigh
	RankCritical
)

var rankNames = enumOf[Rank]("rank", "none", "info", "medium", "high", "critical")

func (r Rank) String() string               { return rankNames.name(r) }
func (r Rank) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText accepts the names that String gives.
func (r *Rank) UnmarshalText(b []byte) error { return rankNames.parse(r, b) }

// Level maps a rank to the level of a finding.
func (r Rank) Level() Level {
	switch r {
	case RankCritical:
		return LevelCritical
	case RankHigh, RankMedium:
		return LevelWarning
	case RankInfo:
		return LevelInfo
	}
	return LevelWarning // an alert nobody ranked still asks for attention
}
