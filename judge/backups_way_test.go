package judge_test

import (
	"slices"
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// TestABackupThatLeadsNotToTheServerIsCritical has a server that was brought back to before
// the only backup that is left, and writes another timeline since.
func TestABackupThatLeadsNotToTheServerIsCritical(t *testing.T) {
	const segment = 16 << 20
	rewound := func(forked ops.LSN, history bool) func(*ops.Estate, *ops.Board) {
		return func(_ *ops.Estate, b *ops.Board) {
			v, d := &b.Backups[0].Value, &b.Databases[0].Value
			d.WAL.Timeline = 2 // its control file says so after its next checkpoint
			for i := range v.Repositories {
				w := &v.Repositories[i].WAL
				w.Runs = append(slices.Clone(w.Runs), ops.WALRun{Timeline: 2, First: forked.Segment(segment), Last: w.Runs[0].Last + 9})
				if w.Histories = []uint32{2}; history {
					w.Forks = []ops.WALFork{{Timeline: 2, Parent: 1, At: forked}}
				}
			}
		}
	}
	oldest := fixture.Backed().Backups[0].Value.Sets
	first := oldest[len(oldest)-1].Start
	for name, c := range map[string]struct {
		forked  ops.LSN
		history bool
		want    string
	}{
		"it forked before all":          {first - 5*segment, true, "the way from local"},
		"it forked behind all":          {ops.LSN(8999 * segment), true, ""},
		"how it forked has yet to come": {ops.LSN(8999 * segment), false, "the gap in local"},
	} {
		got := ""
		if all := found(rewound(c.forked, c.history)); len(all) > 0 {
			got = all[0].Key.String()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
