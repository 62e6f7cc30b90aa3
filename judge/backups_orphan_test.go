package judge

import (
	"testing"
	"time"

	"opsdeck/ops"
)

func TestWhatTheRepositoriesHoldOfALostBackup(t *testing.T) {
	plan := ops.NewRef(ops.KindBackups, "p", "p")
	started, ended := now.Add(-2*time.Hour).Add(300*time.Millisecond), now.Add(-time.Hour)
	lost := ops.Job{ID: 1, Action: ops.Lit("backup.run"), Target: plan, State: ops.JobLost, Started: started, Ended: ended}
	set := func(label string, key int, began time.Time, level ops.Level) ops.Backup {
		return ops.Backup{Label: ops.Clean(label), Key: key, Began: began.Truncate(time.Second), Verdict: ops.Verdict{Level: level, Cause: ops.Lit("why")}}
	}
	read := func(after time.Duration) ops.Repository { return ops.Repository{Read: ended.Add(after)} }
	away := ops.Repository{Read: now, Fault: ops.Lit("refused")}
	at := started.Add(time.Minute)
	for name, x := range map[string]struct {
		job   func(*ops.Job)
		sets  []ops.Backup
		repos []ops.Repository
		want  string
	}{
		"it was made":                        {nil, []ops.Backup{set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(time.Second)}, "local has A, begun at " + ops.Moment(at, now) + ", complete"},
		"in the second in which the job did": {nil, []ops.Backup{set("A", 1, started, ops.LevelOK)}, []ops.Repository{read(time.Second)}, "local has A, begun at " + ops.Moment(started, now) + ", complete"},
		"the first of several":               {nil, []ops.Backup{set("B", 1, at.Add(time.Minute), ops.LevelOK), set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(time.Second)}, "local has A, begun at " + ops.Moment(at, now) + ", complete"},
		"in both":                            {nil, []ops.Backup{set("B", 2, at, ops.LevelOK), set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(0), read(0)}, "local has A, begun at " + ops.Moment(at, now) + ", complete; s3 has B, begun at " + ops.Moment(at, now) + ", complete"},
		"in one, the other is away":          {nil, []ops.Backup{set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(0), away}, "local has A, begun at " + ops.Moment(at, now) + ", complete"},
		"it cannot be restored":              {nil, []ops.Backup{set("A", 1, at, ops.LevelCritical)}, []ops.Repository{read(0)}, "local has A, begun at " + ops.Moment(at, now) + ", not to be restored: why"},
		"its WAL is not known":               {nil, []ops.Backup{set("A", 1, at, ops.LevelUnknown)}, []ops.Repository{read(0)}, "local has A, begun at " + ops.Moment(at, now) + ", listed as complete, and whether it can be restored is not known: why"},
		"none, read long after":              {nil, []ops.Backup{set("old", 1, started.Add(-time.Minute), ops.LevelOK), set("new", 1, ended.Add(time.Minute), ops.LevelOK)}, []ops.Repository{read(noneAfter)}, "no repository has a backup that began while it ran"},
		"none, read right after":             {nil, nil, []ops.Repository{read(noneAfter - 1)}, ""},
		"none, and one is away":              {nil, nil, []ops.Repository{read(noneAfter), away}, ""},
		"it was never read":                  {nil, nil, []ops.Repository{{}}, ""},
		"its process still runs":             {func(j *ops.Job) { j.State = ops.JobOrphaned }, []ops.Backup{set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(0)}, ""},
		"a job that makes no backup":         {func(j *ops.Job) { j.Action = ops.Lit("backup.verify") }, []ops.Backup{set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(0)}, ""},
		"a job of another plan":              {func(j *ops.Job) { j.Target = ops.Ref{} }, []ops.Backup{set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(0)}, ""},
		"it is said already":                 {func(j *ops.Job) { j.Found = ops.Lit("x") }, []ops.Backup{set("A", 1, at, ops.LevelOK)}, []ops.Repository{read(0)}, ""},
	} {
		j, v := lost, ops.Backups{Ref: plan, Sets: x.sets}
		if x.job != nil {
			x.job(&j)
		}
		for i, r := range x.repos {
			r.Name, r.Key = []ops.Text{ops.Lit("local"), ops.Lit("s3")}[i], i+1
			v.Repositories = append(v.Repositories, r)
		}
		if got := OrphanedBackup(j, v, now).String(); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}
