package ops_test

import (
	"testing"
	"time"

	"opsdeck/ops"
)

func TestALimitTakesTheIndicatorOfItsOwnScenarioWhereItHasOneSeries(t *testing.T) {
	evening, limit := ops.LoadScenario{Name: ops.Lit("evening")}, ops.LoadLimit{Metric: ops.MetricIndicator, Indicator: ops.Lit("cpu")}
	kpi := func(load string, v ops.Value) ops.KPI {
		return ops.KPI{Name: ops.Lit("cpu"), Load: ops.Clean(load), Value: v}
	}
	several, failed := kpi("evening", ops.Num(1)), kpi("evening", ops.Value{})
	several.Series, failed.Why = 3, ops.Lit("bad_data: no such function")
	for name, x := range map[string]struct {
		state ops.SourceState
		kpis  []ops.KPI
		want  ops.Value
		why   string
	}{
		"its own":               {ops.SourceOK, []ops.KPI{kpi("night", ops.Num(9)), kpi("evening", ops.Num(5))}, ops.Num(5), ""},
		"everybody's":           {ops.SourceOK, []ops.KPI{kpi("", ops.Num(5))}, ops.Num(5), ""},
		"another scenario's":    {ops.SourceOK, []ops.KPI{kpi("night", ops.Num(9))}, ops.Value{}, "it was not asked for yet"},
		"no such":               {ops.SourceOK, []ops.KPI{{Name: ops.Lit("memory"), Value: ops.Num(1)}}, ops.Value{}, "it was not asked for yet"},
		"of several series":     {ops.SourceOK, []ops.KPI{several}, ops.Value{}, "the query gives 3 series, and a limit is of one"},
		"refused by its server": {ops.SourceOK, []ops.KPI{failed}, ops.Value{}, "bad_data: no such function"},
		"of a silent server":    {ops.SourceSilent, []ops.KPI{kpi("evening", ops.Num(5))}, ops.Value{}, "prom is silent"},
	} {
		b := ops.Board{Indicators: ops.Readings[ops.Indicators]{{Source: ops.Lit("prom"), At: time.Unix(1, 0), State: x.state, Value: ops.Indicators{KPIs: x.kpis}}}}
		if got, why := b.Limited(evening, limit); got != x.want || why.String() != x.why {
			t.Errorf("%s: %v, %q", name, got, why)
		}
	}
}
