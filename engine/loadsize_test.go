package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"opsdeck/load"
	"opsdeck/ops"
)

// valuesOnly is a history of values alone.
type valuesOnly map[string][]byte

func (w valuesOnly) PutValue(name string, v []byte) error { w[name] = v; return nil }
func (w valuesOnly) Value(name string) ([]byte, error)    { return w[name], nil }

// A shift's run is kept as what it measured: seconds of its first hour, ten of them after that,
// the looks at its target and both histograms. All figures differ, so that little of it packs.
func TestARunOfAShiftIsKeptInFiveMegabytes(t *testing.T) {
	const most, shift = 5 << 20, 8 * time.Hour
	r := rand.New(rand.NewPCG(8, 5))
	waited, served := load.NewHistogram(), load.NewHistogram()
	for range 200_000 {
		d := time.Duration(r.ExpFloat64() * float64(200*time.Millisecond))
		waited.Record(d)
		served.Record(d * 9 / 10)
	}
	times := func() ops.LoadTimes {
		d := func(of time.Duration) time.Duration { return of + time.Duration(r.Int64N(int64(of))) }
		return ops.LoadTimes{N: 1000, P50: d(50 * time.Millisecond), P90: d(100 * time.Millisecond), P95: d(200 * time.Millisecond), P99: d(time.Second), Max: d(5 * time.Second), Lower: r.IntN(2) == 0}
	}
	n := func() int64 { return 900 + r.Int64N(200) }
	run := ops.LoadRun{Stages: []ops.LoadStage{{From: 1000, To: 1000, For: shift}}, Total: 1000 * 8 * 3600, End: ops.LoadEndPlanned,
		Run: ops.LoadWindow{Over: shift, LoadCount: ops.LoadCount{Planned: n(), Sent: n(), Done: n()}, Latency: times(), Service: times()}}
	for at := time.Second; at <= shift; {
		over := time.Second
		if at > time.Hour {
			over = 10 * time.Second
		}
		run.Series = append(run.Series, ops.LoadPoint{At: at, InFlight: int(n()), Oldest: time.Duration(r.Int64N(int64(time.Minute))), LoadWindow: ops.LoadWindow{Over: over + time.Duration(r.IntN(1e6)), Latency: times(), Service: times(),
			LoadCount: ops.LoadCount{Planned: n(), Sent: n(), Dropped: n(), Late: n(), Done: n(), Failed: n(), TimedOut: n(), Refused: n(), Cut: n(), Retried: n(), Conns: n(), Bytes: n() * n()}}})
		at += over
	}
	for i := range 200 {
		run.Errors = append(run.Errors, ops.LoadError{Class: ops.ClassStatus, Status: 400 + i, Count: n(), Sample: ops.Textf("%0200d", r.Int64())})
	}
	var looks []ops.LoadTarget
	for at := time.Duration(0); at < shift; at += ops.TargetEvery {
		looks = append(looks, ops.LoadTarget{At: at, CPU: ops.Num(r.Float64()), Memory: ops.Num(r.Float64() * 1e9), Sessions: ops.Num(float64(n())), Generator: ops.Num(r.Float64() * 1e8)})
	}
	var err error
	if run.LatencyHistogram, err = waited.Encode(); err != nil {
		t.Fatal(err)
	}
	if run.ServiceHistogram, err = served.Encode(); err != nil {
		t.Fatal(err)
	}
	h := valuesOnly{}
	k, err := writeLoad(h, ops.LoadScenario{Name: ops.Lit("endurance")}, ops.Job{ID: 8}, run, looks, nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := h[runValue(k.Ref.ID)]
	back, err := unpack[savedLoad](packed)
	if err != nil || len(back.Series) != 3600+7*360 || len(back.Target) != len(looks) || len(back.Kept.Errors) != 200 || len(back.Latency) == 0 {
		t.Fatalf("%v: %d points, %d looks come back", err, len(back.Series), len(back.Target))
	}
	if len(packed) > most {
		t.Errorf("it is kept in %d bytes, and may be in %d", len(packed), most)
	}
}
