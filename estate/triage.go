package estate

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"opsdeck/ops"
)

const (
	maxRunbook      = 64 << 10 // bytes of a file
	maxRunbookLines = 1000
)

// serviceLabel is the label that names the service of an alert where the estate
// does not say how to tell.
const serviceLabel = "service"

// triage fills in what helps from an alert to its cause.
func (f *File) triage(root *value, faults *Faults) {
	for _, m := range root.members("services") {
		f.Estate.Services = append(f.Estate.Services, f.service(m))
	}
	for _, m := range root.members("runbooks") {
		f.Estate.Runbooks = append(f.Estate.Runbooks, ops.Runbook{
			Name: ops.Clean(m.name), Alert: ops.Clean(m.value.str("alert")), Lines: ops.CleanBlock(procedure(m, faults), maxRunbookLines)})
	}
	for _, e := range root.list("escalation") {
		level := ops.Escalation{Level: int(e.num("level")), Name: ops.Clean(e.str("name")), Contact: ops.Clean(e.str("contact")),
			For: ops.Clean(e.str("for")), After: e.dur("after")}
		for _, who := range e.texts("who") {
			level.Who = append(level.Who, ops.Clean(who))
		}
		f.Estate.Escalation = append(f.Estate.Escalation, level)
	}
}

func (f *File) service(m member) ops.Service {
	s := ops.Service{Name: ops.Clean(m.name), Runbook: ops.Clean(m.value.str("runbook"))}
	switch match := m.value.at("match"); {
	case match == nil:
		s.Matchers = []ops.Matcher{{Name: ops.Clean(serviceLabel), Value: s.Name}}
	case match.key.shape == shapeBlock:
		s.Matchers, _ = matchersOf(match.text) // an error was told by the check
	default:
		for _, l := range match.member {
			s.Matchers = append(s.Matchers, ops.Matcher{Name: ops.Clean(l.name), Value: ops.Clean(l.value.text)})
		}
		slices.SortFunc(s.Matchers, func(a, b ops.Matcher) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
	}
	source, containers := m.value.str("source"), m.value.texts("container")
	if containers == nil && source == "" {
		containers = []string{m.name} // where that is expected
	}
	for _, name := range containers {
		on := source
		for _, e := range f.Estate.Expected {
			if on == "" && e.Name.String() == name {
				on = e.Source.String()
			}
		}
		if on != "" {
			s.Behind = append(s.Behind, ops.NewRef(ops.KindContainer, on, name))
		}
	}
	for _, name := range m.value.texts("database") {
		s.Behind = append(s.Behind, ops.NewRef(ops.KindDatabase, name, name))
	}
	return s
}

var wholeLabelName = regexp.MustCompile(labelName.expr)

// matchersOf reads matchers as a person writes them, and finds what would only
// fail when an alert comes.
func matchersOf(text string) ([]ops.Matcher, error) {
	ms, err := ops.ParseMatchers(text)
	if err != nil {
		return nil, err
	}
	for _, m := range ms {
		if !wholeLabelName.MatchString(m.Name.String()) {
			return nil, ops.Errorf(ops.CodeInvalid, "%q is not a label name", m.Name).Help("allowed: %s", labelName.words)
		}
	}
	_, err = ops.Compile(ms)
	return ms, err
}

// procedure returns the Markdown of a runbook.
func procedure(m member, faults *Faults) string {
	if text := m.value.str("text"); text != "" {
		return text
	}
	file := m.value.at("file")
	if file == nil {
		return "" // a fault, which was told
	}
	text, what, remedy := runbookFile(file.text)
	if what == "" && strings.TrimSpace(text) == "" {
		what, remedy = "is empty", "write down what to do, or leave the runbook out"
	}
	if what != "" {
		f := Fault{Line: file.place.line, Column: file.place.col, Where: ops.Clean("runbooks." + m.name + ".file"),
			What: ops.Clean(fmt.Sprintf("%q: %s", file.shown(), what)), Remedy: ops.Clean(remedy)}
		if file.place.src != nil {
			f.File = file.place.src.name
		}
		*faults = append(*faults, f)
	}
	return strings.TrimSpace(text)
}

// runbookFile reads a runbook beside the estate or inside the program.
func runbookFile(path string) (text, what, remedy string) {
	if name, ok := strings.CutPrefix(path, inProgram); ok {
		b, err := shipped.ReadFile(name)
		if err != nil || !strings.HasPrefix(name, "runbooks/") {
			known, _ := fs.Glob(shipped, "runbooks/*.md") // the pattern is constant and right
			return "", "there is no such file in the program", suggest(name, known)
		}
		return string(b), "", ""
	}
	kind := fileKind{maxRunbook, "the path starts from the estate file it stands in", "give the path of a Markdown file", "a runbook is a page or two; link to the rest"}
	b, what, remedy := kind.read(path)
	return string(b), what, remedy
}
