package judge_test

import (
	"slices"
	"testing"

	"opsdeck/ops"
)

func TestARepositoryWithoutRoomForAnotherBackupIsFoundBeforeOneFails(t *testing.T) {
	for name, c := range map[string]struct {
		free  ops.Value
		fault string
		held  bool
		want  bool
	}{
		"nobody tells":           {ops.Value{}, "", false, false},
		"room for one":           {ops.Num(1 << 50), "", false, false},
		"less than the last one": {ops.Num(1 << 20), "", false, true},
		"none at all":            {ops.Num(0), "", false, true},
		"it cannot be read":      {ops.Num(0), "refused", false, false},
		"one is being copied":    {ops.Num(1 << 20), "", true, false},
	} {
		all := found(func(_ *ops.Estate, b *ops.Board) {
			b.Backups[0].Value.Held = c.held
			r := &b.Backups[0].Value.Repositories[0]
			r.Free, r.Fault = c.free, ops.Clean(c.fault)
		})
		i := slices.IndexFunc(all, func(f ops.Finding) bool { return f.Key.String() == "the room of local" })
		if (i >= 0) != c.want || c.want && all[i].Level != ops.LevelWarning {
			t.Errorf("%s: %+v", name, all)
		}
	}
}
