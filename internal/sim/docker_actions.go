package sim

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/events"
)

// What a container ends with: a program that ends when asked, and one that was
// killed.
const (
	codeAsked  = 0
	codeKilled = 137
)

// signals are those that the console sends, by the number that events tell.
var signals = map[string]string{"HUP": "1", "INT": "2", "QUIT": "3", "KILL": "9", "USR1": "10", "USR2": "12", "TERM": "15"}

// act is what somebody asks of a container. As with the real daemon, what is so
// already is answered with 304.
func (w *World) act(rw http.ResponseWriter, r *http.Request, b *box, now time.Time) {
	n := len(w.events)
	status, why := http.StatusNoContent, ""
	switch r.PathValue("verb") {
	case "start":
		status, why = b.begin(now)
	case "stop":
		status, why = b.stop(now)
	case "restart":
		b.stop(now)
		b.restarts = 0
		w.cure(b.script.Name, now)
		b.start(now)
		b.event(events.ActionRestart, now, nil)
	case "kill":
		status, why = b.kill(r.FormValue("signal"), now)
	case "pause":
		status, why = b.turn(container.StateRunning, container.StatePaused, events.ActionPause, now)
	case "unpause":
		status, why = b.turn(container.StatePaused, container.StateRunning, events.ActionUnPause, now)
	default:
		status, why = http.StatusNotFound, "page not found"
	}
	if len(w.events) != n || why == "" {
		w.tell()
	}
	if why != "" {
		refuse(rw, status, why)
		return
	}
	rw.WriteHeader(status)
}

func (b *box) begin(now time.Time) (int, string) {
	switch {
	case b.state == container.StatePaused:
		return http.StatusConflict, "cannot start a paused container, try unpause instead"
	case b.up():
		return http.StatusNotModified, ""
	}
	b.restarts = 0
	b.w.cure(b.script.Name, now)
	b.start(now)
	return http.StatusNoContent, ""
}

func (b *box) stop(now time.Time) (int, string) {
	if b.state == container.StateRestarting {
		b.state = container.StateExited // nothing runs: its policy is called off
		return http.StatusNoContent, ""
	}
	if !b.up() {
		return http.StatusNotModified, ""
	}
	b.event(events.ActionKill, now, map[string]string{"signal": "15"})
	b.say(note{at: now, text: "asked to end; closing"})
	b.die(codeAsked, now)
	b.event(events.ActionStop, now, nil)
	return http.StatusNoContent, ""
}

// kill sends a signal. As with most programs, HUP and the two USR only make it
// read its settings again.
func (b *box) kill(signal string, now time.Time) (int, string) {
	if !b.up() {
		return http.StatusConflict, "Cannot kill container: " + b.script.Name + ": Container " + b.id + " is not running"
	}
	name := strings.TrimPrefix(strings.ToUpper(cmp.Or(signal, "KILL")), "SIG")
	number, known := signals[name]
	if !known {
		return http.StatusBadRequest, "Invalid signal: " + signal
	}
	b.event(events.ActionKill, now, map[string]string{"signal": number})
	switch name {
	case "HUP", "USR1", "USR2":
		b.say(note{at: now, text: "settings read again"})
	case "KILL":
		b.die(codeKilled, now)
	default:
		b.say(note{at: now, text: "asked to end; closing"})
		b.die(codeAsked, now)
	}
	return http.StatusNoContent, ""
}

func (b *box) turn(from, to container.ContainerState, a events.Action, now time.Time) (int, string) {
	if b.state != from {
		return http.StatusConflict, "Container " + b.script.Name + " is " + string(b.state)
	}
	b.state = to
	b.event(a, now, nil)
	return http.StatusNoContent, ""
}

func (w *World) remove(rw http.ResponseWriter, r *http.Request, b *box, now time.Time) {
	force := r.FormValue("force") == "1" || r.FormValue("force") == "true"
	if b.state != container.StateExited && !force {
		refuse(rw, http.StatusConflict, "You cannot remove a running container "+b.id+". Stop the container before attempting removal or force remove")
		return
	}
	if b.up() {
		b.kill("", now)
	}
	b.removed = true
	b.event(events.ActionDestroy, now, nil)
	w.tell()
	rw.WriteHeader(http.StatusNoContent)
}
