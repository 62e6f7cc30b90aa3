package judge_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// TestWhatIsLeftOfARegionThatIsLostIsSaid: how far the other repository is behind, when that
// is more than the estate allows, and when none of a region's can be read.
func TestWhatIsLeftOfARegionThatIsLostIsSaid(t *testing.T) {
	away := func(b *ops.Board, i int) *ops.Repository { return &b.Backups[0].Value.Repositories[i] }
	short := func(b *ops.Board) { // the second lacks the newest segments
		r := away(b, 1)
		run := &r.WAL.Runs[len(r.WAL.Runs)-1]
		run.Last -= 8
		run.LastAt = run.LastAt.Add(-40 * time.Minute)
	}
	for name, c := range map[string]struct {
		change func(*ops.Estate, *ops.Board)
		key    string // of the finding; empty: there is none of these
		level  ops.Level
		says   string
	}{
		"both have all":             {func(*ops.Estate, *ops.Board) {}, "", 0, ""},
		"behind, and nobody asks":   {func(e *ops.Estate, b *ops.Board) { e.Backups[0].Replication = 0; short(b) }, "", 0, ""},
		"behind beyond what may be": {func(_ *ops.Estate, b *ops.Board) { short(b) }, "the replication to away", ops.LevelWarning, "30m are allowed; so much is lost where only away is left"},
		"away for long": {func(_ *ops.Estate, b *ops.Board) {
			away(b, 1).Fault, away(b, 1).Read = ops.Lit("refused"), fixture.Now.Add(-time.Hour)
		}, "the replication to away", ops.LevelWarning, "it was read last at "},
		"a region is lost": {func(_ *ops.Estate, b *ops.Board) { away(b, 0).Fault, away(b, 0).Read = ops.Lit("refused"), fixture.Now }, "", 0, ""}, // the repository says so
		"a region of two repositories is lost": {func(e *ops.Estate, b *ops.Board) {
			third := *away(b, 1)
			third.Name, third.Key, third.Fault, third.Read = ops.Lit("third"), 3, ops.Lit("refused"), fixture.Now
			away(b, 1).Fault, away(b, 1).Read = third.Fault, third.Read
			b.Backups[0].Value.Repositories = append(b.Backups[0].Value.Repositories, third)
		}, "the region eu-2", ops.LevelWarning, "none of its repositories can be read; local in eu-1 is left"},
		"and the server with it": {func(_ *ops.Estate, b *ops.Board) {
			away(b, 0).Fault, away(b, 0).Read = ops.Lit("refused"), fixture.Now
			b.Databases[0].State = ops.SourceFailing
		}, "the region eu-1", ops.LevelCritical, "the primary cannot be read either"},
		"all are lost": {func(_ *ops.Estate, b *ops.Board) {
			for i := range 2 {
				away(b, i).Fault, away(b, i).Read = ops.Lit("refused"), fixture.Now
			}
		}, "", 0, ""},
	} {
		var got ops.Finding
		for _, f := range found(func(e *ops.Estate, b *ops.Board) { e.Backups[0].Replication = 30 * time.Minute; c.change(e, b) }) {
			if k := f.Key.String(); strings.HasPrefix(k, "the replication to ") || strings.HasPrefix(k, "the region eu") && got.Key.String() != c.key {
				got = f
			}
		}
		if got.Key.String() != c.key || c.key != "" && (got.Level != c.level || !strings.Contains(got.Cause.String(), c.says) || len(got.Next) == 0) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAnOldPrimaryThatComesBackIsToldByItsTimeline, and not a server that is read twice.
func TestAnOldPrimaryThatComesBackIsToldByItsTimeline(t *testing.T) {
	for name, c := range map[string]struct {
		timeline int // of its last checkpoint
		writes   int // 0: as then
		standby  bool
		state    ops.SourceState
		cluster  string
		told     bool
	}{
		"promoted":                    {2, 0, false, ops.SourceOK, "", true},
		"promoted, not checkpointed":  {1, 2, false, ops.SourceOK, "", true},
		"the same server, read twice": {1, 0, false, ops.SourceOK, "", false},
		"a standby":                   {2, 0, true, ops.SourceOK, "", false},
		"not read now":                {2, 0, false, ops.SourceFailing, "", false},
		"of another cluster":          {2, 0, false, ops.SourceOK, "7712694881261755900", false},
		"its timeline is not known":   {0, 0, false, ops.SourceOK, "", false},
	} {
		b, e := fixture.Backed(), fixture.BackupEstate()
		other := b.Databases[0]
		other.Source, other.State = ops.Lit("standby1"), c.state
		other.Value.Cluster.Timeline, other.Value.WAL.Timeline, other.Value.Standby = c.timeline, c.writes, c.standby
		if c.cluster != "" {
			other.Value.Cluster.ID = ops.Clean(c.cluster)
		}
		b.Databases = append(b.Databases, other)
		for range 2 { // again, it is told once
			judge.Board(e, &b, fixture.Now)
		}
		n := 0
		for _, f := range b.Findings {
			if f.Key.String() == "the second primary" {
				n++
				if f.Level != ops.LevelCritical || f.Ref != b.Databases[0].Value.Ref || !strings.Contains(f.Cause.String(), "standby1 is the primary of the same cluster") {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
		if n != map[bool]int{true: 1}[c.told] {
			t.Errorf("%s: told %d times", name, n)
		}
		if c.told {
			b.Databases = b.Databases[:1]
			judge.Board(e, &b, fixture.Now)
			if b.Databases[0].Value.Verdict.Level == ops.LevelCritical {
				t.Errorf("%s: it is over, and told", name)
			}
		}
	}
}
