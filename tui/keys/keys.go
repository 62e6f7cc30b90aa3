// Package keys is the key map: what can be done by a key, where, and by which.
package keys

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
)

// ID names one thing that a key does.
type ID uint8

// What keys do. Zero is a key that does nothing.
const (
	None ID = iota
	NextPane
	PrevPane
	Up
	Down
	Left
	Right
	PageUp
	PageDown
	Top
	Bottom
	Open
	Back
	Filter
	Actions
	Mark
	Sort
	Logs
	Copy
	Freeze
	Palette
	Help
	Repaint
	Unlock
	Mouse
	Follow
	Wrap
	Times
	Since
	Fields
	Highlight
	Above
	Below
	MarkAll
	Shell
	Ack
	Hold
	Silence
	Silences
	Calls
	Runbook
	Note
	Graph
	Group
	Holder
	Backups
	Restore
	Drill
	LoadRun
	LoadStop
	LoadCompare
	LoadExport
	Suspend
	Quit
	Count // how many there are; those of the panes follow, by their digits
)

// Scope says where a key is alive: a set of places. A key may mean different
// things in two places, and within one only where a binding says what it masks.
type Scope uint16

const (
	InLists    Scope = 1 << iota // panes of rows
	InText                       // opened objects
	InLogs                       // logs and outputs of jobs
	InAlerts                     // the alerts pane
	InSilences                   // the silences behind it
	InTriage                     // an alert opened, its graph and its runbook
	InCalls                      // the escalation matrix
	InDatabase                   // the sessions, servers and statements of databases
	InBackups                    // the backups of the plans
	InLoads                      // the load runs
	InLoadRun                    // one of them opened
	Everywhere Scope = 1<<iota - 1

	lists = InLists | InAlerts | InSilences | InDatabase | InBackups | InLoads
)

// Binding is one row of the key map: the one table behind input, hints and help.
// Its keys and its help are the library's.
type Binding struct {
	key.Binding
	id    ID
	Name  string // what the user's config calls it
	Scope Scope
	Short string // for the hints line
	masks ID     // whose key this one may take where both are alive
}

// Bind returns a row: what a key does, its name for the user's config, where it is
// alive, a word for the hints, a line for the help, and the keys.
func Bind(id ID, name string, s Scope, short, help string, keys ...string) Binding {
	b := Binding{id: id, Name: name, Scope: s, Short: short}
	b.Binding = key.NewBinding(key.WithKeys(keys...), key.WithHelp(strings.Join(keys, " "), help))
	return b
}

// over lets a binding take a key of another one.
func (b Binding) over(id ID) Binding { b.masks = id; return b }

// First is the key that hints name.
func (b Binding) First() string { return b.Keys()[0] }

// Config gives keys to names, as the user's config does: {"freeze": ["F"]}.
type Config map[string][]string

// Defaults are the keys as they come, behind those of the panes.
func Defaults(panes []Binding) []Binding {
	return append(slices.Clip(panes), []Binding{
		Bind(NextPane, "next-pane", Everywhere, "next", "next pane", "tab"),
		Bind(PrevPane, "previous-pane", Everywhere, "previous", "previous pane", "shift+tab"),
		Bind(Up, "up", Everywhere, "up", "one line up", "up", "k"),
		Bind(Down, "down", Everywhere, "down", "one line down", "down", "j"),
		Bind(Left, "left", Everywhere, "left", "to the left; out of what is open", "left", "h"),
		Bind(Right, "right", Everywhere, "more", "to the right; opens; what a cause makes", "right"),
		Bind(PageUp, "page-up", Everywhere, "page up", "one page up", "pgup", "ctrl+b"),
		Bind(PageDown, "page-down", Everywhere, "page down", "one page down", "pgdown", "ctrl+f"),
		Bind(Top, "top", Everywhere, "top", "to the first line", "g", "home"),
		Bind(Bottom, "bottom", Everywhere, "bottom", "to the last line", "G", "end"),
		Bind(Open, "open", Everywhere, "open", "open the selected line", "enter"),
		Bind(Back, "back", Everywhere, "back", "clear filter, then marks, then leave", "esc"),
		Bind(Filter, "filter", Everywhere, "filter", "filter: words, !word, column=value", "/"),
		Bind(Actions, "actions", Everywhere, "actions", "what can be done to the selected thing", "x"),
		Bind(Mark, "mark", lists, "mark", "mark for doing one thing to many", "space"),
		Bind(MarkAll, "mark-all", lists, "mark all", "mark every line that the filter shows, or none", "*"),
		Bind(Sort, "sort", lists, "sort", "sort by the next column", "o"),
		Bind(Logs, "logs", Everywhere, "logs", "log of the container or of all marked ones, output of the job", "l"),
		Bind(Copy, "copy", Everywhere, "copy", "copy the selected names, or the log (OSC 52)", "y"),
		Bind(Freeze, "freeze", Everywhere, "freeze", "freeze the picture, and go on again", "p"),
		Bind(Palette, "palette", Everywhere, "command", "find a pane, an action or an object", ":"),
		Bind(Help, "help", Everywhere, "help", "these keys", "?"),
		Bind(Repaint, "repaint", Everywhere, "repaint", "paint the screen again from nothing", "ctrl+l"),
		Bind(Unlock, "unlock", Everywhere, "unlock", "unlock production for this console; lock again", "U", "L"),
		Bind(Mouse, "mouse", Everywhere, "mouse", "mouse on and off", "m"),
		Bind(Follow, "follow", InLogs, "follow", "follow the end of the log, or stay", "f"),
		Bind(Since, "since", InLogs, "since", "read further back: 5 min, 30 min, 2 h, 12 h, all that fits", "s"),
		Bind(Wrap, "wrap", InLogs, "wrap", "wrap long lines, or cut them", "w"),
		Bind(Times, "timestamps", InLogs, "times", "timestamps on and off", "t"),
		Bind(Fields, "fields", InLogs, "json", "JSON lines read short, or as they were written", "J"),
		Bind(Highlight, "highlight", InLogs, "highlight", "highlight a text and keep all lines", "H"),
		Bind(Above, "match-above", InLogs, "above", "to the next line above that holds it", "N"),
		Bind(Below, "match-below", InLogs, "below", "to the next line below that holds it", "n"),
		Bind(Shell, "shell", InLists|InText|InLogs, "shell", "a shell in the container, in this terminal", "e"),
		Bind(Ack, "ack", InLists|InText|InAlerts|InTriage, "ack", "take the alert, or give it back; ack what happened to the container", "a"),
		Bind(Hold, "hold", InAlerts|InTriage, "ack+silence", "take it, and page nobody else of it while you hold it", "A"),
		Bind(Silence, "silence", InAlerts|InTriage, "silence", "silence it, with a preview of what else that hits", "s"),
		Bind(Silences, "silences", InAlerts|InTriage, "silences", "the silences there are: extend, expire", "S"),
		Bind(Calls, "escalation", InAlerts|InTriage, "escalate", "whom to call; record that somebody was called", "e"),
		Bind(Runbook, "runbook", InAlerts|InTriage, "runbook", "what to do about it", "r"),
		Bind(Note, "note", InAlerts|InTriage, "note", "put a note on the time line", "n"),
		Bind(Graph, "graph", InAlerts|InTriage, "graph", "the rule's expression over time", "g").over(Top),
		Bind(Group, "group", InAlerts|InDatabase, "view", "alerts by severity or by service; sessions, server or statements", "v"),
		Bind(Holder, "holder", InLists|InText|InTriage, "holder", "to what holds the port that it could not bind", "H"),
		Bind(Backups, "backup-menu", InBackups|InDatabase|InText, "backup", "back up, switch WAL, verify, prune, stop and start archiving", "b"),
		Bind(Restore, "restore", InBackups, "restore", "restore into another folder: the latest, a time, a name, an LSN, a backup", "r"),
		Bind(Drill, "drill", InBackups, "drill", "try a restore of the plan: a copy beside the server, looked at and taken away", "d"),
		Bind(LoadRun, "load-run", InLoads, "run", "run the selected load scenario", "n"),
		Bind(LoadStop, "load-stop", InLoads, "stop", "stop the load run that is under way", "s"),
		Bind(LoadCompare, "load-compare", InLoads, "compare", "compare two marked runs, or the selected one with its baseline", "c"),
		Bind(LoadExport, "load-export", InLoads|InLoadRun, "export", "write the kept run to a file: CSV, JSON or Markdown", "e"),
		Bind(Suspend, "suspend", Everywhere, "suspend", "back to the shell, fg returns", "ctrl+z"),
		Bind(Quit, "quit", Everywhere, "quit", "leave one level, on a pane the console", "q", "ctrl+c"),
	}...)
}

// Map is the key map in force.
type Map struct {
	rows []Binding
	look map[lookup]ID
}

type lookup struct {
	scope Scope // one place
	key   string
}

// New lays the user's keys over the defaults. A name that does not exist
// is left out; keys that clash send the whole map back to the defaults, because
// a half-applied map would put a harmless habit onto a harmful key. What was
// wrong is returned in words.
func New(panes []Binding, user Config) (Map, string) {
	rows := Defaults(panes)
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(user)) {
		i := slices.IndexFunc(rows, func(b Binding) bool { return b.Name == name })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		rows[i].SetKeys(user[name]...)
		rows[i].SetHelp(strings.Join(user[name], " "), rows[i].Help().Desc)
	}
	m, clash := index(rows)
	if clash != "" {
		m, _ = index(Defaults(panes))
		return m, "your key map is not used: " + clash
	}
	if len(unknown) > 0 {
		return m, "your key map names what does not exist: " + strings.Join(unknown, ", ")
	}
	return m, ""
}

func index(rows []Binding) (Map, string) {
	m := Map{rows: rows, look: map[lookup]ID{}}
	for _, b := range rows {
		if len(b.Keys()) == 0 {
			return m, fmt.Sprintf("%s has no key", b.Name)
		}
		for _, k := range b.Keys() {
			if other := m.claim(b, k); other != "" {
				return m, fmt.Sprintf("%s is both %s and %s", k, other, b.Name)
			}
		}
	}
	return m, ""
}

// claim gives a key to a binding in each of its places, and names who has it
// already.
func (m Map) claim(b Binding, k string) string {
	for place := Scope(1); place < Everywhere; place <<= 1 {
		if b.Scope&place == 0 {
			continue
		}
		at := lookup{place, k}
		had, taken := m.look[at]
		switch {
		case !taken || had == b.id || had == b.masks:
			m.look[at] = b.id
		case m.Row(had).masks != b.id:
			return m.Row(had).Name
		}
	}
	return ""
}

// Read returns what key means in a place.
func (m Map) Read(s Scope, key string) ID { return m.look[lookup{s, key}] }

// Row returns the binding of an id.
func (m Map) Row(id ID) Binding {
	for _, b := range m.rows {
		if b.id == id {
			return b
		}
	}
	return Binding{}
}

// Named returns the binding that the user's config calls name.
func (m Map) Named(name string) (Binding, bool) {
	for _, b := range m.rows {
		if b.Name == name {
			return b, true
		}
	}
	return Binding{}, false
}

// Alive returns the bindings of a place, each with the keys that reach it there.
func (m Map) Alive(s Scope) []key.Binding {
	var out []key.Binding
	for _, b := range m.rows {
		var mine []string
		for _, k := range b.Keys() {
			if m.Read(s, k) == b.id {
				mine = append(mine, k)
			}
		}
		if len(mine) > 0 {
			out = append(out, key.NewBinding(key.WithKeys(mine...), key.WithHelp(strings.Join(mine, " "), b.Help().Desc)))
		}
	}
	return out
}
