package backup

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"opsdeck/collectors/pgbackrest"
	"opsdeck/ops"
)

// outcome is what a call of the fake comes to.
type outcome struct {
	out  string
	errs string
	code int
	err  error
	made *ops.Backup // what the repository holds after it
	then func()      // what changes besides
	wait func(ctx context.Context)
}

// engine is a pgBackRest that does what a test tells it to.
type engine struct {
	mu      sync.Mutex
	sets    map[int][]ops.Backup
	faults  map[int]string
	lookErr error
	calls   map[string]outcome // by the last words of the argument list
	said    []string           // the argument lists that were run
	stopped bool
	unseen  error // the stop, and the configuration, cannot be seen
	keeps   int   // full backups, by its retention
	holder  int
	locked  func(*ops.Backups) // how the lock stands now; nil: as it was
	done    ops.Value
	total   ops.Value
	wal     map[int]string // by repository, the segment that it holds
	expires bool           // what it holds is gone at the next look
}

func (e *engine) Argv(words ...string) []string {
	return append([]string{"pgbackrest", "--stanza=lab"}, words...)
}

func (e *engine) Name() ops.Text { return ops.Lit("pgBackRest") }
func (e *engine) Types() []ops.BackupType {
	return []ops.BackupType{ops.BackupFull, ops.BackupDifferential, ops.BackupIncremental}
}
func (e *engine) Params() []ops.ParamInfo { return nil }
func (e *engine) Keeps(int) (int, error)  { return e.keeps, e.unseen }

func (e *engine) Backup(_ context.Context, _ ops.Request, key int, t ops.BackupType) ([]string, []ops.Text, error) {
	return e.Argv(fmt.Sprintf("--repo=%d", key), "--type="+t.String(), "backup"), nil, nil
}

func (e *engine) Verify(key int) []string {
	return e.Argv(fmt.Sprintf("--repo=%d", key), "--output=text", "--verbose", "verify")
}

func (e *engine) Switch(word string) []string { return e.Argv(word) }
func (e *engine) Tried(context.Context) (bool, error) {
	o := e.calls["--dry-run --repo=1 expire"]
	if o.err == nil && o.code != 0 && o.code != exitStopped {
		o.err = fmt.Errorf("exit code %d", o.code)
	}
	return o.code == exitStopped, o.err
}

func (e *engine) Look(_ context.Context, key int) ([]ops.Backup, ops.Text, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	held := slices.Clone(e.sets[key])
	if e.expires {
		e.sets[key] = nil
	}
	return held, ops.Clean(e.faults[key]), e.lookErr
}

func (e *engine) Ask(_ context.Context, argv []string) (string, int, error) {
	o := e.calls[strings.Join(argv[2:], " ")]
	return o.out, o.code, o.err
}

func (e *engine) Expire(key int) []string { return e.Argv(fmt.Sprintf("--repo=%d", key), "expire") }

func (e *engine) Expired(ctx context.Context, key int) (ops.Expiry, error) {
	argv := e.Argv("--dry-run", fmt.Sprintf("--repo=%d", key), "expire")
	said, code, err := e.Ask(ctx, argv)
	if err == nil && code != 0 {
		err = e.Why(argv, said, code)
	}
	return pgbackrest.ExpiryOf(said), err
}

func (e *engine) Gone(ctx context.Context, key int, w ops.ExpiredWAL) (bool, error) {
	there, err := e.Holds(ctx, key, w.To.String())
	return !there, err
}

func (e *engine) Holds(_ context.Context, key int, segment string) (bool, error) {
	return e.wal[key] == segment, e.lookErr
}

func (e *engine) Stopped() (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stopped, e.unseen
}

func (e *engine) Locked(v ops.Backups) ops.Backups {
	if e.locked != nil {
		e.locked(&v)
	}
	return v
}

func (e *engine) Underway() (ops.Process, ops.Copied) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return ops.Process{PID: e.holder}, ops.Copied{Part: e.done, Total: e.total}
}

// Why is the first error in what was said, as the real one cuts it.
func (e *engine) Why(_ []string, said string, _ int) error {
	_, words, _ := strings.Cut(strings.Split(said, "\n")[0], "]: ")
	return ops.Errorf(ops.CodeUnavailable, "%s", words).Help("run it by hand")
}

// child carries a call out.
func (e *engine) child(ctx context.Context, argv []string, begun func(ops.Process), line func(ops.Stream, string)) (int, error) {
	words := strings.Join(argv[2:], " ")
	o := e.calls[words]
	e.mu.Lock()
	e.said = append(e.said, words)
	if at := slices.IndexFunc(argv, func(s string) bool { return strings.HasPrefix(s, "--repo=") }); at >= 0 && o.made != nil {
		key, _ := strconv.Atoi(argv[at][len("--repo="):])
		e.sets[key] = append([]ops.Backup{*o.made}, e.sets[key]...)
	}
	e.mu.Unlock()
	begun(ops.Process{PID: 4711, Start: 7})
	for l := range strings.Lines(o.out) {
		line(ops.StreamOut, strings.TrimSuffix(l, "\n"))
	}
	for l := range strings.Lines(o.errs) {
		line(ops.StreamErr, strings.TrimSuffix(l, "\n"))
	}
	if o.then != nil {
		o.then()
	}
	if o.wait != nil {
		o.wait(ctx)
	}
	return o.code, o.err
}

// job is what an action says of its job.
type job struct {
	mu       sync.Mutex
	lines    []string
	progress []ops.Progress
	process  ops.Process
}

func (j *job) Progress(p ops.Progress) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.progress = append(j.progress, p)
}

func (j *job) Line(_ ops.Stream, text string) { j.lines = append(j.lines, text) }
func (j *job) Child(p ops.Process)            { j.process = p }
func (j *job) Actor() ops.Actor               { return ops.Actor{Name: ops.Lit("ana")} }

// lab is a plan with two repositories, the first of which holds a full backup.
func lab() (*engine, ops.BackupPlan, ops.Board) {
	e := &engine{sets: map[int][]ops.Backup{1: {set("20261126-010000F", 1)}}, faults: map[int]string{}, calls: map[string]outcome{}}
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{
		{Name: ops.Lit("local"), Key: 1, Region: ops.Lit("eu")}, {Name: ops.Lit("s3"), Key: 2, Region: ops.Lit("us")}}}
	return e, plan, boardOf(ops.Backups{Number: 1, Sets: e.sets[1], Repositories: []ops.Repository{
		{Name: ops.Lit("local"), Key: 1, Size: ops.Num(4096)}, {Name: ops.Lit("s3"), Key: 2}}})
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func boardOf(v ops.Backups) ops.Board {
	v.Ref = target
	return ops.Board{Backups: ops.Readings[ops.Backups]{{Value: v, Source: ops.Lit("nightly"), At: noon, State: ops.SourceOK}}}
}

var target = ops.NewRef(ops.KindBackups, "nightly", "nightly")

// set is a backup in a repository that took 30 s.
func set(label string, key int) ops.Backup {
	t := map[byte]ops.BackupType{'F': ops.BackupFull, 'D': ops.BackupDifferential, 'I': ops.BackupIncremental}[label[len(label)-1]]
	return ops.Backup{Label: ops.Clean(label), Type: t, Key: key, Cluster: 1, Size: ops.Num(1 << 20), Stored: ops.Num(1 << 10), Began: noon.Add(-time.Minute), Ended: noon.Add(-time.Minute / 2)}
}

// act plans an action and runs its plan.
func act(t *testing.T, e *engine, plan ops.BackupPlan, b ops.Board, id string, params ...string) (ops.Result, *job, error) {
	t.Helper()
	a := actionOf(t, e, plan, id)
	p, err := a.Plan(t.Context(), b, request(id, params...))
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	j := &job{}
	r, err := a.Run(t.Context(), p, j)
	return r, j, err
}

func actionOf(t *testing.T, e *engine, plan ops.BackupPlan, id string) ops.Action {
	t.Helper()
	all := New(e, plan, judged, e.child, func() time.Time { return noon })
	i := slices.IndexFunc(all, func(a ops.Action) bool { return a.Describe().ID.String() == id })
	if i < 0 {
		t.Fatalf("there is no %s", id)
	}
	return all[i]
}

// judged finds that everything from the oldest backup to the end of the WAL can be restored.
func judged(v ops.Backups, _ ops.Board) ops.Backups {
	for i := range v.Repositories {
		r := &v.Repositories[i]
		r.Recovery = ops.Recovery{}
		for _, s := range v.Sets { // newest first
			if n := len(r.WAL.Runs); s.Key == r.Key {
				r.Recovery.Intervals = []ops.RecoveryInterval{{Backup: s.Label, From: ops.WALPosition{LSN: s.Stop, At: s.Ended}, To: ops.WALPosition{LSN: s.Stop, At: noon}}}
				if n > 0 {
					r.Recovery.Intervals[0].To.LSN = ops.SegmentStart(r.WAL.Runs[n-1].Last+1, 16<<20)
				}
			}
		}
	}
	return v
}

// request has parameters as name=value.
func request(id string, params ...string) ops.Request {
	r := ops.Request{Action: ops.Clean(id), Target: target}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		r.Params = append(r.Params, ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)})
	}
	return r
}

// ended is how a job would end with what an action returned.
func ended(r ops.Result, err error) string {
	switch {
	case ops.CodeOf(err) == ops.CodeUnanswered:
		return "unknown: " + err.Error()
	case err != nil:
		return "failed: " + err.Error()
	}
	return r.State.String() + ": " + r.What.String()
}

// log is a line as pgBackRest logs it.
func log(level, words string) string {
	return fmt.Sprintf("2026-11-27 12:00:00.123 P00  %5s: %s\n", level, words)
}

// Cause is the real one's: what stands in a failure is made of it.
func (e *engine) Cause(code int) (what, remedy string) { return new(pgbackrest.Collector).Cause(code) }
