package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/terminal"
)

// deaths is how many containers are killed to time the news, and rest the pause
// between two: each is the first after a silence, which is to be told at once.
const (
	deaths = 10
	rest   = time.Second
)

// listener notes what the daemon tells of containers.
type listener struct {
	mu    sync.Mutex
	died  map[string]time.Time // by name: the daemon's stamp of the last die event
	other time.Time            // of the last event that is not of our doing
	err   error
}

// listen follows the daemon until ctx ends.
func listen(ctx context.Context, cl *client.Client) *listener {
	l := &listener{died: map[string]time.Time{}}
	f := client.Filters{}.Add("type", "container")
	for _, e := range []events.Action{events.ActionCreate, events.ActionStart, events.ActionDie, events.ActionKill, events.ActionStop,
		events.ActionRestart, events.ActionDestroy, events.ActionOOM, events.ActionHealthStatus} {
		f = f.Add("event", string(e))
	}
	res := cl.Events(ctx, client.EventsListOptions{Filters: f})
	go func() {
		for {
			select {
			case m := <-res.Messages:
				l.take(m)
			case err := <-res.Err:
				l.mu.Lock()
				l.err = err
				l.mu.Unlock()
				return
			}
		}
	}()
	return l
}

func (l *listener) take(m events.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := time.Unix(0, m.TimeNano)
	switch a := m.Actor.Attributes; {
	case a[label] == "":
		l.other = at
	case m.Action == events.ActionDie:
		l.died[a["name"]] = at
	}
}

// stamp waits for the daemon's own word of a death after a moment, and says
// whether another event went just before it.
func (l *listener) stamp(ctx context.Context, name string, after time.Time) (died time.Time, crowded bool, err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		l.mu.Lock()
		died, err = l.died[name], l.err
		crowded = died.Sub(l.other).Abs() < rest
		l.mu.Unlock()
		if died.After(after) || err != nil {
			return died, crowded, err
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return died, crowded, err
		}
	}
	return died, crowded, fmt.Errorf("the daemon does not tell that %s died", name)
}

// measureEvents kills containers and times the way from the daemon's own stamp
// of the die event to the output that shows it. A death next to an event of
// somebody else's container is not counted: what comes second waits its turn.
func measureEvents(ctx context.Context, g *stage, c *crowd, t *figures.Table) {
	var took figures.Spread
	passed := 0
	err := func() (err error) {
		s, _, err := g.containers(ctx, 0, nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		victims := onScreen(s.Lines(), c.names)
		if len(victims) == 0 {
			return fmt.Errorf("no container of the bench is on the screen")
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		l := listen(ctx, c.cl)
		for i := 0; len(took) < deaths && i < 3*deaths; i++ {
			one, crowded, err := timeDeath(ctx, s, c, l, victims[i%len(victims)])
			if err != nil {
				return err
			}
			if crowded {
				passed++
				continue
			}
			took = append(took, one)
		}
		if len(took) == 0 {
			return errors.New("others start and stop containers all the time")
		}
		return nil
	}()
	r := limited("Docker's own die event to screen", 100, took, 0.95)
	if passed > 0 {
		r.Shown += fmt.Sprintf("; %d not counted, next to other events", passed)
	}
	t.Add(r, err)
}

// timeDeath kills one container, times the news, and starts it again.
func timeDeath(ctx context.Context, s *terminal.Session, c *crowd, l *listener, name string) (took time.Duration, crowded bool, err error) {
	if err := pause(ctx, rest); err != nil {
		return 0, false, err
	}
	began := time.Now()
	if _, err := c.cl.ContainerKill(ctx, name, client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		return 0, false, fmt.Errorf("kill %s: %w", name, err)
	}
	seen, err := s.Await(ctx, patience, func(now *terminal.Screen) bool { return !now.Has(name+" ", "running") })
	if err != nil {
		return 0, false, fmt.Errorf("the end of %s: %w", name, err)
	}
	died, crowded, err := l.stamp(ctx, name, began)
	if err != nil {
		return 0, false, err
	}
	_, err = c.cl.ContainerStart(ctx, name, client.ContainerStartOptions{})
	if err == nil {
		_, err = s.Await(ctx, patience, func(now *terminal.Screen) bool { return now.Has(name+" ", "running") })
	}
	return seen.Sub(died), crowded, err
}

// onScreen is which of the names can be read now.
func onScreen(lines, names []string) []string {
	var on []string
	for _, n := range names {
		if terminal.Has(lines, n, "running") {
			on = append(on, n)
		}
	}
	return on
}
