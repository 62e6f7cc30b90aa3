package backup

import (
	"context"
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestTheEvidenceOfADrillIsKeptWithItsJob whether the copy was good, failed, or the drill broke;
// the board that everybody gets does not carry it.
func TestTheEvidenceOfADrillIsKeptWithItsJob(t *testing.T) {
	seen := ops.Drill{Ended: noon, Target: 0x5000128, Reached: 0x5000138, Timeline: 1, Took: 12,
		Stages: []ops.DrillStage{{Name: ops.Clean(ops.StageRestore), Took: 9}, {Name: ops.Clean(ops.StageReplay), Took: 3}},
		Checks: []ops.DrillAnswer{{Name: ops.Lit("rows"), Got: ops.Lit("3"), Want: ops.Lit("3 as the source at that point"), OK: true}, {Name: ops.Lit("newest"), Got: ops.Lit("1"), Want: ops.Lit("2")}},
		Log:    []ops.Text{ops.Lit("FATAL:  recovery ended")}}
	failed := seen
	failed.Failed = ops.Lit("newest is 1, wanted 2")
	for name, x := range map[string]struct {
		drill ops.Drill
		err   error
	}{"good": {seen, nil}, "failed": {failed, nil}, "broke": {seen, ops.Errorf(ops.CodeUnavailable, "no room")}} {
		e, plan, b := lab()
		v := b.Backups[0].Value
		v.Sets[0].Verdict.Level = ops.LevelOK
		a := NewDrill(e, plan, Tries{Call: e.called, Beside: nowhere, Try: func(context.Context, Copy, func(string)) (ops.Drill, error) { return x.drill, x.err }}, func() time.Time { return noon })
		p, err := a.Plan(t.Context(), boardOf(v), request("backup.drill", "repository=local"))
		if err != nil {
			t.Fatal(err)
		}
		var out job
		r, _ := a.Run(t.Context(), p, &out) // how it ends is another test's
		want := []string{"local: restore took 9s", "local: replay took 3s", "local: reached 0/5000138 on timeline 1; asked for 0/5000128",
			"local: check rows: 3, as wanted: 3 as the source at that point", "local: check newest: 1, NOT as wanted: 2", "local: server.log: FATAL:  recovery ended"}
		if !slices.Equal(out.lines, want) {
			t.Errorf("%s: %q\nwant %q", name, out.lines, want)
		}
		if len(r.Drills) != 1 || len(r.Drills[0].Log) > 0 {
			t.Errorf("%s: the board gets %+v", name, r.Drills)
		}
	}
}
