package estate

import (
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// links checks what one part of an estate says of another.
func (d *draft) links() {
	docker, prometheus, postgres := d.kindred(ops.SourceDocker), d.kindred(ops.SourcePrometheus), d.kindred(ops.SourcePostgres)
	for i := range d.Estate.Expected {
		e := &d.Estate.Expected[i]
		d.sourceOf(docker, d.of(&e.Source), d.of(e).entry, d.of(e).where)
	}
	for i := range d.KPIs {
		k := &d.KPIs[i]
		d.sourceOf(prometheus, d.of(&k.Source), d.of(k).entry, d.of(k).where)
	}
	for i := range d.Pipelines {
		p := &d.Pipelines[i]
		d.sourceOf(prometheus, d.of(&p.Source), d.of(p).entry, d.of(p).where)
	}
	for _, s := range slices.Concat(pointers(d.Docker), d.unknown) {
		if c := d.of(&s.Cadvisor); c != nil {
			d.sourceOf(prometheus, d.of(&s.Cadvisor.Source), c.place, c.where)
		}
	}
	for i := range d.Backups {
		b := &d.Backups[i]
		if named := d.of(&b.Plan.Database); named != nil || len(postgres.names) > 0 || b.Plan.Engine == ops.EngineBaseBackup {
			d.sourceOf(postgres, named, d.of(b).entry, d.of(b).where)
		}
		if named := d.of(&b.Plan.Tell); named != nil {
			d.sourceOf(d.kindred(ops.SourceAlertmanager), named, d.of(b).entry, d.of(b).where)
		}
		d.repositories(b)
		d.asked(b)
	}
	for i := range d.Loads {
		d.indicated(&d.Loads[i])
		d.queried(&d.Loads[i], prometheus)
		if l := &d.Loads[i]; l.Plan.Driver == ops.DriverLoans {
			d.sourceOf(postgres, d.of(&l.Loans.Source), d.of(l).entry, d.of(l).where)
		}
	}
	for i := range d.services {
		d.linksOf(&d.services[i], docker)
		d.databases(&d.services[i], postgres)
	}
	d.oneRunbookPerAlert()
	d.levels()
}

func pointers[T any](list []T) []*T {
	out := make([]*T, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}

// kindred are the sources of one kind.
type kindred struct {
	kind   ops.SourceKind
	word   string // what the kind is called in a message
	names  []string
	others []string // sources of other kinds
}

func (d *draft) kindred(is ops.SourceKind) kindred {
	of := kindred{kind: is}
	for _, k := range kinds() {
		if k.is != is {
			continue
		}
		of.word = k.name
		for _, s := range k.sources(&d.File) {
			of.names = append(of.names, s.Name)
		}
	}
	for _, s := range d.sources {
		if !slices.Contains(of.names, s.Name) {
			of.others = append(of.others, s.Name)
		}
	}
	return of
}

// sourceOf checks that named is a source of the right kind, or that there is only one
// that can be meant by what stands at a place.
func (d *draft) sourceOf(of kindred, named *said, at place, where string) {
	switch {
	case named == nil && len(of.names) == 0:
		d.tell(at, where, fmt.Sprintf("no %s source could have it", of.word), "add a source of kind: "+of.kind.String())
	case named == nil && len(of.names) > 1:
		d.tell(at, where, fmt.Sprintf("there are several %s sources and none is named", of.word), "add source: with one of "+strings.Join(of.names, ", "))
	case named == nil || slices.Contains(of.names, named.text):
	case slices.Contains(of.others, named.text):
		d.tell(named.place, named.where, fmt.Sprintf("%q is not a %s source", named.shown(), of.word), suggest(named.text, of.names))
	default:
		d.tell(named.place, named.where, fmt.Sprintf("there is no source %q", named.shown()), suggest(named.text, of.names))
	}
}

// linksOf checks the matchers of a service and what stands behind it.
func (d *draft) linksOf(e *serviceEntry, docker kindred) {
	if m := d.of(&e.matchers); m != nil && m.value.key.shape == shapeBlock {
		if _, err := matchersOf(m.text); err != nil {
			told := ops.AsError(err)
			d.tell(m.place, m.where, told.What.String(), told.Remedy.String())
		}
	}
	if s := d.of(&e.source); s != nil {
		d.sourceOf(docker, s, s.place, s.where)
	} else {
		d.expected(d.of(&e.containers))
	}
	if r := d.of(&e.runbook); r != nil {
		var names []string
		for _, b := range d.runbooks {
			names = append(names, b.name)
		}
		if !slices.Contains(names, r.text) {
			d.tell(r.place, r.where, fmt.Sprintf("there is no runbook %q", r.shown()), suggestOr(r.text, names, "add it to runbooks"))
		}
	}
}

// databases checks that what stands behind a service are PostgreSQL sources.
func (d *draft) databases(e *serviceEntry, postgres kindred) {
	s := d.of(&e.databases)
	if s == nil {
		return
	}
	all := s.items
	if s.value.key.shape != shapeList {
		all = []*value{s.value}
	}
	for _, one := range all {
		if !slices.Contains(postgres.names, one.text) {
			d.tell(one.place, s.where, fmt.Sprintf("%q is not a PostgreSQL source", one.shown()), suggest(one.text, postgres.names))
		}
	}
}

// expected checks that the containers of a service are among those expected.
func (d *draft) expected(list *said) {
	if list == nil {
		return
	}
	var known []string
	for _, e := range d.Estate.Expected {
		known = append(known, e.Name.String())
	}
	one := func(v *value, where string) {
		if !slices.Contains(known, v.text) {
			d.tell(v.place, where, fmt.Sprintf("no container %q is expected", v.shown()),
				suggestOr(v.text, known, "add it to containers, or say its source"))
		}
	}
	if list.value.key.shape != shapeList {
		one(list.value, list.where)
	}
	for i, v := range list.items {
		one(v, fmt.Sprintf("%s[%d]", list.where, i))
	}
}

// oneRunbookPerAlert checks that no alert has two procedures: the second would
// never be found.
func (d *draft) oneRunbookPerAlert() {
	first := map[string]string{}
	for i := range d.runbooks {
		r := &d.runbooks[i]
		alert := d.of(&r.alert)
		if alert == nil {
			continue
		}
		if other, twice := first[alert.text]; twice {
			d.tell(alert.place, alert.where, fmt.Sprintf("%q has a runbook already: %q", alert.shown(), other), "keep one; null removes an inherited one")
			continue
		}
		first[alert.text] = r.name
	}
}

// levels checks that the matrix goes up.
func (d *draft) levels() {
	last := 0
	for i := range d.Estate.Escalation {
		level := d.of(&d.Estate.Escalation[i].Level)
		if level == nil {
			continue
		}
		n := int(level.number)
		if n <= last {
			d.tell(level.place, level.where, fmt.Sprintf("%d after %d", n, last), "write the levels in order, each once")
		}
		last = max(last, n)
	}
}

// suggestOr is suggest where the list of what is known would be long.
func suggestOr(word string, known []string, otherwise string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}
