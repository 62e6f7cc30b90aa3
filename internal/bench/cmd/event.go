package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/terminal"
)

// deaths is how often a container is killed to time the news (20, so that p95 is not
// the one slowest), victims how many take turns, and rest the pause between two: each
// is the first after a silence, which is to be told at once.
const (
	deaths  = 20
	victims = 10
	rest    = time.Second
)

// listener notes what the daemon tells of containers.
type listener struct {
	mu    sync.Mutex
	died  map[string]time.Time // by name: the daemon's stamp of the last die event
	other []time.Time          // of the events that are not of our doing
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
		l.other = append(l.other, at)
	case m.Action == events.ActionDie:
		l.died[a["name"]] = at
	}
}

// others is when something happened that is not of our doing.
func (l *listener) others() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.other)
}

// near reports whether one of the events lies within rest of a moment.
func near(events []time.Time, at time.Time) bool {
	return slices.ContainsFunc(events, func(e time.Time) bool { return e.Sub(at).Abs() < rest })
}

// stamp waits for the daemon's own word of a death after a moment, and says
// whether another event went just before it.
func (l *listener) stamp(ctx context.Context, name string, after time.Time) (died time.Time, crowded bool, err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		l.mu.Lock()
		died, err = l.died[name], l.err
		crowded = near(l.other, died)
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
		// Ten rows of ours and no other: what happens to the rest of the daemon's
		// containers would move the one we look at off the screen.
		shown := c.names[:min(victims, len(c.names))]
		if err := onlyRows(ctx, s, shown); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		l := listen(ctx, c.cl)
		for i := 0; len(took) < deaths && i < 3*deaths; i++ {
			one, crowded, err := timeDeath(ctx, s, c, l, shown[i%len(shown)])
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
	r := limited("Docker's own die event to screen", 60, took, 0.95)
	if passed > 0 {
		r.Shown += fmt.Sprintf("; %d not counted, next to other events", passed)
	}
	t.Add(r, err)
	var lists figures.Spread
	for i := 0; i < deaths && err == nil; i++ {
		began := time.Now()
		_, err = c.cl.ContainerList(ctx, client.ContainerListOptions{All: true})
		lists = append(lists, time.Since(began))
	}
	t.Add(figures.Row{What: "of this: Docker's own answer to one list of its containers, p50", Shown: lists.Words(0.5)}, err)
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
		return 0, false, notShown(s, "the end of "+name, err)
	}
	died, crowded, err := l.stamp(ctx, name, began)
	if err != nil {
		return 0, false, err
	}
	_, err = c.cl.ContainerStart(ctx, name, client.ContainerStartOptions{})
	if err == nil {
		_, err = s.Await(ctx, patience, func(now *terminal.Screen) bool { return now.Has(name+" ", "running") })
	}
	if err != nil {
		return 0, false, notShown(s, "the start of "+name, err)
	}
	return seen.Sub(died), crowded, nil
}

// notShown prints the screen that does not show something, and names it.
func notShown(s *terminal.Session, what string, err error) error {
	say("not shown: %s\n%s", what, strings.TrimRight(strings.Join(s.Lines(), "\n"), "\n"))
	return fmt.Errorf("%s: %w", what, err)
}

// onlyRows filters the list for the first ten names.
func onlyRows(ctx context.Context, s *terminal.Session, names []string) error {
	if err := s.Send("/" + prefix + "00\r"); err != nil {
		return err
	}
	_, err := s.Await(ctx, patience, func(now *terminal.Screen) bool {
		n, lines := 0, now.Lines()
		for _, name := range names {
			if terminal.Has(lines, name+" ", "running") {
				n++
			}
		}
		return n == len(names) && !terminal.Has(lines, prefix+"010")
	})
	if err != nil {
		return notShown(s, "the filtered list", err)
	}
	return nil
}
