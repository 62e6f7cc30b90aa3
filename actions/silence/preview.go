package silence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"opsdeck/ops"
)

// namesMost is how many alerts a preview names.
const namesMost = 5

// preview is what a silence would hide now, as the newest picture has it.
type preview struct {
	hits   []ops.Alert // firing, the gravest first
	firing int         // of all
	doubts []ops.Text  // why the picture may not be whole
}

// firingAlerts returns each firing alert of the picture once, without the watchdog, as
// every other count of them does.
func firingAlerts(b ops.Board) []ops.Alert {
	var out []ops.Alert
	for _, d := range ops.DistinctAlerts(b.Alerts) {
		if d.Alert.State == ops.AlertFiring && !b.Estate.Watches(d.Alert) {
			out = append(out, *d.Alert)
		}
	}
	return out
}

// previewOf counts the firing alerts that selects takes.
func previewOf(b ops.Board, selects func(ops.Alert) bool) preview {
	var p preview
	for _, a := range firingAlerts(b) {
		p.firing++
		if selects(a) {
			p.hits = append(p.hits, a)
		}
	}
	slices.SortStableFunc(p.hits, func(a, b ops.Alert) int {
		return cmp.Or(-cmp.Compare(a.Severity.Rank, b.Severity.Rank), cmp.Compare(a.Name.String(), b.Name.String()), cmp.Compare(a.Ref.ID.String(), b.Ref.ID.String()))
	})
	fresh := false
	for _, r := range b.Alerts {
		if r.Fresh() {
			fresh = true
		} else {
			p.doubts = append(p.doubts, ops.Textf("%s is %s: what it would hide may be more than is counted here", r.Source, r.State))
		}
	}
	if !fresh && len(p.doubts) == 0 {
		p.doubts = append(p.doubts, ops.Lit("no source of alerts is read: what it would hide is not known"))
	}
	return p
}

// words tells what a silence hides. Target is the alert it was asked for; its zero
// value is none.
func (p preview) words(target ops.Ref) []ops.Text {
	var out []ops.Text
	switch n := len(p.hits); {
	case n == 0:
		out = append(out, ops.Lit("hits nothing now"))
	default:
		out = append(out, ops.Textf("hits %s now, %d %% of the %d that fire: %s", ops.Count(n, "alert"), percent(n, p.firing), p.firing, p.names()))
	}
	if !target.Zero() {
		others := len(p.hits)
		switch {
		case p.has(target):
			others--
		case len(p.hits) > 0:
			out = append(out, ops.Lit("does not hit the alert it was asked for"))
		}
		if others > 0 {
			out = append(out, ops.Textf("hides %s besides the one it was asked for", ops.Count(others, "alert")))
		}
	}
	if n := p.critical(); n > 0 {
		out = append(out, ops.Textf("hides %s: nobody is notified about it", ops.Count(n, "critical alert")))
	}
	if n := p.silenced(); n > 0 {
		out = append(out, ops.Textf("%d of them are silenced already", n))
	}
	return append(out, p.doubts...)
}

// unseen names the labels that matchers ask for and no alert of the picture has:
// a slip of the pen, or a label that Prometheus adds when it sends (external
// labels), which only Alertmanager sees.
func unseen(b ops.Board, ms []ops.Matcher) []ops.Text {
	var out []ops.Text
	for _, m := range ms {
		if m.Op != ops.MatchEqual && m.Op != ops.MatchRegexp {
			continue
		}
		if _, _, found := ops.Find(b.Alerts, func(a *ops.Alert) bool { return !ops.LabelOf(a.Labels, m.Name.String()).Empty() }); !found {
			out = append(out, ops.Textf("no alert of this picture has a label %s; one that Prometheus adds on sending is not seen here", m.Name))
		}
	}
	return out
}

func (p preview) has(target ops.Ref) bool {
	return slices.ContainsFunc(p.hits, func(a ops.Alert) bool { return a.Ref.ID == target.ID })
}

func (p preview) critical() int {
	n := 0
	for _, a := range p.hits {
		if a.Severity.Rank == ops.RankCritical {
			n++
		}
	}
	return n
}

func (p preview) silenced() int {
	n := 0
	for _, a := range p.hits {
		if a.Paging.State == ops.PagingSilenced {
			n++
		}
	}
	return n
}

// names names the first hits, with what tells them apart.
func (p preview) names() string {
	var names []string
	for _, a := range p.hits[:min(len(p.hits), namesMost)] {
		names = append(names, called(a))
	}
	words := strings.Join(names, ", ")
	if more := len(p.hits) - namesMost; more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words
}

// called is an alert's name and where it is.
func called(a ops.Alert) string {
	for _, label := range []string{"service", "instance", "container", "pod", "job"} {
		if v := ops.LabelOf(a.Labels, label); !v.Empty() {
			return fmt.Sprintf("%s (%.60s)", a.Name, v)
		}
	}
	return a.Name.String()
}

// percent is a share that says 100 of all and 0 of none only.
func percent(n, of int) int {
	if n == 0 || of == 0 {
		return 0
	}
	return max(1, 100*n/of)
}
