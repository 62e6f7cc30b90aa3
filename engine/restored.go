package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// firedMost bounds the alerts that one incident names.
const firedMost = 200

// followAlerts keeps for each open incident what its alerts do: those that it was opened
// with, and those that began since. What a source said that is not fresh ends nothing.
func (p *picture) followAlerts() {
	if !slices.ContainsFunc(p.incidents, ops.Incident.Open) {
		return
	}
	firing, now := map[ops.Text]ops.Alert{}, p.now()
	for _, a := range judge.Firing(p.estate, p.board) {
		firing[a.Ref.ID] = a
	}
	all, differs := slices.Clone(p.incidents), false
	for i := range all {
		if in := &all[i]; in.Open() {
			fired := joined(cleared(in.Fired, firing, p.toldNow, now), *in, firing, now)
			differs = differs || !slices.Equal(fired, in.Fired)
			in.Fired = fired
		}
	}
	if differs {
		p.keepIncidents(all)
	}
}

// cleared notes which alerts of an incident have cleared, and which fire again.
func cleared(was []ops.IncidentAlert, firing map[ops.Text]ops.Alert, told func(source ops.Text) bool, now time.Time) []ops.IncidentAlert {
	out := slices.Clone(was)
	for i := range out {
		f := &out[i]
		_, fires := firing[f.Ref.ID]
		switch {
		case fires && !f.Cleared.IsZero():
			f.Cleared, f.Times = time.Time{}, f.Times+1
		case !fires && f.Cleared.IsZero() && told(f.Ref.Source):
			f.Cleared = now
		}
	}
	return out
}

// joined adds the alerts that belong to an incident and are not in its list.
func joined(list []ops.IncidentAlert, in ops.Incident, firing map[ops.Text]ops.Alert, now time.Time) []ops.IncidentAlert {
	n := len(list)
	for _, a := range firing {
		its := a.Since.After(in.Opened) || slices.ContainsFunc(in.Alerts, func(r ops.Ref) bool { return r.ID == a.Ref.ID })
		if !its || slices.ContainsFunc(list[:n], func(f ops.IncidentAlert) bool { return f.Ref.ID == a.Ref.ID }) {
			continue
		}
		at := a.Fired
		if at.IsZero() {
			at = now
		}
		list = append(list, ops.IncidentAlert{Ref: a.Ref, Name: ops.Textf("%s %s", a.Severity.Name, a.Name), Runbook: a.Runbook, Fired: at, Times: 1})
	}
	slices.SortStableFunc(list[n:], func(x, y ops.IncidentAlert) int {
		return strings.Compare(x.Name.String()+x.Ref.ID.String(), y.Name.String()+y.Ref.ID.String())
	})
	return list[:min(len(list), firedMost)]
}

// toldNow reports whether a source's alerts were read just now.
func (p *picture) toldNow(source ops.Text) bool {
	s := p.source(source)
	return s != nil && s.State == ops.SourceOK
}

// namedMost is how many alerts a sentence names.
const namedMost = 5

// unrestored says what of an incident is not over, or not known to be; empty: it is
// restored.
func unrestored(b ops.Board, in ops.Incident) ops.Text {
	var names []string
	for _, f := range in.Fired {
		if f.Cleared.IsZero() && !slices.Contains(names, f.Name.String()) {
			names = append(names, f.Name.String())
		}
	}
	var words []string
	if more := len(names) - namedMost; more > 0 {
		names = append(names[:namedMost], fmt.Sprintf("%d more", more))
	}
	if len(names) > 0 {
		words = append(words, "still firing: "+strings.Join(names, ", "))
	}
	for _, s := range b.Sources {
		if s.Kind == ops.SourcePrometheus && s.State != ops.SourceOK {
			words = append(words, fmt.Sprintf("%s is %s: what fires now is not known", s.Name, s.State))
		}
	}
	return ops.Clean(strings.Join(words, "; "))
}
