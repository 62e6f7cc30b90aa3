//go:build lab

package main

import (
	"context"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/collectors/basebackup"
	"opsdeck/collectors/postgres"
	basefolder "opsdeck/internal/basebackup"
	"opsdeck/internal/postgrestest"
	"opsdeck/internal/proc"
	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/store"
)

// labBase is a plan of PostgreSQL's own tools over a real server.
type labBase struct {
	*testing.T
	*postgrestest.Server
	folder  string
	history *store.Store
	col     *basebackup.Collector
	actions []ops.Action
	keep    basefolder.Retention
	child   ops.Process // of the newest job
	mu      sync.Mutex
	said    []string // what jobs printed since the last order
}

func newLabBase(t *testing.T, settings ...string) *labBase {
	t.Helper()
	l := &labBase{T: t, Server: postgrestest.Start(t, settings...), folder: t.TempDir(), history: keptHistory(t)}
	l.agent()
	return l
}

// agent makes what an agent has of the plan, as the next one after it.
func (l *labBase) agent() {
	l.Helper()
	self, err := os.Executable()
	if err != nil {
		l.Fatal(err)
	}
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Engine: ops.EngineBaseBackup, Database: ops.Lit("pg"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1}}}
	login := postgres.Login{DSN: "host=127.0.0.1 port=" + l.Port + " user=postgres dbname=postgres"}
	l.col = basebackup.New(basebackup.Config{
		Plan: plan, Folder: l.folder, Slot: "opsdeck", Self: self, Keep: l.keep, Every: time.Minute, Timeout: 30 * time.Second, Now: time.Now, Alive: proc.Alive, End: endGroup,
		Server: login.Copied, Connection: func() (string, error) { return connectionOf(login, l.history, "nightly") }, Receive: keptReceiver(l.history, noSecrets),
	})
	l.actions = backup.New(l.col, plan, recoverable(plan), keptChild(l.history, "", noSecrets), time.Now)
}

// estate is one of the server and of the plan, which receives WAL by a slot; empty: by none.
func (l *labBase) estate(slot string) string {
	l.Helper()
	if slot != "" {
		slot = "slot: " + slot + ", "
	}
	text := fmt.Sprintf("estate: base\nsources:\n  pg: {kind: postgres, dsn: %q}\naccess: {default: admin}\nbackups:\n  nightly: {engine: basebackup, database: pg, folder: %s, %srpo: 1h, oldest: {full: 1d}}\n",
		"host=127.0.0.1 port="+l.Port+" user=postgres dbname=postgres", l.folder, slot)
	path := filepath.Join(l.TempDir(), "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		l.Fatal(err)
	}
	return path
}

// look reads the folder and judges it.
func (l *labBase) look() ops.Backups {
	l.Helper()
	o, err := l.col.Collect(l.Context())
	if err != nil {
		l.Fatal(err)
	}
	return judge.Backups(*o.Backups, ops.Database{Cluster: ops.Cluster{ID: o.Backups.Cluster, Timeline: 1}}, time.Now())
}

// plan plans an action on what there is now.
func (l *labBase) plan(id string) (ops.Action, ops.Plan) {
	l.Helper()
	a := l.actions[slices.IndexFunc(l.actions, func(a ops.Action) bool { return a.Describe().ID.String() == id })]
	v := l.look()
	p, err := a.Plan(l.Context(), ops.Board{Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: time.Now(), State: ops.SourceOK}}}, ops.Request{Action: ops.Clean(id), Target: v.Ref})
	if err != nil {
		l.Fatalf("%s: %v", id, err)
	}
	return a, p
}

// ended is how a plan ends, in a line.
func (l *labBase) ended(ctx context.Context, a ops.Action, p ops.Plan) string {
	r, err := a.Run(ctx, p, l)
	if err != nil {
		return "failed: " + err.Error()
	}
	return r.State.String() + ": " + r.What.String()
}

func (l *labBase) does(want, id string) {
	l.Helper()
	a, p := l.plan(id)
	l.mu.Lock()
	l.said = nil
	l.mu.Unlock()
	if got := l.ended(l.Context(), a, p); !strings.HasPrefix(got, want) {
		l.Errorf("%s: %s\nwant %s; it printed:\n%s", id, got, want, strings.Join(l.said, "\n"))
	}
}

// It is a job of which only the process and the output are kept.
func (l *labBase) Progress(ops.Progress) {}
func (l *labBase) Line(_ ops.Stream, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, text)
}
func (l *labBase) Child(p ops.Process) { l.child = p }
func (l *labBase) Actor() ops.Actor    { return ops.Actor{} }

// receives runs the receiver as an agent does, until what it returns is called.
func (l *labBase) receives() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := l.col.Push(ctx, func(ops.Observation) {}); err != nil && ctx.Err() == nil {
				l.Log(err)
			}
			time.Sleep(50 * time.Millisecond) // the engine's own pace is slower
		}
	}()
	return func() { cancel(); <-done }
}

// safe waits until all that the server has written is safe.
func (l *labBase) safe() {
	l.Helper()
	l.Until("all that is written can be restored", func() bool {
		at, err := ops.ParseLSN(l.Value("SELECT pg_current_wal_flush_lsn()::text"))
		return err == nil && l.look().Safe().LSN >= at
	})
}

func TestLabWALIsReceivedAndAGapIsFound(t *testing.T) {
	t.Parallel()
	l := newLabBase(t)
	end := l.receives()
	l.Until("the receiver runs", func() bool { w := l.look().Receiver; return w.Process.PID > 0 })
	l.does("succeeded: folder: full backup ", "backup.run")
	l.does("succeeded: folder: 1 backup of ", "backup.verify")
	for range 4 {
		l.Exec("postgres", "INSERT INTO loans SELECT i, 1 FROM generate_series(1, 1000) i")
		l.safe()
		l.Exec("postgres", "SELECT pg_switch_wal()")
	}
	l.safe()
	v := l.look()
	if r := v.Repositories[0]; len(r.Recovery.Gaps) > 0 || r.Recovery.Level != ops.LevelOK || v.Sets[0].Verdict.Level != ops.LevelOK {
		t.Errorf("%s, %v, backup %v", r.Recovery.Words, r.Recovery.Gaps, v.Sets[0].Verdict)
	}
	safe, e := v.Safe().LSN, l.estate("opsdeck")
	shows(t, e, 0)
	l.corrupt(newHome(t, e))

	l.does("succeeded: pg_basebackup is stopped", "backup.stop")
	l.Until("a stop ends the receiver", func() bool { return l.look().Receiver.Process.PID == 0 })
	shows(t, e, 2, "the engine is stopped")
	l.does("succeeded: pg_basebackup is not stopped", "backup.start")
	l.Until("a start starts it", func() bool { return l.look().Receiver.Process.PID > 0 })

	// The agent is killed: what it left receives on, and the next agent ends it.
	left := l.look().Receiver.Process
	l.agent()
	again := l.receives()
	l.Until("the next agent has its own", func() bool { w := l.look().Receiver; return w.Process.PID > 0 && w.Process != left })
	if proc.Alive(left) {
		t.Error("two receive")
	}
	end()
	again()

	files, _ := filepath.Glob(l.folder + "/wal/*/1/0*[0-9A-F]")
	slices.Sort(files)
	if err := os.Remove(files[len(files)-2]); err != nil {
		t.Fatal(err)
	}
	l.agent() // it reads all files
	if r := l.look().Repositories[0]; len(r.Recovery.Gaps) != 1 || r.Recovery.Gaps[0].First.String() != filepath.Base(files[len(files)-2]) || l.look().Safe().LSN >= safe {
		t.Errorf("without %s: %s, %v", files[len(files)-2], r.Recovery.Words, r.Recovery.Gaps)
	}
	shows(t, e, 2, "1 segment of WAL lost in folder", filepath.Base(files[len(files)-2])+" missing").says(inBackups, "1 gap")
}

// corrupt damages the one backup there is, which verify tells by an agent, and puts it right.
func (l *labBase) corrupt(home home) {
	l.Helper()
	defer home.stop()
	verifies := func(want string) {
		l.Helper()
		if out := home.says("backup", "verify", "nightly", "--yes", "--reason", "test"); !strings.Contains(out, want) {
			l.Errorf("%s\nwant %s", out, want)
		}
	}
	label := l.labels()
	spoiled(l.T, filepath.Join(l.folder, "backups", label, "data", "PG_VERSION"), over, func() {
		verifies("failed: folder: verify found damage")
		home.shows(l.T, 2, "verify found damage in folder", label).says(inBackups, "damaged", "unusable")
	})
	verifies("succeeded: folder: 1 backup of ")
	home.shows(l.T, 0)
}

func TestLabALostSlotIsMadeAnewAndTheHoleIsFound(t *testing.T) {
	t.Parallel()
	l := newLabBase(t, "max_wal_size=32MB", "min_wal_size=32MB")
	keeps := func(most string) {
		l.Exec("postgres", "ALTER SYSTEM SET max_slot_wal_keep_size = '"+most+"'")
		l.Exec("postgres", "SELECT pg_reload_conf()")
	}
	keeps("16MB")
	end := l.receives()
	l.Until("the receiver runs", func() bool { return l.look().Receiver.Process.PID > 0 })
	l.does("succeeded: folder: full backup ", "backup.run")
	l.safe()
	end()
	for range 8 {
		l.Exec("postgres", "INSERT INTO loans SELECT i, 1 FROM generate_series(1, 1000) i; SELECT pg_switch_wal(); CHECKPOINT")
	}
	l.Until("the slot is lost", func() bool {
		return l.Value("SELECT coalesce(wal_status, '') FROM pg_replication_slots WHERE slot_name = 'opsdeck'") == "lost"
	})
	shows(t, l.estate("opsdeck"), 2, "slot opsdeck is lost")
	keeps("-1") // on a busy machine it would be lost again, and again
	end = l.receives()
	defer func() { end() }()
	l.Until("it receives behind the hole", func() bool {
		l.Exec("postgres", "INSERT INTO loans VALUES (0, 0)")
		return l.look().Repositories[0].Received.LSN > 8<<24
	})
	l.Exec("postgres", "SELECT pg_switch_wal()")
	l.Until("and says what is lost", func() bool {
		return len(l.look().Repositories[0].Recovery.Gaps) == 1
	})
	l.does("succeeded: folder: full backup ", "backup.run")
	l.safe()
	if status := l.Value("SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'opsdeck'"); status != "reserved" {
		t.Errorf("the slot is %s", status)
	}
}

// labels are the backups that count.
func (l *labBase) labels() string {
	var all []string
	for _, s := range l.look().Sets {
		all = append(all, s.Label.String())
	}
	return strings.Join(all, " ")
}

// atWork waits until a job is at work, and returns how it ended where that came first.
func (l *labBase) atWork(ended <-chan string) (early string) {
	l.Helper()
	l.Until("it is at work, or has ended", func() bool {
		select {
		case early = <-ended:
			return true
		default:
		}
		holder, _ := l.col.Underway()
		return holder.PID > 0
	})
	return early
}

func TestLabWhatIsCutOffLeavesEarlierBackupsWhole(t *testing.T) {
	t.Parallel()
	l := newLabBase(t)
	l.Exec("postgres", "CREATE TABLE large AS SELECT i, repeat('x', 500) FROM generate_series(1, 100000) i")
	l.does("succeeded: folder: full backup ", "backup.run")
	before := l.labels()
	cuts, seed := fromEnvironment(t, "OPSDECK_CUTS", 3), fromEnvironment(t, "OPSDECK_CUT_SEED", time.Now().UnixNano())
	t.Logf("OPSDECK_CUT_SEED=%d OPSDECK_CUTS=%d", seed, cuts)
	r, another := rand.New(rand.NewSource(seed)), false
	for n := range cuts {
		a, p := l.plan("backup.run")
		ended := make(chan string, 1)
		go func() { ended <- l.ended(context.Background(), a, p) }()
		if early := l.atWork(ended); early != "" { // on a busy machine one may pass unseen
			if !strings.HasPrefix(early, "succeeded") {
				t.Fatalf("run %d was never at work: %s", n, early)
			}
			before = l.labels()
			continue
		}
		if !another {
			another = true
			if got := l.ended(l.Context(), a, p); !strings.HasPrefix(got, "failed: folder: nothing was done: nightly, for pg_basebackup, is held by process ") {
				t.Errorf("another at the same time: %s", got)
			}
		}
		time.Sleep(time.Duration(r.Intn(400)) * time.Millisecond)
		holder, _ := l.col.Underway()
		if holder.PID == 0 || proc.Signal(holder.PID, syscall.SIGKILL) != nil {
			t.Logf("run %d had ended: %s", n, <-ended)
			before = l.labels()
			continue
		}
		switch got := <-ended; {
		case strings.HasPrefix(got, "succeeded"), strings.HasPrefix(got, "partial: folder: full backup "): // it had its name already
			before = l.labels()
		case !strings.HasPrefix(got, "failed: folder: it was killed (exit code 137)"):
			t.Errorf("killed: %s", got)
		}
		l.Until("its lock is free", func() bool { return !l.col.Locked(ops.Backups{Held: true}).Held })
		if after := l.labels(); after != before {
			t.Errorf("the backups were %s, and are %s", before, after)
		}
	}
	if !another {
		t.Error("none was seen at work")
	}
	l.does(fmt.Sprintf("succeeded: folder: %d backup", len(strings.Fields(before))), "backup.verify")
	l.does("succeeded: folder: full backup ", "backup.run")
	if left, _ := filepath.Glob(l.folder + "/backups/*.part"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}

	mnt := l.folder + "/small"
	if err := os.Mkdir(mnt, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", mnt, "tmpfs", 0, "size=16m"); err != nil {
		t.Fatalf("mount a tmpfs (the lab runs as root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mnt, syscall.MNT_DETACH) })
	was := l.folder
	l.folder = mnt
	l.agent()
	l.does("failed: folder: the disk of the folder is full: ", "backup.run")
	shows(t, l.estate(""), 2, "no good full backup in folder")
	if left, _ := filepath.Glob(mnt + "/backups/*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	l.folder = was
	l.agent()
	a, p := l.plan("backup.run")
	l.Stop()
	if got := l.ended(l.Context(), a, p); !strings.HasPrefix(got, "failed: folder: the server does not let pg_basebackup in, or is gone") {
		t.Errorf("with the server down: %s", got)
	}
	shows(t, l.estate(""), 3, "where pg is with its WAL is not known").says(onOverview, "pg refused")
}
