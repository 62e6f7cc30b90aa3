package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// goodRun is a run that passes limits: each case spoils it in one way.
func goodRun() ops.LoadRun {
	t := ops.LoadTimes{N: 1000, P50: 10 * time.Millisecond, P90: 20 * time.Millisecond, P95: 30 * time.Millisecond, P99: 40 * time.Millisecond, Max: time.Second}
	return ops.LoadRun{Stages: []ops.LoadStage{{From: 100, To: 100, For: 10 * time.Second}}, Total: 1000, End: ops.LoadEndPlanned,
		Run:    ops.LoadWindow{LoadCount: ops.LoadCount{Planned: 1000, Sent: 1000, Done: 1000}, Over: 10 * time.Second, Latency: t, Service: t},
		Health: ops.LoadHealth{LateP99: time.Millisecond, CPU: 0.2, CPUKnown: true, Busy: 0.3}}
}

func goodLimits() []ops.LoadLimit {
	return []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.5}, {Metric: ops.MetricErrors, Limit: 0.01}, {Metric: ops.MetricRate, Limit: 90}}
}

func TestALoadRunPassesOnlyByWhatWasMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		run    func(*ops.LoadRun)
		limits func(*[]ops.LoadLimit)
		want   ops.LoadOutcome
		why    string
	}{
		"everything is held":             {want: ops.LoadPassed},
		"too slow":                       {run: func(r *ops.LoadRun) { r.Run.Latency.P95 = 501 * time.Millisecond }, want: ops.LoadFailed, why: "latency_p95 is 501ms, the limit is 500ms"},
		"exactly the limit":              {run: func(r *ops.LoadRun) { r.Run.Latency.P95 = 500 * time.Millisecond }, want: ops.LoadPassed},
		"too many errors":                {run: func(r *ops.LoadRun) { r.Run.Failed = 11 }, want: ops.LoadFailed, why: "errors is 1.1 %, the limit is 1 %"},
		"too few answers":                {run: func(r *ops.LoadRun) { r.Run.Done, r.Run.Sent = 800, 800 }, want: ops.LoadFailed, why: "rate is 80/s"},
		"failures are no rate":           {run: func(r *ops.LoadRun) { r.Run.Failed = 200 }, limits: func(l *[]ops.LoadLimit) { *l = (*l)[2:] }, want: ops.LoadFailed},
		"no limit at all":                {limits: func(l *[]ops.LoadLimit) { *l = nil }, want: ops.LoadInvalid, why: "nothing to pass"},
		"a limit without a figure":       {limits: func(l *[]ops.LoadLimit) { *l = append(*l, ops.LoadLimit{Metric: ops.MetricUnknown, Limit: 1}) }, want: ops.LoadInvalid, why: "no figure"},
		"a broken one beside that":       {run: func(r *ops.LoadRun) { r.Run.Failed = 500 }, limits: func(l *[]ops.LoadLimit) { *l = append(*l, ops.LoadLimit{}) }, want: ops.LoadFailed},
		"errors without a limit of them": {run: func(r *ops.LoadRun) { r.Run.Failed = 1 }, limits: func(l *[]ops.LoadLimit) { *l = (*l)[:1] }, want: ops.LoadDegraded},
		"zero samples":                   {run: func(r *ops.LoadRun) { r.Run.Latency = ops.LoadTimes{}; r.Run.Refused = 1000 }, want: ops.LoadInvalid, why: "1000 of 1000 got no connection"},
		"cut short":                      {run: func(r *ops.LoadRun) { r.Run.Over = 8900 * time.Millisecond }, want: ops.LoadInvalid, why: "it ran for 9s of 10s"},
		"nine tenths of its time":        {run: func(r *ops.LoadRun) { r.Run.Over = 9 * time.Second }, want: ops.LoadPassed},
		"nobody knows how it ended":      {run: func(r *ops.LoadRun) { r.End = ops.LoadEndUnknown }, want: ops.LoadInvalid},
		"stopped":                        {run: func(r *ops.LoadRun) { r.End, r.Run.Latency.P95 = ops.LoadEndStopped, time.Hour }, want: ops.LoadAborted},
		"ended by a limit":               {run: func(r *ops.LoadRun) { r.End, r.Run.Over = ops.LoadEndByLimit, time.Second }, want: ops.LoadAborted},
		"some were dropped":              {run: func(r *ops.LoadRun) { r.Run.Dropped, r.Run.Sent, r.Run.Done = 1, 999, 999 }, want: ops.LoadDegraded, why: "lower bounds"},
		"some were cut off":              {run: func(r *ops.LoadRun) { r.Run.Cut, r.Run.Done = 1, 999 }, want: ops.LoadDegraded},
		"own CPU is not known":           {run: func(r *ops.LoadRun) { r.Health.CPUKnown = false }, want: ops.LoadDegraded},
		"own CPU above 90 %":             {run: func(r *ops.LoadRun) { r.Health.CPU = 0.91 }, want: ops.LoadInvalid, why: "91 % of all cores"},
		"sent late by a tenth":           {run: func(r *ops.LoadRun) { r.Health.LateP99 = 51 * time.Millisecond }, want: ops.LoadInvalid, why: "51ms late"},
		"late against the strictest":     {run: func(r *ops.LoadRun) { r.Health.LateP99 = 6 * time.Millisecond }, limits: func(l *[]ops.LoadLimit) { *l = append(*l, ops.LoadLimit{Metric: ops.MetricServiceP50, Limit: 0.05}) }, want: ops.LoadInvalid},
		"no descriptor left":             {run: func(r *ops.LoadRun) { r.Errors = []ops.LoadError{{Class: ops.ClassLocal}} }, want: ops.LoadInvalid},
		"cap hit, the server was quick":  {run: func(r *ops.LoadRun) { r.Run.Dropped, r.Health.CapHits, r.Health.CapAge = 9, 9, 500*time.Millisecond }, want: ops.LoadInvalid, why: "it dropped 9 requests"},
		"cap hit, the server was slow":   {run: func(r *ops.LoadRun) { r.Run.Dropped, r.Health.CapHits, r.Health.CapAge = 9, 9, 501*time.Millisecond }, want: ops.LoadDegraded},
		"cap hit, slow and broken": {run: func(r *ops.LoadRun) {
			r.Run.Dropped, r.Health.CapHits, r.Health.CapAge, r.Run.Latency.P95 = 9, 9, time.Second, time.Second
		}, want: ops.LoadFailed},
		"too few connections": {run: func(r *ops.LoadRun) { r.Health.Busy, r.Run.Latency.P95 = 0.95, time.Second }, want: ops.LoadInvalid, why: "its connections were in use for 95 %"},
		"busy and slow": {run: func(r *ops.LoadRun) {
			r.Health.Busy, r.Run.Latency.P95, r.Run.Service.P95 = 0.95, time.Second, time.Second
		}, want: ops.LoadFailed},
	} {
		t.Run(name, func(t *testing.T) {
			run, limits := goodRun(), goodLimits()
			if c.run != nil {
				c.run(&run)
			}
			if c.limits != nil {
				c.limits(&limits)
			}
			v := Load(run, limits)
			if v.Outcome != c.want || !strings.Contains(v.Why.String(), c.why) {
				t.Errorf("%s: %s; want %s: %s", v.Outcome, v.Why, c.want, c.why)
			}
			if v.Outcome != ops.LoadPassed && v.Why.Empty() && run.End == ops.LoadEndPlanned {
				t.Error("it does not say why")
			}
			if len(v.Limits) != len(limits) {
				t.Errorf("%d of %d limits are shown", len(v.Limits), len(limits))
			}
		})
	}
}

func TestALimitIsShownWithItsValueAndMargin(t *testing.T) {
	run := goodRun()
	run.Run.Latency.Lower = true
	v := Load(run, append(goodLimits(), ops.LoadLimit{}))
	for i, want := range []ops.LoadStanding{
		{Value: 0.03, Known: true, Lower: true, Held: true, Margin: 0.47},
		{Value: 0, Known: true, Held: true, Margin: 0.01},
		{Value: 100, Known: true, Held: true, Margin: 10},
		{},
	} {
		got := v.Limits[i]
		want.LoadLimit = got.LoadLimit
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestWhatASecondSaysOfALimitThatEndsTheRun(t *testing.T) {
	limits := []ops.LoadLimit{{Metric: ops.MetricLatencyP95, Limit: 0.5, Abort: true}, {Metric: ops.MetricErrors, Limit: 0}}
	second := func(n int64, p95, oldest time.Duration) ops.LoadPoint {
		return ops.LoadPoint{LoadWindow: ops.LoadWindow{Over: time.Second, LoadCount: ops.LoadCount{Done: n, Failed: n}, Latency: ops.LoadTimes{N: n, P95: p95}}, Oldest: oldest}
	}
	for name, c := range map[string]struct {
		p             ops.LoadPoint
		broken, known bool
	}{
		"quick":                               {second(5, time.Millisecond, 0), false, true},
		"slow":                                {second(5, time.Second, 0), true, true},
		"nothing ends, something waits long":  {second(0, 0, time.Second), true, true},
		"nothing ends, something waits a bit": {second(0, 0, 400*time.Millisecond), false, false},
		"nothing is under way":                {second(0, 0, 0), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if broken, known := LoadSecond(c.p, limits); broken != c.broken || known != c.known {
				t.Errorf("%v, %v", broken, known)
			}
		})
	}
}

func TestALoadRunThatGoesOnForTooLongIsAFinding(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		ago  time.Duration
		want int
	}{"within its time": {9 * time.Minute, 0}, "coming to its end": {11 * time.Minute, 0}, "left on": {12 * time.Minute, 1}} {
		b := ops.Board{Loading: []ops.LoadLive{{Job: 7, Actor: ops.Lit("ana"), Began: now.Add(-c.ago), Scenario: ops.LoadScenario{Name: ops.Lit("peak"), Target: ops.Lit("api"), MaxDuration: 10 * time.Minute}}}}
		Board(ops.Estate{}, &b, now)
		if len(b.Findings) != c.want || c.want > 0 && (b.Findings[0].Ref.String() != "load:/peak" || b.Findings[0].Level != ops.LevelWarning || b.Findings[0].What.String() != "load peak on api goes on") {
			t.Errorf("%s: %+v", name, b.Findings)
		}
	}
}
