package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// doubling is a stress that held 100/s and broke at 200/s: each case changes it in one way.
func doubling() ops.LoadRun {
	run := goodRun()
	run.End, run.Stages = ops.LoadEndBroke, nil
	for _, rate := range []float64{50, 100, 200, 400} {
		run.Stages = append(run.Stages, ops.LoadStage{From: rate, To: rate, For: 10 * time.Second})
	}
	for _, st := range run.Stages[:3] {
		run.Steps = append(run.Steps, ops.LoadStep{LoadWindow: run.Run, Stage: st, Ended: true})
	}
	run.Steps[2].Latency.P95 = 1200 * time.Millisecond
	run.Steps[2].Service.P95 = run.Steps[2].Latency.P95
	return run
}

func TestAStressReportsWhereItBroke(t *testing.T) {
	limits := []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.5}, {Metric: ops.MetricErrors, Limit: 0.01}, {Metric: ops.MetricHeld, Limit: 80}}
	for name, c := range map[string]struct {
		run  func(*ops.LoadRun)
		held float64 // asked for
		want ops.LoadOutcome
		why  string
	}{
		"a limit breaks":             {want: ops.LoadPassed, why: "held 100/s, broke at 200/s: latency_p95 is 1200ms, the limit is 500ms"},
		"less than is asked for":     {held: 150, want: ops.LoadFailed, why: "held 100/s, broke at 200/s"},
		"the first breaks":           {run: func(r *ops.LoadRun) { r.Steps[0].Failed = 500 }, want: ops.LoadFailed, why: "no rate held, broke at 50/s: errors is 50 %, the limit is 1 %"},
		"nothing breaks":             {run: func(r *ops.LoadRun) { r.Steps, r.End = r.Steps[:2], ops.LoadEndPlanned; r.Run.Over = 40 * time.Second }, want: ops.LoadPassed, why: "held 100/s, and nothing broke"},
		"a stage was not all sent":   {run: func(r *ops.LoadRun) { r.Steps[1].Dropped = 3 }, held: 40, want: ops.LoadPassed, why: "held 50/s, broke at 100/s: 3 requests not sent"},
		"a stage has no figure":      {run: func(r *ops.LoadRun) { r.Steps[1].LoadWindow = ops.LoadWindow{} }, held: 40, want: ops.LoadPassed, why: "broke at 100/s: there is no figure for latency_p95"},
		"a stage goes on":            {run: func(r *ops.LoadRun) { r.Steps[0].Left, r.End, r.Run.Over = 4, ops.LoadEndPlanned, 40*time.Second }, want: ops.LoadInvalid, why: "no stage was measured to its end"},
		"seconds on end broke it":    {run: func(r *ops.LoadRun) { r.End, r.Steps[2].Ended = ops.LoadEndByLimit, false }, want: ops.LoadPassed, why: "broke at 200/s: latency_p95 is 1200ms"},
		"they and no figure of it":   {run: func(r *ops.LoadRun) { r.End, r.Steps[2].LoadWindow = ops.LoadEndByLimit, r.Run }, want: ops.LoadPassed, why: "broke at 200/s: too many seconds on end broke a limit"},
		"stopped":                    {run: func(r *ops.LoadRun) { r.End, r.Why = ops.LoadEndStopped, ops.Lit("stopped by ana") }, want: ops.LoadAborted, why: "stopped by ana"},
		"the generator broke first":  {run: func(r *ops.LoadRun) { r.Health.CPU = 0.95 }, want: ops.LoadInvalid, why: "95 % of all cores"},
		"for want of connections":    {run: func(r *ops.LoadRun) { r.Health.Busy, r.Steps[2].Service.P95 = 0.95, time.Millisecond }, want: ops.LoadInvalid, why: "while the server was quick"},
		"own CPU is not known":       {run: func(r *ops.LoadRun) { r.Health.CPUKnown = false }, want: ops.LoadDegraded, why: "held 100/s"},
		"nothing was measured":       {run: func(r *ops.LoadRun) { r.Steps, r.Run = nil, ops.LoadWindow{} }, want: ops.LoadInvalid},
		"the end of it is not known": {run: func(r *ops.LoadRun) { r.End = ops.LoadEndUnknown }, want: ops.LoadInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			run, all := doubling(), append([]ops.LoadLimit{}, limits...)
			if c.run != nil {
				c.run(&run)
			}
			if c.held > 0 {
				all[2].Limit = c.held
			}
			v := LoadOf(ops.LoadScenario{Kind: ops.LoadStress, Limits: all}, run, nil)
			if v.Outcome != c.want || !strings.Contains(v.Why.String(), c.why) {
				t.Errorf("%s: %s; want %s: %s", v.Outcome, v.Why, c.want, c.why)
			}
			if v.Break == nil || len(v.Limits) != 1 || v.Value(ops.MetricHeld).Value != v.Break.Held {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestTheLastStageOfAKeptStressIsSaidToHaveBrokenIt(t *testing.T) {
	limits := []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.5}}
	for name, c := range map[string]struct {
		end  ops.LoadEnd
		step func(*ops.LoadStep)
		want bool
		by   ops.LoadMetric
	}{
		"seconds on end":          {ops.LoadEndByLimit, func(s *ops.LoadStep) { s.Ended, s.Left = false, 4 }, true, ops.MetricLatencyP95},
		"they and no figure":      {ops.LoadEndByLimit, func(s *ops.LoadStep) { s.Ended, s.LoadWindow.Latency.P95 = false, 1 }, true, ops.MetricUnknown},
		"stopped before its end":  {ops.LoadEndStopped, func(s *ops.LoadStep) { s.Ended = false }, false, ops.MetricUnknown},
		"it ended, and broke one": {ops.LoadEndBroke, func(*ops.LoadStep) {}, true, ops.MetricLatencyP95},
	} {
		run := doubling()
		run.End = c.end
		c.step(&run.Steps[2])
		got := KeptSteps(run, limits)[2]
		if got.Broke != c.want || got.Limit.Metric != c.by {
			t.Errorf("%s: broke %v, %s", name, got.Broke, got.Limit.Metric)
		}
	}
}

func TestWhatCannotBeToldYetIsNoLimitOnTheScreen(t *testing.T) {
	limits := append(goodLimits()[:1], ops.LoadLimit{Metric: ops.MetricHeld, Limit: 80}, ops.LoadLimit{Metric: ops.MetricRecovery, Limit: 9}, ops.LoadLimit{Metric: ops.MetricTargetGrowth, Limit: 9})
	run := doubling()
	now := func(steps []ops.LoadStep) (said []string) {
		for _, l := range LoadNow(ops.LoadScenario{Limits: limits}, ops.LoadTick{Run: run.Run, Steps: steps}, nil) {
			said = append(said, l.Metric.String())
		}
		return said
	}
	if got := strings.Join(now(nil), " "); got != "latency_p95 target_growth" {
		t.Error(got)
	}
	if got := strings.Join(now(run.Steps[:2]), " "); got != "latency_p95 held target_growth" {
		t.Error(got)
	}
}

// growing is a look each ten seconds at memories that grow by so many bytes an hour.
func growing(n int, target, generator float64) (all []ops.LoadTarget) {
	for i := range n {
		at := time.Duration(i) * ops.TargetEvery
		wave := float64(i%2) * 1000 // what comes and goes is no slope
		all = append(all, ops.LoadTarget{At: at, Memory: ops.Num(1e9 + target*at.Hours() + wave), Generator: ops.Num(3e7 + generator*at.Hours())})
	}
	return all
}

func TestAnEnduranceJudgesTheSlopeOfMemory(t *testing.T) {
	const mb = 1 << 20
	length := 2 * time.Hour
	whole := int(length / ops.TargetEvery)
	for name, c := range map[string]struct {
		looks []ops.LoadTarget
		want  ops.LoadOutcome
		why   string
	}{
		"as far as it may":           {looks: growing(whole, 9*mb, mb), want: ops.LoadPassed},
		"the target grows":           {looks: growing(whole, 11*mb, mb), want: ops.LoadFailed, why: "target_growth is 11.0M/h, the limit is 10.0M/h"},
		"it shrinks":                 {looks: growing(whole, -50*mb, 0), want: ops.LoadPassed},
		"the generator grows":        {looks: growing(whole, mb, 6*mb), want: ops.LoadFailed, why: "generator_growth is 6.0M/h"},
		"nobody looked":              {want: ops.LoadInvalid, why: "target_growth: 0 looks over 0s, and at least 30 over 80 % of the run are needed"},
		"too few looks":              {looks: growing(29, mb, mb), want: ops.LoadInvalid, why: "29 looks"},
		"enough of a part of it":     {looks: growing(whole*3/4, mb, mb), want: ops.LoadInvalid, why: "80 % of the run"},
		"the generator is not known": {looks: unknownTo(growing(whole, mb, mb)), want: ops.LoadInvalid, why: "generator_growth: 0 looks"},
	} {
		t.Run(name, func(t *testing.T) {
			run := goodRun()
			run.Stages[0].For, run.Run.Over = length, length
			s := ops.LoadScenario{Kind: ops.LoadEndurance, Stages: run.Stages, Limits: append(goodLimits()[:2], ops.LoadLimit{Metric: ops.MetricTargetGrowth, Limit: 10 * mb}, ops.LoadLimit{Metric: ops.MetricGeneratorGrowth, Limit: 5 * mb})}
			v := LoadOf(s, run, c.looks)
			if v.Outcome != c.want || !strings.Contains(v.Why.String(), c.why) {
				t.Errorf("%s: %s; want %s: %s", v.Outcome, v.Why, c.want, c.why)
			}
			if len(v.Growth) != 2 || len(v.Limits) != 4 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// unknownTo is looks at which the generator's memory was not known.
func unknownTo(looks []ops.LoadTarget) []ops.LoadTarget {
	for i := range looks {
		looks[i].Generator = ops.Value{}
	}
	return looks
}

func TestWhatGrowsInTheWarmUpIsNoSlope(t *testing.T) {
	looks := growing(400, 0, 0)
	for i := range 30 {
		looks[i].Memory.Value = float64(i) * 1e7
	}
	if g := LoadGrowth(ops.MetricTargetGrowth, looks, 5*time.Minute, 4000*time.Second); !g.PerHour.Known || g.PerHour.Value > 1e5 || g.Looks != 370 {
		t.Errorf("%+v", g)
	}
}

// struck is a run of a minute with a fault at 20 s: of each second whether it kept the
// limits, as a letter (o: it did, x: it did not, ?: nothing ended).
func struck(seconds string) ops.LoadRun {
	run := goodRun()
	run.Fault = &ops.LoadStruck{LoadFault: ops.LoadFault{At: 20 * time.Second, Action: ops.Lit("container.restart"), On: ops.NewRef(ops.KindContainer, "d", "web")}, Job: 8, State: ops.JobSucceeded}
	for i, s := range seconds {
		p := ops.LoadPoint{LoadWindow: run.Run, At: time.Duration(i+1) * time.Second}
		p.Over = time.Second
		switch s {
		case 'x':
			p.Failed = p.Done
		case '?':
			p.LoadWindow = ops.LoadWindow{Over: time.Second}
		}
		run.Series = append(run.Series, p)
	}
	run.Stages[0].For, run.Run.Over = time.Minute, time.Minute
	return run
}

func TestARecoveryIsTimedFromTheFault(t *testing.T) {
	fine := strings.Repeat("o", 20)
	for name, c := range map[string]struct {
		seconds string
		run     func(*ops.LoadRun)
		want    ops.LoadOutcome
		why     string
	}{
		"it is back after 4 s":        {seconds: fine + "xxxx" + fine, want: ops.LoadPassed, why: "it recovered in 4s"},
		"a moment is no recovery":     {seconds: fine + "xxoooxxx" + fine, want: ops.LoadPassed, why: "it recovered in 8s"},
		"it goes on for a while":      {seconds: fine + "ooooooooooooxx" + fine, want: ops.LoadPassed, why: "it recovered in 14s"},
		"nothing ends meanwhile":      {seconds: fine + "??x" + fine, want: ops.LoadPassed, why: "it recovered in 3s"},
		"too long":                    {seconds: fine + strings.Repeat("x", 16) + fine, want: ops.LoadFailed, why: "it recovered in 16s, the limit is 15s"},
		"it never comes back":         {seconds: fine + strings.Repeat("x", 40), want: ops.LoadFailed, why: "it did not recover"},
		"the run ends too early":      {seconds: fine + "xxooo", want: ops.LoadFailed, why: "no 5 windows on end"},
		"the fault does nothing":      {seconds: fine + fine, want: ops.LoadPassed, why: "the fault broke no limit"},
		"it was broken before":        {seconds: strings.Repeat("o", 18) + "xx" + fine, want: ops.LoadInvalid, why: "before the fault"},
		"the fault was not made":      {seconds: fine, run: func(r *ops.LoadRun) { r.Fault = nil }, want: ops.LoadInvalid, why: "the fault was not made"},
		"the fault failed":            {seconds: fine + fine, run: func(r *ops.LoadRun) { r.Fault.State = ops.JobFailed }, want: ops.LoadInvalid, why: "the fault is failed: job 8"},
		"somebody stopped it":         {seconds: fine + "xx" + fine, run: func(r *ops.LoadRun) { r.End = ops.LoadEndStopped }, want: ops.LoadAborted},
		"the generator was saturated": {seconds: fine + "xx" + fine, run: func(r *ops.LoadRun) { r.Health.CPU = 0.95 }, want: ops.LoadInvalid, why: "saturated"},
	} {
		t.Run(name, func(t *testing.T) {
			run := struck(c.seconds)
			if c.run != nil {
				c.run(&run)
			}
			s := ops.LoadScenario{Kind: ops.LoadRecovery, Recovered: 5, Limits: append(goodLimits()[:2], ops.LoadLimit{Metric: ops.MetricRecovery, Limit: 15})}
			v := LoadOf(s, run, nil)
			if v.Outcome != c.want || !strings.Contains(v.Why.String(), c.why) {
				t.Errorf("%s: %s; want %s: %s", v.Outcome, v.Why, c.want, c.why)
			}
			if v.Recovered == nil || len(v.Limits) != 1 || v.Limits[0].Metric != ops.MetricRecovery {
				t.Errorf("%+v", v)
			}
		})
	}
}
