package estate

import (
	"cmp"
	"fmt"
	"strings"

	"opsdeck/ops"
)

// Load reads the estate at path, or the shipped one of that name. env looks up
// a variable of the environment. The error is a *Faults that holds everything
// that is wrong.
func Load(path string, env func(string) (string, bool)) (File, error) {
	d, _, names := check(path, env)
	d.Paths = names
	if err := d.faults.err(names); err != nil {
		return File{}, err
	}
	return d.File, nil
}

// Usable is Load for who goes on with what is right: what is wrong with one source is told
// by its Err, and the error holds the rest. A source whose kind is not known is the rest.
func Usable(path string, env func(string) (string, bool)) (File, error) {
	d, _, names := check(path, env)
	d.Paths = names
	var rest Faults
	for _, f := range *d.faults {
		if s := d.faulty(f.Where.String()); s != nil {
			s.faults = append(s.faults, f)
		} else {
			rest = append(rest, f)
		}
	}
	if err := rest.err(names); err != nil {
		return File{}, err
	}
	return d.File, nil
}

// Check is Load for who asks what is wrong: it looks at the files too that an estate names,
// which only the agent has to be able to read.
func Check(path string, env func(string) (string, bool)) (File, error) {
	d, root, names := check(path, env)
	d.Paths = names
	d.files(root, "")
	if err := d.faults.err(names); err != nil {
		return File{}, err
	}
	return d.File, nil
}

// files tells which files that the estate names this user cannot read.
func (d *draft) files(v *value, where string) {
	switch {
	case v == nil:
	case v.key.shape == shapePath && !v.key.inside && v.node != nil:
		kind := fileKind{most: 1 << 20, missing: "write it, or correct the name"}
		if _, what, remedy := kind.read(v.text); what != "" {
			d.tell(v.place, where, what, remedy)
		}
	default:
		for _, m := range v.member {
			d.files(m.value, join(where, m.name))
		}
		for i, item := range v.items {
			d.files(item, fmt.Sprintf("%s[%d]", where, i))
		}
	}
}

// faulty is the source that a fault is about, by where it is; nil: about no single one.
func (d *draft) faulty(where string) *Source {
	var found *Source
	for _, s := range d.Sources() {
		at := join(cmp.Or(s.under, "sources"), s.Name)
		if (where == at || strings.HasPrefix(where, at+".")) && (found == nil || len(s.Name) > len(found.Name)) {
			found = s
		}
	}
	return found
}

// check reads and checks an estate, and makes a File of it. Where there are faults,
// parts of both may be missing.
func check(path string, env func(string) (string, bool)) (*draft, *value, []string) {
	r := &reading{}
	d := newDraft(&r.faults)
	tree := r.tree(path, place{})
	if tree == nil {
		return d, nil, r.names
	}
	c := &checking{env: env, faults: &r.faults, partial: r.partial}
	doc := document(d)
	root := c.value(doc, tree, "")
	if root == nil {
		return d, nil, r.names
	}
	d.fill(doc, &said{value: root})
	d.planned()
	d.timeouts()
	d.logins()
	d.scenarios()
	if !r.partial { // else what is named may stand in what could not be read
		d.links()
	}
	d.finish()
	return d, root, r.names
}

// timeouts checks that one answer may not take longer than the interval, and
// shortens the default to it.
func (d *draft) timeouts() {
	for _, s := range d.sources {
		t := d.of(&s.Timeout)
		switch {
		case t == nil || s.Every == 0 || s.Timeout <= s.Every:
		case t.node == nil:
			t.span, s.Timeout = s.Every, s.Every
		default:
			d.tell(t.place, t.where, "longer than every", "make it "+spell(s.Every)+" or less")
		}
	}
}

// finish fills in what an estate may leave open, where there is only one that it can
// mean; where there is none, that is a fault which was told.
func (d *draft) finish() {
	prometheus := func(source *string) {
		if *source == "" && len(d.Prometheus) > 0 {
			*source = d.Prometheus[0].Name
		}
	}
	for i := range d.Loads {
		for _, k := range d.Loads[i].queries {
			k.Load = d.Loads[i].Plan.Name.String()
			d.KPIs = append(d.KPIs, k)
		}
	}
	for i := range d.KPIs {
		prometheus(&d.KPIs[i].Source)
	}
	for i := range d.Pipelines {
		prometheus(&d.Pipelines[i].Source)
	}
	for i := range d.Docker {
		if c := &d.Docker[i].Cadvisor; d.of(c) != nil {
			prometheus(&c.Source)
		}
	}
	for i := range d.Estate.Expected {
		if e := &d.Estate.Expected[i]; e.Source.Empty() && len(d.Docker) > 0 {
			e.Source = ops.Clean(d.Docker[0].Name)
		}
	}
	for i := range d.Postgres {
		d.Postgres[i].inherit(d.Postgres[i].Actor)
	}
	for i := range d.Backups {
		p := &d.Backups[i].Plan
		if p.Database.Empty() && len(d.Postgres) > 0 {
			p.Database = ops.Clean(d.Postgres[0].Name)
		}
		d.Backups[i].complete(d.Postgres)
		d.Estate.Backups = append(d.Estate.Backups, *p)
	}
	for i := range d.Loads {
		if d.Loads[i].Plan.Driver == ops.DriverLoans {
			d.Loads[i].Loans.complete(d.Postgres)
		}
		d.Loads[i].limited(d.KPIs)
		d.Estate.Loads = append(d.Estate.Loads, d.Loads[i].Plan)
	}
	d.triage()
}
