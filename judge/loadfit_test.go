package judge

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// tried is a run of a scenario that passes, with the looks at its target.
type tried struct {
	s     ops.LoadScenario
	run   ops.LoadRun
	looks []ops.LoadTarget
}

// ofKinds has a run that passes of each kind, and of each sort of load.
func ofKinds() map[string]func() tried {
	usual := func(kind ops.LoadKind) tried {
		return tried{s: ops.LoadScenario{Kind: kind, Limits: goodLimits()}, run: goodRun()}
	}
	return map[string]func() tried{
		"normal": func() tried { return usual(ops.LoadNormal) },
		"peak":   func() tried { return usual(ops.LoadPeak) },
		"loans": func() tried {
			a := usual(ops.LoadNormal)
			a.run.Stages[0].Records = true
			return a
		},
		"locust": func() tried {
			a := usual(ops.LoadNormal)
			a.run, a.s.Limits = crowd(a.run), []ops.LoadLimit{{Metric: ops.MetricServiceP95, Limit: 0.5}, {Metric: ops.MetricErrors, Limit: 0.01}}
			return a
		},
		"queries": func() tried {
			a := usual(ops.LoadNormal)
			a.s.Limits = append(a.s.Limits, ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("lag"), Limit: 5})
			a.run.Run.Indicators = []ops.LoadIndicator{{Name: ops.Lit("lag"), Worst: ops.Num(3)}}
			return a
		},
		"stress": func() tried {
			return tried{s: ops.LoadScenario{Kind: ops.LoadStress, Limits: append(goodLimits()[:2], ops.LoadLimit{Metric: ops.MetricHeld, Limit: 40})}, run: doubling()}
		},
		"endurance": func() tried {
			run, length := goodRun(), time.Hour
			run.Stages[0].For, run.Run.Over = length, length
			return tried{s: ops.LoadScenario{Kind: ops.LoadEndurance, Stages: run.Stages, Limits: append(goodLimits()[:2], ops.LoadLimit{Metric: ops.MetricTargetGrowth, Limit: 10 << 20})},
				run: run, looks: growing(int(length/ops.TargetEvery), 0, 0)}
		},
		"recovery": recovering,
		"recovery by locust": func() tried {
			a := recovering()
			a.run = crowd(a.run)
			a.s.Limits = serviceLimits(a.s.Limits)
			return a
		},
	}
}

func recovering() tried {
	fine := strings.Repeat("o", 20)
	return tried{s: ops.LoadScenario{Kind: ops.LoadRecovery, Recovered: 5, Limits: append(goodLimits()[:2], ops.LoadLimit{Metric: ops.MetricRecovery, Limit: 15})}, run: struck(fine + "xxxx" + fine)}
}

// crowd is a run as a closed loop: of users, without intended starts.
func crowd(run ops.LoadRun) ops.LoadRun {
	run.Stages[0].Users, run.Health.Users, run.Run.Latency = true, 100, ops.LoadTimes{}
	for i := range run.Series {
		run.Series[i].Latency = ops.LoadTimes{}
	}
	return run
}

// serviceLimits has each limit of a latency as one of the service time.
func serviceLimits(limits []ops.LoadLimit) []ops.LoadLimit {
	for i, l := range limits {
		if isLatency(l.Metric) {
			limits[i].Metric += ops.MetricServiceP50 - ops.MetricLatencyP50
		}
	}
	return limits
}

// spoils is what takes a pass away, whatever the kind of the run judges beside.
var spoils = []struct {
	name  string
	spoil func(*tried)
	want  ops.LoadOutcome
	why   string
}{
	{"a lost worker", func(a *tried) { a.run.Health.Lost++ }, ops.LoadDegraded, "went missing during the run"},
	{"one was dropped", func(a *tried) { a.run.Run.Dropped++ }, ops.LoadDegraded, "1 request not sent"},
	{"one was cut off", func(a *tried) { a.run.Run.Cut++ }, ops.LoadDegraded, "1 cut off"},
	{"an earlier run did a part", func(a *tried) { a.run.Before++ }, ops.LoadDegraded, "an earlier run did 1 record, and"},
	{"own CPU is not known", func(a *tried) { a.run.Health.CPUKnown = a.run.Health.CPU > mostCPU }, ops.LoadDegraded, "how busy the generator was is not known"},
	{"failures without a limit of errors", func(a *tried) {
		a.run.Run.Failed++
		kept := a.s.Limits[:0:0]
		for _, l := range a.s.Limits {
			if l.Metric != ops.MetricErrors {
				kept = append(kept, l)
			}
		}
		a.s.Limits = kept
	}, ops.LoadDegraded, "no limit is set for errors"},
	{"sent late", func(a *tried) { a.run.Health.LateP99 += 51 * time.Millisecond }, ops.LoadInvalid, "late (p99)"},
	{"own CPU", func(a *tried) { a.run.Health.CPU, a.run.Health.CPUKnown = 0.95, true }, ops.LoadInvalid, "saturated"},
	{"its cap, while the server was quick", func(a *tried) { a.run.Run.Dropped += 9; a.run.Health.CapHits += 9 }, ops.LoadInvalid, "it dropped 9 requests"},
	{"no descriptor left", func(a *tried) { a.run.Errors = []ops.LoadError{{Class: ops.ClassLocal}} }, ops.LoadInvalid, "no file descriptor"},
	{"zero samples", func(a *tried) { a.run.Run.Latency, a.run.Run.Service = ops.LoadTimes{}, ops.LoadTimes{} }, ops.LoadInvalid, "no request was answered"},
	{"less than nine tenths of its time", func(a *tried) { a.run.End, a.run.Run.Over = ops.LoadEndPlanned, a.run.Length()*8/10 }, ops.LoadInvalid, "it ran for"},
	{"nobody knows how it ended", func(a *tried) { a.run.End = ops.LoadEndUnknown }, ops.LoadInvalid, "how it ended is not known"},
	{"somebody stopped it", func(a *tried) { a.run.End, a.run.Why = ops.LoadEndStopped, ops.Lit("stopped by ana") }, ops.LoadAborted, "stopped by ana"},
	{"no limit", func(a *tried) { a.s.Limits = nil }, ops.LoadInvalid, "there is nothing to pass"},
}

func TestWhatTakesAPassAwayDoesSoWhateverTheKind(t *testing.T) {
	for kind, passing := range ofKinds() {
		a := passing()
		if v := LoadOf(a.s, a.run, a.looks); v.Outcome != ops.LoadPassed {
			t.Fatalf("%s: %s: %s", kind, v.Outcome, v.Why)
		}
		for _, c := range spoils {
			a := passing()
			c.spoil(&a)
			if v := LoadOf(a.s, a.run, a.looks); v.Outcome != c.want || !strings.Contains(v.Why.String(), c.why) {
				t.Errorf("%s, %s: %s: %s; want %s: %s", kind, c.name, v.Outcome, v.Why, c.want, c.why)
			}
		}
	}
}

// farFromAPass is how far a verdict is from a pass.
func farFromAPass(o ops.LoadOutcome) int {
	switch o {
	case ops.LoadPassed:
		return 0
	case ops.LoadDegraded:
		return 1
	}
	return 2
}

// Whatever is wrong with a run already: what else goes wrong makes no verdict better.
func TestNothingThatGoesWrongMakesAVerdictBetter(t *testing.T) {
	inAStage := func(of func(*ops.LoadWindow)) func(*tried, *rand.Rand) { // and so in the whole
		return func(a *tried, r *rand.Rand) {
			if n := len(a.run.Steps); n > 0 {
				of(&a.run.Steps[r.IntN(n)].LoadWindow)
				of(&a.run.Run)
			}
		}
	}
	inASecond := func(a *tried, r *rand.Rand) {
		if n := len(a.run.Series); n > 0 {
			p := &a.run.Series[r.IntN(n)]
			p.Failed = p.Done
		}
	}
	wrong := []func(*tried, *rand.Rand){
		inASecond,
		inAStage(func(s *ops.LoadWindow) { s.Dropped++ }),
		inAStage(func(s *ops.LoadWindow) { s.Cut++ }),
		inAStage(func(s *ops.LoadWindow) { s.Failed += 100 }),
		inAStage(func(s *ops.LoadWindow) { s.Latency.P95 += time.Second }),
		func(a *tried, _ *rand.Rand) { a.run.Health.Busy = 0.95 },
		func(a *tried, _ *rand.Rand) { a.run.Run.Failed += 100 },
		func(a *tried, _ *rand.Rand) { a.run.Run.Latency.P95 += time.Second },
	}
	for _, c := range spoils {
		if c.why == "no limit is set for errors" { // it takes a limit away
			continue
		}
		wrong = append(wrong, func(a *tried, _ *rand.Rand) { c.spoil(a) })
	}
	for kind, passing := range ofKinds() {
		r := rand.New(rand.NewPCG(8, 3))
		for range 600 {
			a := passing()
			var was ops.LoadVerdict
			for range 1 + r.IntN(5) {
				was = LoadOf(a.s, a.run, a.looks)
				n := r.IntN(len(wrong))
				wrong[n](&a, r)
				if v := LoadOf(a.s, a.run, a.looks); farFromAPass(v.Outcome) < farFromAPass(was.Outcome) {
					t.Fatalf("%s: %s (%s) became %s (%s) by what went wrong besides (%d)", kind, was.Outcome, was.Why, v.Outcome, v.Why, n)
				}
			}
		}
	}
}
