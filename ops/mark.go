package ops

import "time"

// Latch is what happened to a container and is not to be forgotten when it is well
// again: ends that nobody asked for, and times in which its health check failed.
type Latch struct {
	// LastExit is the newest end, and Ends how many there were from First on. An end
	// that somebody asked for never stands in place of one that nobody did.
	LastExit ExitEvent `json:"died,omitzero"`
	Exits    int       `json:"ends,omitzero"`
	First    time.Time `json:"first,omitzero"`
	// RestartedAt is when it ran again after Died; zero: not yet, or nobody knows.
	RestartedAt time.Time `json:"back,omitzero"`
	// Unhealthy is the newest spell of bad health, and Spells how many there were.
	Unhealthy        UnhealthyPeriod `json:"sick,omitzero"`
	UnhealthyPeriods int             `json:"spells,omitzero"`
	// Ack covers all of it; zero: nobody has acked it. What happens after an ack
	// begins the mark anew.
	Ack Ack `json:"ack,omitzero"`
	// Heard is the newest end that was looked at, whether or not it is marked: the
	// daemon tells of each for an hour.
	Heard time.Time `json:"heard,omitzero"`
	// Late is filled by judge: the least time has passed, and nobody has acked it.
	Late bool `json:"late,omitzero"`
}

// UnhealthyPeriod is a time of bad health as it was seen from here. Without an end it goes
// on.
type UnhealthyPeriod struct {
	From  time.Time `json:"from,omitzero"`
	To    time.Time `json:"to,omitzero"`
	Check Text      `json:"check,omitzero"` // the first line that the health check said
}

// Open reports whether the spell goes on.
func (s UnhealthyPeriod) Open() bool { return !s.From.IsZero() && s.To.IsZero() }

// Empty reports whether nothing is marked.
func (m Latch) Empty() bool { return m.Exits == 0 && m.UnhealthyPeriods == 0 }

// Acked reports whether somebody has acked all that is marked.
func (m Latch) Acked() bool { return !m.Empty() && !m.Ack.At.IsZero() }

// Last is when the last of it was over, as far as that is known.
func (m Latch) Last() time.Time {
	last := m.LastExit.At
	for _, t := range []time.Time{m.RestartedAt, m.Unhealthy.From, m.Unhealthy.To} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Same reports whether two marks are about the same happenings.
func (m Latch) Same(o Latch) bool {
	return m.Exits == o.Exits && m.UnhealthyPeriods == o.UnhealthyPeriods && m.LastExit.At.Equal(o.LastExit.At) && m.Unhealthy.From.Equal(o.Unhealthy.From)
}
