package judge

import (
	"slices"

	"opsdeck/ops"
)

// LoadBroken is how far a stress has come: which rate held, and which broke, judged in
// turn by the stages that are over. A stage with a request that was not sent did not
// hold: nobody knows how long that would have taken. It is what a run is ended by.
func LoadBroken(steps []ops.LoadStep, limits []ops.LoadLimit) (b ops.LoadBreak) {
	for _, s := range LoadSteps(steps, limits) {
		if !s.Ended || s.Left > 0 {
			break
		}
		if s.Broke {
			b.Broke, b.Limit = s.Stage.To, s.Limit
			if s.Limit.Metric == ops.MetricUnknown {
				b.Unsent = s.Dropped + s.Cut
			}
			break
		}
		b.Held = max(b.Held, s.Stage.To)
	}
	return b
}

// LoadSteps says of each stage that has ended whether it kept the limits.
func LoadSteps(steps []ops.LoadStep, limits []ops.LoadLimit) []ops.LoadStep {
	steps = slices.Clone(steps)
	for i, s := range steps {
		if s.Ended && s.Left == 0 {
			steps[i].Limit, steps[i].Broke = broken(s, limits)
		}
	}
	return steps
}

// KeptSteps says it of the stages of a run that is over. Where so many seconds on end broke a
// limit that the last one was not seen to its end, it broke there.
func KeptSteps(run ops.LoadRun, limits []ops.LoadLimit) []ops.LoadStep {
	steps := LoadSteps(run.Steps, limits)
	last := len(steps) - 1
	if run.End == ops.LoadEndByLimit && last >= 0 && !slices.ContainsFunc(steps, func(s ops.LoadStep) bool { return s.Broke }) {
		steps[last].Broke = true
		steps[last].Limit, _ = broken(steps[last], limits)
	}
	return steps
}

// broken is the first limit that a stage breaks; a bad one without a limit sent too little.
func broken(s ops.LoadStep, limits []ops.LoadLimit) (ops.LoadStanding, bool) {
	for _, l := range LoadLimits(s.LoadWindow, limits) {
		if l.Metric.OfSpan() && !l.Held {
			return l, true
		}
	}
	return ops.LoadStanding{}, s.Dropped+s.Cut > 0
}

// stressed judges a stress: it passes where a rate held, and as high a one as was asked for.
func stressed(run ops.LoadRun, limits []ops.LoadLimit) (v ops.LoadVerdict) {
	steps := run.Steps
	b := LoadBroken(steps, limits)
	if n := len(steps) - 1; run.End == ops.LoadEndByLimit && n >= 0 && b.Broke == 0 { // so many seconds broke the last that it was not seen to its end
		run.End, b.Broke = ops.LoadEndBroke, steps[n].Stage.To
		b.Limit, _ = broken(steps[n], limits)
	}
	v.Break = &b
	for _, l := range limits {
		if l.Metric == ops.MetricHeld {
			v.Limits = append(v.Limits, stands(l, ops.Value{Value: b.Held, Known: b.Held+b.Broke > 0}))
		}
	}
	v.Outcome, v.Why = concluded(run, stressRests(run, b, limits), brokeAt(b, v.Limits))
	return v
}

// stressRests is what the verdict on a stress rests on: what it passes by is what held. What failed
// or was not sent from the stage on that broke is what was looked for, and there the generator is blamed.
func stressRests(run ops.LoadRun, b ops.LoadBreak, limits []ops.LoadLimit) rests {
	on := rests{limits: ofSpan(limits), count: run.Run.LoadCount}
	for _, s := range run.Steps {
		if b.Broke > 0 && s.Stage.To >= b.Broke {
			on.blamed = append(on.blamed, s.LoadWindow)
			on.count.Dropped, on.count.Cut, on.count.Failed, on.count.Done = on.count.Dropped-s.Dropped, on.count.Cut-s.Cut, on.count.Failed-s.Failed, on.count.Done-s.Done
		}
	}
	if len(on.blamed) == 0 {
		on.blamed = []ops.LoadWindow{run.Run}
	}
	return on
}

// brokeAt is what a stress found: asked is the rate that has to hold, if one has to.
func brokeAt(b ops.LoadBreak, asked []ops.LoadStanding) found {
	switch words := breakWords(b); {
	case b.Held+b.Broke == 0:
		return found{ops.LoadInvalid, ops.Lit("no stage was measured to its end")}
	case b.Held == 0, len(asked) > 0 && !asked[0].Held:
		return found{ops.LoadFailed, words}
	default:
		return found{ops.LoadPassed, words}
	}
}

// breakWords say where a stress broke.
func breakWords(b ops.LoadBreak) ops.Text {
	held := ops.Textf("held %s", ops.MetricHeld.Figure(b.Held))
	if b.Held == 0 {
		held = ops.Lit("no rate held")
	}
	l := b.Limit
	switch {
	case b.Broke == 0:
		return ops.Textf("%s, and nothing broke: no more was asked", held)
	case l.Metric == ops.MetricUnknown && b.Unsent > 0:
		return ops.Textf("%s, broke at %s: %s not sent or cut off", held, ops.MetricHeld.Figure(b.Broke), ops.Count(int(b.Unsent), "request"))
	case l.Metric == ops.MetricUnknown:
		return ops.Textf("%s, broke at %s: too many seconds on end broke a limit", held, ops.MetricHeld.Figure(b.Broke))
	case !l.Known:
		return ops.Textf("%s, broke at %s: there is no figure for %s", held, ops.MetricHeld.Figure(b.Broke), l.Metric)
	}
	return ops.Textf("%s, broke at %s: %s is %s, the limit is %s", held, ops.MetricHeld.Figure(b.Broke), l.Metric, l.Figure(l.Value), l.Figure(l.Limit))
}
