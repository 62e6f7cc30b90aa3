package judge_test

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// TestARepositoryNotReadSinceABackupIsNotCalledEmpty has a first backup in two repositories
// end, of which none was read since, one, and both.
func TestARepositoryNotReadSinceABackupIsNotCalledEmpty(t *testing.T) {
	ended := fixture.Now.Add(-10 * time.Second)
	for name, x := range map[string]struct {
		action      string
		local, away time.Duration // after the end they were read
		found       string
		level       ops.Level
		says        string
	}{
		"neither was read":    {"backup.run", -time.Minute, -time.Minute, "what local holds is not read yet; what away holds is not read yet", ops.LevelUnknown, "what can be restored is not read yet"},
		"the second was not":  {"backup.run", time.Second, -time.Second, "what away holds is not read yet; no good full backup in local", ops.LevelCritical, "what can be restored is not read yet"},
		"both were read":      {"backup.run", time.Second, time.Second, "no good full backup in local; no good full backup in away", ops.LevelCritical, "cannot be restored"},
		"after a prune":       {"backup.prune", -time.Second, time.Second, "what local holds is not read yet; no good full backup in away", ops.LevelCritical, "what can be restored is not read yet"},
		"a verify makes none": {"backup.verify", -time.Second, -time.Second, "no good full backup in local; no good full backup in away", ops.LevelCritical, "cannot be restored"},
	} {
		var got ops.Backups
		all := found(func(e *ops.Estate, b *ops.Board) {
			v := &b.Backups[0].Value
			v.Sets = nil
			v.Repositories[0].Read, v.Repositories[1].Read = ended.Add(x.local), ended.Add(x.away)
			b.Jobs = []ops.Job{
				{Action: ops.Clean(x.action), Target: v.Ref, State: ops.JobSucceeded, Ended: ended},
				{Action: ops.Lit("backup.run"), Target: ops.NewRef(ops.KindBackups, "other", "other"), State: ops.JobSucceeded, Ended: fixture.Now},
				{Action: ops.Lit("backup.run"), Target: v.Ref, State: ops.JobRunning},
			}
		}, func(v ops.Backups) { got = v })
		var said []string
		for _, f := range all {
			if what := strings.TrimPrefix(f.What.String(), "orders: "); strings.HasPrefix(what, "what ") && strings.HasSuffix(what, "not read yet") || strings.HasPrefix(what, "no good") {
				said = append(said, what)
			}
		}
		for _, want := range strings.Split(x.found, "; ") {
			if !strings.Contains(strings.Join(said, "; "), want) {
				t.Errorf("%s: %q, want %q", name, said, want)
			}
		}
		if n := len(strings.Split(x.found, "; ")); len(said) != n {
			t.Errorf("%s: %q", name, said)
		}
		line := report.BackupLine(ops.Reading[ops.Backups]{Value: got, At: fixture.Now, State: ops.SourceOK}, fixture.Now)
		if got.Verdict.Level.Good() || x.level == ops.LevelUnknown && got.Verdict.Level.Bad() || !strings.Contains(line.Text, x.says) {
			t.Errorf("%s: %s, %s", name, got.Verdict.Level, line.Text)
		}
	}
}

// TestAnEndOfABackupMakesNoPlanUnknown has one end beside good backups, and beside old ones:
// until the next look they are what is known.
func TestAnEndOfABackupMakesNoPlanUnknown(t *testing.T) {
	for name, age := range map[string]time.Duration{"good ones": 0, "old ones": 30 * 24 * time.Hour} {
		judged := func(jobs ...ops.Job) (all []ops.Finding) {
			return found(func(e *ops.Estate, b *ops.Board) {
				v := &b.Backups[0].Value
				for i := range v.Sets {
					v.Sets[i].Began, v.Sets[i].Ended = v.Sets[i].Began.Add(-age), v.Sets[i].Ended.Add(-age)
				}
				for i := range v.Repositories {
					v.Repositories[i].Read = fixture.Now.Add(-time.Minute)
				}
				for i := range jobs {
					jobs[i].Target = v.Ref
				}
				b.Jobs = jobs
			}, func(ops.Backups) {})
		}
		before, after := judged(), judged(ops.Job{Action: ops.Lit("backup.run"), State: ops.JobFailed, Ended: fixture.Now})
		if words(before) != words(after) || (age > 0) != strings.Contains(words(after), "overdue") {
			t.Errorf("%s: before\n%s\nafter\n%s", name, words(before), words(after))
		}
	}
}

func words(all []ops.Finding) string {
	var out strings.Builder
	for _, f := range all {
		out.WriteString(f.Level.String() + " " + f.What.String() + "\n")
	}
	return out.String()
}
