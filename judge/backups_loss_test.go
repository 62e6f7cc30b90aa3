package judge

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

// lossy is a plan over archives, one for each repository, from which things are taken away.
type lossy struct {
	plan     ops.BackupPlan
	server   ops.Database
	v        ops.Backups
	archives []*archive
}

// planned is a plan over generated archives: of pgBackRest with up to three repositories of one
// past, or a folder of our own.
func planned(r *rand.Rand) *lossy {
	past := generated(r)
	l := &lossy{plan: ops.BackupPlan{Name: ops.Lit("orders"), Database: ops.Lit("db"), RPO: time.Hour, Oldest: map[ops.BackupType]time.Duration{}}}
	l.plan.Oldest[ops.BackupFull] = time.Duration(50+r.Intn(100)) * time.Hour
	if r.Intn(2) == 0 && !past.own {
		l.plan.Oldest[ops.BackupIncremental] = time.Duration(50+r.Intn(100)) * time.Hour
	}
	l.server = ops.Database{Ref: ops.NewRef(ops.KindDatabase, "db", "db"), Archiver: ops.Archiver{On: true}}
	l.server.Cluster = ops.Cluster{ID: ops.Lit("1"), Timeline: int(past.facts.Timeline), Timeout: ops.Num(60)}
	if past.facts.Written > 0 {
		l.server.WAL.Position = ops.Clean(past.facts.Written.String())
	}
	if at := past.facts.Archived; at > 0 {
		l.server.Archiver.LastFile = ops.WALName(past.facts.Timeline, at.Segment(past.size)-1, past.size)
	}
	l.v = ops.Backups{Ref: ops.NewRef(ops.KindBackups, "orders", "orders"), Database: l.plan.Database, Cluster: l.server.Cluster.ID, Number: 2}
	if r.Intn(4) > 0 { // of a repository that is there no more, so that it is all it says
		l.v.Drills = []ops.Drill{{Repository: ops.Lit("gone"), Ended: now.Add(-time.Hour), Took: 60, Target: 1}}
	}
	copies := 1 + r.Intn(3)
	if past.own {
		l.v.Engine, copies = ops.EngineBaseBackup, 1
		l.v.Receiver = &ops.WALReceiver{Slot: ops.Lit("s"), Process: ops.Process{PID: 1}}
		l.server.Slots = []ops.Slot{{Name: ops.Lit("s"), Left: ops.Num(1 << 30)}}
	}
	for n := range copies {
		a := past.copied()
		if n > 0 {
			a.suffer(r) // with accidents of its own
		}
		name := ops.Textf("repo%d", n+1)
		l.plan.Repositories = append(l.plan.Repositories, ops.RepositoryPlan{Name: name, Key: n + 1})
		l.v.Repositories = append(l.v.Repositories, ops.Repository{Name: name, Key: n + 1, Read: now, Promised: a.facts.Promised, Listed: a.listed()})
		l.archives = append(l.archives, a)
	}
	return l
}

// judged is the plan as it is judged from what its archives hold.
func (l *lossy) judged(r *rand.Rand) ops.Backups {
	v := l.v
	v.Repositories, v.Sets = slices.Clone(v.Repositories), []ops.Backup{{Label: ops.Lit("old"), Type: ops.BackupFull, Key: 1, Cluster: 1}}
	for i, a := range l.archives {
		repo := &v.Repositories[i]
		repo.WAL, repo.Empty = a.listing(r), len(a.backups) == 0
		for _, b := range a.backups {
			s := ops.Backup{Label: b.Label, Type: ops.BackupFull, Repository: repo.Name, Key: repo.Key, Prior: b.Prior, Start: b.Start, Stop: b.Stop, Own: b.Own, Damaged: b.Damaged, Cluster: 2,
				LastWAL: ops.WALName(b.Timeline, (b.Stop - 1).Segment(a.size), a.size), Ended: b.Ended.Add(-100 * time.Hour), Began: b.Ended.Add(-101 * time.Hour)}
			if !b.Full {
				s.Type = ops.BackupIncremental
			}
			v.Sets = append(v.Sets, s)
		}
	}
	slices.SortStableFunc(v.Sets, func(a, b ops.Backup) int { return b.Ended.Compare(a.Ended) })
	b := ops.Board{Databases: ops.Readings[ops.Database]{{Source: l.plan.Database, At: now, State: ops.SourceOK, Value: l.server}},
		Backups: ops.Readings[ops.Backups]{{Source: l.plan.Name, At: now, State: ops.SourceOK, Value: Backups(v, l.server, now)}}}
	Board(ops.Estate{Backups: []ops.BackupPlan{l.plan}}, &b, now)
	return b.Backups[0].Value
}

// without is the plan without one thing, and which; v is how it was judged with it.
func (l *lossy) without(r *rand.Rand, v ops.Backups) (*lossy, string) {
	n := *l
	n.archives, n.v.Repositories = slices.Clone(l.archives), slices.Clone(l.v.Repositories)
	i := r.Intn(len(l.archives))
	repo := &n.v.Repositories[i]
	switch r.Intn(8) {
	case 0:
		repo.Fault, repo.Unlisted = ops.Lit("refused"), ops.Lit("refused")
		return &n, "repository"
	case 1:
		repo.Unlisted = ops.Lit("no answer")
		return &n, "listing"
	}
	a, lost := l.archives[i].without(r)
	if label := lostBackup(l.archives[i], a); !label.Empty() && !slices.ContainsFunc(v.Sets, func(s ops.Backup) bool {
		return s.Key == repo.Key && s.Label == label && s.Verdict.Level.Good()
	}) {
		return l, "" // one of no use is no loss
	}
	n.archives[i] = a
	return &n, lost
}

// lostBackup is the label of the backup that one archive has and the other lacks.
func lostBackup(a, without *archive) (label ops.Text) {
	for _, b := range a.backups {
		if !slices.ContainsFunc(without.backups, func(c WALBackup) bool { return b.Label == c.Label }) {
			label = b.Label
		}
	}
	return label
}

// TestNoLossMakesAPlanGreener takes backups, WAL, histories, listings and repositories away in
// turn, from plans that something may be wrong with from the beginning.
func TestNoLossMakesAPlanGreener(t *testing.T) {
	seed := time.Now().UnixNano()
	r := rand.New(rand.NewSource(seed))
	reached := map[string]int{}
	for n := range 400 {
		l := planned(r)
		was := l.judged(r)
		for was.Verdict.Level == ops.LevelCritical && n%8 > 0 { // most begin better
			l = planned(r)
			was = l.judged(r)
		}
		for range 6 {
			less, lost := l.without(r, was)
			is := less.judged(r)
			reached[fmt.Sprint(was.Verdict.Level, " to ", is.Verdict.Level)]++
			if rank[is.Verdict.Level] < rank[was.Verdict.Level] {
				t.Fatalf("seed %d, plan %d: it was %s, and is %s without %s\n%+v\n%+v\n%s", seed, n, was.Verdict.Level, is.Verdict.Level, lost, was.Findings, is.Findings, l.archives)
			}
			l, was = less, is
		}
	}
	for _, want := range []string{"ok to ok", "info to info", "ok to warning", "ok to critical", "warning to critical", "critical to critical"} {
		if reached[want] == 0 {
			t.Errorf("%v: the test does not ask what it ought to", reached)
		}
	}
}
