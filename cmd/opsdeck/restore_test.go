package main

import (
	"strings"
	"testing"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/estate"
	"opsdeck/ops"
)

// TestARestoreGoesAlongTheTimelineThatItsWALWasFollowedOn by its number, so that a server that
// cannot go there ends, and does not reach the same moment of another past.
func TestARestoreGoesAlongTheTimelineThatItsWALWasFollowedOn(t *testing.T) {
	for name, x := range map[string]struct {
		named, followed, want uint32
		kind                  ops.RestoreKind
		says                  string
	}{
		"a time on a later one":          {0, 2, 2, ops.RestoreTime, "--target-timeline=2"},
		"one that is named":              {1, 1, 1, ops.RestoreTime, "--target-timeline=1"},
		"WAL that nobody could follow":   {0, 0, 0, ops.RestoreTime, ""},
		"a restore point on a later one": {0, 3, 3, ops.RestoreName, "--target-timeline=3"},
	} {
		o := copier{plan: estate.Backup{Stanza: "s", Command: "pgbackrest"}}.order(backup.RestoreOrder{To: "/srv/restore", Target: ops.RestoreTarget{Kind: x.kind, Timeline: x.named},
			Choice: ops.RestoreChoice{Backup: ops.Backup{Label: ops.Lit("F"), Key: 1}, Interval: ops.RecoveryInterval{To: ops.WALPosition{Timeline: x.followed}}}})
		words := strings.Join(drill.TargetWords(o.Target), " ")
		if o.Target.Timeline != x.want || !strings.Contains(words, x.says) || x.says == "" && strings.Contains(words, "timeline") {
			t.Errorf("%s: timeline %d, %s", name, o.Target.Timeline, words)
		}
	}
}
