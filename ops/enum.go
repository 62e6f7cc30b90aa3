package ops

import (
	"fmt"
	"slices"
)

// enum is the table behind a closed enumeration: what its values are called in an
// error, and the name of each. The first name belongs to the zero value, which in every
// enumeration here is the one that claims least.
type enum[E ~uint8] struct {
	what  string
	names []string
}

func enumOf[E ~uint8](what string, names ...string) enum[E] { return enum[E]{what, names} }

func (t enum[E]) name(e E) string {
	if int(e) < len(t.names) {
		return t.names[e]
	}
	return t.names[0]
}

// parse is the body of every UnmarshalText.
func (t enum[E]) parse(e *E, b []byte) error {
	i := slices.Index(t.names, string(b))
	if i < 0 {
		return fmt.Errorf("%s: no such value %q", t.what, Clean(string(b)).String())
	}
	*e = E(i)
	return nil
}

// Level is a judgement. The zero value is unknown: what nobody judged is never
// shown as ok.
type Level uint8

// Levels, from the least that can be claimed to the worst that is known.
const (
	LevelUnknown Level = iota
	LevelOK
	LevelInfo
	LevelWarning
	LevelCritical
)

var levelNames = enumOf[Level]("level", "unknown", "ok", "info", "warning", "critical")

func (l Level) String() string               { return levelNames.name(l) }
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText accepts the names that String gives.
func (l *Level) UnmarshalText(b []byte) error { return levelNames.parse(l, b) }

// Worse reports whether l asks for attention before o: critical, then unknown,
// then warning, info and ok.
func (l Level) Worse(o Level) bool { return l.urgency() > o.urgency() }

// Bad reports whether something is known to be wrong.
func (l Level) Bad() bool { return l == LevelWarning || l == LevelCritical }

// Good reports whether something is known to be well.
func (l Level) Good() bool { return l == LevelOK }

// WorstFirst orders levels, the worst first.
func WorstFirst(a, b Level) int { return b.urgency() - a.urgency() }

// Worst returns the worst of some levels; nothing is ok.
func Worst(levels ...Level) Level {
	out := LevelOK
	for _, l := range levels {
		if l.Worse(out) {
			out = l
		}
	}
	return out
}

func (l Level) urgency() int {
	return slices.Index([]Level{LevelOK, LevelInfo, LevelWarning, LevelUnknown, LevelCritical}, l)
}

// SourceState is how a source stands with us. Only SourceOK lets a good value
// be called good.
type SourceState uint8

// Source states.
const (
	SourcePending SourceState = iota // not asked yet
	SourceOK                         // answered within its interval
	SourceStale                      // the last good answer is older than it may be
	SourceSilent                     // accepts connections and says nothing
	SourceRefused                    // nobody listens
	SourceDenied                     // does not let us in
	SourceFailing                    // answers with an error
	SourceLying                      // answers, and its peers disagree
)

var sourceStateNames = enumOf[SourceState]("source state", "pending", "ok", "stale", "silent", "refused", "denied", "failing", "lying")

func (s SourceState) String() string               { return sourceStateNames.name(s) }
func (s SourceState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *SourceState) UnmarshalText(b []byte) error { return sourceStateNames.parse(s, b) }

// Answers reports whether a source can be asked now. One that lies answers, too, and
// what it says of one thing may still be the news.
func (s SourceState) Answers() bool { return s == SourceOK || s == SourceLying }

// Class says what an action can destroy, and so what it asks before it runs.
type Class uint8

// Classes. The zero value is the one that asks for most.
const (
	ClassDestructive Class = iota // the target's name has to be typed
	ClassDisruptive               // y has to be pressed
	ClassSafe                     // just runs
)

var classNames = enumOf[Class]("class", "destructive", "disruptive", "safe")

func (c Class) String() string               { return classNames.name(c) }
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText accepts the names that String gives.
func (c *Class) UnmarshalText(b []byte) error { return classNames.parse(c, b) }

// Role is what a caller may do. The zero value may read.
type Role uint8

// Roles, each including the ones before it.
const (
	RoleViewer   Role = iota // read
	RoleOperator             // safe and disruptive actions
	RoleAdmin                // destructive actions
)

var roleNames = enumOf[Role]("role", "viewer", "operator", "admin")

func (r Role) String() string               { return roleNames.name(r) }
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText accepts the names that String gives.
func (r *Role) UnmarshalText(b []byte) error { return roleNames.parse(r, b) }

// Needs returns the least role that may start an action of class c.
func (c Class) Needs() Role {
	if c == ClassDestructive {
		return RoleAdmin
	}
	return RoleOperator
}

// Environment is what the estate says it is; production is guarded most, and is
// what an estate that does not say is taken for.
type Environment uint8

// Environments.
const (
	Production Environment = iota
	Staging
	Development
)

var environmentNames = enumOf[Environment]("environment", "production", "staging", "development")

func (e Environment) String() string               { return environmentNames.name(e) }
func (e Environment) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText accepts the names that String gives.
func (e *Environment) UnmarshalText(b []byte) error { return environmentNames.parse(e, b) }

// JobState is where a job stands.
type JobState uint8

// Job states. Unknown means that a call was accepted and its answer lost;
// orphaned that the agent died while the job's process lived on and still holds
// its target; lost that the process is gone too and nobody saw how it ended.
const (
	JobUnknown JobState = iota
	JobQueued
	JobRunning
	JobSucceeded
	JobPartial
	JobFailed
	JobCanceled
	JobOrphaned
	JobLost
)

var jobStateNames = enumOf[JobState]("job state", "unknown", "queued", "running", "succeeded", "partial", "failed", "canceled", "orphaned", "lost")

func (s JobState) String() string               { return jobStateNames.name(s) }
func (s JobState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *JobState) UnmarshalText(b []byte) error { return jobStateNames.parse(s, b) }

// Ended reports whether nothing more will come.
func (s JobState) Ended() bool { return s != JobQueued && s != JobRunning && s != JobOrphaned }

// ContainerState is Docker's own word for a container, and missing for one the
// estate expects and no daemon has.
type ContainerState uint8

// Container states.
const (
	ContainerUnknown ContainerState = iota
	ContainerMissing
	ContainerCreated
	ContainerRunning
	ContainerPaused
	ContainerRestarting
	ContainerRemoving
	ContainerExited
	ContainerDead
)

var containerStateNames = enumOf[ContainerState]("container state", "unknown", "missing", "created", "running", "paused", "restarting", "removing", "exited", "dead")

func (s ContainerState) String() string               { return containerStateNames.name(s) }
func (s ContainerState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives; Docker's own state words
// are among them.
func (s *ContainerState) UnmarshalText(b []byte) error { return containerStateNames.parse(s, b) }

// ContainerHealth is the answer of a container's health check.
type ContainerHealth uint8

// Container health; HealthNone means that the image has no health check.
const (
	HealthUnknown ContainerHealth = iota
	HealthNone
	HealthStarting
	HealthHealthy
	HealthUnhealthy
)

var healthNames = enumOf[ContainerHealth]("health", "unknown", "none", "starting", "healthy", "unhealthy")

func (h ContainerHealth) String() string               { return healthNames.name(h) }
func (h ContainerHealth) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText accepts the names that String gives.
func (h *ContainerHealth) UnmarshalText(b []byte) error { return healthNames.parse(h, b) }

// ContainerDuty is what the estate says a container is for.
type ContainerDuty uint8

// Duties: a service ought to run, a job ought to end with 0, and what is optional may
// be away.
const (
	DutyService ContainerDuty = iota
	DutyJob
	DutyOptional
)

var dutyNames = enumOf[ContainerDuty]("container duty", "service", "job", "optional")

func (d ContainerDuty) String() string               { return dutyNames.name(d) }
func (d ContainerDuty) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts the names that String gives.
func (d *ContainerDuty) UnmarshalText(b []byte) error { return dutyNames.parse(d, b) }

// AlertState is Prometheus's word for an alert.
type AlertState uint8

// Alert states.
const (
	AlertUnknown AlertState = iota
	AlertPending
	AlertFiring
)

var alertStateNames = enumOf[AlertState]("alert state", "unknown", "pending", "firing")

func (s AlertState) String() string               { return alertStateNames.name(s) }
func (s AlertState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *AlertState) UnmarshalText(b []byte) error { return alertStateNames.parse(s, b) }

// Kind is the kind of thing a Ref points at.
type Kind uint8

// Kinds of things.
const (
	KindNone Kind = iota
	KindEstate
	KindSource
	KindContainer
	KindAlert
	KindJob
	KindConsole
	KindAudit
	KindSilence
	KindIncident
	KindDatabase
	KindSession
	KindPrepared // a prepared transaction of a database
	KindBackups  // the backups of one plan
	KindBackup   // one of them
	KindLoad     // a load scenario
	KindTarget   // what a load is sent to: a name of the estate's, or host:port
	KindLoadRun  // a load run that was kept, by the number of its job
)

var kindNames = enumOf[Kind]("kind", "none", "estate", "source", "container", "alert", "job", "console", "audit", "silence", "incident", "database", "session", "prepared", "backups", "backup", "load", "target", "loadrun")

func (k Kind) String() string               { return kindNames.name(k) }
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives, and backend, which is what
// histories of earlier versions call a session.
func (k *Kind) UnmarshalText(b []byte) error {
	if string(b) == "backend" {
		*k = KindSession
		return nil
	}
	return kindNames.parse(k, b)
}
