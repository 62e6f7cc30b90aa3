package load

import (
	"math"
	"time"

	"opsdeck/ops"
)

// Schedule is when the requests of a run are meant to start: its stages, one after the
// other. The n-th request, from 0, is due when n requests' worth of rate has passed, so
// as many are due as the rate's integral says.
type Schedule []ops.LoadStage

// Length is how long it is.
func (s Schedule) Length() time.Duration { return ops.LoadRun{Stages: s}.Length() }

// volume is how many requests a stage is worth.
func volume(s ops.LoadStage) float64 { return (s.From + s.To) / 2 * s.For.Seconds() }

// Count is the number of requests that are due within it.
func (s Schedule) Count() int64 {
	var sum float64
	for _, stage := range s {
		sum += volume(stage)
	}
	return int64(math.Ceil(sum - exact))
}

// exact is what a sum of stages may be off by without standing for another request.
const exact = 1e-6

// At is the intended start of a request, from the start of the run; the end of the
// schedule for one that is not in it.
func (s Schedule) At(n int64) time.Duration {
	left := float64(n)
	var before time.Duration
	for _, stage := range s {
		if v := volume(stage); left >= v-exact {
			left -= v
			before += stage.For
			continue
		}
		left = max(left, 0)
		// The rate a+kt has sent at+kt²/2 by t. Solved for t in the form that also
		// serves a rate that stays (k=0) or begins at 0 (a=0).
		a, k := stage.From, (stage.To-stage.From)/stage.For.Seconds()
		t := 2 * left / (a + math.Sqrt(max(a*a+2*k*left, 0)))
		if math.IsNaN(t) { // the first request of a rate that begins at 0
			t = 0
		}
		return before + min(time.Duration(t*float64(time.Second)), stage.For)
	}
	return before
}

// Now is the rate that is planned at a moment, and the number of its stage.
func (s Schedule) Now(at time.Duration) (rate float64, stage int) {
	for i, st := range s {
		if at < st.For {
			return st.From + (st.To-st.From)*at.Seconds()/st.For.Seconds(), i
		}
		at -= st.For
	}
	return 0, len(s)
}

// peak is its highest rate.
func (s Schedule) peak() float64 {
	var most float64
	for _, stage := range s {
		most = max(most, stage.From, stage.To)
	}
	return most
}

// check reports a schedule that is none.
func (s Schedule) check() error {
	const most = 1000
	if len(s) > most {
		return invalid("%s, and there may be %d", ops.Count(len(s), "stage"), most)
	}
	for i, stage := range s {
		for _, rate := range []float64{stage.From, stage.To} {
			if !(rate >= 0) || math.IsInf(rate, 0) {
				return invalid("stage %d has a rate that is none: %v", i+1, rate)
			}
		}
		if stage.For <= 0 || s[:i+1].Length() < 0 { // a sum of long stages turns negative
			return invalid("stage %d cannot last %v", i+1, stage.For)
		}
	}
	if s.Count() < 1 {
		return invalid("the stages send nothing")
	}
	return nil
}
