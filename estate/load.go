package estate

import (
	"encoding"

	"github.com/prometheus/common/config"

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
	c.timeouts(root)
	c.logins(root)
	if !r.partial { // else what is named may stand in what could not be read
		c.links(root)
	}
	return root, r.names, r.faults
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
	f.sources(root, faults)
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
			Unacked:     root.dur("limits", "unacked"),
			Unlock:      root.dur("limits", "unlock"),
			Database:    databaseLimits(root),
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
	f.triage(root, faults)
	f.indicators(root)
	return f
}

// sources fills in the servers that are read.
func (f *File) sources(root *value, faults *Faults) {
	for _, s := range root.members("sources") {
		required := !s.value.yes("optional")
		every, timeout := s.value.dur("every"), s.value.dur("timeout")
		http := func() config.HTTPClientConfig {
			return httpConfig(s.value.at("http_config"), "sources."+s.name+".http_config", faults)
		}
		switch s.value.str(discriminator) {
		case ops.SourcePrometheus.String():
			f.Prometheus = append(f.Prometheus, Prometheus{Name: s.name, URL: s.value.str("url"), Every: every, Timeout: timeout, Required: required, HTTP: http()})
		case ops.SourceDocker.String():
			f.Docker = append(f.Docker, Docker{Name: s.name, Host: s.value.str("host"), Every: every, Timeout: timeout, Required: required,
				TLS: tlsConfig(s.value.at("tls_config"), "sources."+s.name+".tls_config", faults), Cadvisor: cadvisor(root, s)})
		case ops.SourceAlertmanager.String():
			f.Alertmanager = append(f.Alertmanager, Alertmanager{Name: s.name, Peers: peers(s), Every: every, Timeout: timeout, Required: required, HTTP: http()})
		case ops.SourcePostgres.String():
			f.Postgres = append(f.Postgres, postgresOf(s, every, timeout, required))
		}
	}
}

// cadvisor returns where the figures of a Docker source come from.
func cadvisor(root *value, s member) Cadvisor {
	v := s.value.at("cadvisor")
	if v == nil || v.node == nil {
		return Cadvisor{}
	}
	c := Cadvisor{Source: v.str("source")}
	if all := sourcesOf(root, ops.SourcePrometheus, "Prometheus").names; c.Source == "" && len(all) > 0 {
		c.Source = all[0] // the only one there is, or a fault
	}
	for _, m := range v.members("match") {
		c.Match = append(c.Match, ops.Matcher{Name: ops.Clean(m.name), Value: ops.Clean(m.value.str())})
	}
	return c
}

// peers returns the members of a cluster; a lone server is one under the
// source's own name.
func peers(s member) []Peer {
	if url := s.value.str("url"); url != "" {
		return []Peer{{Name: s.name, URL: url}}
	}
	var out []Peer
	for _, m := range s.value.members("peers") {
		out = append(out, Peer{Name: m.name, URL: m.value.str()})
	}
	return out
}

func access(root *value) ops.Access {
	var a ops.Access
	word(&a.Default, root.str("access", "default"))
	for _, g := range root.list("access", "grants") {
		grant := ops.Grant{User: ops.Clean(g.str("user")), Group: ops.Clean(g.str("group")), Key: ops.Clean(g.str("key"))}
		word(&grant.Role, g.str("role"))
		a.Grants = append(a.Grants, grant)
	}
	for _, s := range root.list("access", "shared") {
		a.Shared = append(a.Shared, ops.Clean(s.str()))
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
