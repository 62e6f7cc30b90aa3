//go:build lab

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/collectors/postgres"
	"opsdeck/estate"
	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/report"
)

// labRegions are a primary with a repository in one region, and a standby with a repository
// in another.
type labRegions struct {
	*labRestores
	file    estate.File
	servers map[ops.Text]backup.Server
	reads   map[ops.Text]*postgres.Collector
	board   ops.Board
}

// looks reads all that answers; what does not keeps what was read before, and is stale.
func (l *labRegions) looks() {
	l.Helper()
	now := time.Now()
	old := l.board.Databases
	l.board.Databases = nil
	for _, p := range l.file.Postgres {
		r := ops.Reading[ops.Database]{Source: ops.Clean(p.Name), At: now, State: ops.SourceOK}
		o, err := l.reads[r.Source].Collect(l.Context())
		if err == nil {
			r.Value = judge.Database(l.file.Estate, *o.Database, now)
		} else {
			for _, was := range old {
				if was.Source == r.Source {
					r = was
					r.State = ops.SourceFailing
				}
			}
		}
		l.board.Databases = append(l.board.Databases, r)
	}
	o, err := l.col.Collect(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	server, _ := l.board.Primary(ops.Lit("primary"))
	v := *o.Backups
	for i := range v.Repositories {
		v.Repositories[i].Region = ops.Clean(map[int]string{1: "eu-1", 2: "eu-2"}[v.Repositories[i].Key])
	}
	v.Database = ops.Lit("primary")
	v = judge.Backups(v, server, now)
	l.board.Backups = ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: now, State: ops.SourceOK}}
	judge.Board(l.file.Estate, &l.board, now)
}

// finds wants a finding of a level that begins like this.
func (l *labRegions) finds(level ops.Level, what string) {
	l.Helper()
	for _, f := range l.board.Findings {
		if f.Level == level && strings.Contains(f.What.String(), what) {
			return
		}
	}
	l.Errorf("no %s finding has %q: %v", level, what, l.board.Findings)
}

func newLabRegions(t *testing.T) *labRegions {
	t.Helper()
	l := &labRegions{labRestores: newLabRestores(t), servers: map[ops.Text]backup.Server{}, reads: map[ops.Text]*postgres.Collector{}}
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	l.Exec("postgres", "INSERT INTO commits VALUES (1)")
	l.does("succeeded: two: full backup ", "backup.run", "repository=two")
	l.does("succeeded: one: full backup ", "backup.run")
	standby := l.Server.Standby("standby1")
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Database: ops.Lit("primary"), RTO: time.Hour, Repositories: []ops.RepositoryPlan{{Name: ops.Lit("one"), Key: 1, Region: ops.Lit("eu-1")}, {Name: ops.Lit("two"), Key: 2, Region: ops.Lit("eu-2")}}}
	l.plan.Plan, l.file.Backups, l.file.Estate.Backups = plan, []estate.Backup{l.plan}, []ops.BackupPlan{plan}
	l.file.Estate.Limits.Database.ReplicaLag = time.Minute
	for name, dsn := range map[string]string{"primary": l.DSN("postgres"), "standby1": standby.DSN("postgres")} {
		l.file.Postgres = append(l.file.Postgres, estate.Postgres{Source: estate.Source{Name: name, Required: true}, Login: estate.Login{DSN: dsn}})
	}
	l.agent()
	return l
}

// agent reads the servers as the next agent does: what is read seldom is read again.
func (l *labRegions) agent() {
	for _, p := range l.file.Postgres {
		name := ops.Clean(p.Name)
		col := postgres.New(postgres.Config{Name: p.Name, Login: postgresLogin(p.Login), Every: time.Second, Timeout: 5 * time.Second, Now: time.Now})
		l.servers[name], l.reads[name] = col, col
	}
}

func (*labRegions) ref() ops.Ref { return ops.NewRef(ops.KindBackups, "nightly", "nightly") }

// TestLabTheRegionOfThePrimaryIsLost with its repository: the other one's drill says how long
// a restore takes, a restore from it and a failover to the standby have all rows, and the old
// primary that comes back is told.
func TestLabTheRegionOfThePrimaryIsLost(t *testing.T) {
	t.Parallel()
	l := newLabRegions(t)
	failover := backup.NewFailover(l.col, l.plan.Plan, l.servers, fences(l.file, estate.Backup{Plan: l.plan.Plan}), time.Now)
	req := ops.Request{Action: ops.Lit("backup.failover"), Target: l.ref()}
	l.Exec("postgres", "INSERT INTO commits VALUES (2)")
	l.seen = l.position()
	l.Until("the standby has it", func() bool {
		rows, err := l.servers[ops.Lit("standby1")].Query(context.Background(), "SELECT count(*)::text FROM public.commits")
		return err == nil && rows[0][0].String() == "2"
	})
	l.looks()

	// While the old primary answers, it is not fenced.
	p, err := failover.Plan(t.Context(), l.board, req)
	if err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprint(p.Title, p.Replaces); !strings.Contains(said, "NOT FENCED, split brain possible: the server is not stopped: somebody answers at 127.0.0.1:"+l.Port) {
		t.Error(said)
	}
	l.Server.Stop()
	if err := os.Rename(l.Dir+"/repo1", l.Dir+"/repo1.gone"); err != nil {
		t.Fatal(err)
	}
	l.looks()
	l.finds(ops.LevelCritical, "nightly: region eu-1 is lost")

	l.proves()
	l.restoresAway()

	// The standby: its primary is stopped now, and nothing of what was seen is lost.
	if p, err = failover.Plan(t.Context(), l.board, req); err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprint(p.Title, p.Replaces); strings.Contains(said, "NOT FENCED") || !strings.Contains(said, "tcp 127.0.0.1:"+l.Port+" refuses connections") {
		t.Error(said)
	}
	if said := fmt.Sprint(p.Warnings); !strings.Contains(said, "lost of what was seen: 0B, about 0s") {
		t.Error(said)
	}
	r, err := failover.Run(t.Context(), p, quiet{})
	if err != nil || r.State != ops.JobSucceeded || !strings.Contains(r.What.String(), "standby1 takes writes") {
		t.Fatalf("%v %v", r, err)
	}
	said, err := l.servers[ops.Lit("standby1")].Query(t.Context(), "SELECT pg_is_in_recovery()::text || ' ' || (SELECT count(*) FROM public.commits) || ' ' || (SELECT count(*) FROM pg_class WHERE relname = 'opsdeck_writes')")
	if err != nil || said[0][0].String() != "false 2 0" {
		t.Errorf("it is %v, %v", said, err)
	}
	if _, err := failover.Plan(t.Context(), l.board, req); err == nil || !strings.Contains(err.Error(), "it takes writes") {
		t.Errorf("and again: %v", err)
	}
	l.comesBack()
}

// proves that the drill from what is left is the RTO that is shown.
func (l *labRegions) proves() {
	l.Helper()
	call := func(_ int, set string) []string { return l.Argv("--set="+set, "restore") }
	onlyTwo := ops.Request{Target: l.ref(), Params: []ops.Param{{Name: ops.Lit("repository"), Value: ops.Lit("two")}}}
	for i := range l.board.Backups[0].Value.Repositories {
		l.board.Backups[0].Value.Repositories[i].Seen = ops.WALPosition{Timeline: 1, LSN: l.seen, At: time.Now()}
	}
	tryIt := backup.NewDrill(l.col, l.plan.Plan, backup.Tries{Try: l.try, Call: call, Beside: besideNothing}, time.Now)
	dp, err := tryIt.Plan(l.Context(), l.board, onlyTwo)
	if err != nil {
		l.Fatal(err)
	}
	began := time.Now()
	dr, err := tryIt.Run(l.Context(), dp, quiet{})
	measured := time.Since(began)
	if err != nil || len(dr.Drills) != 1 || !dr.Drills[0].Failed.Empty() {
		l.Fatalf("%+v %v", dr, err)
	}
	v := &l.board.Backups[0].Value
	v.Drills, v.RTO = dr.Drills, l.plan.Plan.RTO
	took := time.Duration(dr.Drills[0].Took * float64(time.Second))
	parts := 0.0 // what has to be waited for until a copy answers
	for _, s := range dr.Drills[0].Stages {
		if name := s.Name.String(); name == ops.StageRestore || name == ops.StageReplay {
			parts += s.Took
		}
	}
	if parts <= 0 || dr.Drills[0].Took < parts || took > measured {
		l.Errorf("the drill says %s, its parts took %.3fs and all of it %s", took, parts, measured)
	}
	if line := report.BackupLine(l.board.Backups[0], time.Now()).Text; !strings.Contains(line, "RTO "+ops.Span(took)) {
		l.Errorf("the drill took %s, and it shows %s", ops.Span(took), line)
	}
}

// restoresAway restores from the other region to a copy that takes writes.
func (l *labRegions) restoresAway() {
	l.Helper()
	l.restore = restoreAction(l.col, l.plan, otherAccount(l.account()), keptChild(l.history, otherAccount(l.account()), noSecrets))
	to := l.Dir + "/left"
	rreq := ops.Request{Action: ops.Lit("backup.restore"), Target: l.ref(), Params: []ops.Param{{Name: ops.Lit("repository"), Value: ops.Lit("two")}, {Name: ops.Lit("then"), Value: ops.Lit("promote")}, {Name: ops.Lit("to"), Value: ops.Clean(to)}}}
	a := asServer{l.restore, l.argv}
	rp, err := a.Plan(l.Context(), l.board, rreq)
	if err != nil {
		l.Fatal(err)
	}
	rr, err := a.Run(l.Context(), rp, quiet{})
	if err != nil || !strings.Contains(rr.What.String(), "it takes writes") {
		l.Fatalf("%v %v", rr, err)
	}
	l.Cleanup(func() { l.ends(to) })
	if got := l.rows(to); got != "1 2" {
		l.Errorf("restored from the other region: %q", got)
	}
}

// comesBack lets the old primary come back, and go again.
func (l *labRegions) comesBack() {
	l.Helper()
	if _, err := l.servers[ops.Lit("standby1")].QueryLong(l.Context(), "CHECKPOINT"); err != nil {
		l.Fatal(err)
	}
	l.again()
	l.agent()
	l.looks()
	l.finds(ops.LevelCritical, "primary: an old primary takes writes")
	l.Server.Stop()
	l.looks()
	for _, f := range l.board.Findings {
		if strings.Contains(f.What.String(), "old primary") {
			l.Errorf("it is ended, and told still: %v", f)
		}
	}
}
