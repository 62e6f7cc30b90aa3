package ops

import "time"

// Mark is what happened to a container and is not to be forgotten when it is well
// again: ends that nobody asked for, and times in which its health check failed.
type Mark struct {
	// Died is the newest end, and Ends how many there were from First on. An end
	// that somebody asked for never stands in place of one that nobody did.
	Died  Death     `json:"died,omitzero"`
	Ends  int       `json:"ends,omitzero"`
	First time.Time `json:"first,omitzero"`
	// Back is when it ran again after Died; zero: not yet, or nobody knows.
	Back time.Time `json:"back,omitzero"`
	// Sick is the newest spell of bad health, and Spells how many there were.
	Sick   Spell `json:"sick,omitzero"`
	Spells int   `json:"spells,omitzero"`
	// Ack covers all of it; zero: nobody has acked it. What happens after an ack
	// begins the mark anew.
	Ack Ack `json:"ack,omitzero"`
	// Heard is the newest end that was looked at, whether or not it is marked: the
	// daemon tells of each for an hour.
	Heard time.Time `json:"heard,omitzero"`
	// Late is filled by judge: the least time has passed, and nobody has acked it.
	Late bool `json:"late,omitzero"`
}

// Spell is a time of bad health as it was seen from here. Without an end it goes
// on.
type Spell struct {
	From  time.Time `json:"from,omitzero"`
	To    time.Time `json:"to,omitzero"`
	Check Text      `json:"check,omitzero"` // the first line that the health check said
}

// Open reports whether the spell goes on.
func (s Spell) Open() bool { return !s.From.IsZero() && s.To.IsZero() }

// Empty reports whether nothing is marked.
func (m Mark) Empty() bool { return m.Ends == 0 && m.Spells == 0 }

// Acked reports whether somebody has acked all that is marked.
func (m Mark) Acked() bool { return !m.Empty() && !m.Ack.At.IsZero() }

// Last is when the last of it was over, as far as that is known.
func (m Mark) Last() time.Time {
	last := m.Died.At
	for _, t := range []time.Time{m.Back, m.Sick.From, m.Sick.To} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Same reports whether two marks are about the same happenings.
func (m Mark) Same(o Mark) bool {
	return m.Ends == o.Ends && m.Spells == o.Spells && m.Died.At.Equal(o.Died.At) && m.Sick.From.Equal(o.Sick.From)
}
