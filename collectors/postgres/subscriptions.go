package postgres

import (
	"time"

	"opsdeck/ops"
)

func readSubscription(r *reading, row row) error {
	var s ops.Subscription
	err := row.Scan(textTo{&s.Name}, textTo{&s.Database}, &s.Enabled, &s.Works)
	r.out.Subscriptions = append(r.out.Subscriptions, s)
	return err
}

// workers notes since when the workers of subscriptions are gone. One that fails is
// started again every few seconds, and ends at once: a look hardly ever meets it.
func (r *reading) workers() {
	if r.missing["subscriptions"] != "" {
		return // what is not seen says nothing
	}
	now := map[[2]ops.Text]time.Time{}
	for i := range r.out.Subscriptions {
		s := &r.out.Subscriptions[i]
		if !s.Enabled || s.Works {
			continue
		}
		id := [2]ops.Text{s.Database, s.Name}
		if s.Gone = r.workless[id]; s.Gone.IsZero() {
			s.Gone = r.now
		}
		now[id] = s.Gone
	}
	r.workless = now
}
