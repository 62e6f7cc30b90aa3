package docker

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// deathBook remembers how containers ended, as events told it. By name, because
// the name outlives a re-creation. Whoever holds one guards it.
type deathBook struct {
	byName map[string][]ops.ExitEvent // oldest first
	oom    map[string]time.Time       // by container id: the last oom event
	ooms   map[string][]time.Time     // by container id: all of its present run, oldest first
	kill   map[string]time.Time       // by container id: the last kill event
	began  map[string]time.Time       // by container id: its last start
}

// Bounds of the book: a loop of short-lived containers must not fill memory.
const (
	deathMemory = time.Hour
	deathsEach  = 200
	deathNames  = 2000
)

// An oom event comes moments before the die that it causes, a kill event up to
// the stop's grace period before.
const (
	oomBefore  = 10 * time.Second
	killBefore = 2 * time.Minute
)

func newDeathBook() *deathBook {
	return &deathBook{byName: map[string][]ops.ExitEvent{}, oom: map[string]time.Time{}, ooms: map[string][]time.Time{},
		kill: map[string]time.Time{}, began: map[string]time.Time{}}
}

// outOfMemory notes an oom event of a container. The die that it caused can come
// first (20.10 sends the two in either order); then that one is marked, and not
// the next.
func (b *deathBook) outOfMemory(id, name string, at time.Time) {
	if d := b.byName[name]; len(d) > 0 {
		last := &d[len(d)-1]
		if gap := at.Sub(last.At); last.Code == 137 && !last.OOM && gap >= 0 && gap < time.Second {
			last.OOM = true
			return
		}
	}
	b.oom[id] = at
	b.ooms[id] = newest(append(b.ooms[id], at))
	b.bound(at)
}

// asked notes that somebody sent a container a signal through the daemon.
func (b *deathBook) asked(id string, at time.Time) {
	b.kill[id] = at
	b.bound(at)
}

// started begins a run.
func (b *deathBook) started(id string, at time.Time) {
	b.forget(id)
	b.began[id] = at
	b.bound(at)
}

// forget drops what was noted of a run that is over.
func (b *deathBook) forget(id string) {
	delete(b.oom, id)
	delete(b.ooms, id)
	delete(b.kill, id)
	delete(b.began, id)
}

// newest keeps as many of a list as are kept of one container.
func newest[T any](list []T) []T {
	if len(list) > deathsEach {
		list = slices.Clone(list[len(list)-deathsEach:])
	}
	return list
}

// died adds an end and returns it with its marks.
func (b *deathBook) died(id, name string, at time.Time, code int) ops.ExitEvent {
	d := ops.ExitEvent{
		At: at, Code: code,
		OOM:       recent(b.oom[id], at, oomBefore),
		Requested: recent(b.kill[id], at, killBefore),
	}
	if began := b.began[id]; !began.IsZero() && at.After(began) {
		d.Ran = at.Sub(began)
	}
	b.forget(id)
	b.byName[name] = newest(append(b.byName[name], d))
	b.bound(at)
	return d
}

// bound keeps each map of the book below twice its bound.
func (b *deathBook) bound(now time.Time) {
	if max(len(b.byName), len(b.oom), len(b.ooms), len(b.kill), len(b.began)) > deathNames {
		b.prune(now)
	}
}

func recent(event, at time.Time, within time.Duration) bool {
	return !event.IsZero() && !event.After(at) && at.Sub(event) <= within
}

// renamed moves the ends of a container to its new name.
func (b *deathBook) renamed(from, to string) {
	if d, ok := b.byName[from]; ok {
		b.byName[to] = d
		delete(b.byName, from)
	}
}

// of returns the ends of the last hour, newest first.
func (b *deathBook) of(name string, now time.Time) []ops.ExitEvent {
	var out []ops.ExitEvent
	for _, d := range slices.Backward(b.byName[name]) {
		if now.Sub(d.At) > deathMemory {
			break
		}
		out = append(out, d)
	}
	if out == nil {
		delete(b.byName, name)
	}
	return out
}

// outlived returns when the kernel killed processes of a run that goes on, in the last
// hour, newest first.
func (b *deathBook) outlived(id string, now time.Time) []time.Time {
	var out []time.Time
	for _, at := range slices.Backward(b.ooms[id]) {
		if now.Sub(at) <= deathMemory {
			out = append(out, at)
		}
	}
	return out
}

// prune drops what is older than the memory, and where that is not enough the
// older half of what is left.
func (b *deathBook) prune(now time.Time) {
	prune(b.byName, now, func(d []ops.ExitEvent) time.Time { return d[len(d)-1].At })
	prune(b.oom, now, func(t time.Time) time.Time { return t })
	prune(b.ooms, now, func(t []time.Time) time.Time { return t[len(t)-1] })
	prune(b.kill, now, func(t time.Time) time.Time { return t })
	prune(b.began, now, func(t time.Time) time.Time { return t })
}

func prune[V any](m map[string]V, now time.Time, when func(V) time.Time) {
	var times []time.Time
	for key, v := range m {
		if at := when(v); now.Sub(at) > deathMemory {
			delete(m, key)
		} else {
			times = append(times, at)
		}
	}
	if len(times) < deathNames {
		return
	}
	slices.SortFunc(times, time.Time.Compare)
	edge := times[len(times)/2]
	for key, v := range m {
		if when(v).Before(edge) {
			delete(m, key)
		}
	}
}
