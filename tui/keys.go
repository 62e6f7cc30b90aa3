package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
)

// keyID names one thing that a key does.
type keyID uint8

// What keys do. Zero is a key that does nothing.
const (
	keyNone keyID = iota
	keyNextPane
	keyPrevPane
	keyUp
	keyDown
	keyLeft
	keyRight
	keyPageUp
	keyPageDown
	keyTop
	keyBottom
	keyOpen
	keyBack
	keyFilter
	keyActions
	keyMark
	keySort
	keyLogs
	keyCopy
	keyFreeze
	keyPalette
	keyHelp
	keyRepaint
	keyUnlock
	keyMouse
	keyFollow
	keyWrap
	keyTimes
	keySince
	keyFields
	keyHighlight
	keyAbove
	keyBelow
	keyMarkAll
	keyShell
	keyAck
	keyHold
	keySilence
	keySilences
	keyCalls
	keyRunbook
	keyNote
	keyGraph
	keyGroup
	keySuspend
	keyQuit
	keys // how many there are; those of the panes follow, by their digits
)

// scope says where a key is alive: a set of places. A key may mean different
// things in two places, and within one only where a binding says what it masks.
type scope uint16

const (
	inLists    scope = 1 << iota // panes of rows
	inText                       // opened objects
	inLogs                       // logs and outputs of jobs
	inAlerts                     // the alerts pane
	inSilences                   // the silences behind it
	inTriage                     // an alert opened, its graph and its runbook
	inCalls                      // the escalation matrix
	inDatabase                   // the sessions, servers and statements of databases
	everywhere scope = 1<<iota - 1

	lists = inLists | inAlerts | inSilences | inDatabase
)

// binding is one row of the key map: the one table behind input, hints and help.
// Its keys and its help are the library's.
type binding struct {
	key.Binding
	id    keyID
	name  string // what the user's config calls it
	scope scope
	short string // for the hints line
	masks keyID  // whose key this one may take where both are alive
}

func bind(id keyID, name string, s scope, short, help string, keys ...string) binding {
	b := binding{id: id, name: name, scope: s, short: short}
	b.Binding = key.NewBinding(key.WithKeys(keys...), key.WithHelp(strings.Join(keys, " "), help))
	return b
}

// over lets a binding take a key of another one.
func (b binding) over(id keyID) binding { b.masks = id; return b }

// first is the key that hints name.
func (b binding) first() string { return b.Keys()[0] }

// KeyMap gives keys to names, as the user's config does: {"freeze": ["F"]}.
type KeyMap map[string][]string

// defaultBindings are the keys as they come, behind those of the panes.
func defaultBindings(panes []binding) []binding {
	return append(slices.Clip(panes), []binding{
		bind(keyNextPane, "next-pane", everywhere, "next", "next pane", "tab"),
		bind(keyPrevPane, "previous-pane", everywhere, "previous", "previous pane", "shift+tab"),
		bind(keyUp, "up", everywhere, "up", "one line up", "up", "k"),
		bind(keyDown, "down", everywhere, "down", "one line down", "down", "j"),
		bind(keyLeft, "left", everywhere, "left", "to the left; out of what is open", "left", "h"),
		bind(keyRight, "right", everywhere, "right", "to the right; opens", "right"),
		bind(keyPageUp, "page-up", everywhere, "page up", "one page up", "pgup", "ctrl+b"),
		bind(keyPageDown, "page-down", everywhere, "page down", "one page down", "pgdown", "ctrl+f"),
		bind(keyTop, "top", everywhere, "top", "to the first line", "g", "home"),
		bind(keyBottom, "bottom", everywhere, "bottom", "to the last line", "G", "end"),
		bind(keyOpen, "open", everywhere, "open", "open the selected line", "enter"),
		bind(keyBack, "back", everywhere, "back", "one step out", "esc"),
		bind(keyFilter, "filter", everywhere, "filter", "filter: words, !word, column=value", "/"),
		bind(keyActions, "actions", everywhere, "actions", "what can be done to the selected thing", "x"),
		bind(keyMark, "mark", lists, "mark", "mark for doing one thing to many", "space"),
		bind(keyMarkAll, "mark-all", lists, "mark all", "mark every line that the filter shows, or none", "*"),
		bind(keySort, "sort", lists, "sort", "sort by the next column", "o"),
		bind(keyLogs, "logs", everywhere, "logs", "log of the container or of all marked ones, output of the job", "l"),
		bind(keyCopy, "copy", everywhere, "copy", "copy the selected names, or the log (OSC 52)", "y"),
		bind(keyFreeze, "freeze", everywhere, "freeze", "freeze the picture, and go on again", "p"),
		bind(keyPalette, "palette", everywhere, "command", "find a pane, an action or an object", ":"),
		bind(keyHelp, "help", everywhere, "help", "these keys", "?"),
		bind(keyRepaint, "repaint", everywhere, "repaint", "paint the screen again from nothing", "ctrl+l"),
		bind(keyUnlock, "unlock", everywhere, "unlock", "unlock production for this console; lock again", "U", "L"),
		bind(keyMouse, "mouse", everywhere, "mouse", "mouse on and off", "m"),
		bind(keyFollow, "follow", inLogs, "follow", "follow the end of the log, or stay", "f"),
		bind(keySince, "since", inLogs, "since", "read further back: 5 min, 30 min, 2 h, 12 h, all that fits", "s"),
		bind(keyWrap, "wrap", inLogs, "wrap", "wrap long lines, or cut them", "w"),
		bind(keyTimes, "timestamps", inLogs, "times", "timestamps on and off", "t"),
		bind(keyFields, "fields", inLogs, "json", "JSON lines read short, or as they were written", "J"),
		bind(keyHighlight, "highlight", inLogs, "highlight", "highlight a text and keep all lines", "H"),
		bind(keyAbove, "match-above", inLogs, "above", "to the next line above that holds it", "n"),
		bind(keyBelow, "match-below", inLogs, "below", "to the next line below that holds it", "N"),
		bind(keyShell, "shell", inLists|inText|inLogs, "shell", "a shell in the container, in this terminal", "e"),
		bind(keyAck, "ack", inLists|inText|inAlerts|inTriage, "ack", "take the alert, or give it back; ack what happened to the container", "a"),
		bind(keyHold, "hold", inAlerts|inTriage, "ack+silence", "take it, and page nobody else of it while you hold it", "A"),
		bind(keySilence, "silence", inAlerts|inTriage, "silence", "silence it, with a preview of what else that hits", "s"),
		bind(keySilences, "silences", inAlerts|inTriage, "silences", "the silences there are: extend, expire", "S"),
		bind(keyCalls, "escalation", inAlerts|inTriage, "escalate", "whom to call; record that somebody was called", "e"),
		bind(keyRunbook, "runbook", inAlerts|inTriage, "runbook", "what to do about it", "r"),
		bind(keyNote, "note", inAlerts|inTriage, "note", "put a note on the time line", "n"),
		bind(keyGraph, "graph", inAlerts|inTriage, "graph", "the rule's expression over time", "g").over(keyTop),
		bind(keyGroup, "group", inAlerts|inDatabase, "view", "alerts by severity or by service; sessions, server or statements", "v"),
		bind(keySuspend, "suspend", everywhere, "suspend", "back to the shell, fg returns", "ctrl+z"),
		bind(keyQuit, "quit", everywhere, "quit", "leave; jobs go on", "q", "ctrl+c"),
	}...)
}

// keyMap is the key map in force.
type keyMap struct {
	rows []binding
	look map[lookup]keyID
}

type lookup struct {
	scope scope // one place
	key   string
}

// newKeyMap lays the user's keys over the defaults. A name that does not exist
// is left out; keys that clash send the whole map back to the defaults, because
// a half-applied map would put a harmless habit onto a harmful key. What was
// wrong is returned in words.
func newKeyMap(panes []binding, user KeyMap) (keyMap, string) {
	rows := defaultBindings(panes)
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(user)) {
		i := slices.IndexFunc(rows, func(b binding) bool { return b.name == name })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		rows[i].SetKeys(user[name]...)
		rows[i].SetHelp(strings.Join(user[name], " "), rows[i].Help().Desc)
	}
	m, clash := index(rows)
	if clash != "" {
		m, _ = index(defaultBindings(panes))
		return m, "your key map is not used: " + clash
	}
	if len(unknown) > 0 {
		return m, "your key map names what does not exist: " + strings.Join(unknown, ", ")
	}
	return m, ""
}

func index(rows []binding) (keyMap, string) {
	m := keyMap{rows: rows, look: map[lookup]keyID{}}
	for _, b := range rows {
		if len(b.Keys()) == 0 {
			return m, fmt.Sprintf("%s has no key", b.name)
		}
		for _, k := range b.Keys() {
			if other := m.claim(b, k); other != "" {
				return m, fmt.Sprintf("%s is both %s and %s", k, other, b.name)
			}
		}
	}
	return m, ""
}

// claim gives a key to a binding in each of its places, and names who has it
// already.
func (m keyMap) claim(b binding, k string) string {
	for place := scope(1); place < everywhere; place <<= 1 {
		if b.scope&place == 0 {
			continue
		}
		at := lookup{place, k}
		had, taken := m.look[at]
		switch {
		case !taken || had == b.id || had == b.masks:
			m.look[at] = b.id
		case m.row(had).masks != b.id:
			return m.row(had).name
		}
	}
	return ""
}

// read returns what key means in a place.
func (m keyMap) read(s scope, key string) keyID { return m.look[lookup{s, key}] }

// row returns the binding of an id.
func (m keyMap) row(id keyID) binding {
	for _, b := range m.rows {
		if b.id == id {
			return b
		}
	}
	return binding{}
}

// alive returns the bindings of a place, each with the keys that reach it there.
func (m keyMap) alive(s scope) []key.Binding {
	var out []key.Binding
	for _, b := range m.rows {
		var mine []string
		for _, k := range b.Keys() {
			if m.read(s, k) == b.id {
				mine = append(mine, k)
			}
		}
		if len(mine) > 0 {
			out = append(out, key.NewBinding(key.WithKeys(mine...), key.WithHelp(strings.Join(mine, " "), b.Help().Desc)))
		}
	}
	return out
}
