package docker

import (
	"net/http"
	"sync"
	"time"

	"opsdeck/internal/httpsource"
)

// Clock compares a daemon's clock with ours, by the Date of its answers. What a daemon
// tells of is read by our clock: one that is two hours behind would else tell only of
// what is long over. Its methods may be called at the same time, and on nil, which is a
// clock that is right.
type Clock struct {
	now func() time.Time

	mu    sync.Mutex
	clock httpsource.Clock
}

// NewClock returns the clock of one daemon; now is ours.
func NewClock(now func() time.Time) *Clock { return &Clock{now: now} }

// heard takes an answer whose head has just come.
func (c *Clock) heard(r *http.Response) {
	theirs, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		return
	}
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.Measure(theirs, now, now)
}

// words tells of a difference; empty where there is none to tell.
func (c *Clock) words() string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock.Words()
}

func (c *Clock) shift() time.Duration {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.clock.Shift()
}

// ours is a time of the daemon by our clock; none stays none.
func (c *Clock) ours(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-c.shift())
}

// theirs is a time of ours by the daemon's clock; none stays none.
func (c *Clock) theirs(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(c.shift())
}
