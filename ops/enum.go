package ops

import "fmt"

// enumNames is the table behind a closed enumeration. The first name belongs to
// the zero value, which in every enumeration here is the one that claims least.
type enumNames []string

func (n enumNames) name(i uint8) string {
	if int(i) < len(n) {
		return n[i]
	}
	return n[0]
}

func (n enumNames) parse(what string, b []byte) (uint8, error) {
	for i, s := range n {
		if s == string(b) {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("%s: no such value %q", what, Clean(string(b)).String())
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

var levelNames = enumNames{"unknown", "ok", "info", "warning", "critical"}

func (l Level) String() string               { return levelNames.name(uint8(l)) }
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText accepts the names that String gives.
func (l *Level) UnmarshalText(b []byte) error { return parseInto(l, levelNames, "level", b) }

// Worse reports whether l asks for attention before o: critical, then unknown,
// then warning, info and ok.
func (l Level) Worse(o Level) bool { return l.urgency() > o.urgency() }

// Bad reports whether something is known to be wrong.
func (l Level) Bad() bool { return l == LevelWarning || l == LevelCritical }

// Good reports whether something is known to be well.
func (l Level) Good() bool { return l == LevelOK }

func (l Level) urgency() int {
	switch l {
	case LevelCritical:
		return 4
	case LevelUnknown:
		return 3
	case LevelWarning:
		return 2
	case LevelInfo:
		return 1
	}
	return 0
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

var sourceStateNames = enumNames{"pending", "ok", "stale", "silent", "refused", "denied", "failing", "lying"}

func (s SourceState) String() string               { return sourceStateNames.name(uint8(s)) }
func (s SourceState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *SourceState) UnmarshalText(b []byte) error {
	return parseInto(s, sourceStateNames, "source state", b)
}

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

var classNames = enumNames{"destructive", "disruptive", "safe"}

func (c Class) String() string               { return classNames.name(uint8(c)) }
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText accepts the names that String gives.
func (c *Class) UnmarshalText(b []byte) error { return parseInto(c, classNames, "class", b) }

// Role is what a caller may do. The zero value may read.
type Role uint8

// Roles, each including the ones before it.
const (
	RoleViewer   Role = iota // read
	RoleOperator             // safe and disruptive actions
	RoleAdmin                // destructive actions
)

var roleNames = enumNames{"viewer", "operator", "admin"}

func (r Role) String() string               { return roleNames.name(uint8(r)) }
func (r Role) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText accepts the names that String gives.
func (r *Role) UnmarshalText(b []byte) error { return parseInto(r, roleNames, "role", b) }

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

var environmentNames = enumNames{"production", "staging", "development"}

func (e Environment) String() string               { return environmentNames.name(uint8(e)) }
func (e Environment) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText accepts the names that String gives.
func (e *Environment) UnmarshalText(b []byte) error {
	return parseInto(e, environmentNames, "environment", b)
}

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

var jobStateNames = enumNames{"unknown", "queued", "running", "succeeded", "partial", "failed", "canceled", "orphaned", "lost"}

func (s JobState) String() string               { return jobStateNames.name(uint8(s)) }
func (s JobState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *JobState) UnmarshalText(b []byte) error { return parseInto(s, jobStateNames, "job state", b) }

// Ended reports whether nothing more will come.
func (s JobState) Ended() bool {
	switch s {
	case JobQueued, JobRunning, JobOrphaned:
		return false
	}
	return true
}

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

var containerStateNames = enumNames{"unknown", "missing", "created", "running", "paused", "restarting", "removing", "exited", "dead"}

func (s ContainerState) String() string               { return containerStateNames.name(uint8(s)) }
func (s ContainerState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives; Docker's own state words
// are among them.
func (s *ContainerState) UnmarshalText(b []byte) error {
	return parseInto(s, containerStateNames, "container state", b)
}

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

var healthNames = enumNames{"unknown", "none", "starting", "healthy", "unhealthy"}

func (h ContainerHealth) String() string               { return healthNames.name(uint8(h)) }
func (h ContainerHealth) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText accepts the names that String gives.
func (h *ContainerHealth) UnmarshalText(b []byte) error {
	return parseInto(h, healthNames, "health", b)
}

// AlertState is Prometheus's word for an alert.
type AlertState uint8

// Alert states.
const (
	AlertUnknown AlertState = iota
	AlertPending
	AlertFiring
)

var alertStateNames = enumNames{"unknown", "pending", "firing"}

func (s AlertState) String() string               { return alertStateNames.name(uint8(s)) }
func (s AlertState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives.
func (s *AlertState) UnmarshalText(b []byte) error {
	return parseInto(s, alertStateNames, "alert state", b)
}

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
)

var kindNames = enumNames{"none", "estate", "source", "container", "alert", "job", "console", "audit", "silence", "incident", "database", "session"}

func (k Kind) String() string               { return kindNames.name(uint8(k)) }
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives, and backend, which is what
// histories of earlier versions call a session.
func (k *Kind) UnmarshalText(b []byte) error {
	if string(b) == "backend" {
		*k = KindSession
		return nil
	}
	return parseInto(k, kindNames, "kind", b)
}

// parseInto is the one body behind every UnmarshalText above.
func parseInto[E ~uint8](e *E, names enumNames, what string, b []byte) error {
	i, err := names.parse(what, b)
	if err != nil {
		return err
	}
	*e = E(i)
	return nil
}
