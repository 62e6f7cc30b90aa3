package engine

import (
	"context"
	"slices"
	"time"

	"opsdeck/ops"
)

// firstLookMost is how long a request waits for a source that was not asked yet since
// the agent started.
const firstLookMost = 8 * time.Second

// awaitLook waits until the sources that have a say about ref were asked once: until
// then what is there and what is not cannot be told apart. It gives up silently: what
// is still not known then is said by whoever looks for it.
func (e *Engine) awaitLook(ctx context.Context, ref ops.Ref) {
	ctx, cancel := context.WithTimeout(ctx, firstLookMost)
	defer cancel()
	wake := e.broker.subscribe()
	defer e.broker.unsubscribe(wake)
	for slices.ContainsFunc(e.broker.newest().Sources, func(s ops.Source) bool { return s.State == ops.SourcePending && concerns(s, ref) }) {
		select {
		case <-ctx.Done():
			return
		case _, more := <-wake:
			if !more {
				return
			}
		}
	}
}

// looks reports whether an action depends on what sources say: a note does not.
func looks(action string) bool { return action != noteOnEstate && action != noteOnIncident }

// concerns reports whether a source has a say about ref: the one it is of; of alerts
// all that tell of alerts, because each tells a part. Incidents begin and end with
// alerts, and what is done to the estate as a whole is about them.
func concerns(s ops.Source, ref ops.Ref) bool {
	switch ref.Kind {
	case ops.KindConsole, ops.KindJob, ops.KindAudit:
		return false
	case ops.KindAlert, ops.KindEstate, ops.KindIncident:
		return s.Kind == ops.SourcePrometheus || s.Kind == ops.SourceAlertmanager
	case ops.KindSource:
		return s.Name == ref.ID
	}
	return s.Name == ref.Source
}

// unless turns "there is no such alert" into "not known" where a source of alerts was
// never read since the agent started. Other errors stay what they are.
func (e *Engine) unless(err error, ref ops.Ref) error {
	if ref.Kind != ops.KindAlert || ops.CodeOf(err) != ops.CodeNotFound {
		return err
	}
	for _, s := range e.broker.newest().Sources {
		if concerns(s, ref) && s.LastGood.IsZero() {
			return ops.Errorf(ops.CodeUnavailable, "%s was not read since the agent started, it is %s: whether alert %s fires is not known", s.Name, s.State, ref.ID)
		}
	}
	return err
}
