package load

import (
	"net/http"
	"testing"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// A server serves 8 at once for 40 ms each: 200 a second. What comes faster queues.
func TestAStressEndsAtTheFirstStageThatBreaks(t *testing.T) {
	doubled := Schedule{}
	for rate := 50.0; rate <= 1600; rate *= 2 {
		doubled = append(doubled, ops.LoadStage{From: rate, To: rate, For: 10 * time.Second})
	}
	for name, c := range map[string]struct {
		warmup time.Duration
		after  int // abort
		serve  time.Duration
		end    ops.LoadEnd
		held   float64
		broke  float64
		within time.Duration
	}{
		"it breaks":                      {serve: 40 * time.Millisecond, end: ops.LoadEndBroke, held: 200, broke: 400, within: 52 * time.Second},
		"with a warm-up":                 {serve: 40 * time.Millisecond, warmup: 5 * time.Second, end: ops.LoadEndBroke, held: 200, broke: 400, within: 52 * time.Second},
		"seconds on end break it before": {serve: 40 * time.Millisecond, after: 3, end: ops.LoadEndByLimit, held: 200, broke: 400, within: 36 * time.Second},
		"it never breaks":                {serve: time.Millisecond, end: ops.LoadEndPlanned, held: 1600, within: 61 * time.Second},
		"the first breaks":               {serve: 300 * time.Millisecond, end: ops.LoadEndBroke, broke: 50, within: 25 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			o := order(doubled)
			o.Warmup, o.AbortAfter, o.UntilBroken = c.warmup, c.after, true
			o.Limits = []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.25, Abort: true}, {Metric: ops.MetricErrors, Limit: 0.01}}
			run := play(t, o, func(_ time.Duration, req *http.Request) (*http.Response, error) { return answer(req, 200, c.serve) }, 0, nil)
			v := judge.LoadOf(ops.LoadScenario{Kind: ops.LoadStress, Limits: o.Limits}, run, nil)
			if run.End != c.end || v.Break.Held != c.held || v.Break.Broke != c.broke {
				t.Errorf("%s: %+v: %s", run.End, v.Break, v.Why)
			}
			if n := len(run.Series); run.Series[n-1].At > c.within {
				t.Errorf("it went on until %s", run.Series[n-1].At)
			}
			var all ops.LoadCount
			for _, s := range run.Steps {
				all.Add(s.LoadCount)
			}
			if all.Conns = run.Run.Conns; all != run.Run.LoadCount {
				t.Errorf("the stages sum to %+v, the run to %+v", all, run.Run.LoadCount)
			}
		})
	}
}
