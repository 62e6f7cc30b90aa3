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
	}{
		"the same":                            {p95: 100 * ms, before: quiet, want: "nothing got worse by more than 10 %", not: "noise"},
		"a tenth more is no news":             {p95: 110 * ms, before: quiet, want: "nothing got worse by more than 10 %"},
		"slower":                              {p95: 150 * ms, before: quiet, want: "worse: p95 waited 150ms, was 100ms", worse: true},
		"quicker":                             {p95: 50 * ms, before: quiet, want: "nothing got worse; better: p95 waited 50ms, was 100ms", better: true},
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
			got := LoadCompared(is, was, c.before)
			if words := got.Words.String(); !strings.Contains(words, c.want) || c.not != "" && strings.Contains(words, c.not) {
				t.Errorf("it says %q, want %q", words, c.want)
			}
			for _, f := range got.Figures {
				if f.Metric == ops.MetricLatencyP95 && (f.Worse != c.worse || f.Better != c.better) {
					t.Errorf("%+v", f)
				}
			}
			if got.Against != was.Ref || len(got.Figures) != len(compared) {
				t.Errorf("against %v, %d figures", got.Against, len(got.Figures))
			}
		})
	}
}
