package estate

import (
	"encoding"
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// Load reads the estate at path, or the shipped one of that name. env looks up
// a variable of the environment. The error is a *Faults that holds everything
// that is wrong.
func Load(path string, env func(string) (string, bool)) (File, error) {
	root, names, faults := check(path, env)
	f := build(root, &faults)
	f.Paths = names
	if err := faults.err(names); err != nil {
		return File{}, err
	}
	return f, nil
}

// check reads and checks an estate. Where there are faults, parts of the value
// may be missing.
func check(path string, env func(string) (string, bool)) (*value, []string, Faults) {
	r := &reading{}
	tree := r.tree(path, place{})
	if tree == nil {
		return nil, r.names, r.faults
	}
	c := &checking{env: env, faults: &r.faults, partial: r.partial}
	root := c.value(document(), tree, "")
	c.containers(root)
	c.timeouts(root)
	return root, r.names, r.faults
}

// containers checks that each expected container has a Docker source.
func (c *checking) containers(root *value) {
	var docker, others []string
	for _, s := range root.members("sources") {
		if s.value.str(discriminator) == ops.SourceDocker.String() {
			docker = append(docker, s.name)
		} else {
			others = append(others, s.name)
		}
	}
	if c.partial {
		return
	}
	for _, m := range root.members("containers") {
		where := "containers." + m.name
		named := m.value.at("source")
		switch {
		case named == nil && len(docker) == 0:
			c.fault(m.place, where, "no Docker source could have it", "add a source of kind: docker")
		case named == nil && len(docker) > 1:
			c.fault(m.place, where, "there are several Docker sources and none is named", "add source: with one of "+strings.Join(docker, ", "))
		case named == nil || slices.Contains(docker, named.text):
		case slices.Contains(others, named.text):
			c.fault(named.place, where+".source", fmt.Sprintf("%q is not a Docker source", named.shown()), suggest(named.text, docker))
		default:
			c.fault(named.place, where+".source", fmt.Sprintf("there is no source %q", named.shown()), suggest(named.text, docker))
		}
	}
}

// timeouts checks that one answer may not take longer than the interval, and
// shortens the default to it.
func (c *checking) timeouts(root *value) {
	for _, s := range root.members("sources") {
		t, every := s.value.at("timeout"), s.value.dur("every")
		switch {
		case t == nil || every == 0 || t.span <= every:
		case t.node == nil:
			t.span = every
		default:
			c.fault(t.place, "sources."+s.name+".timeout", "longer than every", "make it "+spell(every)+" or less")
		}
	}
}

// build makes a File of a checked estate.
func build(root *value, faults *Faults) File {
	var f File
	if root == nil {
		return f
	}
	for _, s := range root.members("sources") {
		required := !s.value.yes("optional")
		every, timeout := s.value.dur("every"), s.value.dur("timeout")
		switch s.value.str(discriminator) {
		case ops.SourcePrometheus.String():
			f.Prometheus = append(f.Prometheus, Prometheus{Name: s.name, URL: s.value.str("url"), Every: every, Timeout: timeout,
				Required: required, HTTP: httpConfig(s.value.at("http_config"), "sources."+s.name+".http_config", faults)})
		case ops.SourceDocker.String():
			f.Docker = append(f.Docker, Docker{Name: s.name, Host: s.value.str("host"), Every: every, Timeout: timeout, Required: required})
		}
	}
	f.Estate = ops.Estate{
		Name:          ops.Clean(root.str("estate")),
		SeverityLabel: ops.Clean(root.str("severity_label")),
		Watchdog:      ops.Clean(root.str("watchdog")),
		Access:        access(root),
		Limits: ops.Limits{
			StaleAfter:  int(root.num("limits", "stale_after")),
			CrashLoop:   int(root.num("limits", "crash_loop")),
			CrashWindow: root.dur("limits", "crash_window"),
			Mark:        root.dur("limits", "mark"),
			Unlock:      root.dur("limits", "unlock"),
		},
	}
	word(&f.Estate.Environment, root.str("environment"))
	for _, m := range root.members("severities") {
		s := ops.SeverityRank{Name: ops.Clean(m.name)}
		word(&s.Rank, m.value.str())
		f.Estate.Ranks = append(f.Estate.Ranks, s)
	}
	for _, m := range root.members("containers") {
		e := ops.Expected{Name: ops.Clean(m.name), Source: ops.Clean(m.value.str("source")), Port: uint16(m.value.num("port"))}
		if e.Source.Empty() && len(f.Docker) > 0 {
			e.Source = ops.Clean(f.Docker[0].Name) // the only one there is, or a fault
		}
		f.Estate.Expected = append(f.Estate.Expected, e)
	}
	return f
}

func access(root *value) ops.Access {
	var a ops.Access
	word(&a.Default, root.str("access", "default"))
	for _, g := range root.list("access", "grants") {
		grant := ops.Grant{User: ops.Clean(g.str("user")), Group: ops.Clean(g.str("group")), Key: ops.Clean(g.str("key"))}
		word(&grant.Role, g.str("role"))
		a.Grants = append(a.Grants, grant)
	}
	return a
}

// word reads a word of the domain. Words that the domain does not know were
// refused by the check; then the zero value stays, which claims least.
func word(into encoding.TextUnmarshaler, s string) {
	if s != "" {
		_ = into.UnmarshalText([]byte(s)) // see above
	}
}
