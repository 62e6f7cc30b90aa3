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

// serviceEntry is a service as the file has it.
type serviceEntry struct {
	name       string
	matchers   []ops.Matcher
	containers []string // nil: the one of the service's own name
	databases  []string
	source     string
	runbook    ops.Text
}

// runbookEntry is a runbook as the file has it.
type runbookEntry struct {
	name  string
	alert ops.Text
	file  string
	text  string
}

// match takes labels, or matchers as Alertmanager writes them.
func (e *serviceEntry) match(d *draft, s *said) {
	d.said[&e.matchers] = s
	if s.value.key.shape == shapeBlock {
		e.matchers, _ = matchersOf(s.text) // an error is told with what else is wrong between the parts
		return
	}
	for _, l := range s.member {
		e.matchers = append(e.matchers, ops.Matcher{Name: ops.Clean(l.name), Value: ops.Clean(l.value.text)})
	}
	slices.SortFunc(e.matchers, func(a, b ops.Matcher) int { return cmp.Compare(a.Name.String(), b.Name.String()) })
}

// triage fills in what helps from an alert to its cause.
func (d *draft) triage() {
	for i := range d.services {
		d.Estate.Services = append(d.Estate.Services, d.service(&d.services[i]))
	}
	for i := range d.runbooks {
		r := &d.runbooks[i]
		d.Estate.Runbooks = append(d.Estate.Runbooks, ops.Runbook{Name: ops.Clean(r.name), Alert: r.alert, Lines: ops.CleanBlock(d.procedure(r), maxRunbookLines)})
	}
}

func (d *draft) service(e *serviceEntry) ops.Service {
	s := ops.Service{Name: ops.Clean(e.name), Runbook: e.runbook, Matchers: e.matchers}
	if d.of(&e.matchers) == nil {
		s.Matchers = []ops.Matcher{{Name: ops.Clean(serviceLabel), Value: s.Name}}
	}
	containers := e.containers
	if containers == nil && e.source == "" {
		containers = []string{e.name} // where that is expected
	}
	for _, name := range containers {
		on := e.source
		for _, x := range d.Estate.Expected {
			if on == "" && x.Name.String() == name {
				on = x.Source.String()
			}
		}
		if on != "" {
			s.Behind = append(s.Behind, ops.NewRef(ops.KindContainer, on, name))
		}
	}
	for _, name := range e.databases {
		s.Behind = append(s.Behind, ops.NewRef(ops.KindDatabase, name, name))
	}
	return s
}

var wholeLabelName = regexp.MustCompile(anyLabelName.expr)

// matchersOf reads matchers as a person writes them, and finds what would only
// fail when an alert comes.
func matchersOf(text string) ([]ops.Matcher, error) {
	ms, err := ops.ParseMatchers(text)
	if err != nil {
		return nil, err
	}
	for _, m := range ms {
		if !wholeLabelName.MatchString(m.Name.String()) {
			return nil, ops.Errorf(ops.CodeInvalid, "%q is not a label name", m.Name).Help("allowed: %s", anyLabelName.words)
		}
	}
	_, err = ops.Compile(ms)
	return ms, err
}

// procedure returns the Markdown of a runbook.
func (d *draft) procedure(r *runbookEntry) string {
	file := d.of(&r.file)
	if r.text != "" || file == nil {
		return r.text // neither is a fault, which was told
	}
	text, what, remedy := runbookFile(r.file)
	if what == "" && strings.TrimSpace(text) == "" {
		what, remedy = "is empty", "write down what to do, or leave the runbook out"
	}
	if what != "" {
		d.tell(file.place, file.where, fmt.Sprintf("%q: %s", file.shown(), what), remedy)
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
