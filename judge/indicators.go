package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// KPIs judges each indicator against its target. Without a value it is unknown,
// without a target it is information, and so is what only a load has to keep.
func KPIs(kpis []ops.KPI) []ops.KPI {
	out := slices.Clone(kpis)
	for i := range out {
		k := &out[i]
		switch {
		case !k.Load.Empty():
			k.Level = ops.LevelInfo
		case !k.Value.Known:
			k.Level = ops.LevelUnknown
		case !k.Target.Known:
			k.Level = ops.LevelInfo
		case k.Target.Met(k.Value.Value):
			k.Level = ops.LevelOK
		default:
			k.Level = ops.LevelWarning
		}
	}
	return out
}

// Pipelines judges each batch run against its window: over it is critical, and so
// is a forecast beyond it, while something can still be done, a warning.
func Pipelines(ps []ops.Pipeline, now time.Time) []ops.Pipeline {
	out := slices.Clone(ps)
	for i := range out {
		out[i].Verdict = pipeline(out[i], now)
	}
	return out
}

func pipeline(p ops.Pipeline, now time.Time) ops.Verdict {
	end := p.Started.Add(p.Window)
	switch {
	case !p.Why.Empty():
		return ops.Verdict{Level: ops.LevelUnknown, Word: ops.Lit("not known"), Cause: p.Why}
	case !p.Running:
		return ops.Verdict{Level: ops.LevelInfo, Word: ops.Lit("idle")}
	case p.Started.IsZero():
		return ops.Verdict{Level: ops.LevelUnknown, Word: ops.Lit("running"), Cause: ops.Lit("when it started is not known")}
	case now.After(end):
		return ops.Verdict{Level: ops.LevelCritical, Word: ops.Lit("over its window"), Since: end,
			Cause: ops.Textf("the window of %s ended %s", ops.Span(p.Window), ops.Moment(end, now)), Next: words(ops.Lit("look at the stage it is in, and call who waits for it"))}
	case !p.Forecast.IsZero() && p.Forecast.After(end):
		return ops.Verdict{Level: ops.LevelWarning, Word: ops.Lit("will be late"), Since: p.Started,
			Cause: ops.Textf("at this pace it ends %s, the window %s", ops.Moment(p.Forecast, now), ops.Moment(end, now)), Next: words(ops.Lit("look at the stage it is in"))}
	}
	return ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("on time"), Since: p.Started}
}
