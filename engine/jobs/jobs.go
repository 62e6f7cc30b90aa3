// Package jobs plans actions and carries them out: what guards a start, the locks
// of targets, the record of intent before anything happens and of the outcome
// whatever happens, and what became of the jobs of an agent that died.
//
// Locks: Jobs.mu guards plans, target locks, running and orphaned jobs and the keys of Instants. It is never held over
// a call to a source, to the history or to the engine, and no second lock is taken
// under it but that of one run.
package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"opsdeck/ops"
)

// Config is all that jobs are made of.
type Config struct {
	Actions  []ops.Action
	Instants []Instant
	Guarded  bool    // production: what is not safe wants an unlock and a reason
	History  History // nil where nothing can be started
	Now      func() time.Time
	Random   func([]byte) (int, error) // fills the ids of plans
	Log      *slog.Logger

	Journal  func(line string) error  // the second home of intents and outcomes
	Alive    func(ops.Process) bool   // reports whether a job's process still runs
	Board    func() ops.Board         // the newest picture
	Unlocked func(ops.Caller) bool    // reports whether a console may act on production now
	Record   func(recs ...ops.Record) // writes to the history and shows what it wrote
	Written  func(error)              // takes how a write to the history went; nil: well
	// Show puts a job's state on the board, and records as the history has them: with
	// their numbers, which consoles follow the time line by.
	Show func(j ops.Job, recs ...ops.Record)
	// LoadTick and LoadRun are those of ops.LoadTaker, for a job.
	LoadTick func(ops.Job, ops.LoadTick) ops.Text
	LoadRun  func(ops.Job, ops.LoadRun) (ops.LoadVerdict, error)
	Ended    func() // a job has ended, and its targets are free
}

// History keeps what was done, each job with its intent, its outcome and its output.
// The records come back as they were written.
type History interface {
	Append(recs ...ops.Record) ([]ops.Record, error)
	NewJob(j ops.Job, intent ops.Record) (ops.Job, ops.Record, error)
	JobByKey(key string) (ops.Job, bool, error)
	PutJob(j ops.Job) error
	EndJob(j ops.Job, outcome ops.Record) (ops.Record, error)
	Job(id ops.JobID) (ops.Job, bool, error)
	Jobs(limit int) ([]ops.Job, error)
	OpenJobs() ([]ops.Job, error)
	AppendOutput(id ops.JobID, lines []ops.Line) error
	Output(id ops.JobID, after uint64, limit int) ([]ops.Line, error)
	PutValue(name string, v []byte) error
	Value(name string) ([]byte, error)
}

// Jobs are the plans and the jobs of one estate.
type Jobs struct {
	Config
	actions []planner
	stop    context.Context // its end cancels the jobs
	wg      sync.WaitGroup

	mu       sync.Mutex
	plans    map[ops.PlanID]plan
	holders  map[ops.Ref]ops.JobID
	running  map[ops.JobID]*run
	orphans  map[ops.JobID]ops.Job // whose agents died, and whose processes keep their targets
	draining bool
	volatile ops.JobID // last id given to a job that could not be recorded
	owns     []began   // Instants that had a key, oldest first

	owning sync.Mutex // held while an Instant with a key is done, before mu
}

// New returns jobs of which none runs.
func New(c Config) *Jobs {
	s := &Jobs{
		Config:   c,
		stop:     context.Background(),
		plans:    map[ops.PlanID]plan{},
		holders:  map[ops.Ref]ops.JobID{},
		running:  map[ops.JobID]*run{},
		orphans:  map[ops.JobID]ops.Job{},
		volatile: 1 << 40,
	}
	for _, a := range c.Actions {
		s.actions = append(s.actions, a)
	}
	for _, a := range c.Instants {
		s.actions = append(s.actions, a)
	}
	return s
}

// Drain lets running jobs finish and accepts no new ones. It returns when none
// runs or ctx ends.
func (s *Jobs) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	var waits []chan struct{}
	for _, r := range s.running {
		waits = append(waits, r.done)
	}
	s.mu.Unlock()
	for _, w := range waits {
		select {
		case <-w:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), ops.Errorf(ops.CodeHeld, "jobs are still running"))
		}
	}
	return nil
}

// Wait accepts no new jobs and waits for the end of those that run.
func (s *Jobs) Wait() {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
	s.wg.Wait()
}

// Busy reports how many jobs run.
func (s *Jobs) Busy() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running)
}
