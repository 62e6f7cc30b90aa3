//go:build lab

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/collectors/pgbackrest"
	"opsdeck/internal/postgrestest"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// labBackups are the actions on a real stanza, run as its server's user.
type labBackups struct {
	*testing.T
	*postgrestest.Stanza
	account string // that user; empty: our own
	col     *pgbackrest.Collector
	actions []ops.Action
}

func newLabBackups(t *testing.T) *labBackups {
	t.Helper()
	l := newLabServer(t)
	l.Does("stanza-create")
	l.Archives("")
	return l
}

// newLabServer is a server whose stanza does not exist yet.
func newLabServer(t *testing.T) *labBackups {
	t.Helper()
	l := &labBackups{T: t, Stanza: postgrestest.NewStanza(t), account: otherAccount("postgres")}
	if os.Geteuid() != 0 {
		l.account = "" // the server is this user's own
	}
	l.on("t", l.Config)
	return l
}

// on has the actions work on a stanza of a configuration.
func (l *labBackups) on(stanza, config string) {
	l.Helper()
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("one"), Key: 1}, {Name: ops.Lit("two"), Key: 2}}}
	l.col = pgbackrest.New(pgbackrest.Config{Plan: plan, Stanza: stanza, Command: "pgbackrest", File: config, RunAs: l.account,
		Every: time.Minute, Timeout: time.Minute, Now: time.Now, Run: runToEnd, Holder: holder, Flocked: proc.Flocked})
	l.actions = backup.New(l.col, plan, recoverable(plan), keptChild(keptHistory(l.T), l.account, noSecrets), time.Now)
}

// plan plans an action on what there is now.
func (l *labBackups) plan(id string, params ...string) (ops.Action, ops.Plan) {
	l.Helper()
	o, err := l.col.Collect(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	req := ops.Request{Action: ops.Clean(id), Target: o.Backups.Ref}
	for _, p := range append(params[:len(params):len(params)], "repository=one") {
		name, value, _ := strings.Cut(p, "=")
		req.Params = append(req.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
	a := l.actions[slices.IndexFunc(l.actions, func(a ops.Action) bool { return a.Describe().ID.String() == id })]
	p, err := a.Plan(l.Context(), ops.Board{Backups: ops.Readings[ops.Backups]{{Value: *o.Backups, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}, req)
	if err != nil {
		l.Fatalf("%s: %v", id, err)
	}
	return a, p
}

// ends runs a plan and wants an end that begins like this.
func (l *labBackups) ends(a ops.Action, p ops.Plan, want string) {
	l.Helper()
	r, err := a.Run(l.Context(), p, quiet{})
	got := r.State.String() + ": " + r.What.String()
	if err != nil {
		got = "failed: " + err.Error()
	}
	if !strings.HasPrefix(got, want) {
		l.Errorf("%s: %s\nwant %s", p.Title, got, want)
	}
}

func (l *labBackups) does(want, id string, params ...string) {
	l.Helper()
	a, p := l.plan(id, params...)
	l.ends(a, p, want)
}

// labels are the backups in the first repository.
func (l *labBackups) labels() string {
	l.Helper()
	sets, fault, err := l.col.Look(l.Context(), 1)
	if err != nil || !fault.Empty() {
		l.Fatal(err, fault)
	}
	var all []string
	for _, s := range sets {
		all = append(all, s.Label.String())
	}
	return strings.Join(all, " ")
}

// quiet is a job that nobody looks at.
type quiet struct{}

func (quiet) Progress(ops.Progress)   {}
func (quiet) Line(ops.Stream, string) {}
func (quiet) Child(ops.Process)       {}
func (quiet) Actor() ops.Actor        { return ops.Actor{} }

func TestLabBackupsOfARealStanza(t *testing.T) {
	t.Parallel()
	l := newLabBackups(t)
	l.does("succeeded: one: full backup ", "backup.run")
	l.does("succeeded: one: incr backup ", "backup.run")
	l.does("succeeded: one: 2 backups of ", "backup.verify")
	l.does("succeeded: segment 0", "backup.switch-wal")

	run, planned := l.plan("backup.run")
	l.stopAndStart(run, planned)

	// One that waits for its WAL is at work: nobody else may be, and it is killed.
	before := l.labels()
	l.Archives("false pgbackrest")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.ends(run, planned, "failed: one: it was killed (exit code 137)")
	}()
	var at ops.Process
	l.Until("it is at work", func() bool {
		at, _ = l.col.Underway()
		_, over := holder(at.PID)
		return at.PID > 0 && !over
	})
	l.ends(run, planned, "failed: one: nothing was done: nightly, for pgBackRest, is held by process ")
	if err := proc.Signal(at.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-ended
	if after := l.labels(); after != before {
		t.Errorf("the backups were %s, and are %s", before, after)
	}
	l.Archives("")
	l.free()
	l.ends(run, planned, "succeeded: one: incr backup ")
	l.prunes()

	l.Stop()
	l.ends(run, planned, "failed: one: PostgreSQL does not let pgBackRest in")
	l.set("[t]", "job-retry=0\n[t]") // each takes 15 s
	newest, segment := l.newestSegment()
	spoiled(t, newest, over, func() {
		l.does("failed: one: verify found damage (status error): 15-1: other: 1; invalid result '15-1/"+segment[:16]+"/"+segment, "backup.verify")
	})
	l.does("succeeded: one: 1 backup of ", "backup.verify")
	largest, label := l.largest()
	spoiled(t, largest, midst, func() {
		l.does("failed: one: verify found damage (status error): "+label+": ", "backup.verify")
	})
}

// newestSegment is the file of the newest WAL in the first repository, and the segment's name.
func (l *labBackups) newestSegment() (file, segment string) {
	l.Helper()
	files, err := filepath.Glob(filepath.Join(l.Dir, "repo1/archive/t/15-1/*/*-*.gz"))
	if err != nil || len(files) == 0 {
		l.Fatal(files, err)
	}
	file = files[len(files)-1]
	return file, filepath.Base(file)[:24]
}

// free waits until nobody has the engine's lock: workers keep it for a while whose main
// process was killed.
func (l *labBackups) free() {
	l.Helper()
	l.Until("the lock is free", func() bool {
		_, code, err := l.col.Ask(context.Background(), l.col.Argv("--dry-run", "--repo=1", "expire"))
		return err == nil && code == 0
	})
}

// stopAndStart has a backup that was planned before a stop.
func (l *labBackups) stopAndStart(run ops.Action, planned ops.Plan) {
	l.Helper()
	l.does("succeeded: pgBackRest is stopped", "backup.stop")
	l.ends(run, planned, "failed: one: pgBackRest is stopped: stop file exists for stanza t (exit code 62)")
	l.does("succeeded: pgBackRest is not stopped any more", "backup.start")
}

// prunes has a retention of one full backup, of two and what builds on them.
func (l *labBackups) prunes() {
	l.Helper()
	before := l.labels()
	l.does("succeeded: one: full backup ", "backup.run", "type=full")
	config, err := os.ReadFile(l.Config)
	if err != nil {
		l.Fatal(err)
	}
	l.Write("pgbackrest.conf", strings.Replace(string(config), "[t]", "repo1-retention-full=1\n[t]", 1))
	a, p := l.plan("backup.prune")
	if said := fmt.Sprint(p.Replaces, p.Warnings); !strings.Contains(said, "backups removed: "+strings.Fields(before)[len(strings.Fields(before))-1]) || !strings.Contains(said, "point-in-time recovery from one ends") {
		l.Errorf("%+v", p)
	}
	l.ends(a, p, "succeeded: one: ")
	if left := strings.Fields(l.labels()); len(left) != 1 || strings.Contains(before, left[0]) {
		l.Errorf("left: %q of %q", left, before)
	}
	if _, err := a.Plan(l.Context(), ops.Board{Backups: ops.Readings[ops.Backups]{{Value: ops.Backups{}, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}, p.Request); err == nil {
		l.Error("nothing is left to prune, and a plan was made")
	}
}

// largest is the largest file of the newest full backup in the first repository, and the
// label of that.
func (l *labBackups) largest() (file, label string) {
	l.Helper()
	var size int64
	label, _, _ = strings.Cut(strings.Fields(l.labels())[0], "_") // what builds on it is named after it
	err := filepath.WalkDir(filepath.Join(l.Dir, "repo1/backup/t", label), func(path string, d os.DirEntry, err error) error {
		if info, ierr := d.Info(); err == nil && ierr == nil && info.Mode().IsRegular() && info.Size() > size {
			file, size = path, info.Size()
		}
		return err
	})
	if err != nil || file == "" {
		l.Fatal(label, file, err)
	}
	return file, label
}
