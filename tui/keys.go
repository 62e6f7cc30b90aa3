package tui

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// keyID names one thing that a key does.
type keyID uint8

// What keys do. Zero is a key that does nothing.
const (
	keyNone keyID = iota
	keyOverview
	keyContainers
	keyHistory
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
	keySuspend
	keyQuit
	keys
)

// scope says where a key is alive. A key may mean different things in two
// scopes only when neither is everywhere.
type scope uint8

const (
	everywhere scope = iota
	inLists
	inText // logs and opened objects
)

// binding is one row of the key map: the one table behind input, hints and help.
type binding struct {
	id    keyID
	name  string // what the user's config calls it
	scope scope
	keys  []string
	short string // for the hints line
	help  string
}

// KeyMap gives keys to names, as the user's config does: {"freeze": ["F"]}.
type KeyMap map[string][]string

func defaultBindings() []binding {
	return []binding{
		{keyOverview, "overview", everywhere, []string{"1"}, "overview", "Overview"},
		{keyContainers, "containers", everywhere, []string{"3"}, "containers", "Containers"},
		{keyHistory, "history", everywhere, []string{"0"}, "history", "History"},
		{keyNextPane, "next-pane", everywhere, []string{"tab"}, "next", "next pane"},
		{keyPrevPane, "previous-pane", everywhere, []string{"shift+tab"}, "previous", "previous pane"},
		{keyUp, "up", everywhere, []string{"up", "k"}, "up", "one line up"},
		{keyDown, "down", everywhere, []string{"down", "j"}, "down", "one line down"},
		{keyLeft, "left", everywhere, []string{"left", "h"}, "left", "to the left; out of what is open"},
		{keyRight, "right", everywhere, []string{"right"}, "right", "to the right; opens"},
		{keyPageUp, "page-up", everywhere, []string{"pgup", "ctrl+b"}, "page up", "one page up"},
		{keyPageDown, "page-down", everywhere, []string{"pgdown", "ctrl+f"}, "page down", "one page down"},
		{keyTop, "top", everywhere, []string{"g", "home"}, "top", "to the first line"},
		{keyBottom, "bottom", everywhere, []string{"G", "end"}, "bottom", "to the last line"},
		{keyOpen, "open", everywhere, []string{"enter"}, "open", "open the selected line"},
		{keyBack, "back", everywhere, []string{"esc"}, "back", "one step out"},
		{keyFilter, "filter", everywhere, []string{"/"}, "filter", "filter: words, !word, column=value"},
		{keyActions, "actions", everywhere, []string{"x"}, "actions", "what can be done to the selected thing"},
		{keyMark, "mark", inLists, []string{"space"}, "mark", "mark for doing one thing to many"},
		{keySort, "sort", inLists, []string{"o"}, "sort", "sort by the next column"},
		{keyLogs, "logs", everywhere, []string{"l"}, "logs", "log of the container, output of the job"},
		{keyCopy, "copy", everywhere, []string{"y"}, "copy", "copy the selected names, or the log (OSC 52)"},
		{keyFreeze, "freeze", everywhere, []string{"p"}, "freeze", "freeze the picture, and go on again"},
		{keyPalette, "palette", everywhere, []string{":"}, "command", "find a pane, an action or an object"},
		{keyHelp, "help", everywhere, []string{"?"}, "help", "these keys"},
		{keyRepaint, "repaint", everywhere, []string{"ctrl+l"}, "repaint", "paint the screen again from nothing"},
		{keyUnlock, "unlock", everywhere, []string{"U", "L"}, "unlock", "unlock production for this console; lock again"},
		{keyMouse, "mouse", everywhere, []string{"m"}, "mouse", "mouse on and off"},
		{keyFollow, "follow", inText, []string{"f"}, "follow", "follow the end of the log, or stay"},
		{keyWrap, "wrap", inText, []string{"w"}, "wrap", "wrap long lines, or cut them"},
		{keyTimes, "timestamps", inText, []string{"t"}, "times", "timestamps on and off"},
		{keySuspend, "suspend", everywhere, []string{"ctrl+z"}, "suspend", "back to the shell, fg returns"},
		{keyQuit, "quit", everywhere, []string{"q", "ctrl+c"}, "quit", "leave; jobs go on"},
	}
}

// keyMap is the key map in force.
type keyMap struct {
	rows []binding
	look map[lookup]keyID
}

type lookup struct {
	scope scope
	key   string
}

// newKeyMap lays the user's keys over the defaults. A name that does not exist
// is left out; keys that clash send the whole map back to the defaults, because
// a half-applied map would put a harmless habit onto a harmful key. What was
// wrong is returned in words.
func newKeyMap(user KeyMap) (keyMap, string) {
	rows := defaultBindings()
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(user)) {
		i := slices.IndexFunc(rows, func(b binding) bool { return b.name == name })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		rows[i].keys = user[name]
	}
	m, clash := index(rows)
	if clash != "" {
		m, _ = index(defaultBindings())
		return m, "your key map is not used: " + clash
	}
	if len(unknown) > 0 {
		return m, "your key map names what does not exist: " + strings.Join(unknown, ", ")
	}
	return m, ""
}

func index(rows []binding) (keyMap, string) {
	m := keyMap{rows: rows, look: map[lookup]keyID{}}
	owner := map[string][]binding{}
	for _, b := range rows {
		if len(b.keys) == 0 {
			return m, fmt.Sprintf("%s has no key", b.name)
		}
		for _, k := range b.keys {
			for _, o := range owner[k] {
				if o.scope == b.scope || o.scope == everywhere || b.scope == everywhere {
					return m, fmt.Sprintf("%s is both %s and %s", k, o.name, b.name)
				}
			}
			owner[k] = append(owner[k], b)
			m.look[lookup{b.scope, k}] = b.id
		}
	}
	return m, ""
}

// read returns what key means in a scope.
func (m keyMap) read(s scope, key string) keyID {
	if id, ok := m.look[lookup{s, key}]; ok {
		return id
	}
	return m.look[lookup{everywhere, key}]
}

// row returns the binding of an id.
func (m keyMap) row(id keyID) binding {
	for _, b := range m.rows {
		if b.id == id {
			return b
		}
	}
	return binding{}
}
