package judge

import (
	"time"

	"opsdeck/ops"
)

// LoadRecovered is how a run came back from a fault, by its points: windows of one end on
// the next.
func LoadRecovered(run ops.LoadRun, limits []ops.LoadLimit, windows int) (r ops.LoadRecovered) {
	r.Windows = windows
	if run.Fault == nil {
		return r
	}
	r.Fault = *run.Fault
	kept := 0
	var since time.Duration
	for _, p := range run.Series {
		if p.At-p.Over < r.Fault.At {
			continue
		}
		bad, known := window(p, limits)
		switch {
		case bad || !known: // what nobody knows is not over
			r.Hurt, kept = true, 0
		case kept == 0:
			since = p.At - p.Over
			kept = 1
		default:
			kept++
		}
		if kept >= windows && r.Hurt {
			r.Over, r.Took = true, max(0, since-r.Fault.At)
			return r
		}
	}
	r.Over = !r.Hurt && kept >= windows
	return r
}

// before reports whether the windows before the fault kept the limits: what was broken
// already cannot recover.
func before(run ops.LoadRun, limits []ops.LoadLimit, windows int) bool {
	kept := 0
	for _, p := range run.Series {
		if p.At > run.Fault.At {
			break
		}
		if bad, known := window(p, limits); bad || !known {
			kept = 0
		} else {
			kept++
		}
	}
	return kept >= windows
}

// returned judges a recovery: it passes where the target is back, within the time that it
// may take. How it did while the fault was there breaks nothing.
func returned(s ops.LoadScenario, run ops.LoadRun) (v ops.LoadVerdict) {
	r := LoadRecovered(run, s.Limits, s.Recovered)
	v.Recovered = &r
	took, asked := s.Limit(ops.MetricRecovery)
	if asked {
		v.Limits = []ops.LoadStanding{stands(took, v.Value(ops.MetricRecovery))}
	}
	v.Outcome, v.Why = concluded(run, rests{limits: ofSpan(s.Limits), count: run.Run.LoadCount, blamed: []ops.LoadWindow{run.Run}}, cameBack(s, run, r, v.Limits))
	return v
}

// cameBack is what a recovery found: asked is how long it may take, if that was asked.
func cameBack(s ops.LoadScenario, run ops.LoadRun, r ops.LoadRecovered, asked []ops.LoadStanding) found {
	took := ops.MetricRecovery.Figure(r.Took.Seconds())
	switch {
	case run.Fault == nil:
		return found{ops.LoadInvalid, ops.Lit("the fault was not made")}
	case r.Fault.State != ops.JobSucceeded:
		return found{ops.LoadInvalid, ops.Textf("the fault is %s: job %d, %s on %s", r.Fault.State, r.Fault.Job, r.Fault.Action, r.Fault.On)}
	case !before(run, s.Limits, s.Recovered):
		return found{ops.LoadInvalid, ops.Lit("the limits were not kept before the fault: there was nothing to come back to")}
	case !r.Over:
		return found{ops.LoadFailed, ops.Textf("it did not recover: no %s on end kept the limits", ops.Count(r.Windows, "window"))}
	case len(asked) > 0 && !asked[0].Held:
		l := asked[0]
		return found{ops.LoadFailed, ops.Textf("it recovered in %s, the limit is %s", l.Figure(l.Value), l.Figure(l.Limit))}
	case !r.Hurt:
		return found{ops.LoadPassed, ops.Lit("the fault broke no limit")}
	}
	return found{ops.LoadPassed, ops.Textf("it recovered in %s", took)}
}
