package engine

import (
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// remembered returns what an Alertmanager has, and beside it what it had before and
// has no more while no Prometheus can say whether that is over: Alertmanager forgets
// what is not sent again, whatever the reason.
func (p *picture) remembered(source ops.Text, has []ops.AlertmanagerAlert, now time.Time) []ops.AlertmanagerAlert {
	before, heard := p.alerts.AlertmanagerAlerts[source], p.alerts.heard[source]
	p.alerts.heard[source] = now
	known := make(map[ops.Text]bool, len(has))
	for i := range has {
		known[has[i].Fingerprint] = true
	}
	for _, n := range before {
		if known[n.Fingerprint] {
			continue
		}
		if n.Told.IsZero() {
			n.Told = heard
		}
		has = append(has, n)
	}
	return has
}

// forget drops what is remembered of Alertmanagers once every Prometheus has answered
// since: whatever still burns, one of them tells.
func (p *picture) forget() {
	over := func(n ops.AlertmanagerAlert) bool { return !n.Told.IsZero() && p.canTell(n.Told) }
	for source, all := range p.alerts.AlertmanagerAlerts {
		if slices.ContainsFunc(all, over) {
			p.alerts.AlertmanagerAlerts[source] = slices.DeleteFunc(slices.Clone(all), over)
		}
	}
}

// canTell reports whether every Prometheus has told of all its alerts since a moment.
// Without one, the word of Alertmanager is the last.
func (p *picture) canTell(since time.Time) bool {
	for _, s := range p.board.Sources {
		if s.Kind == ops.SourcePrometheus && (s.State != ops.SourceOK || !s.LastGood.After(since) || p.alerts.Partial[s.Name]) {
			return false
		}
	}
	return true
}

// tellBurning compares what fires on the board with what fired before, whichever source
// told of it, and returns what changed for the history. An ack holds until its alert
// clears, and not for the next time. What a source knew when we began is no news.
func (p *picture) tellBurning(news bool, now time.Time) []ops.Record {
	var began, ended []ops.Alert
	is := make(map[ops.Text]*ops.Alert, len(p.alerts.burning))
	for _, d := range ops.DistinctAlerts(p.board.Alerts) {
		if a := d.Alert; a.State == ops.AlertFiring {
			is[a.Ref.ID] = a
			if p.alerts.burning[a.Ref.ID] == nil && news {
				began = append(began, *a)
			}
		}
	}
	for id, a := range p.alerts.burning {
		if is[id] != nil {
			continue
		}
		ended = append(ended, *a)
		delete(p.alerts.fired, id)
		if _, acked := p.alerts.Acks[id]; acked {
			delete(p.alerts.Acks, id)
			p.unsaved[keptAcks] = true
		}
	}
	p.alerts.burning = is
	slices.SortFunc(ended, func(a, b ops.Alert) int { return strings.Compare(a.Ref.ID.String(), b.Ref.ID.String()) })
	return append(tell(began, "fires", now, true), tell(ended, "has cleared", now, false)...)
}
