package judge

import (
	"testing"

	"opsdeck/ops"
)

func TestWhatOnlyALoadHasToKeepIsJudgedByItsRunAlone(t *testing.T) {
	target := ops.Target{Limit: 80, Known: true}
	for _, v := range []ops.Value{ops.Num(90), ops.Num(10), {}} {
		got := KPIs([]ops.KPI{{Name: ops.Lit("cpu"), Value: v, Target: target, Load: ops.Lit("evening")}, {Name: ops.Lit("cpu"), Value: v, Target: target}})
		if got[0].Level != ops.LevelInfo || got[1].Level == ops.LevelInfo {
			t.Errorf("%v: %s, and without a load %s", v, got[0].Level, got[1].Level)
		}
	}
}
