package ops

import "time"

// Bytes is a size in bytes.
type Bytes uint64

// Container is one container, or one that the estate expects and no daemon has.
type Container struct {
	Ref     Ref             `json:"ref"` // id is the name: it outlives a re-creation
	Name    Text            `json:"name"`
	ID      Text            `json:"id,omitzero"` // Docker's id, shortened to 12
	Image   Text            `json:"image,omitzero"`
	ImageID Text            `json:"image_id,omitzero"`
	Project Text            `json:"project,omitzero"` // com.docker.compose.project
	Service Text            `json:"service,omitzero"` // com.docker.compose.service
	State   ContainerState  `json:"state"`
	Health  ContainerHealth `json:"health"`
	// Expected is true where the estate names it, and Duty what it says it is for.
	Expected bool          `json:"expected"`
	Duty     ContainerDuty `json:"duty,omitzero"`
	// Foreign is true of a container that is not the estate's own, on a daemon that
	// serves others too: it is shown, and counts nowhere.
	Foreign  bool      `json:"foreign,omitzero"`
	Created  time.Time `json:"created,omitzero"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// Since is when a state began that no other time tells of (paused, removing, dead,
	// missing), where that was seen.
	Since time.Time `json:"since,omitzero"`
	// Failing is when the first of the health checks began that have failed since the
	// last good one.
	Failing time.Time `json:"failing,omitzero"`
	Exit    Exit      `json:"exit"`
	Fault   Text      `json:"fault,omitzero"` // State.Error: a port clash stands only here
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
	// OOMKills is when the kernel killed a process of its present run for lack of
	// memory and the run went on, newest first, of the last hour.
	OOMKills []time.Time `json:"oom_kills,omitempty"`
	// Latch is what happened to it and still stands, kept by the engine.
	Latch Latch `json:"mark,omitzero"`
	// Verdict, Looping (it is in a crash loop, whatever its state at this moment) and
	// RestartLevel of the restarts alone are filled by judge.
	Verdict      Verdict `json:"verdict"`
	Looping      bool    `json:"looping,omitzero"`
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
	// Ran is how long the run was that ended; zero: not known.
	Ran time.Duration `json:"ran,omitzero"`
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

// Latch holds what happened to a container until somebody acknowledges it, although the
// container is well again: exits that nobody requested, periods in which its health
// check failed, and processes in it that the kernel killed. (Alarm management calls this a latched alarm.) The names in JSON are
// those of the first histories.
type Latch struct {
	// LastExit is the newest exit, and Exits how many there were from First on. An exit
	// that somebody requested never replaces one that nobody did.
	LastExit ExitEvent `json:"died,omitzero"`
	Exits    int       `json:"ends,omitzero"`
	First    time.Time `json:"first,omitzero"`
	// RestartedAt is when it ran again after LastExit; zero: not yet, or not known.
	RestartedAt time.Time `json:"back,omitzero"`
	// Unhealthy is the newest unhealthy period, and UnhealthyPeriods how many there were.
	Unhealthy        UnhealthyPeriod `json:"sick,omitzero"`
	UnhealthyPeriods int             `json:"spells,omitzero"`
	// OOMKills is how many of its processes the kernel killed for lack of memory while
	// it ran on, and LastOOM when the last one was.
	OOMKills int       `json:"oom_kills,omitzero"`
	LastOOM  time.Time `json:"last_oom,omitzero"`
	// Ack covers all of the above; zero: nobody has acknowledged it. What happens after
	// an ack starts a new latch.
	Ack Ack `json:"ack,omitzero"`
	// Heard is the newest exit that was looked at, latched or not, and HeardOOM the
	// newest such kill: the daemon reports each for an hour.
	Heard    time.Time `json:"heard,omitzero"`
	HeardOOM time.Time `json:"heard_oom,omitzero"`
	// Late is set by judge: the shortest time has passed and nobody has acknowledged it.
	Late bool `json:"late,omitzero"`
}

// UnhealthyPeriod is a time in which a container was seen to be unhealthy. A zero To
// means that it still is.
type UnhealthyPeriod struct {
	From  time.Time `json:"from,omitzero"`
	To    time.Time `json:"to,omitzero"`
	Check Text      `json:"check,omitzero"` // the first line of the health check's output
}

// Open reports whether the container is still unhealthy.
func (p UnhealthyPeriod) Open() bool { return !p.From.IsZero() && p.To.IsZero() }

// Empty reports whether nothing is latched.
func (l Latch) Empty() bool { return l.Exits == 0 && l.UnhealthyPeriods == 0 && l.OOMKills == 0 }

// Acked reports whether everything that is latched has been acknowledged.
func (l Latch) Acked() bool { return !l.Empty() && !l.Ack.At.IsZero() }

// Last is when the last of it ended, as far as that is known.
func (l Latch) Last() time.Time {
	last := l.LastExit.At
	for _, t := range []time.Time{l.LastOOM, l.RestartedAt, l.Unhealthy.From, l.Unhealthy.To} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Same reports whether two latches are about the same events.
func (l Latch) Same(o Latch) bool {
	return l.Exits == o.Exits && l.UnhealthyPeriods == o.UnhealthyPeriods && l.OOMKills == o.OOMKills && l.LastExit.At.Equal(o.LastExit.At) && l.Unhealthy.From.Equal(o.Unhealthy.From)
}
