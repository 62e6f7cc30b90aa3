package alertmanager

import (
	"time"

	"opsdeck/ops"
)

// clockOffset is how far a peer's clock is from ours.
type clockOffset struct {
	ahead time.Duration
	known bool
}

// clockMost is what two clocks may differ before it is told. A Date header
// counts whole seconds, so less cannot be told apart.
const clockMost = 2 * time.Second

// measure takes one Date header. The figure moves only with a real change: what
// the whole seconds of Date make it jump would be a new note at every poll.
func (o *clockOffset) measure(theirs, sent, received time.Time) {
	middle := sent.Add(received.Sub(sent) / 2)
	ahead := theirs.Add(time.Second / 2).Sub(middle).Round(time.Second)
	if o.known && (ahead-o.ahead).Abs() < clockMost {
		return
	}
	o.ahead, o.known = ahead, true
}

// words tells of an offset; empty where there is none to tell.
func (o clockOffset) words() string {
	switch {
	case o.ahead > clockMost:
		return "its clock is " + span(o.ahead) + " ahead of ours"
	case o.ahead < -clockMost:
		return "its clock is " + span(-o.ahead) + " behind ours"
	}
	return ""
}

// span writes a duration with its two largest units at most: "41 s", "1 h 2 min".
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return ops.Textf("%d s", d/time.Second).String()
	case d < time.Hour:
		return ops.Textf("%d min %d s", d/time.Minute, d%time.Minute/time.Second).String()
	}
	return ops.Textf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute).String()
}
