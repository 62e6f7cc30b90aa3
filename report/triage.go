package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Triage is one alert read for the screen that opens it.
type Triage struct {
	Alert    ops.Alert
	Severity Cell
	State    Cell
	From     Origin
	Paging   []Cell // who is told, or why nobody is
	Ack      string
	Suspects []SuspectLine
	// LastGood is what there is to go back to of the databases among the suspects.
	LastGood []Cell
	// ValuesOf says how old value, summary and description are where they are not of
	// the newest answer: "as of 40s ago".
	ValuesOf string
}

// SuspectLine is one thing that may be behind an alert, as it stands now.
type SuspectLine struct {
	Ref   ops.Ref
	Guess bool
	State Cell
	Since string // how long it has been so: "for 3m"
	Cause string
	Next  []ops.Next
	Why   string // why it is suspected
}

// Said is the cause, and what to do next as how says it.
func (s SuspectLine) Said(how func(ops.Next) string) string {
	return join("  ", s.Cause, Spoken(s.Next, how))
}

// NewTriage finds an alert by its fingerprint and reads it; false: it is not on the
// board any more.
func NewTriage(b ops.Board, ref ops.Ref, now time.Time) (Triage, bool) {
	items := distinct(b)
	i := slices.IndexFunc(items, func(it alertItem) bool { return it.a.Ref.ID == ref.ID })
	if i < 0 {
		return Triage{}, false
	}
	it, v := &items[i], newPagingView(b, now)
	it.fill(v, BySeverity, now)
	t := Triage{Alert: *it.a, State: it.state, From: it.from, Severity: toned(strings.ToUpper(severityWord(it.a)), ToneOf(it.a.Severity.Rank.Level()))}
	if !it.from.Fresh() {
		t.Severity.Tone = ToneUnknown
	}
	if it.a.Aged(it.from.At) {
		t.ValuesOf = "as of " + ops.Ago(it.a.At, now)
	}
	if a := it.a.Ack; !a.At.IsZero() {
		t.Ack = a.By.String() + " " + ops.Ago(a.At, now) + why(a.Note)
	}
	if it.a.State == ops.AlertFiring {
		t.Paging = pagingLines(b, it.a, v, items, now)
	}
	if l, ok := b.Loaded(it.a.Service); ok && it.a.State == ops.AlertFiring {
		t.Suspects = append(t.Suspects, loadedLine(l, now))
	}
	for _, s := range it.a.Suspects {
		t.Suspects = append(t.Suspects, suspectLine(b, s, now))
	}
	t.LastGood = lastGoodLines(b, it.a.Suspects, now)
	return t, true
}

// loadedLine says that the service of an alert is under a load run of ours.
func loadedLine(l ops.LoadLive, now time.Time) SuspectLine {
	return SuspectLine{Ref: l.Scenario.Ref(), State: toned("under load", ToneInfo), Since: "for " + ops.Age(l.Began, now),
		Cause: fmt.Sprintf("load run of job %d, by %s, on %s", l.Job, l.Actor, l.Scenario.Target), Why: "the service is its target"}
}

// pagingLines say who is told of a firing alert, and who or what keeps it quiet.
func pagingLines(b ops.Board, a *ops.Alert, v pagingView, items []alertItem, now time.Time) []Cell {
	p := a.Paging
	switch {
	case !v.any:
		return []Cell{toned("not known: no Alertmanager in this estate", ToneMuted)}
	case !a.Told.IsZero():
		return []Cell{toned(lastTold(b, a, now), ToneUnknown)}
	case p.State == ops.PagingDropped:
		return []Cell{toned(droppedOnPurpose+": alert_relabel_configs of "+a.Ref.Source.String()+" keep it from Alertmanager, so nobody is told", ToneOf(p.Level))}
	case p.State == ops.PagingUnknown && v.all:
		return []Cell{toned("not known: with which labels "+a.Ref.Source.String()+" sends it cannot be read, and under those it shows Alertmanager has none", ToneUnknown)}
	case !p.MutingUnknown.Empty() && v.readable[p.Source]:
		return []Cell{toned("goes to "+ops.Join(", ", p.Receivers)+", unless a time interval mutes its route now; muting: "+p.MutingUnknown.String(), ToneUnknown)}
	case !v.known(p):
		last := ""
		if p.State != ops.PagingUnknown && p.State != ops.PagingAbsent {
			last = "; it was " + p.State.String()
		}
		return []Cell{toned("not known: "+join(", ", v.standing, "so perhaps nobody is told")+last, ToneUnknown)}
	case a.Unpaged(now):
		return []Cell{toned(notPaged+": Alertmanager does not have it, "+ops.Age(a.Fired, now)+" after it fired", ToneOf(p.Level))}
	case p.State == ops.PagingAbsent:
		return []Cell{toned("not with Alertmanager yet: it is told within two minutes", ToneMuted)}
	}
	var out []Cell
	for _, id := range p.SilencedBy {
		out = append(out, toned("silenced "+silencedBy(b, id, now), ToneOf(p.Level)))
	}
	for _, fp := range p.InhibitedBy {
		out = append(out, toned("inhibited by "+nameOf(items, fp), ToneOf(p.Level)))
	}
	if muting := p.Muting(); muting != "" {
		out = append(out, toned(muting, ToneOf(p.Level)))
	}
	told := slices.DeleteFunc(slices.Clone(p.Receivers), func(to ops.Text) bool { return slices.Contains(p.NotTold, to) })
	if len(told) > 0 {
		word, tone := "goes to ", TonePlain
		if p.State.Quiet() {
			word, tone = "would go to ", ToneMuted
		}
		out = append(out, toned(word+ops.Join(", ", told), tone))
	} else if p.State == ops.PagingUnprocessed {
		out = append(out, toned("received, not routed yet", ToneMuted))
	}
	return out
}

// lastTold says of an alert that Alertmanager has forgotten why it is still here.
func lastTold(b ops.Board, a *ops.Alert, now time.Time) string {
	words := fmt.Sprintf("last told by %s at %s", a.Ref.Source, a.Told.UTC().Format("15:04:05Z"))
	for _, s := range b.Sources {
		if s.Kind == ops.SourcePrometheus && s.State != ops.SourceOK {
			words += fmt.Sprintf(", and %s cannot be asked: %s", s.Name, sourceOrigin(s).standing(now))
		}
	}
	return words + "; whether it still fires, and whether anybody is told, is not known"
}

func silencedBy(b ops.Board, id ops.Text, now time.Time) string {
	s, _, ok := ops.Find(b.Silences, func(s *ops.Silence) bool { return s.Ref.ID == id })
	if !ok {
		return "by silence " + id.String()
	}
	return fmt.Sprintf("by %s until %s (%s left)%s", s.By, ops.Clock(s.Ends, now), leftWord(s.Ends.Sub(now)), why(s.Comment))
}

func nameOf(items []alertItem, fingerprint ops.Text) string {
	for i := range items {
		if a := items[i].a; a.Ref.ID == fingerprint || a.Paging.Fingerprint == fingerprint {
			return join(" ", a.Severity.Name.String(), a.Name.String())
		}
	}
	return "alert " + fingerprint.String()
}

// suspectLine says how a suspect stands: a container's or a database's state and its
// cause, and of everything else only its name.
func suspectLine(b ops.Board, s ops.Suspect, now time.Time) SuspectLine {
	line := SuspectLine{Ref: s.Ref, Guess: s.Guess, Why: s.Why.String(), State: toned("not known", ToneUnknown)}
	if c, r, ok := b.Container(s.Ref); ok {
		line.State, line.Cause, line.Next = containerState(c, originOf(r)), c.Verdict.Cause.String(), c.Verdict.Next
		line.Since = ops.For(containerSince(c, originOf(r), now).Text)
	} else if r, ok := b.Database(s.Ref); ok && r.Known() {
		v := r.Value.Verdict
		line.State, line.Cause, line.Next = DatabaseLine(r, now), v.Cause.String(), v.Next
	}
	return line
}

// Around are the events of some records, in any order, the nearest to a moment first.
// Each stands at the one of its times that is nearest.
func Around(recs []ops.Record, moment time.Time) []Event {
	recs = slices.Clone(recs)
	slices.SortStableFunc(recs, func(x, y ops.Record) int { return y.At.Compare(x.At) })
	events := Fold(recs, foldWithin)
	slices.SortStableFunc(events, func(x, y Event) int { return cmp.Compare(x.Off(moment).Abs(), y.Off(moment).Abs()) })
	return events
}

// Off is how far from a moment the nearest record of the event is.
func (e Event) Off(moment time.Time) time.Duration {
	nearest := e.At.Sub(moment)
	for _, r := range e.All {
		if d := r.At.Sub(moment); d.Abs() < nearest.Abs() {
			nearest = d
		}
	}
	return nearest
}
