package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestIntendedStartsOfKnownSchedules(t *testing.T) {
	ramp := ops.LoadStage{From: 0, To: 100, For: 10 * time.Second}
	down := ops.LoadStage{From: 100, To: 0, For: 10 * time.Second}
	for name, c := range map[string]struct {
		s     Schedule
		count int64
		at    map[int64]time.Duration
	}{
		"a constant rate":       {constant(200, 8*time.Second), 1600, map[int64]time.Duration{0: 0, 1: 5 * time.Millisecond, 1599: 7995 * time.Millisecond}},
		"a ramp":                {Schedule{ramp}, 500, map[int64]time.Duration{0: 0, 125: 5 * time.Second, 320: 8 * time.Second}},
		"a ramp down":           {Schedule{down}, 500, map[int64]time.Duration{0: 0, 375: 5 * time.Second}},
		"steps":                 {Schedule{{From: 10, To: 10, For: time.Second}, {For: time.Second}, {From: 20, To: 20, For: time.Second}}, 30, map[int64]time.Duration{9: 900 * time.Millisecond, 10: 2 * time.Second, 11: 2050 * time.Millisecond}},
		"one that is not in it": {constant(1, time.Second), 1, map[int64]time.Duration{1: time.Second, 99: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			if n := c.s.Count(); n != c.count {
				t.Errorf("%d requests, want %d", n, c.count)
			}
			for n, want := range c.at {
				if at := c.s.At(n); (at - want).Abs() > time.Microsecond {
					t.Errorf("request %d is due at %v, want %v", n, at, want)
				}
			}
		})
	}
}

// integral is the rate of a schedule summed up to a moment, worked out apart.
func integral(s Schedule, until time.Duration) float64 {
	var sum float64
	for _, st := range s {
		x := min(until, st.For).Seconds()
		sum += st.From*x + (st.To-st.From)*x*x/2/st.For.Seconds()
		if until -= st.For; until <= 0 {
			break
		}
	}
	return sum
}

func TestAsManyRequestsAreDueAsTheRateSumsUpTo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		checkSchedule(t, anySchedule(r))
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add(uint64(0), uint64(0))
	f.Add(uint64(7), uint64(99))
	f.Fuzz(func(t *testing.T, a, b uint64) { checkSchedule(t, anySchedule(rand.New(rand.NewPCG(a, b)))) })
}

// anySchedule makes up stages: even, rising from and falling to nothing, and pauses.
func anySchedule(r *rand.Rand) Schedule {
	var s Schedule
	rate := func() float64 { return []float64{0, r.Float64(), r.Float64() * 50, float64(r.IntN(300))}[r.IntN(4)] }
	for range 1 + r.IntN(6) {
		st := ops.LoadStage{From: rate(), To: rate(), For: time.Duration(1 + r.Int64N(int64(10*time.Second)))}
		if r.IntN(3) == 0 {
			st.To = st.From
		}
		s = append(s, st)
	}
	return s
}

func checkSchedule(t *testing.T, s Schedule) {
	t.Helper()
	count := s.Count()
	if want := integral(s, s.Length()); math.Abs(float64(count)-want) > 1 {
		t.Fatalf("%d requests, the rate sums to %v: %v", count, want, s)
	}
	var before time.Duration
	for n := range count {
		at := s.At(n)
		if at < before || at > s.Length() {
			t.Fatalf("request %d is due at %v, after one at %v: %v", n, at, before, s)
		}
		// Up to its start as many were due as the rate sums up to by then.
		if sum := integral(s, at); math.Abs(sum-float64(n)) > 1 {
			t.Fatalf("request %d is due at %v, when %v are: %v", n, at, sum, s)
		}
		before = at
	}
}

func TestASchedulesFaultsAreSaid(t *testing.T) {
	for name, s := range map[string]Schedule{
		"no stage":             nil,
		"nothing is sent":      {{For: time.Second}},
		"a negative rate":      {{From: -1, To: 5, For: time.Second}},
		"a rate without end":   {{From: math.Inf(1), To: 1, For: time.Second}},
		"a rate that is none":  {{From: math.NaN(), To: 1, For: time.Second}},
		"no length":            {{From: 1, To: 1}},
		"longer than time is":  {{From: 1, To: 1, For: math.MaxInt64}, {From: 1, To: 1, For: math.MaxInt64}},
		"more stages than fit": make(Schedule, 1001),
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.check(); ops.CodeOf(err) != ops.CodeInvalid {
				t.Error(err)
			}
		})
	}
}
