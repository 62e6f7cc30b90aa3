package ops

import (
	"slices"
	"time"
)

// AlertValue is what an alert says again with every evaluation of its rule: its
// value, and the words that name it. In a storm that is most of a board, though
// nothing has happened. It travels as a section of its own, for the alerts that
// somebody looks at; the section of the alerts travels when anything else of an
// alert changed, and brings what was true then.
type AlertValue struct {
	Ref         Ref       `json:"ref"`
	Value       Value     `json:"value"`
	Summary     Text      `json:"summary,omitzero"`
	Description Text      `json:"description,omitzero"`
	Updated     time.Time `json:"updated,omitzero"` // see Paging
}

// ValueOf is what travels apart of an alert.
func ValueOf(a Alert) AlertValue {
	return AlertValue{a.Ref, a.Value, a.Summary, a.Description, a.Paging.Updated}
}

// Aged reports whether an alert's value and words are older than the answer that
// its reading is of: they must not look as new as the reading.
func (a Alert) Aged(answer time.Time) bool { return !a.At.IsZero() && a.At.Before(answer) }

// SameAlerts reports whether two lists differ in nothing but what travels apart as
// AlertValue. It is asked of thousands at every answer, so it compares by hand.
func SameAlerts(a, b []Alert) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameAlert(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

func sameAlert(a, b *Alert) bool {
	return a.Ref == b.Ref && a.Name == b.Name && a.State == b.State && a.Severity == b.Severity && a.Level == b.Level &&
		a.Since.Equal(b.Since) && a.Fired.Equal(b.Fired) && a.Told.Equal(b.Told) && slices.Equal(a.Labels, b.Labels) && slices.Equal(a.Sent, b.Sent) &&
		a.Own == b.Own && a.Sending == b.Sending && slices.EqualFunc(a.Others, b.Others, slices.Equal) &&
		a.Expr == b.Expr && a.Runbook == b.Runbook && a.RuleFault == b.RuleFault &&
		samePaging(&a.Paging, &b.Paging) && a.Ack == b.Ack && slices.Equal(a.Suspects, b.Suspects) && a.Service == b.Service
}

func samePaging(a, b *Paging) bool {
	return a.State == b.State && a.Level == b.Level && a.Source == b.Source && a.Fingerprint == b.Fingerprint && slices.Equal(a.Receivers, b.Receivers) &&
		slices.Equal(a.SilencedBy, b.SilencedBy) && slices.Equal(a.InhibitedBy, b.InhibitedBy) && slices.Equal(a.MutedBy, b.MutedBy) &&
		slices.Equal(a.NotTold, b.NotTold) && a.MutingUnknown == b.MutingUnknown
}

// renewValues puts the values of this board into those of its alerts that are
// older than the answer their readings are of. The readings are this board's own
// already; the alerts in them are copied before the first one changes.
func (b *Board) renewValues() {
	if len(b.Values) == 0 {
		return
	}
	values := make(map[Ref]AlertValue, len(b.Values))
	for _, v := range b.Values {
		values[v.Ref] = v
	}
	for i := range b.Alerts {
		r, copied := &b.Alerts[i], false
		for j := range r.Value {
			v, ok := values[r.Value[j].Ref]
			if !ok || !r.Value[j].Aged(r.At) {
				continue
			}
			if !copied {
				r.Value, copied = slices.Clone(r.Value), true
			}
			a := &r.Value[j]
			a.At, a.Value, a.Summary, a.Description, a.Paging.Updated = r.At, v.Value, v.Summary, v.Description, v.Updated
		}
	}
}
