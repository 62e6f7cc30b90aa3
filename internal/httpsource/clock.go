package httpsource

import (
	"fmt"
	"time"
)

// Clock is how far a server's clock is from ours.
type Clock struct {
	Ahead time.Duration // of ours; negative where it is behind
	known bool
}

// ClockMost is what two clocks may differ before it is told. A Date header
// counts whole seconds, so less cannot be told apart.
const ClockMost = 2 * time.Second

// Measure takes one Date header of an answer. The figure moves only with a real
// change: what the whole seconds of Date make it jump would be a new note at every
// poll.
func (c *Clock) Measure(theirs, sent, received time.Time) {
	middle := sent.Add(received.Sub(sent) / 2)
	ahead := theirs.Add(time.Second / 2).Sub(middle).Round(time.Second)
	if c.known && (ahead-c.Ahead).Abs() < ClockMost {
		return
	}
	c.Ahead, c.known = ahead, true
}

// Words tells of an offset; empty where there is none to tell.
func (c Clock) Words() string {
	switch {
	case c.Ahead > ClockMost:
		return "its clock is " + span(c.Ahead) + " ahead of ours"
	case c.Ahead < -ClockMost:
		return "its clock is " + span(-c.Ahead) + " behind ours"
	}
	return ""
}

// Shift is what a time of ours is moved by to be one of theirs; less than what Date
// can tell is none.
func (c Clock) Shift() time.Duration {
	if c.Ahead.Abs() <= ClockMost {
		return 0
	}
	return c.Ahead
}

// span writes a duration with its two largest units at most: "41 s", "1 h 2 min".
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
}
