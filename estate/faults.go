package estate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// maxFaults bounds the answer: a file that is not an estate at all would
// otherwise be answered with a fault for each of its lines.
const maxFaults = 100

// Fault is one thing that is wrong with an estate, where it stands, and what to
// do about it. It never holds a secret or a value from the environment.
type Fault struct {
	File   string
	Line   int // from 1; 0: the file as a whole
	Column int // from 1, in characters
	Where  ops.Text
	What   ops.Text
	Remedy ops.Text
}

// String returns the fault on one line: file:line:col: where: what; remedy.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(ops.Clean(f.File).String())
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", f.Line, f.Column)
	}
	b.WriteString(": ")
	if !f.Where.Empty() {
		b.WriteString(f.Where.String() + ": ")
	}
	b.WriteString(f.What.String())
	if !f.Remedy.Empty() {
		b.WriteString("; " + f.Remedy.String())
	}
	return b.String()
}

// Faults are all that is wrong with an estate. Load's error is a *Faults.
type Faults []Fault

// tell adds a fault.
func (fs *Faults) tell(p place, where, what, remedy string) {
	f := Fault{Line: p.line, Column: p.col, Where: ops.Clean(where), What: ops.Clean(what), Remedy: ops.Clean(remedy)}
	if p.src != nil {
		f.File = p.src.name
	}
	*fs = append(*fs, f)
}

// Error returns all faults, one a line.
func (fs Faults) Error() string {
	lines := make([]string, 0, len(fs))
	for i, f := range fs {
		if i == maxFaults {
			lines = append(lines, fmt.Sprintf("… and %d more", len(fs)-maxFaults))
			break
		}
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// err returns fs as an error, sorted by place, or nil where there are none. The
// order of files is that of files; one that is not in it comes last.
func (fs Faults) err(files []string) error {
	if len(fs) == 0 {
		return nil
	}
	rank := func(f Fault) int {
		if i := slices.Index(files, f.File); i >= 0 {
			return i
		}
		return len(files)
	}
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(rank(a)-rank(b), a.Line-b.Line, a.Column-b.Column)
	})
	return &fs
}
