package ops

import (
	"net/url"
	"reflect"
	"strings"
)

// Step is one call of a plan, as data. Run reads these fields and nothing else,
// Start compares them, and the audit keeps them. What is shown of a step is made
// of them by Text; nobody reads that back.
type Step struct {
	How StepKind `json:"how"`

	// Argv is a child process: the program and its arguments, each as it is.
	Argv []Text `json:"argv,omitempty"`
	// RunAs is the account that the child runs as; empty: the agent's own.
	RunAs Text `json:"run_as,omitzero"`
	// Dir is the folder that the child begins in; empty: the agent's.
	Dir Text `json:"dir,omitzero"`
	// Env names the variables that the child gets besides. Their values are secrets
	// as often as not, and stand in no plan.
	Env []Text `json:"env,omitempty"`

	// SQL is one statement.
	SQL Text `json:"sql,omitzero"`

	// Method, Path, Query and Body are an HTTP call. Path is as the server knows it,
	// Query in the order in which it is sent.
	Method Text    `json:"method,omitzero"`
	Path   Text    `json:"path,omitzero"`
	Query  []Param `json:"query,omitempty"`
	Body   Text    `json:"body,omitzero"`

	// Change is a change in the agent itself, in words.
	Change Text `json:"change,omitzero"`

	// On names what the step is about, so that Run need not look for it in the call:
	// a container's id, each session by its pid and start.
	On []Text `json:"on,omitempty"`
	// Position is how far a restore goes. It moves on with what is archived, and is not
	// compared.
	Position LSN `json:"position,omitzero"`
	// Timeline is the one that Position is on: the same position is on others too.
	Timeline uint32 `json:"timeline,omitzero"`
	// Note is said beside the call for whoever reads it, such as the name that goes
	// with an id. It is not compared.
	Note Text `json:"note,omitzero"`
}

// StepKind is how a step reaches its server.
type StepKind uint8

// Step kinds.
const (
	StepAPI  StepKind = iota // an HTTP call
	StepSQL                  // a statement
	StepExec                 // a child process
	StepHere                 // a change in the agent itself
)

var stepKindNames = enumOf[StepKind]("step kind", "api", "sql", "exec", "here")

func (k StepKind) String() string               { return stepKindNames.name(k) }
func (k StepKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *StepKind) UnmarshalText(b []byte) error { return stepKindNames.parse(k, b) }

// Same reports whether two steps do the same. Their notes and positions do not count.
func (s Step) Same(o Step) bool {
	s.Note, o.Note = Text{}, Text{}
	s.Position, o.Position = 0, 0
	return reflect.DeepEqual(s, o)
}

// Value returns the named part of a call's query, or other where it is absent.
func (s Step) Value(name, other string) string { return paramValue(s.Query, name, other) }

// Text is the step for a reader: "POST /containers/50c7b94fa591/restart?t=10  (web)",
// one SQL statement, or an argv quoted so that a POSIX shell would read it back.
// It is as long as it has to be: what is cut cannot be confirmed.
func (s Step) Text() Text {
	switch s.How {
	case StepSQL:
		return s.SQL.beside(s.Note)
	case StepExec:
		return quotedLine(s.Argv).beside(s.around())
	case StepHere:
		return s.Change.beside(s.Note)
	}
	return s.call().beside(s.Note)
}

func (s Step) call() Text {
	words := s.Method.s + " " + s.Path.s
	for i, p := range s.Query {
		words += map[bool]string{true: "?", false: "&"}[i == 0] + url.QueryEscape(p.Name.s) + "=" + url.QueryEscape(p.Value.s)
	}
	if !s.Body.Empty() {
		words += " " + s.Body.s
	}
	return Text{words}
}

// around is what a child process runs in.
func (s Step) around() Text {
	var parts []string
	add := func(what string, t Text) {
		if !t.Empty() {
			parts = append(parts, what+t.s)
		}
	}
	add("as ", s.RunAs)
	add("in ", s.Dir)
	add("with ", quotedLine(s.Env))
	add("", s.Note)
	return Text{strings.Join(parts, ", ")}
}

// beside adds a note in brackets.
func (t Text) beside(note Text) Text {
	if note.Empty() {
		return t
	}
	return Text{t.s + "  (" + note.s + ")"}
}

// ShellLine is a command line, quoted so that a POSIX shell reads these words back.
func ShellLine(words ...string) Text {
	var line []Text
	for _, w := range words {
		line = append(line, CleanLine(w))
	}
	return quotedLine(line)
}

// quotedLine writes words as a POSIX shell reads them. Text has no line ends and no
// control characters, so single quotes hold everything in.
func quotedLine(words []Text) Text {
	quoted := make([]string, 0, len(words))
	for _, w := range words {
		if w.Empty() || strings.ContainsFunc(w.s, unplain) {
			w.s = "'" + strings.ReplaceAll(w.s, "'", `'\''`) + "'"
		}
		quoted = append(quoted, w.s)
	}
	return Text{strings.Join(quoted, " ")}
}

// unplain reports whether a shell could take a character for more than itself.
func unplain(r rune) bool {
	return r >= 0x80 || !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-", r)
}

// Exact returns s as Text where that is s itself, to the last character. A plan holds
// what is run: a value that cleaning would change, or cut, cannot stand in one.
func Exact(s string) (t Text, same bool) {
	t = CleanLine(s)
	return t, t.s == s
}

// Argv returns words for a step, each exactly as it is. Error: CodeInvalid, where one
// cannot be shown as it is.
func Argv(words ...string) ([]Text, error) {
	argv := make([]Text, 0, len(words))
	for _, w := range words {
		t, same := Exact(w)
		if !same {
			return nil, Errorf(CodeInvalid, "the command would hold %.60q, which cannot be shown as it is", w).
				Help("name it without line ends, control and invisible characters, and in at most %d characters", MaxLine)
		}
		argv = append(argv, t)
	}
	return argv, nil
}
