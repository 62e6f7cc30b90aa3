package sim

import (
	"slices"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
)

// box is one simulated container. The world's lock guards it.
type box struct {
	w      *World
	script *containerScript
	id     string
	state  container.ContainerState
	// run is the run that goes on, or the last one.
	run      stretch
	past     []stretch // the runs before it, oldest first
	code     int
	restarts int
	health   container.HealthStatus
	failing  int
	again    time.Time // when its restart policy starts it again
	loops    int       // starts by policy in this episode
	said     []note    // lines beside the everyday ones
	removed  bool
}

// stretch is one run; to is zero while it goes on.
type stretch struct{ from, to time.Time }

// note is a line that was said once.
type note struct {
	at   time.Time
	text string
	err  bool
}

// Bounds of what is remembered of one container.
const (
	pastMost = 50
	saidMost = 200
)

// How long a container takes before its first health check is good.
const checkAfter = 3 * time.Second

func (w *World) newBox(s *containerScript) *box {
	b := &box{w: w, script: s, id: w.chance.id(s.Name, 64), state: container.StateRunning, health: container.NoHealthcheck,
		run: stretch{from: w.started().Add(time.Duration(w.chance.of(s.Name, 1) * float64(time.Minute))).Truncate(time.Millisecond)}}
	if s.Check {
		b.health = container.Healthy
	}
	return b
}

// suffer is what an episode does to its container at one moment.
func (b *box) suffer(e *episode, s period, t time.Time) {
	if b.removed || !s.on {
		if e.Kind == unhealthy && b.health == container.Unhealthy && b.state == container.StateRunning {
			b.checked(container.Healthy, t)
		}
		return
	}
	switch e.Kind {
	case crashLoop:
		if b.state == container.StateRunning && t.Sub(b.run.from) >= e.Runs.d() {
			if b.again.Before(s.from) {
				b.loops = 0
			}
			b.complain(e, t)
			b.die(e.Code, t)
			b.loops++
			b.state = container.StateRestarting
			b.again = t.Add(min(pace<<b.loops, 8*time.Second))
		}
	case unhealthy:
		if b.state == container.StateRunning && b.script.Check && b.health != container.Unhealthy && t.Sub(b.run.from) > checkAfter {
			b.complain(e, t)
			b.checked(container.Unhealthy, t)
		}
	case outOfMemory:
		if b.state == container.StateRunning && b.run.from.Before(s.from) {
			b.complain(e, t)
			b.event(events.ActionOOM, t, nil)
			b.die(137, t)
			b.state, b.again = container.StateRestarting, t.Add(time.Second)
		}
	}
}

// complain says the lines of an episode.
func (b *box) complain(e *episode, t time.Time) {
	for i, line := range e.Log {
		b.say(note{at: t.Add(time.Duration(i-len(e.Log)) * time.Millisecond), text: b.w.chance.fill(line, e.Name, t.UnixNano()), err: true})
	}
}

func (b *box) say(n note) {
	if b.said = append(b.said, n); len(b.said) > saidMost {
		b.said = b.said[len(b.said)-saidMost:]
	}
}

// live is what a container does by itself.
func (b *box) live(t time.Time) {
	switch {
	case b.removed:
	case b.state == container.StateRestarting && !t.Before(b.again):
		b.restarts++
		b.start(t)
	case b.state == container.StateRunning && b.health == container.Starting && t.Sub(b.run.from) >= checkAfter:
		b.checked(container.Healthy, t)
	}
}

// checked is the outcome of a health check that differs from the last one.
func (b *box) checked(h container.HealthStatus, t time.Time) {
	b.health, b.failing = h, 0
	if h == container.Unhealthy {
		b.failing = 3
	}
	b.event(events.Action("health_status: "+string(h)), t, nil)
}

// start begins a run.
func (b *box) start(t time.Time) {
	if b.past = append(b.past, b.run); len(b.past) > pastMost {
		b.past = b.past[1:]
	}
	b.run, b.state, b.code = stretch{from: t}, container.StateRunning, 0
	if b.script.Check {
		b.health = container.Starting
	}
	b.say(note{at: t, text: "started"})
	b.event(events.ActionStart, t, nil)
}

// die ends a run.
func (b *box) die(code int, t time.Time) {
	b.run.to, b.code, b.state = t, code, container.StateExited
	b.event(events.ActionDie, t, map[string]string{"exitCode": strconv.Itoa(code)})
}

// event tells of something as the daemon does, labels and all.
func (b *box) event(a events.Action, t time.Time, more map[string]string) {
	attributes := map[string]string{"image": b.image(), "name": b.script.Name}
	for k, v := range b.labels() {
		attributes[k] = v
	}
	for k, v := range more {
		attributes[k] = v
	}
	b.w.events = append(b.w.events, message{Status: string(a), ID: b.id, From: b.image(), Message: events.Message{
		Type: events.ContainerEventType, Action: a, Scope: "local", Time: t.Unix(), TimeNano: t.UnixNano(),
		Actor: events.Actor{ID: b.id, Attributes: attributes}}})
	if n := len(b.w.events); n > eventsMost {
		b.w.events = b.w.events[n-eventsMost:]
		b.w.forgotten += n - eventsMost
	}
}

func (b *box) image() string { return b.w.script.Registry + "/" + b.script.Image }

func (b *box) labels() map[string]string {
	return map[string]string{"com.docker.compose.project": b.w.script.Project, "com.docker.compose.service": b.script.Name}
}

// running reports whether it ran at a moment, as far as is remembered.
func (b *box) running(t time.Time) bool {
	return b.run.holds(t) || slices.ContainsFunc(b.past, func(s stretch) bool { return s.holds(t) })
}

func (s stretch) holds(t time.Time) bool {
	return !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to))
}
