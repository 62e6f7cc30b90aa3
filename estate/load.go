package estate

import (
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
	d.timeouts()
	d.logins()
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
		d.Postgres[i].inherit()
	}
	d.triage()
}
