package engine

import (
	"testing"

	"opsdeck/ops"
)

func TestAnIndicatorIsKnownWhereItIsThereForNineTenthsOfARun(t *testing.T) {
	limit := ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("cpu")}
	board := func(state ops.SourceState, v ops.Value) ops.Board {
		r := ops.Reading[ops.Indicators]{Source: ops.Lit("p"), State: state, Value: ops.Indicators{KPIs: []ops.KPI{{Name: ops.Lit("other"), Value: ops.Num(99)}, {Name: ops.Lit("cpu"), Value: v}}}}
		r.At = r.At.AddDate(2000, 0, 0)
		return ops.Board{Indicators: []ops.Reading[ops.Indicators]{r}}
	}
	good := board(ops.SourceOK, ops.Num(50))
	for name, c := range map[string]struct {
		least bool
		looks []ops.Board
		worst float64
		share float64
	}{
		"the highest where it has to be low":     {looks: []ops.Board{good, board(ops.SourceOK, ops.Num(70)), good}, worst: 70, share: 1},
		"the lowest where it has to be high":     {least: true, looks: []ops.Board{good, board(ops.SourceOK, ops.Num(30)), good}, worst: 30, share: 1},
		"a Prometheus that is silent tells none": {looks: []ops.Board{good, board(ops.SourceSilent, ops.Num(90))}, worst: 50, share: 0.5},
		"nor does an empty answer":               {looks: []ops.Board{good, board(ops.SourceOK, ops.Value{}), {}, good}, worst: 50, share: 0.5},
	} {
		l, i := limit, indicator{}
		l.AtLeast = c.least
		for _, b := range c.looks {
			v, why := b.Limited(ops.LoadScenario{}, l)
			i.look(v, why, c.least)
		}
		if share := float64(i.found) / float64(i.asked); i.worst != ops.Num(c.worst) || share != c.share {
			t.Errorf("%s: %+v of %d, %.2f", name, i.worst, i.asked, share)
		}
	}
	// As a course has it: known from nine tenths on.
	e := &Engine{broker: newBroker(), courses: map[ops.Text]*course{}}
	j, s := ops.Job{ID: 7}, ops.LoadScenario{Target: ops.Lit("db"), Limits: []ops.LoadLimit{limit}}
	for _, c := range []struct {
		found int
		known bool
	}{{8, false}, {9, true}} {
		e.courses[s.Target] = &course{job: 7, limits: map[ops.Text]indicator{limit.Indicator: {worst: ops.Num(1), asked: 10, found: c.found}}}
		if got := e.indicated(j, s, 0); len(got) != 1 || got[0].Worst.Known != c.known {
			t.Errorf("%d of 10: %+v", c.found, got)
		}
	}
	if got := e.indicated(ops.Job{ID: 8}, s, 0); got != nil {
		t.Errorf("of another run: %+v", got)
	}
}
