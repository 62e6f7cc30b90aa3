package docker

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"

	"opsdeck/ops"
)

// event is what we take of a daemon's message.
type event struct {
	at      time.Time
	action  string // "health_status: healthy" is cut at the colon
	state   string // what stood behind the colon
	id      string
	name    string
	oldName string
	labels  map[string]string // the attributes, labels among them
	image   string
	exit    int
	signal  string
}

func eventOf(m events.Message) event {
	action, state, _ := strings.Cut(string(m.Action), ": ")
	a := m.Actor.Attributes
	e := event{
		at: time.Unix(0, m.TimeNano).UTC(), action: action, state: state,
		id: m.Actor.ID, name: strings.TrimPrefix(a["name"], "/"),
		oldName: strings.TrimPrefix(a["oldName"], "/"),
		image:   a["image"], signal: a["signal"], labels: a,
	}
	if m.TimeNano == 0 {
		e.at = time.Unix(m.Time, 0).UTC()
	}
	if e.name == "" {
		e.name = short(e.id)
	}
	// A die without a readable code is not one with code 0.
	code, err := strconv.Atoi(a["exitCode"])
	if err != nil {
		code = -1
	}
	e.exit = code
	return e
}

// ends reports whether a kill event's signal is one that ends a program. HUP and
// the two USR ask for a reload or a new log file.
func (e event) ends() bool {
	return !slices.Contains([]string{"1", "10", "12"}, e.signal)
}

// actionWords tell of the actions that say nothing besides.
var actionWords = map[string]string{
	"start": "started", "restart": "was restarted", "stop": "was stopped", "pause": "was paused", "unpause": "goes on after a pause",
	"destroy": "was removed", "update": "got other limits or another restart policy",
}

// record returns the event for the history; false for what nobody asks about.
func (e event) record(source string, d ops.ExitEvent) (ops.Record, bool) {
	level, words := ops.LevelInfo, actionWords[e.action]
	switch e.action {
	case "create":
		words = "created from " + e.image
	case "rename":
		words = "was renamed, before: " + e.oldName
	case "kill":
		words = "was sent signal " + e.signal
	case "oom":
		level, words = ops.LevelCritical, "out of memory (oom)"
	case "die":
		level, words = dieWords(d)
	case "health_status":
		level, words = healthWords(e.state)
	}
	if words == "" {
		return ops.Record{}, false
	}
	return ops.Record{
		At: e.at, Kind: ops.RecordContainer, Level: level,
		Ref:   ops.NewRef(ops.KindContainer, source, e.name),
		What:  ops.Clean(e.name + " " + words),
		Facts: e.facts(),
	}, true
}

func dieWords(d ops.ExitEvent) (ops.Level, string) {
	words := "died, exit " + strconv.Itoa(d.Code)
	switch {
	case d.Code < 0:
		return ops.LevelWarning, "died, exit code not known"
	case d.OOM:
		return ops.LevelCritical, words + " (out of memory)"
	case d.Code == 0:
		return ops.LevelInfo, "ended, exit 0"
	case d.Requested:
		return ops.LevelInfo, "ended as asked, exit " + strconv.Itoa(d.Code)
	case d.Code == 137:
		return ops.LevelWarning, words + " (killed or out of memory, not known)"
	}
	return ops.LevelWarning, words
}

func healthWords(state string) (ops.Level, string) {
	switch state {
	case "healthy":
		return ops.LevelInfo, "became healthy"
	case "unhealthy":
		return ops.LevelWarning, "became unhealthy"
	}
	return ops.LevelInfo, ""
}

func (e event) facts() []ops.Fact {
	out := []ops.Fact{{Name: ops.Lit("id"), Value: ops.Clean(short(e.id))}}
	if e.image != "" {
		out = append(out, ops.Fact{Name: ops.Lit("image"), Value: ops.Clean(e.image)})
	}
	return out
}
