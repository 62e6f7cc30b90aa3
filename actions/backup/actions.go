// Package backup acts on the backups of one plan through its engine: makes one, verifies
// what is there, and stops and starts the engine.
//
// An exit code of 0 is no success here. pgBackRest ends with 0 over a repository that is
// damaged, and what an engine says that it made is there when the repository says so too.
package backup

import (
	"context"
	"time"

	"opsdeck/ops"
)

// Engine is what the actions ask of what makes the backups. None of it changes anything.
type Engine interface {
	// Name is what people call it.
	Name() ops.Text
	// Types are those of the backups that it makes, and Params what it may be told of one
	// besides type and repository.
	Types() []ops.BackupType
	Params() []ops.ParamInfo
	// Backup is the argument list of the call that makes a backup in a repository, and what
	// there is to be known of it. It says --type. Error: none can be made.
	Backup(ctx context.Context, req ops.Request, key int, t ops.BackupType) (argv []string, notes []ops.Text, err error)
	// Verify is that of the call that reads a repository, and Switch that of stop and start.
	Verify(key int) []string
	Switch(word string) []string
	// Look asks what backups a repository holds now, and what is wrong with it.
	Look(ctx context.Context, key int) (sets []ops.Backup, fault ops.Text, err error)
	// Stopped reports whether it was told to do nothing. Error: that cannot be seen. Tried
	// learns it then from a call that would change nothing, and that a stop refuses.
	Stopped() (bool, error)
	Tried(ctx context.Context) (bool, error)
	// Locked returns what is known of a plan with its lock as that stands now; where that
	// cannot be seen, as it was.
	Locked(v ops.Backups) ops.Backups
	// Underway is who holds the lock, as far as that can be seen, and how far the backup is.
	Underway() (holder ops.Process, done ops.Copied)
	// Why is the error of a call that ended with a code, from what it said. Cause is what the
	// code means, and what to do; empty: its own words have to do.
	Why(argv []string, said string, code int) error
	Cause(code int) (what, remedy string)
}

// Pruner is an engine that removes what its retention does not hold.
type Pruner interface {
	Engine
	// Expire is the argument list of the call that does it in a repository, and Expired what
	// would go, without that it goes.
	Expire(key int) []string
	Expired(ctx context.Context, key int) (ops.Expiry, error)
	// Gone reports whether WAL is gone that was to.
	Gone(ctx context.Context, key int, w ops.ExpiredWAL) (bool, error)
}

// Commanded is an engine that switches WAL by a command of its own.
type Commanded interface {
	Engine
	// Argv is the argument list of a call, as the estate has the program run.
	Argv(words ...string) []string
	// Holds reports whether a repository holds a segment of WAL now.
	Holds(ctx context.Context, key int, segment string) (bool, error)
}

// Expirer is an engine that removes old backups after a new one.
type Expirer interface {
	// Keeps is how many full backups a repository keeps; 0: it does not count them. Error:
	// that cannot be seen.
	Keeps(key int) (int, error)
}

// Child runs a program that outlives the agent, to its end. begun is called with its
// process before it begins, line with each line that it writes, secrets masked. A program
// that ran and failed is no error, and where a signal ended it the code is 128 and the
// signal's number. Error: CodeUnanswered where nobody saw the end.
type Child func(ctx context.Context, argv []string, begun func(ops.Process), line func(ops.Stream, string)) (code int, err error)

// New returns the actions on the backups of a plan.
func New(e Engine, plan ops.BackupPlan, judge Judge, child Child, now func() time.Time) []ops.Action {
	f := family{engine: e, plan: plan, judge: judge, child: child, now: now, lookEvery: time.Second}
	expirer, _ := e.(Expirer) // nil: it removes none
	all := []ops.Action{&run{f, expirer}, &verify{f}}
	if c, ok := e.(Commanded); ok {
		all = append(all, &switchWAL{f, c})
	}
	if p, ok := e.(Pruner); ok {
		all = append(all, &prune{f, p})
	}
	return append(all, &stop{f}, &start{f})
}

// family is what the actions share.
type family struct {
	engine    Engine
	plan      ops.BackupPlan
	judge     Judge
	child     Child
	now       func() time.Time
	lookEvery time.Duration // the pace of looking how far a child is
}

// run makes a backup.
type run struct {
	family
	expirer Expirer // nil: nothing goes after it
}

// verify reads all that is there.
type verify struct{ family }

// switchWAL has the server end its WAL file early.
type switchWAL struct {
	family
	commands Commanded
}

// prune removes what retention does not hold.
type prune struct {
	family
	pruner Pruner
}

// stop makes the engine do nothing.
type stop struct{ family }

// start ends that.
type start struct{ family }

func (f family) info(id, verb, what string, class ops.Class, params ...ops.ParamInfo) ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Clean(id), Verb: ops.Clean(verb), What: ops.Clean(what), Class: class, On: ops.KindBackups, Source: f.plan.Name, Params: params}
}

// everyRepository is the word for all of them.
const everyRepository = "all"

func repositoryParam() ops.ParamInfo {
	return ops.ParamInfo{Name: ops.Lit("repository"), What: ops.Lit("the name of one, or all"), Default: ops.Clean(everyRepository)}
}

// Describe says what the action does. It is disruptive: it makes the server's disks and
// the network busy, and old backups go after it where retention says so.
func (r *run) Describe() ops.ActionInfo {
	return r.info("backup.run", "back up", "makes a backup in each repository, one after the other", ops.ClassDisruptive,
		append([]ops.ParamInfo{{Name: ops.Lit("type"), What: ops.Textf("%s; empty: the usual", r.types()), Words: r.typeWords()}, repositoryParam()}, r.engine.Params()...)...)
}

// Describe says what the action does. It is disruptive: everything is read, which takes
// hours and costs money where a store asks for it.
func (v *verify) Describe() ops.ActionInfo {
	return v.info("backup.verify", "verify", "reads all backups and WAL of each repository, and compares checksums", ops.ClassDisruptive, repositoryParam())
}

// Describe says what the action does. It is destructive: what is written from then on is
// safe nowhere, and the server's disk fills.
func (s *stop) Describe() ops.ActionInfo {
	return s.info("backup.stop", "stop archiving", "stops the engine: no WAL is archived and no backup made until it is started", ops.ClassDestructive)
}

// Describe says what the action does. It is disruptive: the WAL that waits is sent at once.
func (s *start) Describe() ops.ActionInfo {
	return s.info("backup.start", "start archiving", "starts the engine after a stop", ops.ClassDisruptive)
}
