package backup

import (
	"context"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestADrillGoesToWhereTheSourceWasAsked has what may become of that.
func TestADrillGoesToWhereTheSourceWasAsked(t *testing.T) {
	point := ops.SourcePoint{WALPosition: ops.WALPosition{Timeline: 1, LSN: 0x6000100, At: noon}, Cluster: ops.Lit("7333"), Checks: []ops.RestoreCheck{{Name: ops.Lit("rows"), Source: true, Want: ops.Lit("3"), After: ops.Lit("3")}}}
	other, early := point, point
	other.Cluster, early.LSN = ops.Lit("7334"), 0x1000000
	for name, x := range map[string]struct {
		point    ops.SourcePoint
		unasked  error
		archived []any // what a look says: there, not there, or why not
		want     string
		tried    bool
	}{
		"it is archived":          {point, nil, []any{true}, "succeeded: local: ", true},
		"it is archived later":    {point, nil, []any{false, false, true}, "succeeded: local: ", true},
		"it is another cluster":   {other, nil, nil, "failed: local: main is of another cluster than the backups, 7334 instead of 7333", false},
		"it is before the backup": {early, nil, nil, "failed: local: main was asked at 0/1000000, which is before the end of the backup", false},
		"nobody answers":          {ops.SourcePoint{}, ops.Errorf(ops.CodeUnavailable, "the source could not be asked for the check rows: refused"), nil, "failed: local: the source could not be asked for the check rows: refused", false},
		"the repository is away":  {point, nil, []any{ops.Errorf(ops.CodeUnavailable, "local: timeout")}, "failed: local: local: timeout", false},
		"it is never archived":    {point, nil, []any{false, "an hour later"}, "failed: local: local has no WAL up to 0/6000100 yet, where the source was asked 10m ago", false},
	} {
		e, plan, b := lab()
		v := b.Backups[0].Value
		v.Cluster = ops.Lit("7333")
		v.Sets[0].Verdict.Level, v.Sets[0].Stop = ops.LevelOK, 0x2000100
		e.sets[1][0].Stop = 0x2000100
		plan.Database = ops.Lit("main")
		now, tried := noon, false
		a := NewDrill(e, plan, Tries{Call: e.called, Beside: nowhere,
			Try: func(_ context.Context, c Copy, _ func(string)) (ops.Drill, error) {
				tried = true
				if c.Target != point.LSN || c.Timeline != 1 || len(c.Marked) != 1 || c.Marked[0].Want.String() != "3" {
					t.Errorf("%s: it was to restore %+v", name, c)
				}
				return ops.Drill{Ended: noon, Backup: ops.Clean(c.Set), Target: c.Target, Reached: c.Target, Timeline: 1}, nil
			},
			Mark: func(context.Context) (ops.SourcePoint, error) { return x.point, x.unasked },
			Archived: func(_ context.Context, key int, at ops.WALPosition) (bool, error) {
				if key != 1 || at != point.WALPosition {
					t.Errorf("%s: it looked in %d for %+v", name, key, at)
				}
				if len(x.archived) == 1 && x.archived[0] == "an hour later" {
					now = now.Add(archivingTime * 2)
					return false, nil
				}
				said := x.archived[0]
				x.archived = x.archived[1:]
				if err, failed := said.(error); failed {
					return false, err
				}
				return said.(bool), nil
			}}, func() time.Time { return now })
		a.(*drill).lookEvery = 1
		p, err := a.Plan(t.Context(), boardOf(v), request("backup.drill", "repository=local"))
		if err != nil {
			t.Fatal(err)
		}
		if said := joined(p.Notes); !strings.Contains(said, "main is asked as well") || !strings.Contains(p.Steps[0].Note.String(), "up to where main is asked then") {
			t.Errorf("%s: the plan does not say that the source is asked: %s; %s", name, said, p.Steps[0].Note)
		}
		r, err := a.Run(t.Context(), p, &job{})
		if got := ended(r, err); !strings.HasPrefix(got, x.want) || tried != x.tried {
			t.Errorf("%s: %s, tried %v\nwant %s", name, got, tried, x.want)
		}
		if !x.tried && (len(r.Drills) != 1 || r.Drills[0].Broke.Empty() || !r.Drills[0].Failed.Empty()) {
			t.Errorf("%s: it is kept as %+v", name, r.Drills)
		}
	}
}
