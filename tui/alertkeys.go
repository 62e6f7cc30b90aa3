package tui

import (
	"strings"
	"time"

	"opsdeck/ops"
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
func aboutAlert(id keyID, a ops.Alert, all []ops.Alert) intent {
	switch id {
	case keyAck:
		return ackWish(all)
	case keyHold:
		return intent{kind: intentAct, action: actionHold, refs: refsOf(all)}
	case keySilence:
		w := intent{kind: intentAct, action: actionSilence, refs: refsOf(all)}
		if len(all) == 1 {
			w.given = []ops.Param{param(paramMatchers, ownMatchers(a))}
		}
		return w
	case keyNote:
		return intent{kind: intentAct, action: actionNote, given: []ops.Param{param("text", a.Name.String()+": ")}}
	case keyRunbook, keyGraph, keyCalls:
		return intent{kind: intentAlert, ref: a.Ref, view: id}
	}
	return aboutNoAlert(id)
}

// aboutNoAlert is what the keys want that need none.
func aboutNoAlert(id keyID) intent {
	switch id {
	case keySilences:
		return intent{kind: intentOpen, ref: ops.Ref{Kind: ops.KindSilence}}
	case keyNote:
		return intent{kind: intentAct, action: actionNote}
	case keyAck, keyHold, keySilence, keyRunbook, keyGraph, keyCalls:
		return intent{kind: intentSay, text: "no alert is selected"}
	}
	return intent{}
}

// ackWish takes what nobody has taken yet; where all are taken, it gives back.
func ackWish(all []ops.Alert) intent {
	var free []ops.Alert
	for _, a := range all {
		if a.Ack.At.IsZero() {
			free = append(free, a)
		}
	}
	if len(free) == 0 {
		return intent{kind: intentAct, action: actionUnack, refs: refsOf(all)}
	}
	return intent{kind: intentAct, action: actionAck, refs: refsOf(free)}
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
	for _, l := range a.Labels {
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
func logsOf(a ops.Alert) intent {
	for _, s := range a.Suspects {
		if s.Ref.Kind == ops.KindContainer {
			return intent{kind: intentLogs, ref: s.Ref}
		}
	}
	return intent{kind: intentSay, text: "no container is known behind " + a.Name.String()}
}
