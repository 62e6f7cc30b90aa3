package prometheus

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// windowDefault is how much time around an alert's start is drawn.
const windowDefault = time.Hour

// chartPoints is about how many points a chart gets, and chartSeries how many
// lines.
const (
	chartPoints = 240
	chartSeries = 8
)

// Open returns what is known of an alert of ours, or of the server itself.
func (c *Collector) Open(ctx context.Context, ref ops.Ref, window time.Duration) (ops.Detail, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	if window <= 0 {
		window = windowDefault
	}
	switch {
	case ref.Kind == ops.KindAlert && ref.Source.String() == c.cfg.Name:
		return c.openAlert(ctx, ref, window)
	case ref.Kind == ops.KindSource && ref.ID.String() == c.cfg.Name:
		return c.openSource(ctx, ref)
	}
	return ops.Detail{}, ops.Errorf(ops.CodeInvalid, "%s is not known to %s", ref, c.cfg.Name)
}

func (c *Collector) openAlert(ctx context.Context, ref ops.Ref, window time.Duration) (ops.Detail, error) {
	c.mu.Lock()
	book := c.book
	c.mu.Unlock()
	from, ok := book.origins[ref.ID]
	if !ok { // not collected yet, or newer than the last collection
		var err error
		if book, err = c.rules(ctx); err != nil {
			return ops.Detail{}, err
		}
		if from, ok = book.origins[ref.ID]; !ok {
			return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "no such alert now").
				Help("it has ended: the history tells when")
		}
	}
	i := slices.IndexFunc(book.alerts, func(a ops.Alert) bool { return a.Ref == ref })
	if i < 0 {
		return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "no such alert now")
	}
	a := book.alerts[i]
	d := ops.Detail{
		Ref: ref, At: c.cfg.Now(), Window: window, Title: a.Name,
		Groups: []ops.FactGroup{alertGroup(a, from), labelGroup(a), noteGroup(from.notes), ruleGroupFacts(from)},
	}
	from.labels = from.raw(a)
	series, notes, err := c.around(ctx, a.Since, window, from)
	if err != nil {
		d.Why = ops.Clean("the expression could not be drawn: " + err.Error())
		return d, nil
	}
	d.Series, d.Why = series, joined(notes)
	return d, nil
}

// around draws the rule's expression from a window before the alert's start to a
// window after it, or now. Of "a > 5" it draws a, and the limit as a line: the
// whole expression has values only where it is true.
func (c *Collector) around(ctx context.Context, since time.Time, window time.Duration, from origin) ([]ops.Series, []ops.Text, error) {
	now := c.cfg.Now()
	if since.IsZero() || since.After(now) {
		since = now
	}
	start, end := since.Add(-window), since.Add(window)
	if end.After(now) {
		end = now
	}
	step := max(time.Second, (end.Sub(start) / chartPoints).Round(time.Second))
	expr, limit, split := splitLimit(from.rule.query)
	ans, err := c.curve(ctx, expr, from, start, end, step)
	if err != nil {
		return nil, nil, err
	}
	out := ans.matching(from.labels)
	if more := len(out) - chartSeries; more > 0 {
		out = out[:chartSeries]
		ans.Notes = append(ans.Notes, ops.Textf("%s not drawn", ops.Count(more, "more series")))
	}
	if split {
		out = append(out, ops.Series{
			Name:   ops.Clean("limit " + limit.text),
			Points: []ops.Point{{At: start.UTC(), Value: limit.value, Known: true}, {At: end.UTC(), Value: limit.value, Known: true}},
		})
	}
	return out, ans.Notes, nil
}

// matching returns the series that agree with the alert's labels; all of them
// where none does, because rules can rewrite labels.
func (a Answer) matching(labels map[string]string) []ops.Series {
	var out []ops.Series
	for i, metric := range a.labels {
		agrees := true
		for name, value := range metric {
			if want, ok := labels[string(name)]; ok && want != string(value) {
				agrees = false
			}
		}
		if agrees {
			out = append(out, a.Series[i])
		}
	}
	if out == nil {
		return slices.Clone(a.Series)
	}
	return out
}

func alertGroup(a ops.Alert, from origin) ops.FactGroup {
	g := facts("alert")
	g.add("state", a.State.String())
	g.add("severity", a.Severity.Name.String())
	if !a.Since.IsZero() {
		g.add("since", ops.Stamp(a.Since))
	}
	if a.Value.Known {
		g.add("value", strconv.FormatFloat(a.Value.Value, 'g', 6, 64))
	} else {
		g.add("value", from.value)
	}
	if !from.over.IsZero() {
		g.add("condition over since", ops.Stamp(from.over)+", the rule keeps it firing")
	}
	g.add("fingerprint", a.Ref.ID.String())
	return g.FactGroup
}

func labelGroup(a ops.Alert) ops.FactGroup {
	g := facts("labels")
	for _, l := range a.Labels {
		g.add(l.Name.String(), l.Value.String())
	}
	return g.FactGroup
}

func noteGroup(notes []ops.Fact) ops.FactGroup {
	g := facts("annotations")
	for _, n := range slices.SortedFunc(slices.Values(notes), byName) {
		g.add(n.Name.String(), n.Value.String())
	}
	return g.FactGroup
}

func ruleGroupFacts(o origin) ops.FactGroup {
	g := facts("rule")
	g.add("name", o.rule.name)
	g.add("expression", o.rule.query)
	if _, limit, ok := splitLimit(o.rule.query); ok {
		g.add("limit", limit.text)
	}
	g.add("for", ops.Span(ops.Seconds(o.rule.duration)))
	if o.rule.keepFiring > 0 {
		g.add("keeps firing for", ops.Span(ops.Seconds(o.rule.keepFiring)))
	}
	g.add("health", o.rule.health)
	g.add("fault", o.rule.lastError)
	if o.rule.lastEvaluation.Year() > 1 {
		g.add("last evaluated", ops.Stamp(o.rule.lastEvaluation))
	}
	g.add("group", o.rule.group.name)
	g.add("every", o.rule.group.every().String())
	g.add("file", o.rule.group.file)
	return g.FactGroup
}

// factList builds one group; empty values are left out.
type factList struct{ ops.FactGroup }

func facts(title string) *factList {
	return &factList{ops.FactGroup{Title: ops.Clean(title)}}
}

func (g *factList) add(name, value string) {
	if value != "" {
		g.Facts = append(g.Facts, ops.Fact{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
}

func joined(notes []ops.Text) ops.Text {
	words := make([]string, len(notes))
	for i, n := range notes {
		words[i] = n.String()
	}
	return ops.Clean(strings.Join(words, "; "))
}

func byName(a, b ops.Fact) int { return cmp.Compare(a.Name.String(), b.Name.String()) }
