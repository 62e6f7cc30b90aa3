package estate

import (
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// links checks what one part of an estate says of another.
func (c *checking) links(root *value) {
	docker := sourcesOf(root, ops.SourceDocker, "Docker")
	prometheus := sourcesOf(root, ops.SourcePrometheus, "Prometheus")
	postgres := sourcesOf(root, ops.SourcePostgres, "PostgreSQL")
	for _, m := range root.members("containers") {
		c.sourceOf(docker, m, "containers."+m.name)
	}
	for _, part := range []string{"kpis", "pipelines"} {
		for _, m := range root.members(part) {
			c.sourceOf(prometheus, m, part+"."+m.name)
		}
	}
	for _, s := range root.members("sources") {
		if v := s.value.at("cadvisor"); v != nil && v.node != nil {
			c.sourceOf(prometheus, member{name: "cadvisor", place: v.place, value: v}, "sources."+s.name+".cadvisor")
		}
	}
	for _, m := range root.members("services") {
		c.service(root, docker, m)
		c.databases(postgres, m)
	}
	c.oneRunbookPerAlert(root)
	c.levels(root)
}

// kindred are the sources of one kind.
type kindred struct {
	kind   ops.SourceKind
	word   string // what the kind is called in a message
	names  []string
	others []string // sources of other kinds
}

func sourcesOf(root *value, kind ops.SourceKind, word string) kindred {
	k := kindred{kind: kind, word: word}
	for _, s := range root.members("sources") {
		if s.value.str(discriminator) == kind.String() {
			k.names = append(k.names, s.name)
		} else {
			k.others = append(k.others, s.name)
		}
	}
	return k
}

// sourceOf checks that m names a source of the right kind, or that there is only
// one that it can mean.
func (c *checking) sourceOf(of kindred, m member, where string) {
	named := m.value.at("source")
	switch {
	case named == nil && len(of.names) == 0:
		c.fault(m.place, where, fmt.Sprintf("no %s source could have it", of.word), "add a source of kind: "+of.kind.String())
	case named == nil && len(of.names) > 1:
		c.fault(m.place, where, fmt.Sprintf("there are several %s sources and none is named", of.word), "add source: with one of "+strings.Join(of.names, ", "))
	case named == nil || slices.Contains(of.names, named.text):
	case slices.Contains(of.others, named.text):
		c.fault(named.place, where+".source", fmt.Sprintf("%q is not a %s source", named.shown(), of.word), suggest(named.text, of.names))
	default:
		c.fault(named.place, where+".source", fmt.Sprintf("there is no source %q", named.shown()), suggest(named.text, of.names))
	}
}

// service checks the matchers of a service and what stands behind it.
func (c *checking) service(root *value, docker kindred, m member) {
	where := "services." + m.name
	if v := m.value.at("match"); v != nil && v.key.shape == shapeBlock {
		if _, err := matchersOf(v.text); err != nil {
			told := ops.AsError(err)
			c.fault(v.place, where+".match", told.What.String(), told.Remedy.String())
		}
	}
	if m.value.at("source") != nil {
		c.sourceOf(docker, m, where)
	} else {
		c.expected(root, m.value.at("container"), where+".container")
	}
	if r := m.value.at("runbook"); r != nil && root.at("runbooks", r.text) == nil {
		c.fault(r.place, where+".runbook", fmt.Sprintf("there is no runbook %q", r.shown()), suggestOr(r.text, names(root, "runbooks"), "add it to runbooks"))
	}
}

// databases checks that what stands behind a service are PostgreSQL sources.
func (c *checking) databases(postgres kindred, m member) {
	v := m.value.at("database")
	if v == nil {
		return
	}
	all := v.items
	if v.key.shape != shapeList {
		all = []*value{v}
	}
	for _, one := range all {
		if !slices.Contains(postgres.names, one.text) {
			c.fault(one.place, "services."+m.name+".database", fmt.Sprintf("%q is not a PostgreSQL source", one.shown()), suggest(one.text, postgres.names))
		}
	}
}

// expected checks that the containers of a service are among those expected.
func (c *checking) expected(root, list *value, where string) {
	if list == nil {
		return
	}
	known := names(root, "containers")
	one := func(v *value, where string) {
		if !slices.Contains(known, v.text) {
			c.fault(v.place, where, fmt.Sprintf("no container %q is expected", v.shown()),
				suggestOr(v.text, known, "add it to containers, or say its source"))
		}
	}
	if list.key.shape != shapeList {
		one(list, where)
	}
	for i, v := range list.items {
		one(v, fmt.Sprintf("%s[%d]", where, i))
	}
}

// oneRunbookPerAlert checks that no alert has two procedures: the second would
// never be found.
func (c *checking) oneRunbookPerAlert(root *value) {
	first := map[string]string{}
	for _, m := range root.members("runbooks") {
		alert := m.value.at("alert")
		if alert == nil {
			continue
		}
		if other, twice := first[alert.text]; twice {
			c.fault(alert.place, "runbooks."+m.name+".alert", fmt.Sprintf("%q has a runbook already: %q", alert.shown(), other), "keep one; null removes an inherited one")
			continue
		}
		first[alert.text] = m.name
	}
}

// levels checks that the matrix goes up.
func (c *checking) levels(root *value) {
	var last int64
	for i, e := range root.list("escalation") {
		level := e.at("level")
		if level == nil {
			continue
		}
		if level.number <= last {
			c.fault(level.place, fmt.Sprintf("escalation[%d].level", i), fmt.Sprintf("%d after %d", level.number, last), "write the levels in order, each once")
		}
		last = max(last, level.number)
	}
}

func names(root *value, part string) []string {
	var out []string
	for _, m := range root.members(part) {
		out = append(out, m.name)
	}
	return out
}

// suggestOr is suggest where the list of what is known would be long.
func suggestOr(word string, known []string, otherwise string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}
