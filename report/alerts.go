package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// AlertList is every alert of a board once by fingerprint, read row by row: a
// storm of thousands costs what is looked at. It never changes after NewAlerts,
// apart from what it remembers of its own answers.
type AlertList struct {
	items   []*alertItem
	columns []Column
	about   []alertColumn // what stands in them
	paging  pagingView
	now     time.Time
	note    string
	words   map[string]string
	head    []Cell
	hay     []string // lower case, for filters; made when the first one comes
	wide    []int    // of the columns; -1: not known yet
}

// alertItem is one alert, with what sorting and widths need.
type alertItem struct {
	a        *ops.Alert
	from     Origin
	state    Cell
	service  string
	group    string
	standing int // firing before taken before held before pending
}

// Grouping is by what alerts stand together.
type Grouping uint8

// Groupings.
const (
	BySeverity Grouping = iota
	ByService
)

func (g Grouping) String() string {
	if g == ByService {
		return "service"
	}
	return "severity"
}

// NewAlerts reads the alerts of a board.
func NewAlerts(b ops.Board, now time.Time, by Grouping) *AlertList {
	l := &AlertList{about: alertColumns(now), paging: newPagingView(b, now), now: now, words: map[string]string{}}
	all := distinct(b)
	l.items = make([]*alertItem, len(all)) // pointers, because they are sorted
	for i := range all {
		all[i].fill(l.paging, by, now)
		l.items[i] = &all[i]
	}
	l.order(by)
	l.count(b)
	for _, c := range l.about {
		l.columns, l.wide = append(l.columns, c.Column), append(l.wide, -1)
	}
	if len(l.items) == 0 {
		l.note = alertsNote(b, now)
	}
	return l
}

// alertColumn is a column of alerts, and what stands in it.
type alertColumn struct {
	Column
	least int // cells that it wants, whatever it holds: figures come and go
	text  func(*alertItem) string
	order func(x, y *alertItem) int // nil: by the text
}

func alertColumns(now time.Time) []alertColumn {
	return []alertColumn{
		{Column{Key: "severity", Title: "SEVERITY", Priority: 95, Max: 10}, 0, func(it *alertItem) string { return severityWord(it.a) },
			func(x, y *alertItem) int { return cmp.Compare(y.a.Severity.Rank, x.a.Severity.Rank) }},
		{Column{Key: "name", Title: "ALERT", Priority: 100, Min: 12, Max: 36}, 0, func(it *alertItem) string { return it.a.Name.String() }, nil},
		{Column{Key: "state", Title: "STATE", Priority: 97, Min: 22, Max: 34}, 0, func(it *alertItem) string { return it.state.Text },
			func(x, y *alertItem) int {
				return cmp.Or(cmp.Compare(x.standing, y.standing), strings.Compare(x.state.Text, y.state.Text))
			}},
		{Column{Key: "since", Title: "AGE", Right: true, Priority: 98, Max: len("23h59m")}, len("23h59m"), func(it *alertItem) string { return ops.Age(it.a.Since, now) },
			func(x, y *alertItem) int { return x.a.Since.Compare(y.a.Since) }},
		{Column{Key: "service", Title: "SERVICE", Priority: 80, Min: 6, Max: 20}, 0, func(it *alertItem) string { return it.service }, nil},
		{Column{Key: "value", Title: "VALUE", Right: true, Priority: 60}, len("1.2e-10"), func(it *alertItem) string { return it.a.Value.Number() },
			func(x, y *alertItem) int { return cmp.Compare(valueOf(y.a), valueOf(x.a)) }},
		{Column{Key: "summary", Title: "SUMMARY", Priority: 75, Min: 16, Max: 80}, 0, func(it *alertItem) string { return it.a.Summary.String() }, nil},
		{Column{Key: "labels", Title: "LABELS", Priority: 45, Min: 10, Max: 40}, 40, func(it *alertItem) string { return LabelText(*it.a) }, nil},
		{Column{Key: "receiver", Title: "RECEIVER", Priority: 40, Min: 8, Max: 24}, 0, func(it *alertItem) string { return receivers(it.a) }, nil},
	}
}

// distinct returns every alert of a board once by fingerprint, without the
// watchdog, which is no problem.
func distinct(b ops.Board) []alertItem {
	all := ops.DistinctAlerts(b.Alerts)
	out := make([]alertItem, 0, len(all))
	for _, d := range all {
		if !b.Estate.Watches(d.Alert) {
			out = append(out, alertItem{a: d.Alert, from: Origin{Source: d.From.Source.String(), At: d.From.At, State: d.From.State}})
		}
	}
	return out
}

// repeated reports whether an alert repeats what the board says by itself, because this estate's
// agent posted it: of a plan's finding, or of a backup that was made. It is listed, and not
// counted.
func repeated(b ops.Board, a *ops.Alert) bool {
	plan, ours := a.OwnPlan(b.Estate.Name)
	return a.TellsOfBackup(b.Estate.Name) || ours && slices.ContainsFunc(b.Findings, func(f ops.Finding) bool {
		return f.Ref == plan || f.Ref.Kind == ops.KindSource && f.Ref.ID == plan.ID // it cannot be read
	})
}

func (it *alertItem) fill(v pagingView, by Grouping, now time.Time) {
	a := it.a
	it.state, it.service = alertState(a, v, it.from.Fresh() && a.Told.IsZero(), now), service(a)
	it.group = severityWord(a)
	if by == ByService {
		it.group = cmp.Or(it.service, "no service")
	}
	switch {
	case a.State != ops.AlertFiring:
		it.standing = 3
	case v.held(a):
		it.standing = 2
	case !a.Ack.At.IsZero():
		it.standing = 1
	}
}

func severityWord(a *ops.Alert) string {
	return cmp.Or(a.Severity.Name.String(), "no severity")
}

// order sorts: the group with the worst that fires first, within it what fires
// before what is handled, the newest first.
func (l *AlertList) order(by Grouping) {
	worst := map[string]int{}
	for _, it := range l.items {
		worst[it.group] = max(worst[it.group], it.weight(by))
	}
	slices.SortFunc(l.items, func(x, y *alertItem) int {
		switch {
		case x.group != y.group:
			return cmp.Or(cmp.Compare(worst[y.group], worst[x.group]), strings.Compare(x.group, y.group))
		case x.standing != y.standing:
			return cmp.Compare(x.standing, y.standing)
		case x.a.Severity.Rank != y.a.Severity.Rank:
			return cmp.Compare(y.a.Severity.Rank, x.a.Severity.Rank)
		case !x.a.Since.Equal(y.a.Since):
			return y.a.Since.Compare(x.a.Since)
		}
		return cmp.Or(strings.Compare(x.a.Name.String(), y.a.Name.String()), strings.Compare(x.a.Ref.ID.String(), y.a.Ref.ID.String()))
	})
}

// weight orders groups. Severities keep their order whoever took what; services
// stand by what fires in them now.
func (it *alertItem) weight(by Grouping) int {
	if by == ByService {
		return 10*(4-it.standing) + int(it.a.Severity.Rank)
	}
	return 1 + int(it.a.Severity.Rank)
}

// alertTally is how many alerts stand how.
type alertTally struct {
	firing, pending, acked, unpaged, unknown int
	paging                                   [ops.PagingDropped + 1]int // the rest of what fires, by its state
}

func (t *alertTally) add(a *ops.Alert, v pagingView, now time.Time) {
	if a.State != ops.AlertFiring {
		t.pending++
		return
	}
	t.firing++
	if !a.Ack.At.IsZero() {
		t.acked++
	}
	switch {
	case !v.any:
	case !v.known(a.Paging):
		t.unknown++
	case a.Unpaged(now):
		t.unpaged++
	default:
		t.paging[a.Paging.State]++
	}
}

func (t alertTally) words() string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{t.firing, "firing"}, {t.pending, "pending"}, {t.acked, "acked"}, {t.paging[ops.PagingSilenced], "silenced"},
		{t.paging[ops.PagingInhibited], "inhibited"}, {t.paging[ops.PagingMuted], "muted"}, {t.paging[ops.PagingDropped], droppedOnPurpose}, {t.unpaged, notPaged}, {t.unknown, "paging unknown"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	return strings.Join(parts, ", ")
}

// count says of every group and of the whole how many stand how.
func (l *AlertList) count(b ops.Board) {
	tallies := map[string]*alertTally{}
	var all alertTally
	for _, it := range l.items {
		t := tallies[it.group]
		if t == nil {
			t = &alertTally{}
			tallies[it.group] = t
		}
		t.add(it.a, l.paging, l.now)
		all.add(it.a, l.paging, l.now)
	}
	for g, t := range tallies {
		l.words[g] = t.words()
	}
	l.head = l.headCells(b, all)
}

func (l *AlertList) headCells(b ops.Board, t alertTally) []Cell {
	var out []Cell
	phrase, fresh := alertsStanding(b, l.now)
	switch {
	case len(b.Alerts) == 0:
		return []Cell{toned("no Prometheus in this estate", ToneMuted)}
	case !fresh && len(l.items) == 0:
		return []Cell{toned("alerts unknown: "+phrase, ToneUnknown)}
	case !fresh:
		out = append(out, toned(t.words(), TonePlain), toned("as of "+phrase, ToneUnknown))
	case t.firing == 0 && t.pending == 0:
		out = append(out, noneFires(b, l.now))
	default:
		out = append(out, toned(t.words(), TonePlain))
	}
	switch {
	case !l.paging.any:
		out = append(out, toned("no Alertmanager: who is told is not known", ToneMuted))
	case !l.paging.all:
		out = append(out, toned("who is told is not known: "+l.paging.standing, ToneUnknown))
	}
	return out
}

func alertsNote(b ops.Board, now time.Time) string {
	if len(b.Alerts) == 0 {
		return "no Prometheus in this estate"
	}
	if phrase, fresh := alertsStanding(b, now); !fresh {
		return "alerts unknown: " + phrase
	}
	return "no alert fires, and none is pending"
}
