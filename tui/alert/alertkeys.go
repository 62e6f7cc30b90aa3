package alert

import (
	"strings"
	"time"

	"opsdeck/ops"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// noTime is when nothing has come yet.
var noTime time.Time

// Actions that have keys of their own.
const (
	actionAck     = "alert.ack"
	actionHold    = "alert.ack.silence"
	actionUnack   = "alert.unack"
	actionCall    = "alert.call"
	actionSilence = "silence.create"
	actionNote    = "estate.note"
)

// aboutAlert is what the keys that the pane and an opened alert share want: of the
// alert under the cursor, or of all that are marked.
func aboutAlert(id keys.ID, a ops.Alert, all []ops.Alert) screen.Intent {
	switch id {
	case keys.Ack:
		return ackWish(all)
	case keys.Hold:
		return screen.Intent{Kind: screen.IntentAct, Action: actionHold, Refs: refsOf(all)}
	case keys.Silence:
		w := screen.Intent{Kind: screen.IntentAct, Action: actionSilence, Refs: refsOf(all)}
		if len(all) == 1 {
			w.Given = []ops.Param{param("matchers", ownMatchers(a))}
		}
		return w
	case keys.Note:
		return screen.Intent{Kind: screen.IntentAct, Action: actionNote, Given: []ops.Param{param("text", a.Name.String()+": ")}}
	case keys.Runbook, keys.Graph, keys.Calls:
		return screen.Intent{Kind: screen.IntentAlert, Ref: a.Ref, View: id}
	}
	return aboutNoAlert(id)
}

// aboutNoAlert is what the keys want that need none.
func aboutNoAlert(id keys.ID) screen.Intent {
	switch id {
	case keys.Silences:
		return screen.Intent{Kind: screen.IntentOpen, Ref: ops.Ref{Kind: ops.KindSilence}}
	case keys.Note:
		return screen.Intent{Kind: screen.IntentAct, Action: actionNote}
	case keys.Ack, keys.Hold, keys.Silence, keys.Runbook, keys.Graph, keys.Calls:
		return screen.Intent{Kind: screen.IntentSay, Text: "no alert is selected"}
	}
	return screen.Intent{}
}

// ackWish takes what nobody has taken yet; where all are taken, it gives back.
func ackWish(all []ops.Alert) screen.Intent {
	var free []ops.Alert
	for _, a := range all {
		if a.Ack.At.IsZero() {
			free = append(free, a)
		}
	}
	if len(free) == 0 {
		return screen.Intent{Kind: screen.IntentAct, Action: actionUnack, Refs: refsOf(all)}
	}
	return screen.Intent{Kind: screen.IntentAct, Action: actionAck, Refs: refsOf(free)}
}

func refsOf(all []ops.Alert) []ops.Ref {
	var out []ops.Ref
	for _, a := range all {
		out = append(out, a.Ref)
	}
	return out
}

func param(name, value string) ops.Param {
	return ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)}
}

// ownMatchers select one alert by all its labels, the name first.
func ownMatchers(a ops.Alert) string {
	var first, rest []string
	for _, l := range a.SentLabels() {
		m := ops.Matcher{Name: l.Name, Value: l.Value}.String()
		if l.Name.String() == "alertname" {
			first = append(first, m)
		} else {
			rest = append(rest, m)
		}
	}
	return strings.Join(append(first, rest...), ", ")
}

// logsOf opens the log of the first container behind an alert.
func logsOf(a ops.Alert) screen.Intent {
	for _, s := range a.Suspects {
		if s.Ref.Kind == ops.KindContainer {
			return screen.Intent{Kind: screen.IntentLogs, Ref: s.Ref}
		}
	}
	return screen.Intent{Kind: screen.IntentSay, Text: "no container is known behind " + a.Name.String()}
}
