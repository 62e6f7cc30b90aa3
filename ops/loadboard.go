package ops

import (
	"context"
	"time"
)

// Loads are the load scenarios of the estate, and the runs that were kept.
type Loads struct {
	Scenarios []LoadScenario `json:"scenarios,omitempty"`
	Kept      []LoadKept     `json:"kept,omitempty"` // newest first
}

// Baseline is what a run is compared with: the pinned one of its scenario, else the newest
// earlier one that passed; false: there is none.
func (l Loads) Baseline(is LoadKept) (LoadKept, bool) {
	same := func(k LoadKept) bool { return k.Scenario == is.Scenario && k.Ref != is.Ref }
	if k, ok := named(l.Kept, func(k LoadKept) bool { return same(k) && k.Pinned }); ok {
		return k, true
	}
	return named(l.Kept, func(k LoadKept) bool {
		return same(k) && k.Began.Before(is.Began) && k.Verdict.Outcome == LoadPassed
	})
}

// LoadKept is a run that has ended, without what it measured second by second.
type LoadKept struct {
	Ref      Ref           `json:"ref"` // by the number of its job
	Scenario Text          `json:"scenario"`
	Kind     LoadKind      `json:"kind,omitzero"`
	Target   Text          `json:"target"`
	Began    time.Time     `json:"began"`
	Ended    time.Time     `json:"ended"`
	Actor    Text          `json:"actor"`
	Reason   Text          `json:"reason,omitzero"`
	Note     Text          `json:"note,omitzero"`
	Stages   []LoadStage   `json:"stages"`
	Warmup   time.Duration `json:"warmup,omitzero"`
	Before   int64         `json:"before,omitzero"` // as of ops.LoadRun: of what this run does not tell
	End      LoadEnd       `json:"end"`
	Run      LoadWindow    `json:"run"`
	Health   LoadHealth    `json:"health"`
	Errors   []LoadError   `json:"errors,omitempty"`
	Parts    []LoadPart    `json:"parts,omitempty"` // of a pipeline's batches
	Verdict  LoadVerdict   `json:"verdict"`
	Pinned   bool          `json:"pinned,omitzero"` // the one that later runs of the scenario are compared with
}

// LoadReport is a kept run opened.
type LoadReport struct {
	Kept   LoadKept    `json:"kept"`
	Total  int64       `json:"total"` // requests of the whole plan
	Series []LoadPoint `json:"series"`
	Steps  []LoadStep  `json:"steps,omitempty"` // of a stress
	// Target is how the target itself did meanwhile, and Alerts what began to fire.
	Target []LoadTarget `json:"target,omitempty"`
	Alerts []LoadAlert  `json:"alerts,omitempty"`
	// Compared is the run beside an earlier one; zero: there is none to compare it with.
	Compared LoadComparison `json:"compared,omitzero"`
}

// LoadComparison is a run beside another one.
type LoadComparison struct {
	Against  Ref  `json:"against"`
	Pinned   bool `json:"pinned,omitzero"` // that is the pinned one
	Baseline int  `json:"baseline"`        // runs that the noise is known by
	// Tolerance is by what share of itself a figure may differ without being news.
	Tolerance float64 `json:"tolerance"`
	// Level is warning where something got worse, and unknown where the two prove nothing.
	Level   Level       `json:"level"`
	Figures []LoadDelta `json:"figures"`
	Words   Text        `json:"words"` // what got worse, in a plain sentence
}

// LoadDelta is one figure of two runs.
type LoadDelta struct {
	Metric LoadMetric `json:"metric"`
	Was    Value      `json:"was"`
	Is     Value      `json:"is"`
	Worse  bool       `json:"worse,omitzero"`
	Better bool       `json:"better,omitzero"`
}

// LoadLive is a run under way, as of its last second.
type LoadLive struct {
	Job      JobID          `json:"job"`
	Scenario LoadScenario   `json:"scenario"`
	Actor    Text           `json:"actor"`
	Began    time.Time      `json:"began"`
	Tick     LoadTick       `json:"tick"`
	Limits   []LoadStanding `json:"limits,omitempty"` // of the run so far
	Growth   []LoadGrowth   `json:"growth,omitempty"`
	Trail    LoadTrail      `json:"trail"`
	Alerts   []LoadAlert    `json:"alerts,omitempty"` // that began since its start
}

// LoadTrail is the course of a run in a bounded number of points, each of as many seconds
// as the length of the run asks for.
type LoadTrail struct {
	Every  int         `json:"every"` // seconds of a point
	Points []LoadPlace `json:"points"`
	Left   []LoadPlace `json:"left,omitempty"` // of the point in the making
}

// LoadPlace is one point of a trail: rates a second, and latencies in seconds. Without
// N there are no latencies.
type LoadPlace struct {
	At     float64 `json:"at"` // seconds since the run's start
	Asked  float64 `json:"asked"`
	Good   float64 `json:"good"`
	Failed float64 `json:"failed"`
	P50    float64 `json:"p50"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	N      int64   `json:"n"`
	// Target is how the target itself did.
	Target LoadTarget `json:"target,omitzero"`
}

// mostPlaces bounds a trail: as many as a wide screen can show.
const mostPlaces = 120

// Place is a point of a series as a place of a trail. Of a closed loop its latencies are
// service times: there are no others.
func (p LoadPoint) Place() LoadPlace {
	per, t := max(p.Over.Seconds(), 1e-9), p.Latency
	if t.N == 0 {
		t = p.Service
	}
	return LoadPlace{At: p.At.Seconds(), Asked: float64(p.Planned) / per, Good: float64(p.Done-p.Failed) / per, Failed: float64(p.Failed) / per,
		P50: max(0, t.P50.Seconds()), P95: max(0, t.P95.Seconds()), P99: max(0, t.P99.Seconds()), N: t.N}
}

// Add returns the trail with another second at its end. The old one stays as it is.
func (t LoadTrail) Add(p LoadPlace) LoadTrail {
	t.Every = max(t.Every, 1)
	left := append(t.Left[:len(t.Left):len(t.Left)], p)
	if len(left) < t.Every {
		t.Left = left
		return t
	}
	t.Left = nil
	t.Points = append(t.Points[:len(t.Points):len(t.Points)], together(left))
	if len(t.Points) > mostPlaces {
		half := make([]LoadPlace, 0, mostPlaces)
		for i := 0; i+1 < len(t.Points); i += 2 {
			half = append(half, together(t.Points[i:i+2]))
		}
		if len(t.Points)%2 == 1 {
			t.Left = t.Points[len(t.Points)-1:]
		}
		t.Points, t.Every = half, 2*t.Every
	}
	return t
}

// together is several places as one: rates are their means, latencies the worst, so that
// no peak is lost by looking from afar.
func together(all []LoadPlace) LoadPlace {
	one := LoadPlace{At: all[len(all)-1].At}
	for _, p := range all {
		n := float64(len(all))
		one.Asked, one.Good, one.Failed = one.Asked+p.Asked/n, one.Good+p.Good/n, one.Failed+p.Failed/n
		one.P50, one.P95, one.P99, one.N = max(one.P50, p.P50), max(one.P95, p.P95), max(one.P99, p.P99), one.N+p.N
		one.Target = one.Target.Most(p.Target)
	}
	return one
}

// Course is the course of a kept run.
func (r LoadReport) Course() (t LoadTrail) {
	for _, p := range r.Series {
		place := p.Place()
		place.Target = TargetAt(r.Target, p.At)
		t = t.Add(place)
	}
	return t
}

// LoadTaker is a Progresser that takes what a load run tells.
type LoadTaker interface {
	Progresser
	// Job is the job that runs.
	Job() JobID
	// LoadTick shows a second of a run, and says why it has to end now; empty: it may go on.
	LoadTick(LoadTick) Text
	// LoadRun judges a run that has ended, and keeps it.
	LoadRun(LoadRun) (LoadVerdict, error)
	// LoadFault starts a fault as a job of its own, by whoever started the run, if it
	// does what the steps say.
	LoadFault(context.Context, LoadFault, []Step) (JobID, error)
}
