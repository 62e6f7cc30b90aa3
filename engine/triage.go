package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"opsdeck/ops"
)

// What a triage screen gathers.
const (
	changesBefore = 30 * time.Minute // how far before an alert's start a change may be its cause
	changesAfter  = 10 * time.Minute
	maxChangesOf  = 200 // a crash loop is many, and one line
	maxSuspects   = 3
	suspectLines  = 8
	gatherTimeout = 3 * time.Second
)

// triage opens an alert: its own source's view of it, and beside it what may be
// behind it, that thing's last words, and what changed around the start. A source
// that does not answer costs its own part and says so.
func (k console) triage(ctx context.Context, ref ops.Ref, window time.Duration) (ops.Detail, error) {
	k.e.awaitLook(ctx, ref)
	a, found := k.e.broker.newest().Alert(ref)
	if !found {
		return ops.Detail{}, k.e.unless(ops.Errorf(ops.CodeNotFound, "no alert %s on the board", ref.ID).Help("it has cleared: History has it"), ref)
	}
	ctx, cancel := context.WithTimeout(ctx, gatherTimeout)
	defer cancel()
	d := ops.Detail{}
	lines := make([][]ops.Line, min(len(a.Suspects), maxSuspects))
	var wg sync.WaitGroup
	wg.Go(func() { d = k.openAlert(ctx, a, window) })
	for i := range lines {
		wg.Go(func() { lines[i] = k.lastLines(ctx, a.Suspects[i].Ref) })
	}
	wg.Wait()
	d.Ref, d.At, d.Began, d.Suspects, d.Escalation = a.Ref, k.e.Now(), a.Since, a.Suspects, k.e.Estate.Escalation
	for _, s := range a.Suspects {
		d.Related = append(d.Related, s.Ref)
	}
	d.Lines = slices.Concat(lines...)
	d.Runbook = k.runbook(a)
	d.Changes = k.changesAround(a)
	return d, nil
}

// openAlert asks the alert's own source; without one that can, or when it does
// not answer, the board's words have to do.
func (k console) openAlert(ctx context.Context, a ops.Alert, window time.Duration) ops.Detail {
	opener, _, ok := reader[ops.Opener](k.e, a.Ref.Source)
	if !ok {
		return ownWords(a)
	}
	ref := a.Ref
	if a.Sending == ops.SendingUnknown {
		ref.ID = a.Own.Or(ref.ID) // what it is called here may be Alertmanager's word
	}
	d, err := opener.Open(ctx, ref, window)
	if err != nil {
		d = ownWords(a)
		d.Why = ops.Textf("%s: %s", a.Ref.Source, ops.AsError(err).What)
	}
	return d
}

func ownWords(a ops.Alert) ops.Detail {
	facts := func(title string, facts ...ops.Fact) ops.FactGroup {
		return ops.FactGroup{Title: ops.Clean(title), Facts: facts}
	}
	labels := facts("labels")
	for _, l := range a.Labels {
		labels.Facts = append(labels.Facts, ops.Fact{Name: l.Name, Value: l.Value})
	}
	return ops.Detail{Title: ops.Textf("alert %s", a.Name), Groups: []ops.FactGroup{
		facts("alert", ops.Fact{Name: ops.Lit("summary"), Value: a.Summary}, ops.Fact{Name: ops.Lit("description"), Value: a.Description},
			ops.Fact{Name: ops.Lit("expression"), Value: a.Expr}),
		labels,
	}}
}

// lastLines are the last words of a thing that may be the cause.
func (k console) lastLines(ctx context.Context, ref ops.Ref) []ops.Line {
	tailer, _, ok := reader[ops.Tailer](k.e, ref.Source)
	if !ok {
		return nil
	}
	var lines []ops.Line
	err := tailer.Tail(ctx, ref, ops.TailFrom{Lines: suspectLines}, func(l ops.Line) error {
		lines = append(lines, l)
		return nil
	})
	if err != nil {
		lines = append(lines, ops.Line{At: k.e.Now(), From: ref, Stream: ops.StreamMeta, Text: ops.Textf("no lines: %s", ops.AsError(err).What)})
	}
	return lines[max(0, len(lines)-suspectLines):]
}

// runbook finds what to do: the alert's own annotation, its service's, or the one
// that is written for its name.
func (k console) runbook(a ops.Alert) []ops.Text {
	var byAlert []ops.Text
	for _, r := range k.e.Estate.Runbooks {
		if !r.Name.Empty() && (r.Name == a.Runbook || strings.TrimSuffix(a.Runbook.String(), ".md") == r.Name.String()) {
			return r.Lines
		}
		if r.Alert == a.Name && byAlert == nil {
			byAlert = r.Lines
		}
	}
	if byAlert != nil {
		return byAlert
	}
	for _, s := range k.e.Estate.Services {
		sel, err := ops.Compile(s.Matchers)
		if err != nil || s.Runbook.Empty() || !sel.Match(a.Labels) && !sel.Match(a.SentLabels()) {
			continue
		}
		for _, r := range k.e.Estate.Runbooks {
			if r.Name == s.Runbook {
				return r.Lines
			}
		}
	}
	return nil
}

// changesAround are the records around an alert's start: those of what may be
// behind it first, then the others, nearest first. The alert's own are left out.
func (k console) changesAround(a ops.Alert) []ops.Record {
	if k.e.History == nil {
		return nil
	}
	recs, err := k.e.History.History(ops.Query{From: a.Since.Add(-changesBefore), Until: a.Since.Add(changesAfter), Limit: 500})
	k.e.historyState(err)
	recs = slices.DeleteFunc(recs, func(r ops.Record) bool { return r.Ref.ID == a.Ref.ID && r.Kind == ops.RecordAlert })
	suspect := func(r ops.Record) bool {
		return slices.ContainsFunc(a.Suspects, func(s ops.Suspect) bool { return s.Ref == r.Ref })
	}
	slices.SortStableFunc(recs, func(x, y ops.Record) int {
		if sx, sy := suspect(x), suspect(y); sx != sy {
			if sx {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.At.Sub(a.Since).Abs(), y.At.Sub(a.Since).Abs())
	})
	return recs[:min(len(recs), maxChangesOf)]
}
