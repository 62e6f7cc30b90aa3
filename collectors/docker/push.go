package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// streamState is what is remembered of the event stream between two of them.
type streamState struct {
	last     time.Time // of the last event, by the daemon's clock; where there was none, when the first stream stood
	stands   time.Time // since when the present stream stands; zero where none does
	ended    time.Time // when the last stream ended
	gapFrom  time.Time // of the last gap; zero where there was none
	gapUntil time.Time
}

// heard are the events that are asked for. The filter works at the daemon:
// health checks alone make three exec events each time they run.
var heard = []string{"create", "start", "restart", "stop", "die", "kill", "oom",
	"pause", "unpause", "destroy", "rename", "update", "health_status"}

// batchMost is how many events one call of tell carries at most.
const batchMost = 64

// Push follows the event stream. It calls tell once when the stream stands, so
// that what happened between the last list and now is looked at, and then for
// every event. Nothing is queued here: a slow tell slows the reading, and the
// daemon drops for itself.
func (c *Collector) Push(ctx context.Context, tell func(ops.Observation)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the client's goroutine with us
	start := c.cfg.Now()
	if _, err := c.api.Ping(ctx, client.PingOptions{}); err != nil { // its clock is known then
		return c.streamEnd(err)
	}
	resumed, since := c.resumeAt(start)
	filters := client.Filters{}.Add("type", "container").Add("event", heard...)
	res := c.api.Events(ctx, client.EventsListOptions{
		Since: fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond()), Filters: filters,
	})
	select {
	case err := <-res.Err: // Events has tried to connect when it returns
		return c.streamEnd(err)
	default:
	}
	c.streamStands(start)
	tell(ops.Observation{})
	// Before the first stream of this process nothing was watched: what the
	// daemon remembers of that time counts as deaths, and is no news.
	news := c.cfg.Clock.ours(since)
	if !resumed {
		news = start
	}
	for {
		select {
		case m := <-res.Messages:
			if records, worth := c.batch(m, res.Messages, news); worth {
				tell(ops.Observation{Events: records})
			}
		case err := <-res.Err:
			return c.streamEnd(err)
		}
	}
}

// resumeAt says from when on events are wanted, by the daemon's clock: behind the last
// one seen, or an hour back for the first stream.
func (c *Collector) resumeAt(now time.Time) (resumed bool, since time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream.last.IsZero() {
		return false, c.cfg.Clock.theirs(now).Add(-deathMemory)
	}
	return true, c.stream.last.Add(time.Nanosecond)
}

// batch takes m and what waits behind it, without waiting for more. It is worth
// telling where something is news, or an old death has to come into the rows.
func (c *Collector) batch(m events.Message, more <-chan events.Message, news time.Time) (out []ops.Record, worth bool) {
	for n := 1; ; n++ {
		r, ok := c.take(m)
		if ok && !r.At.Before(news) {
			out, worth = append(out, r), true
		}
		worth = worth || m.Action == events.ActionDie
		if n == batchMost {
			return out, worth
		}
		select {
		case m = <-more:
		default:
			return out, worth
		}
	}
}

// take notes an event in our books and returns its record.
func (c *Collector) take(m events.Message) (ops.Record, bool) {
	e := eventOf(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.at.After(c.stream.last) {
		c.stream.last = e.at
	}
	e.at = c.cfg.Clock.ours(e.at)
	c.touched[e.id] = true
	c.states.heard(e)
	c.wake(e)
	var death ops.ExitEvent
	switch e.action {
	case "oom":
		c.deaths.outOfMemory(e.id, e.name, e.at)
	case "kill":
		if e.ends() {
			c.deaths.asked(e.id, e.at)
		}
	case "start":
		c.deaths.started(e.id, e.at)
	case "die":
		death = c.deaths.died(e.id, e.name, e.at, e.exit)
	case "rename":
		c.deaths.renamed(e.oldName, e.name)
	case "destroy":
		delete(c.samples, e.id)
	}
	if !c.own(e) {
		return ops.Record{}, false
	}
	return e.record(c.cfg.Name, death)
}

// own reports whether an event is about one of the estate's own containers.
func (c *Collector) own(e event) bool {
	return c.cfg.Own.has(e.name, e.labels) || slices.ContainsFunc(c.cfg.Expected, func(x ops.Expected) bool {
		return x.Name.String() == e.name || slices.Contains(c.composeNames(e.labels), x.Name.String())
	})
}

// streamEnd turns the end of the stream into its cause.
func (c *Collector) streamEnd(err error) error {
	c.mu.Lock()
	c.stream.stands = time.Time{}
	if c.stream.ended.IsZero() {
		c.stream.ended = c.cfg.Now()
	}
	c.mu.Unlock()
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("follow events: the daemon ended the stream: %w", io.ErrUnexpectedEOF)
	}
	return c.explain("follow events", err)
}

// streamStands remembers that nobody followed the events between the end of the
// last stream and now. The daemon repeats what it still knows, which is 256
// events, and after its own restart none.
func (c *Collector) streamStands(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream.last.IsZero() {
		c.stream.last = c.cfg.Clock.theirs(now)
	} else {
		c.stream.gapFrom, c.stream.gapUntil = c.stream.ended, now
	}
	c.stream.stands, c.stream.ended = now, time.Time{}
}

// streamNotes says in words where events may be missing, for an hour.
func (c *Collector) streamNotes() []ops.Text {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stream
	if s.gapFrom.IsZero() || c.cfg.Now().Sub(s.gapUntil) > deathMemory {
		return nil
	}
	return []ops.Text{ops.Textf("container events between %s and %s may be missing",
		s.gapFrom.UTC().Format(time.TimeOnly+"Z"), s.gapUntil.UTC().Format(time.TimeOnly+"Z"))}
}
