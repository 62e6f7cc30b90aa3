package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// keptRun is a passed run of a load, with a p95 that a user waited.
func keptRun(number string, p95 time.Duration) ops.LoadKept {
	run := goodRun()
	run.Run.Latency.P95 = p95
	return ops.LoadKept{Ref: ops.NewRef(ops.KindLoadRun, "", number), Target: ops.Lit("api"), Stages: run.Stages, Run: run.Run, Verdict: ops.LoadVerdict{Outcome: ops.LoadPassed}}
}

// earlier are passed runs with as many times.
func earlier(times ...time.Duration) (all []ops.LoadKept) {
	for _, p95 := range times {
		all = append(all, keptRun("1", p95))
	}
	return all
}

func TestWhatGotWorseInALoadRunIsSaidInASentence(t *testing.T) {
	const ms = time.Millisecond
	quiet := earlier(100*ms, 101*ms, 99*ms)
	for name, c := range map[string]struct {
		is, was func(*ops.LoadKept)
		p95     time.Duration // was 100 ms
		before  []ops.LoadKept
		want    string
		not     string
		worse   bool
		better  bool

		tolerance float64
	}{
		"the same":                            {p95: 100 * ms, before: quiet, want: "nothing got worse by more than 10 %", not: "noise"},
		"a tenth more is no news":             {p95: 110 * ms, before: quiet, want: "nothing got worse by more than 10 %"},
		"slower":                              {p95: 150 * ms, before: quiet, want: "worse: p95 waited 150ms, was 100ms", worse: true},
		"quicker":                             {p95: 50 * ms, before: quiet, want: "nothing got worse; better: p95 waited 50ms, was 100ms", better: true},
		"a tolerance of one's own":            {p95: 110 * ms, before: quiet, tolerance: 0.05, want: "worse: p95 waited 110ms, was 100ms", worse: true},
		"one that allows more":                {p95: 150 * ms, before: quiet, tolerance: 0.5, want: "nothing got worse by more than 50 %"},
		"slower, and it has been so by noise": {p95: 150 * ms, before: earlier(100*ms, 145*ms, 99*ms), want: "nothing got worse by more than 10 %"},
		"noise of two runs is not known":      {p95: 150 * ms, before: earlier(100*ms, 145*ms), want: "worse: p95 waited 150ms, was 100ms; noise not known: 2 runs of this load passed before, 3 are needed", worse: true},
		"runs that did not pass are no noise": {p95: 150 * ms, before: func() []ops.LoadKept {
			all := earlier(100*ms, 145*ms, 99*ms)
			all[1].Verdict.Outcome = ops.LoadDegraded
			return all
		}(), want: "noise not known: 2 runs", worse: true},
		"nor are those of another load": {p95: 150 * ms, before: func() []ops.LoadKept {
			all := earlier(100*ms, 145*ms, 99*ms)
			all[1].Stages = []ops.LoadStage{{From: 1, To: 1, For: time.Hour}}
			return all
		}(), want: "noise not known: 2 runs", worse: true},
		"fewer answers are worse":  {p95: 100 * ms, before: quiet, is: func(k *ops.LoadKept) { k.Run.Done = 500 }, want: "worse: good answers 50/s, was 100/s"},
		"any error where was none": {p95: 100 * ms, before: quiet, is: func(k *ops.LoadKept) { k.Run.Failed = 1 }, want: "worse: errors 0.1 %, was 0 %"},
		"another load":             {p95: 100 * ms, was: func(k *ops.LoadKept) { k.Warmup = time.Second }, want: "the two were not under the same load; nothing got worse"},
		"a run that proves nothing": {p95: 50 * ms, before: quiet, is: func(k *ops.LoadKept) { k.Verdict.Outcome = ops.LoadAborted },
			want: "run 9 is aborted, and its figures prove nothing", better: true},
		"beside one that proves nothing": {p95: 100 * ms, before: quiet, was: func(k *ops.LoadKept) { k.Verdict.Outcome = ops.LoadInvalid }, want: "run 8 is invalid, and its figures prove nothing"},
		"nothing was answered": {p95: 100 * ms, before: quiet, is: func(k *ops.LoadKept) { k.Run.Latency, k.Run.Service = ops.LoadTimes{}, ops.LoadTimes{} },
			want: "nothing got worse by more than 10 %", not: "waited"},
	} {
		t.Run(name, func(t *testing.T) {
			is, was := keptRun("9", c.p95), keptRun("8", 100*ms)
			if c.is != nil {
				c.is(&is)
			}
			if c.was != nil {
				c.was(&was)
			}
			got := LoadCompared(is, was, c.before, c.tolerance)
			if words := got.Words.String(); !strings.Contains(words, c.want) || c.not != "" && strings.Contains(words, c.not) {
				t.Errorf("it says %q, want %q", words, c.want)
			}
			for _, f := range got.Figures {
				if f.Metric == ops.MetricLatencyP95 && (f.Worse != c.worse || f.Better != c.better) {
					t.Errorf("%+v", f)
				}
			}
			if got.Against != was.Ref || len(got.Figures) != len(compared(is.Kind)) {
				t.Errorf("against %v, %d figures", got.Against, len(got.Figures))
			}
		})
	}
}

func TestWhatAComparisonComesToIsALevel(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		p95    time.Duration
		change func(is, was *ops.LoadKept)
		want   ops.Level
	}{
		"the same":             {p95: 100 * ms, want: ops.LevelOK},
		"better":               {p95: 50 * ms, want: ops.LevelOK},
		"worse":                {p95: 150 * ms, want: ops.LevelWarning},
		"it proves nothing":    {p95: 150 * ms, change: func(is, _ *ops.LoadKept) { is.Verdict.Outcome = ops.LoadInvalid }, want: ops.LevelUnknown},
		"nor does the other":   {p95: 100 * ms, change: func(_, was *ops.LoadKept) { was.Verdict.Outcome = ops.LoadAborted }, want: ops.LevelUnknown},
		"two other loads":      {p95: 100 * ms, change: func(_, was *ops.LoadKept) { was.Warmup = time.Second }, want: ops.LevelUnknown},
		"no figure of the two": {p95: 100 * ms, change: func(is, _ *ops.LoadKept) { is.Run = ops.LoadWindow{} }, want: ops.LevelUnknown},
	} {
		is, was := keptRun("9", c.p95), keptRun("8", 100*ms)
		if c.change != nil {
			c.change(&is, &was)
		}
		if got := LoadCompared(is, was, nil, 0); got.Level != c.want {
			t.Errorf("%s: %s: %s", name, got.Level, got.Words)
		}
	}
}

// A run of another kind is compared by what it was for.
func TestAKindOfRunIsComparedByWhatItShows(t *testing.T) {
	stress := func(number string, held float64) ops.LoadKept {
		k := keptRun(number, time.Second)
		k.Kind, k.Verdict.Break = ops.LoadStress, &ops.LoadBreak{Held: held}
		return k
	}
	back := func(number string, took time.Duration) ops.LoadKept {
		k := keptRun(number, time.Second)
		k.Kind, k.Verdict.Recovered = ops.LoadRecovery, &ops.LoadRecovered{Over: true, Took: took}
		return k
	}
	grown := func(number string, perHour float64) ops.LoadKept {
		k := keptRun(number, time.Second)
		k.Kind, k.Verdict.Growth = ops.LoadEndurance, []ops.LoadGrowth{{Metric: ops.MetricTargetGrowth, PerHour: ops.Num(perHour)}}
		return k
	}
	for want, two := range map[string][2]ops.LoadKept{
		"worse: rate held 200/s, was 400/s":        {stress("9", 200), stress("8", 400)},
		"better: rate held 400/s, was 200/s":       {stress("9", 400), stress("8", 200)},
		"worse: recovery 40s, was 12s":             {back("9", 40*time.Second), back("8", 12*time.Second)},
		"worse: target growth 9.0M/h, was 1.0M/h":  {grown("9", 9<<20), grown("8", 1<<20)},
		"better: target growth 1.0M/h, was 9.0M/h": {grown("9", 1<<20), grown("8", 9<<20)},
	} {
		if got := LoadCompared(two[0], two[1], nil, 0); !strings.Contains(got.Words.String(), want) {
			t.Errorf("%q, want %q", got.Words, want)
		}
	}
}
