package report

import (
	"slices"
	"strings"

	"opsdeck/ops"
)

// Head says how all alerts stand, and how far that is to be trusted.
func (l *AlertList) Head() []Cell { return l.head }

// Columns are the columns of its rows.
func (l *AlertList) Columns() []Column { return l.columns }

// Len is how many alerts there are.
func (l *AlertList) Len() int { return len(l.items) }

// Ref names alert i.
func (l *AlertList) Ref(i int) ops.Ref { return l.items[i].a.Ref }

// Group is the group of alert i.
func (l *AlertList) Group(i int) string { return l.items[i].group }

// GroupWords says how a group stands.
func (l *AlertList) GroupWords(group string) string { return l.words[group] }

// Note says why there is no row.
func (l *AlertList) Note() string { return l.note }

// Alert is alert i itself.
func (l *AlertList) Alert(i int) *ops.Alert { return l.items[i].a }

// Row is alert i as it reads.
func (l *AlertList) Row(i int) Row {
	it := l.items[i]
	a := it.a
	level := aged(a.Level, it.from.Fresh())
	severity := toned(severityWord(a), ToneOf(a.Severity.Rank.Level()))
	if it.standing > 0 || !it.from.Fresh() {
		severity.Tone = ToneMuted
	}
	value := Cell{Text: a.Value.Number()}
	if a.Value.Known {
		value.Value = a.Value.Value
		if a.Aged(it.from.At) {
			value.Text, value.Tone = "~"+value.Text, ToneMuted
		}
	}
	labels := LabelText(*a)
	return Row{
		Ref: a.Ref, Group: it.group, Level: level, From: it.from, Detail: l.lead(it),
		Cells: []Cell{
			severity, text(a.Name.String()), it.state, moment(a.Since, l.now), text(it.service), value,
			text(l.summary(it)), toned(labels, ToneMuted), orNothing(receivers(a)),
		},
	}
}

func receivers(a *ops.Alert) string { return ops.Join(" ", a.Paging.Receivers) }

// summary is the alert's own, with its age where it is older than its source's
// newest answer.
func (l *AlertList) summary(it *alertItem) string {
	s := it.a.Summary.String()
	if s != "" && it.a.Aged(it.from.At) {
		return ops.Ago(it.a.At, l.now) + ": " + s
	}
	return s
}

// lead says what the narrow row has no room for: the summary, what may be behind
// it, who took it and what he knows.
func (l *AlertList) lead(it *alertItem) string {
	a, s := it.a, l.summary(it)
	for i, x := range a.Suspects {
		if i == 2 {
			break
		}
		word := "behind it: "
		if x.Guess {
			word = "behind it, a guess: "
		}
		s = join("  ", s, word+RefText(x.Ref).String())
	}
	if !a.Ack.Note.Empty() {
		s = join("  ", s, a.Ack.By.String()+": "+a.Ack.Note.String())
	}
	if !a.RuleFault.Empty() {
		s = join("  ", s, "rule fault: "+a.RuleFault.String())
	}
	return about(a.Name.String(), s)
}

// Natural is how wide a column wants to be, nothing of it loose; 0 where it has
// nothing to say. It is of all alerts: a storm is measured once, not at each filter.
func (l *AlertList) Natural(column int, _ []int) (want, firm int) {
	if l.wide[column] < 0 {
		l.wide[column] = l.natural(column)
	}
	return l.wide[column], l.wide[column]
}

func (l *AlertList) natural(column int) int {
	c := l.about[column]
	n := c.least
	for _, it := range l.items {
		if c.Max > 0 && n >= c.Max { // labels are joined only where they are shown
			break
		}
		n = max(n, Width(c.text(it)))
	}
	if n == 0 && len(l.items) > 0 {
		return 0
	}
	n = max(n, Width(c.Title))
	if c.Max > 0 {
		n = min(n, max(c.Max, Width(c.Title)))
	}
	return n
}

// Match reports whether alert i passes a filter. Beside the columns, key=value
// asks the label of that name, and a matcher is matched as a silence would be.
func (l *AlertList) Match(f Filter, i int) bool {
	if f.Empty() {
		return true
	}
	if l.hay == nil {
		l.hay = make([]string, len(l.items))
	}
	if l.hay[i] == "" {
		l.hay[i] = l.haystack(i)
	}
	if !f.selects(l.items[i].a.Labels) {
		return false
	}
	for _, t := range f.terms {
		if l.has(t, i) == t.not {
			return false
		}
	}
	return true
}

func (l *AlertList) haystack(i int) string {
	it := l.items[i]
	parts := []string{it.group, severityWord(it.a), it.a.Name.String(), it.state.Text, it.service, receivers(it.a), it.a.Summary.String()}
	for _, lb := range it.a.Labels {
		parts = append(parts, lb.Name.String()+"="+lb.Value.String())
	}
	return strings.ToLower(strings.Join(parts, "\n"))
}

func (l *AlertList) has(t term, i int) bool {
	it := l.items[i]
	field := ""
	switch c := slices.IndexFunc(l.columns, func(c Column) bool { return c.Key == t.key }); {
	case t.key == "":
		return strings.Contains(l.hay[i], t.word)
	case t.key == "level":
		return l.Row(i).Level.String() == t.word
	case t.key == "group":
		field = it.group
	case c >= 0:
		field = l.about[c].text(it)
	default:
		for _, lb := range it.a.Labels {
			if strings.ToLower(lb.Name.String()) == t.key {
				field = lb.Value.String()
			}
		}
	}
	return strings.Contains(strings.ToLower(field), t.word)
}

// Sort orders alert numbers by one column, the worst, oldest and largest first.
func (l *AlertList) Sort(order []int, column int) {
	c := l.about[column]
	if c.order == nil {
		c.order = func(x, y *alertItem) int { return strings.Compare(c.text(x), c.text(y)) }
	}
	slices.SortStableFunc(order, func(a, b int) int { return c.order(l.items[a], l.items[b]) })
}

func valueOf(a *ops.Alert) float64 {
	if !a.Value.Known {
		return -1
	}
	return a.Value.Value
}

// Table is the whole list at once, for the writers, with the facts that the
// screen folds into the state.
func (l *AlertList) Table() Table {
	t := Table{Name: "alerts", Columns: slices.Clone(l.columns), Groups: l.words, Note: l.note}
	t.Columns = append(t.Columns,
		Column{Key: "paging", Title: "PAGING", Priority: 10}, Column{Key: "acked_by", Title: "ACKED BY", Priority: 9},
		Column{Key: "silenced_until", Title: "SILENCED UNTIL", Priority: 8}, Column{Key: "not_told", Title: "NOT TOLD", Priority: 8})
	for i, it := range l.items {
		r := l.Row(i)
		paging := it.a.Paging.State.String()
		if !l.paging.known(it.a.Paging) {
			paging = ops.PagingUnknown.String()
		}
		until := nothing()
		if end := l.paging.until(it.a.Paging); !end.IsZero() {
			until = Cell{Text: ops.Clock(end, l.now), Value: stamp(end)}
		}
		r.Cells = append(r.Cells, toned(paging, ToneMuted), orNothing(it.a.Ack.By.String()), until, orNothing(ops.Join(" ", it.a.Paging.NotTold)))
		t.Rows = append(t.Rows, r)
	}
	return t
}
