package report

import (
	"time"

	"opsdeck/ops"
)

// standing says how a source stands: "docker SILENT", and how old its last
// value is where there is one: "4m ago, docker SILENT".
func standing(source ops.Text, s ops.SourceState, at, now time.Time) string {
	word := source.Or(ops.Lit("source")).String() + " " + StateWord(s, false)
	if at.IsZero() {
		return word
	}
	return Age(at, now) + " ago, " + word
}

func why(t ops.Text) string {
	if t.Empty() {
		return ""
	}
	return ": " + t.String()
}

// Cut returns the board as it reads after the way to the agent was lost: every
// value is kept with its age, and nothing on it may look good.
func Cut(b ops.Board, reason ops.Text) ops.Board {
	b.Sources = mapped(b.Sources, func(s ops.Source) ops.Source {
		if s.State == ops.SourceOK {
			s.State, s.Why, s.Since = ops.SourceStale, reason, s.LastGood
		}
		return s
	})
	b.Alerts = mapped(b.Alerts, func(r ops.Reading[[]ops.Alert]) ops.Reading[[]ops.Alert] {
		r.State, r.Why = cutState(r.State), r.Why.Or(reason)
		return r
	})
	b.Containers = mapped(b.Containers, func(r ops.Reading[[]ops.Container]) ops.Reading[[]ops.Container] {
		r.State, r.Why = cutState(r.State), r.Why.Or(reason)
		return r
	})
	b.Silences = mapped(b.Silences, func(r ops.Reading[[]ops.Silence]) ops.Reading[[]ops.Silence] {
		r.State, r.Why = cutState(r.State), r.Why.Or(reason)
		return r
	})
	b.Indicators = mapped(b.Indicators, func(r ops.Reading[ops.Indicators]) ops.Reading[ops.Indicators] {
		r.State, r.Why = cutState(r.State), r.Why.Or(reason)
		return r
	})
	b.Databases = mapped(b.Databases, func(r ops.Reading[ops.Database]) ops.Reading[ops.Database] {
		r.State, r.Why = cutState(r.State), r.Why.Or(reason)
		return r
	})
	if b.Level != ops.LevelCritical {
		b.Level = ops.LevelUnknown
	}
	return b
}

func cutState(s ops.SourceState) ops.SourceState {
	if s == ops.SourceOK {
		return ops.SourceStale
	}
	return s
}

// mapped copies: a board's slices are shared with everybody who holds it.
func mapped[T any](in []T, f func(T) T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
