package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// found judges the board of two weeks of good backups after a change, and returns what it
// finds of the plan.
func found(change func(*ops.Estate, *ops.Board), look ...func(ops.Backups)) []ops.Finding {
	b := fixture.Backed()
	e := fixture.BackupEstate()
	v := &b.Backups[0].Value
	v.Repositories, v.Sets = slices.Clone(v.Repositories), slices.Clone(v.Sets)
	change(&e, &b)
	server, _ := b.Primary(v.Database)
	*v = judge.Backups(*v, server, fixture.Now)
	judge.Board(e, &b, fixture.Now)
	for _, l := range look {
		l(b.Backups[0].Value)
	}
	return b.Backups[0].Value.Findings
}

func TestWhatAPlanAsksOfItsBackupsIsSeen(t *testing.T) {
	plan := func(b *ops.Board) *ops.Backups { return &b.Backups[0].Value }
	server := func(b *ops.Board) *ops.Database { return &b.Databases[0].Value }
	risk := func(d time.Duration) func(*ops.Estate, *ops.Board) {
		return func(_ *ops.Estate, b *ops.Board) { plan(b).AtRisk, plan(b).AtMost = fixture.Now.Add(-d), ops.Value{} }
	}
	without := func(drop func(ops.Backup) bool) func(*ops.Estate, *ops.Board) {
		return func(_ *ops.Estate, b *ops.Board) { plan(b).Sets = slices.DeleteFunc(plan(b).Sets, drop) }
	}
	for name, x := range map[string]struct {
		change func(*ops.Estate, *ops.Board)
		key    string // of the worst finding; empty: none
		level  ops.Level
	}{
		"all is well":                    {func(*ops.Estate, *ops.Board) {}, "", ops.LevelOK},
		"just below four fifths at risk": {risk(12*time.Minute - time.Second), "", ops.LevelOK},
		"four fifths at risk":            {risk(12 * time.Minute), "the data at risk", ops.LevelWarning},
		"all of it at risk":              {risk(15 * time.Minute), "the data at risk", ops.LevelCritical},
		"long at risk, and bounded": {func(_ *ops.Estate, b *ops.Board) {
			plan(b).AtRisk, plan(b).AtMost = fixture.Now.Add(-time.Hour), ops.Num(300)
		}, "", ops.LevelOK},
		"archiving is off":                 {func(_ *ops.Estate, b *ops.Board) { server(b).Archiver.On = false }, "archiving that is off", ops.LevelCritical},
		"archive_timeout is 0":             {func(_ *ops.Estate, b *ops.Board) { server(b).Cluster.Timeout = ops.Num(0) }, "the archive timeout", ops.LevelWarning},
		"archive_timeout is above the RPO": {func(_ *ops.Estate, b *ops.Board) { server(b).Cluster.Timeout = ops.Num(901) }, "the archive timeout", ops.LevelWarning},
		"archive_timeout is the RPO":       {func(_ *ops.Estate, b *ops.Board) { server(b).Cluster.Timeout = ops.Num(900) }, "", ops.LevelOK},
		"one repository is away":           {func(_ *ops.Estate, b *ops.Board) { plan(b).Repositories[1].Fault = ops.Lit("refused") }, "a repository that cannot be read", ops.LevelWarning},
		"a region that is not allowed":     {func(e *ops.Estate, _ *ops.Board) { e.Backups[0].Regions = []ops.Text{ops.Lit("eu-1")} }, "the region of a repository", ops.LevelCritical},
		"a region that nobody says":        {func(_ *ops.Estate, b *ops.Board) { plan(b).Repositories[0].Region = ops.Text{} }, "the region of a repository", ops.LevelCritical},
		"no incremental since yesterday":   {without(func(s ops.Backup) bool { return s.Key == 1 && fixture.Now.Sub(s.Ended) < 30*time.Hour }), "the overdue incr backup in local", ops.LevelWarning},
		"no incremental for days":          {without(func(s ops.Backup) bool { return s.Key == 1 && fixture.Now.Sub(s.Ended) < 60*time.Hour }), "the overdue incr backup in local", ops.LevelCritical},
		"no full backup in one repository": {without(func(s ops.Backup) bool { return s.Key == 2 }), "the missing backup in away", ops.LevelCritical},
		"none, and nobody says how old it may be": {func(e *ops.Estate, b *ops.Board) {
			e.Backups[0].Oldest = nil
			without(func(s ops.Backup) bool { return s.Key == 2 })(e, b)
		}, "the missing backup in away", ops.LevelCritical},
		"one that has still to come":          {func(_ *ops.Estate, b *ops.Board) { plan(b).Sets[0].Ended = fixture.Now.Add(2 * time.Hour) }, "the age of the incr backup in away", ops.LevelUnknown},
		"the chain's full backup is gone":     {without(func(s ops.Backup) bool { return s.Key == 2 && s.Type == ops.BackupFull }), "the missing backup in away", ops.LevelCritical},
		"a backup of another cluster is none": {func(_ *ops.Estate, b *ops.Board) { plan(b).Number = 2 }, "the missing backup in local", ops.LevelCritical},
		"a damaged backup":                    {func(_ *ops.Estate, b *ops.Board) { plan(b).Sets[0].Damaged = true }, "unusable backups", ops.LevelWarning},
		"stopped":                             {func(_ *ops.Estate, b *ops.Board) { plan(b).Stopped = true }, "the stop", ops.LevelCritical},
		"a lock of a dead process":            {func(_ *ops.Estate, b *ops.Board) { plan(b).Held, plan(b).Dead = true, true }, "the orphaned lock", ops.LevelWarning},
		"a lock of one at work":               {func(_ *ops.Estate, b *ops.Board) { plan(b).Held = true }, "", ops.LevelOK},
		"the engine backs up another cluster": {func(_ *ops.Estate, b *ops.Board) { server(b).Cluster.ID = ops.Lit("1") }, "the other cluster", ops.LevelCritical},
		"what is at risk is not known":        {func(_ *ops.Estate, b *ops.Board) { plan(b).NotKnown = ops.Lit("a standby") }, "what is at risk", ops.LevelUnknown},
		"the same of an optional plan": {func(_ *ops.Estate, b *ops.Board) {
			plan(b).NotKnown = ops.Lit("a standby")
			b.Sources = slices.Clone(b.Sources)
			for i := range b.Sources {
				b.Sources[i].Required = b.Sources[i].Kind != ops.SourcePgBackRest
			}
		}, "what is at risk", ops.LevelInfo},
		"WAL that was never listed":     {func(_ *ops.Estate, b *ops.Board) { plan(b).Repositories[1].WAL = ops.WALListing{} }, "the WAL of away", ops.LevelUnknown},
		"WAL that cannot be listed now": {func(_ *ops.Estate, b *ops.Board) { plan(b).Repositories[1].Unlisted = ops.Lit("no answer") }, "the WAL of away", ops.LevelUnknown},
		"a hole in the WAL": {func(_ *ops.Estate, b *ops.Board) {
			r := &plan(b).Repositories[0]
			first, second := r.WAL.Runs[0], r.WAL.Runs[0]
			first.Last, second.First = first.Last-50, first.Last-48
			r.WAL.Runs = []ops.WALRun{first, second}
		}, "the gap in local", ops.LevelCritical},
	} {
		t.Run(name, func(t *testing.T) {
			fs := found(x.change)
			if x.key == "" {
				if len(fs) > 0 {
					t.Fatalf("%+v", fs)
				}
				return
			}
			if len(fs) == 0 || fs[0].Key.String() != x.key && !slices.ContainsFunc(fs, func(f ops.Finding) bool { return f.Key.String() == x.key && f.Level == x.level }) || fs[0].Level != x.level {
				t.Errorf("want %s (%s), found %+v", x.key, x.level, fs)
			}
		})
	}
}

func TestAGapThatAFullBackupHasPassedIsAWarning(t *testing.T) {
	hole := func(change func(*ops.Backups)) ops.Finding {
		fs := found(func(_ *ops.Estate, b *ops.Board) {
			v := &b.Backups[0].Value
			r := &v.Repositories[0]
			first, second := r.WAL.Runs[0], r.WAL.Runs[0]
			first.Last, second.First = first.Last-50, first.Last-48 // about four hours ago
			first.LastAt = fixture.Now.Add(-250 * time.Minute)
			r.WAL.Runs = []ops.WALRun{first, second}
			change(v)
		})
		if len(fs) == 0 || fs[0].Key.String() != "the gap in local" {
			t.Fatalf("%+v", fs)
		}
		return fs[0]
	}
	newest := func(as ops.BackupType, damaged bool) func(*ops.Backups) {
		return func(v *ops.Backups) {
			i := slices.IndexFunc(v.Sets, func(s ops.Backup) bool { return s.Key == 1 })
			v.Sets[i].Type, v.Sets[i].Damaged = as, damaged
		}
	}
	for name, c := range map[string]struct {
		newest ops.BackupType
		bad    bool
		level  ops.Level
	}{
		"an incremental one follows": {ops.BackupIncremental, false, ops.LevelCritical},
		"a full one follows":         {ops.BackupFull, false, ops.LevelWarning},
		"a damaged full one follows": {ops.BackupFull, true, ops.LevelCritical},
		"a differential one follows": {ops.BackupDifferential, false, ops.LevelCritical},
	} {
		if f := hole(newest(c.newest, c.bad)); f.Level != c.level {
			t.Errorf("%s: %s", name, f.Level)
		}
	}
	f := hole(newest(ops.BackupFull, false))
	if want := "0000000100000022000000F6 missing; points between 22:04:25Z and 02:04:25Z cannot be restored; everything since 02:04:25Z can"; f.Cause.String() != want {
		t.Errorf("%q, want %q", f.Cause, want)
	}
}

func TestWhatIsNotKnownOfAPlanIsNotGood(t *testing.T) {
	b := fixture.Backed()
	b.Backups[0].Value.NotKnown = ops.Lit("where the server is, is not known")
	judge.Board(fixture.BackupEstate(), &b, fixture.Now)
	if b.Level != ops.LevelUnknown {
		t.Errorf("the whole is %s", b.Level)
	}
	if v := b.Backups[0].Value; v.Verdict.Level != ops.LevelUnknown || v.Level != ops.LevelUnknown {
		t.Errorf("%+v", v.Verdict)
	}
}

func TestARepositoryWhoseWALIsNotKnownIsNotGood(t *testing.T) {
	b := fixture.Backed()
	v := &b.Backups[0].Value
	v.Repositories, v.Sets = slices.Clone(v.Repositories), slices.Clone(v.Sets)
	v.Repositories[1].WAL = ops.WALListing{}
	server, _ := b.Primary(v.Database)
	*v = judge.Backups(*v, server, fixture.Now)
	judge.Board(fixture.BackupEstate(), &b, fixture.Now)
	v = &b.Backups[0].Value
	if v.Repositories[0].Level != ops.LevelOK || v.Repositories[1].Level != ops.LevelUnknown || b.Level != ops.LevelUnknown {
		t.Errorf("%s and %s, the whole %s", v.Repositories[0].Level, v.Repositories[1].Level, b.Level)
	}
	for _, f := range v.Findings {
		if f.Level == ops.LevelCritical { // that nothing can be restored is not known either
			t.Errorf("%s", f.What)
		}
	}
}

func TestARepositoryThatIsAwaySaysHowPgWALGrows(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ops.Board)
		grows  bool
	}{
		"a repository is away": {func(b *ops.Board) { b.Backups[0].Value.Repositories[1].Fault = ops.Lit("refused") }, true},
		"the server is not seen now": {func(b *ops.Board) {
			b.Backups[0].Value.Repositories[1].Fault, b.Databases[0].State = ops.Lit("refused"), ops.SourceFailing
		}, false},
		"no WAL is received": {func(b *ops.Board) {
			b.Backups[0].Value.Receiver = &ops.WALReceiver{Slot: ops.Lit("s"), Why: ops.Lit("killed"), Since: fixture.Now}
		}, true},
		"all of it is at risk": {func(b *ops.Board) {
			b.Backups[0].Value.AtRisk, b.Backups[0].Value.AtMost, b.Databases[0].Value.Archiver.LastFailed = fixture.Now.Add(-time.Hour), ops.Value{}, fixture.Now
		}, true},
		"what waits is not much more": {func(b *ops.Board) {
			b.Backups[0].Value.AtRisk, b.Backups[0].Value.AtMost = fixture.Now.Add(-time.Hour), ops.Value{}
		}, false},
	} {
		all := found(func(_ *ops.Estate, b *ops.Board) {
			w := &b.Databases[0].Value.WAL
			w.Size, w.Growth = ops.Num(3<<30), ops.Num(1<<30)
			c.change(b)
		})
		said := slices.ContainsFunc(all, func(f ops.Finding) bool {
			return strings.Contains(f.Cause.String(), "pg_wal holds 3.0G and grows by 1.0G an hour until its disk is full: how much room that has is not known")
		})
		if said != c.grows {
			t.Errorf("%s: %+v", name, all)
		}
	}
}
