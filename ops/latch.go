package ops

import "time"

// Latch holds what happened to a container until somebody acknowledges it, although the
// container is well again: exits that nobody requested, and periods in which its health
// check failed. (Alarm management calls this a latched alarm.) The names in JSON are
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
	// Ack covers all of the above; zero: nobody has acknowledged it. What happens after
	// an ack starts a new latch.
	Ack Ack `json:"ack,omitzero"`
	// Heard is the newest exit that was looked at, latched or not: the daemon reports
	// each for an hour.
	Heard time.Time `json:"heard,omitzero"`
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
func (l Latch) Empty() bool { return l.Exits == 0 && l.UnhealthyPeriods == 0 }

// Acked reports whether everything that is latched has been acknowledged.
func (l Latch) Acked() bool { return !l.Empty() && !l.Ack.At.IsZero() }

// Last is when the last of it ended, as far as that is known.
func (l Latch) Last() time.Time {
	last := l.LastExit.At
	for _, t := range []time.Time{l.RestartedAt, l.Unhealthy.From, l.Unhealthy.To} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Same reports whether two latches are about the same events.
func (l Latch) Same(o Latch) bool {
	return l.Exits == o.Exits && l.UnhealthyPeriods == o.UnhealthyPeriods && l.LastExit.At.Equal(o.LastExit.At) && l.Unhealthy.From.Equal(o.Unhealthy.From)
}
