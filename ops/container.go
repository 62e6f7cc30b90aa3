package ops

import "time"

// Bytes is a size in bytes.
type Bytes uint64

// Container is one container, or one that the estate expects and no daemon has.
type Container struct {
	Ref      Ref             `json:"ref"` // id is the name: it outlives a re-creation
	Name     Text            `json:"name"`
	ID       Text            `json:"id,omitzero"` // Docker's id, shortened to 12
	Image    Text            `json:"image,omitzero"`
	ImageID  Text            `json:"image_id,omitzero"`
	Project  Text            `json:"project,omitzero"` // com.docker.compose.project
	Service  Text            `json:"service,omitzero"` // com.docker.compose.service
	State    ContainerState  `json:"state"`
	Health   ContainerHealth `json:"health"`
	Expected bool            `json:"expected"`
	Created  time.Time       `json:"created,omitzero"`
	Started  time.Time       `json:"started,omitzero"`
	Finished time.Time       `json:"finished,omitzero"`
	Exit     Exit            `json:"exit"`
	Fault    Text            `json:"fault,omitzero"` // State.Error: a port clash stands only here
	// Holder is who has the port that it could not bind, in words.
	Holder Text `json:"holder,omitzero"`
	// OOM is the daemon's word that the last end was for lack of memory; false says
	// nothing: 20.10 leaves it so even after an OOM kill.
	OOM bool `json:"oom,omitzero"`
	// Check is the first line that its failing health check said.
	Check    Text   `json:"check,omitzero"`
	Restarts int    `json:"restarts"` // RestartCount, by the daemon's own restart policy
	Policy   Text   `json:"policy,omitzero"`
	Ports    []Port `json:"ports,omitempty"`
	// MemoryLimit is zero where there is none.
	MemoryLimit Bytes `json:"memory_limit,omitzero"`
	// ExitEvents are the ends we saw by event, newest first, of the last hour.
	ExitEvents []ExitEvent `json:"deaths,omitempty"`
	// Latch is what happened to it and still stands, kept by the engine.
	Latch Latch `json:"mark,omitzero"`
	// Verdict, and RestartLevel of the restarts alone, are filled by judge.
	Verdict      Verdict `json:"verdict"`
	RestartLevel Level   `json:"restart_level"`
}

// Exit is how the last run ended.
type Exit struct {
	Known bool `json:"known"`
	Code  int  `json:"code"`
}

// ExitEvent is one end of a container as an event told it.
type ExitEvent struct {
	At   time.Time `json:"at"`
	Code int       `json:"code"`
	OOM  bool      `json:"oom"`
	// Requested is true where somebody stopped, restarted or killed it through the
	// daemon just before: such an end is no crash.
	Requested bool `json:"asked"`
}

// Port is one published or exposed port.
type Port struct {
	Host   Text   `json:"host,omitzero"` // the address it is published on; empty: not published
	Public uint16 `json:"public,omitzero"`
	Inside uint16 `json:"inside"`
	Proto  Text   `json:"proto"`
}

// Verdict is the judgement of one object, with the cause in words and what to do
// next.
type Verdict struct {
	Level Level     `json:"level"`
	Word  Text      `json:"word"` // one or two words for a table cell: "crash-looping"
	Cause Text      `json:"cause,omitzero"`
	Next  []Next    `json:"next,omitempty"`
	Since time.Time `json:"since,omitzero"`
}

// ContainerStats are the sampled figures of one container somebody looks at.
type ContainerStats struct {
	Ref    Ref       `json:"ref"`
	At     time.Time `json:"at"`
	CPU    Value     `json:"cpu"`    // share of one core, 1 = 100 %
	Memory Value     `json:"memory"` // bytes, page cache taken off as docker stats does
	Limit  Value     `json:"limit"`  // bytes
	NetIn  Value     `json:"net_in"` // bytes since start
	NetOut Value     `json:"net_out"`
	PIDs   Value     `json:"pids"`
	Why    Text      `json:"why,omitzero"` // why figures are missing
	// MemoryLevel is that of Memory against the limit; filled by judge.
	MemoryLevel Level `json:"memory_level"`
}
