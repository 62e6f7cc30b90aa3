package judge

import (
	"regexp"
	"slices"
	"strings"

	"opsdeck/ops"
)

// causes are the findings that others can be put down to, while the findings of a
// board are gathered: a container that does not run, with the alert that fires of it,
// the targets that Prometheus lacks, and the KPIs that miss.
type causes struct {
	estate ops.Estate
	broken map[ops.Ref]bool    // containers, databases and backup plans of which something bad was found
	told   map[ops.Ref]ops.Ref // of backup plans of which anything was found: who says so
	roots  []root
}

// root is a cause with the alerts that fire of it; an alert behind which nothing was
// found is one itself.
type root struct {
	ref    ops.Ref
	level  ops.Level
	alerts []*ops.Alert
}

// alertsMost is how many alerts of one cause are compared with others: a storm is known
// by its first.
const alertsMost = 64

func newCauses(e ops.Estate, found []ops.Finding) *causes {
	c := &causes{estate: e, broken: map[ops.Ref]bool{}, told: map[ops.Ref]ops.Ref{}}
	for _, f := range found {
		if f.Ref.Kind == ops.KindBackups { // of what is not known opsdeck tells, too
			c.told[f.Ref] = f.Ref
		}
		if f.Level.Bad() && slices.Contains([]ops.Kind{ops.KindContainer, ops.KindDatabase, ops.KindBackups}, f.Ref.Kind) && !c.broken[f.Ref] {
			c.broken[f.Ref] = true
			c.roots = append(c.roots, root{ref: f.Ref, level: f.Level})
		}
	}
	return c
}

// unread notes the sources that cannot be read: of a backup plan that is one opsdeck tells
// that.
func (c *causes) unread(sources []ops.Source) {
	for _, s := range sources {
		plan := ops.NewRef(ops.KindBackups, s.Name.String(), s.Name.String())
		if s.State != ops.SourceOK && c.told[plan] == (ops.Ref{}) {
			c.told[plan] = s.Ref
		}
	}
}

// behind is what an alert is put down to: a suspect that the estate names, or its first
// guess, of which something bad was found; and what opsdeck told Alertmanager of a plan to
// that plan.
func (c *causes) behind(a *ops.Alert) (ref ops.Ref, guess bool) {
	if plan, ours := a.OwnPlan(c.estate.Name); ours && c.told[plan] != (ops.Ref{}) {
		return c.told[plan], false
	}
	for i, s := range a.Suspects {
		if c.broken[s.Ref] && (i == 0 || !s.Guess) {
			return s.Ref, s.Guess
		}
	}
	return ops.Ref{}, false
}

// fires notes that an alert fires of a cause, which may be itself.
func (c *causes) fires(ref ops.Ref, a *ops.Alert) {
	i := slices.IndexFunc(c.roots, func(r root) bool { return r.ref == ref })
	if i < 0 {
		i, c.roots = len(c.roots), append(c.roots, root{ref: ref})
	}
	r := &c.roots[i]
	if len(r.alerts) < alertsMost {
		r.alerts = append(r.alerts, a)
	}
	r.level = worse(r.level, a.Level)
}

func worse(x, y ops.Level) ops.Level {
	if y.Worse(x) {
		return y
	}
	return x
}

// worst is the worst root that passes: what several causes make is seen with that one.
func (c *causes) worst(passes func(root) bool) ops.Ref {
	var out root
	for _, r := range c.roots {
		if passes(r) && (out.ref.Zero() || r.level.Worse(out.level)) {
			out = r
		}
	}
	return out.ref
}

// matcher is an equality matcher as PromQL and the names of series write it.
var matcher = regexp.MustCompile(`([a-zA-Z_]\w*)="([^"]*)"`)

// ofTargets is the cause of a note that names targets which are down: each of them
// has to belong to one, else the note stands by itself.
func (c *causes) ofTargets(note ops.Text) ops.Ref {
	first := ops.Ref{}
	for _, m := range matcher.FindAllStringSubmatch(note.String(), -1) {
		if m[1] != "instance" {
			continue
		}
		target := ops.Label{Name: ops.Lit("instance"), Value: ops.Clean(m[2])}
		ref := c.worst(func(r root) bool { return r.has(target) || c.runs(r.ref, target) })
		if ref.Zero() {
			return ref
		}
		if first.Zero() {
			first = ref
		}
	}
	return first
}

func (r root) has(l ops.Label) bool {
	return slices.ContainsFunc(r.alerts, func(a *ops.Alert) bool { return slices.Contains(a.Labels, l) })
}

// runs reports whether a target is what a container of the estate runs, by its name
// or its port.
func (c *causes) runs(ref ops.Ref, target ops.Label) bool {
	host, _, _ := strings.Cut(target.Value.String(), ":")
	return ref.Kind == ops.KindContainer && (ref.ID.String() == host ||
		slices.ContainsFunc(guesses(c.estate, ops.Alert{Labels: []ops.Label{target}}), func(s ops.Suspect) bool { return s.Ref == ref }))
}

// ofKPI is the cause of an indicator that misses its target: an alert fires over one
// of its metrics, and their labels do not say otherwise.
func (c *causes) ofKPI(k ops.KPI) ops.Ref {
	query := k.Query.String()
	mine := metrics(query)
	return c.worst(func(r root) bool {
		return slices.ContainsFunc(r.alerts, func(a *ops.Alert) bool {
			return agree(query, a.Labels) && slices.ContainsFunc(metrics(a.Expr.String()), func(m string) bool { return slices.Contains(mine, m) })
		})
	})
}

// agree reports whether no matcher of a query speaks against the labels of an alert.
func agree(query string, labels []ops.Label) bool {
	for _, m := range matcher.FindAllStringSubmatch(query, -1) {
		for _, l := range labels {
			if l.Name.String() == m[1] && l.Value.String() != m[2] {
				return false
			}
		}
	}
	return true
}

// What in PromQL is no metric: strings, selectors and ranges, the labels of a
// grouping, functions, and words of the language.
var (
	noMetrics  = regexp.MustCompile(`"[^"]*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	identifier = regexp.MustCompile(`[a-zA-Z_:][\w:]*\s*\(?`)
)

func metrics(query string) []string {
	var out []string
	for _, word := range identifier.FindAllString(noMetrics.ReplaceAllString(query, " "), -1) {
		switch word = strings.TrimSpace(word); {
		case strings.HasSuffix(word, "("), slices.Contains([]string{"and", "or", "unless", "bool", "offset", "inf", "nan"}, strings.ToLower(word)):
		default:
			out = append(out, word)
		}
	}
	return out
}

// together puts findings of one cause behind it, worst first, and the causes by the
// worst of each. Those that have no cause among them stand alone.
func together(fs []ops.Finding) []ops.Finding {
	slices.SortStableFunc(fs, byLevel)
	at, groups := map[ops.Ref]int{}, [][]ops.Finding{} // of several findings of one thing the worst has the parts
	for _, f := range fs {
		if _, met := at[f.Ref]; f.Under.Zero() && !met {
			at[f.Ref] = len(groups)
		}
		if f.Under.Zero() {
			groups = append(groups, []ops.Finding{f})
		}
	}
	for _, f := range fs {
		if !f.Under.Zero() {
			groups[at[f.Under]] = append(groups[at[f.Under]], f)
		}
	}
	slices.SortStableFunc(groups, func(x, y []ops.Finding) int { return byLevel(asWorst(x), asWorst(y)) })
	return slices.Concat(groups...)
}

// asWorst is a cause with the worst level of what it makes.
func asWorst(g []ops.Finding) ops.Finding {
	head := g[0]
	for _, f := range g[1:] {
		head.Level = worse(head.Level, f.Level)
	}
	return head
}

func byLevel(x, y ops.Finding) int {
	switch {
	case x.Level.Worse(y.Level):
		return -1
	case y.Level.Worse(x.Level):
		return 1
	}
	return strings.Compare(x.What.String(), y.What.String())
}
