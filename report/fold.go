package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Event is a line of a time line: what happened, how often, and what followed from it.
type Event struct {
	ops.Record              // as it happened last
	All        []ops.Record // every record behind it, the newest first
	Times      int          // how often it happened
	after      []string     // what followed the last time
	at         int          // where it stands
}

// foldWithin is how far apart the same may happen and be one line of a time line that
// goes on for days. answerWithin is how soon a container's start follows its end: the
// daemon waits up to a minute before it restarts one. eventWidth bounds the line that
// tells both.
const (
	foldWithin   = time.Hour
	answerWithin = 90 * time.Second
	eventWidth   = 64
)

// foldKey tells whether two records tell of the same. Instances of one alert do.
type foldKey struct {
	kind ops.RecordKind
	ref  ops.Ref
	what ops.Text
}

// Fold makes one event of records that tell of the same, none further from the next
// than within. Of a container, what follows by itself belongs to what it follows: a
// restart is one event, and a crash loop is one that happened so many times. What
// somebody did stands alone each time, and the intent of a job with its outcome. recs come as the history gives them, newest
// first, and so do the events, each where it happened last.
func Fold(recs []ops.Record, within time.Duration) []Event {
	var events []*Event
	last, open, begun := map[foldKey]*Event{}, map[ops.Ref]*Event{}, map[ops.JobID]*Event{}
	for at, r := range slices.Backward(recs) {
		if e := begun[r.Job]; e != nil && r.Kind == ops.RecordOutcome {
			e.end(r, at)
			continue
		}
		if e := open[r.Ref]; e != nil && e.leadsTo(r) {
			e.follow(r)
			continue
		}
		key := foldKey{r.Kind, r.Ref, r.What}
		if r.Kind == ops.RecordAlert {
			key.ref = ops.Ref{}
		}
		e := last[key]
		if e == nil || r.Kind.Audited() || r.Kind == ops.RecordNote || r.At.Sub(e.At) > within {
			e = &Event{}
			events, last[key] = append(events, e), e
		}
		e.happen(r, at)
		switch {
		case r.Kind == ops.RecordContainer:
			open[r.Ref] = e
		case r.Kind == ops.RecordIntent && r.Job != 0:
			begun[r.Job] = e
		}
	}
	slices.SortFunc(events, func(x, y *Event) int { return cmp.Compare(x.at, y.at) })
	out := make([]Event, len(events))
	for i, e := range events {
		out[i] = *e
	}
	return out
}

func (e *Event) happen(r ops.Record, at int) {
	e.Record, e.at, e.after = r, at, nil
	e.All = append([]ops.Record{r}, e.All...)
	e.Times++
}

// end puts the outcome in the place of the intent: it says what was done, and how it
// ended.
func (e *Event) end(r ops.Record, at int) {
	e.happen(r, at)
	e.Times = 1
}

// leadsTo reports whether a record of the same container belongs to the event: soon
// after it, nothing bad, not said yet, and room in the line. What is bad begins anew.
func (e *Event) leadsTo(r ops.Record) bool {
	said := followed(r)
	return r.Kind == ops.RecordContainer && !r.Level.Bad() && r.At.Sub(e.All[0].At) <= answerWithin &&
		r.What != e.What && !slices.Contains(e.after, said) && Width(e.line())+Width(said)+2 <= eventWidth
}

func (e *Event) follow(r ops.Record) {
	e.after = append(e.after, followed(r))
	e.All = append([]ops.Record{r}, e.All...)
}

// followed is what a record says beside the name, which the event has said.
func followed(r ops.Record) string {
	return strings.TrimPrefix(r.What.String(), r.Ref.ID.String()+" ")
}

func (e Event) line() string { return join("; ", append([]string{e.What.String()}, e.after...)...) }

// Text is the event in words: "web died, exit 1; started: 8x, last 03:46:48Z".
func (e Event) Text() string {
	if e.Times == 1 {
		return e.line()
	}
	return fmt.Sprintf("%s: %dx, last %s", e.line(), e.Times, ops.Moment(e.At, e.At))
}

// About is what it happened to: one thing, or so many of a kind.
func (e Event) About() string {
	met := map[ops.Ref]bool{}
	for _, r := range e.All {
		met[r.Ref] = true
	}
	if len(met) > 1 {
		return ops.Count(len(met), e.Ref.Kind.String())
	}
	if name := e.Fact(ops.FactAlert); e.Ref.Kind == ops.KindAlert && !name.Empty() {
		return join(" ", e.Ref.Kind.String(), name.String())
	}
	return RefText(e.Ref).String()
}
