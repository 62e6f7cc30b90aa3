package ops

import "time"

// LoadTarget is how the target of a run does, as its own sources tell: those of what the
// estate says is behind the service.
type LoadTarget struct {
	At       time.Duration `json:"at"`       // since the run's start
	CPU      Value         `json:"cpu"`      // of its containers together, in cores
	Memory   Value         `json:"memory"`   // of those, bytes
	Sessions Value         `json:"sessions"` // of its databases together
	// Generator is the memory of what makes the load, bytes.
	Generator Value `json:"generator,omitzero"`
}

// Known reports whether anything is known of it.
func (t LoadTarget) Known() bool { return t.CPU.Known || t.Memory.Known || t.Sessions.Known }

// Most is the higher of each figure.
func (t LoadTarget) Most(o LoadTarget) LoadTarget {
	return LoadTarget{At: max(t.At, o.At), CPU: higher(t.CPU, o.CPU), Memory: higher(t.Memory, o.Memory), Sessions: higher(t.Sessions, o.Sessions), Generator: higher(t.Generator, o.Generator)}
}

func higher(a, b Value) Value {
	if !a.Known || b.Known && b.Value > a.Value {
		return b
	}
	return a
}

// LoadAlert is an alert that began to fire during a run.
type LoadAlert struct {
	At       time.Duration `json:"at"` // since the run's start
	Name     Text          `json:"name"`
	Service  Text          `json:"service,omitzero"` // of the estate
	Severity Severity      `json:"severity"`
}

// TargetEvery is how far apart the looks at a target are, which is as often as figures of
// containers are sampled.
const TargetEvery = 10 * time.Second

// TargetAt is the newest of some looks at a target that a moment of its run can be shown
// with; nothing known: there is none.
func TargetAt(all []LoadTarget, at time.Duration) (t LoadTarget) {
	for _, o := range all {
		if o.At > at+time.Second {
			break
		}
		if at-o.At < 2*TargetEvery {
			t = o
		}
	}
	return t
}
