package docker

import (
	"time"

	"opsdeck/ops"
)

// stateBook remembers since when containers are in a state of which the daemon does not
// tell the time, by name. Whoever holds one guards it.
type stateBook struct {
	stood map[string]dated // as the last rows had it
	told  map[string]dated // as an event told it
}

// dated is a state and when it began; zero: nobody saw it begin.
type dated struct {
	state ops.ContainerState
	since time.Time
}

func newStateBook() stateBook { return stateBook{told: map[string]dated{}} }

// heard notes an event that begins such a state, or ends one.
func (b *stateBook) heard(e event) {
	switch e.action {
	case "pause":
		b.told[e.name] = dated{ops.ContainerPaused, e.at}
	case "destroy":
		b.told[e.name] = dated{ops.ContainerMissing, e.at}
	case "rename":
		b.told[e.oldName] = dated{ops.ContainerMissing, e.at}
		delete(b.told, e.name)
	case "unpause", "create", "start", "die":
		delete(b.told, e.name)
	}
}

// date fills in since when each row is in its state, where nothing else of the row
// tells it: by the event, else by the first rows that had it after others had not.
func (b *stateBook) date(rows []ops.Container, now time.Time) {
	stood, told := b.stood, b.told
	b.stood, b.told = make(map[string]dated, len(rows)), map[string]dated{}
	for i := range rows {
		r := &rows[i]
		name := r.Name.String()
		was, known := stood[name]
		if known && was.state != r.State {
			was.since = now
		}
		if t, ok := told[name]; ok {
			b.told[name] = t // rows that are older than the event have another state
			if t.state == r.State {
				was.since = t.since
			}
		}
		b.stood[name] = dated{r.State, was.since}
		switch r.State {
		case ops.ContainerPaused, ops.ContainerRemoving, ops.ContainerDead, ops.ContainerMissing:
			r.Since = was.since
		}
	}
}
