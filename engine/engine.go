package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"opsdeck/engine/jobs"
	"opsdeck/ops"
)

// History is what the engine needs of the store, in four parts by who needs it.
type History interface {
	Records
	jobs.History
	Values
	Health
}

// Records are what happened.
type Records interface {
	Append(recs ...ops.Record) ([]ops.Record, error)
	History(q ops.Query) ([]ops.Record, error)
}

// Values are what the picture keeps over restarts, by name.
type Values interface {
	PutValue(name string, v []byte) error
	Value(name string) ([]byte, error)
}

// Health is how the history itself stands.
type Health interface {
	Notice() ops.Text  // what opening it had to repair
	Trouble() ops.Text // what is wrong with it now
}

// Config is all an engine is made of.
type Config struct {
	Estate     ops.Estate
	Agent      ops.AgentInfo
	Collectors []ops.Collector
	Actions    []ops.Action
	// History is nil in a local engine, which is then read-only.
	History History
	// Free is what share of the file system of a folder is free.
	Free func(folder string) ops.Value
	// Verify checks the audit chain, for Detail of ops.KindAudit; nil with History.
	Verify func(ctx context.Context) (ops.Detail, error)
	// Journal is the second home of intents and outcomes: the system's journal.
	Journal func(line string) error
	// Alive reports whether a process recorded by a job still runs.
	Alive func(ops.Process) bool
	Now   func() time.Time
	// Random fills plan ids and spreads polls; crypto/rand's Read.
	Random func([]byte) (int, error)
	Log    *slog.Logger
}

// Engine owns the picture, the jobs and the history of one estate.
type Engine struct {
	Config
	state  chan func(*picture)
	broker broker
	kicks  map[string]chan struct{} // source name -> poll now
	savers [keptParts]saver         // write down what the picture keeps
	looked chan struct{}            // something new is on somebody's screen
	stop   context.Context          // ends when the engine is to stop
	wg     sync.WaitGroup
	jobs   *jobs.Jobs

	mu           sync.Mutex
	sessions     map[ops.Caller]*session // by their consoles
	lastIncident int

	loads   sync.Mutex                    // held while the list of load runs is read and written, and over courses
	courses map[ops.Text]*course          // of load runs under way, by their targets
	open    map[ops.JobID][]ops.LoadPoint // what they have shown
}

// New returns an engine that does nothing until Run.
func New(c Config) *Engine {
	e := &Engine{
		Config:   c,
		state:    make(chan func(*picture), 64),
		kicks:    map[string]chan struct{}{},
		looked:   make(chan struct{}, 1),
		broker:   newBroker(),
		sessions: map[ops.Caller]*session{},
		courses:  map[ops.Text]*course{},
		open:     map[ops.JobID][]ops.LoadPoint{},
		stop:     context.Background(),
	}
	for i := range e.savers {
		e.savers[i] = make(saver, 1)
	}
	for _, col := range c.Collectors {
		e.kicks[col.Source().Name.String()] = make(chan struct{}, 1)
	}
	e.withAckSilences()
	e.jobs = jobs.New(jobs.Config{Actions: e.Actions, Instants: e.ownActions(), Guarded: e.Estate.Environment == ops.Production,
		History: e.History, Now: e.Now, Random: e.Random, Log: e.Log, Journal: e.Journal, Alive: e.Alive,
		Board: e.broker.newest, Unlocked: func(c ops.Caller) bool { return !e.unlockedUntil(c).IsZero() },
		Record: e.record, Written: e.historyState, Show: e.show, Ended: e.kickAll, LoadTick: e.loadTick, LoadRun: e.keepLoad})
	return e
}

// Run polls, runs jobs and publishes boards until ctx ends, then waits for what
// it started. Running jobs are canceled by ctx's end; call Drain first to let
// them finish.
func (e *Engine) Run(ctx context.Context) error {
	e.stop = ctx
	p := newPicture(e)
	if err := e.restore(ctx, p); err != nil {
		return err
	}
	e.note(ops.RecordAgent, ops.LevelInfo, ops.Textf("%s agent started, version %s, pid %d", e.Agent.Kind, e.Agent.Version, e.Agent.PID))
	for _, col := range e.Collectors {
		e.spawn(func() { e.poll(ctx, col) })
		if pusher, ok := col.(ops.Pusher); ok {
			e.spawn(func() { e.follow(ctx, col, pusher) })
		}
		if pinger, ok := col.(ops.Pinger); ok {
			e.spawn(func() { e.ping(ctx, col, pinger) })
		}
		if sampler, ok := col.(ops.Sampler); ok {
			e.spawn(func() { e.sample(ctx, col, sampler) })
		}
	}
	if e.History != nil {
		e.spawn(func() { e.jobs.WatchOrphans(ctx) })
	}
	for i, k := range keepings() {
		e.spawn(func() { e.write(ctx, k.name, e.savers[i]) })
	}
	e.spawn(func() { e.extendAcks(ctx) })
	e.reduce(ctx, p)
	e.jobs.Wait()
	e.wg.Wait()
	e.broker.close()
	e.note(ops.RecordAgent, ops.LevelInfo, ops.Textf("%s agent stopped", e.Agent.Kind))
	return nil
}

// spawn runs f and makes Run wait for it.
func (e *Engine) spawn(f func()) {
	e.wg.Add(1)
	go func() {
		defer e.wg.Done()
		f()
	}()
}

// update hands a change to the goroutine that owns the picture. It is dropped
// when the engine stops.
func (e *Engine) update(f func(*picture)) {
	select {
	case e.state <- f:
	case <-e.stop.Done():
	}
}

// kick makes a source be asked at once.
func (e *Engine) kick(source string) {
	if c := e.kicks[source]; c != nil {
		signal(c)
	}
}

func (e *Engine) kickAll() {
	for source := range e.kicks {
		e.kick(source) // an action can show elsewhere than at its target
	}
}

// note writes one record of our own. A history that fails is said on the frame;
// polling goes on without it.
func (e *Engine) note(kind ops.RecordKind, level ops.Level, what ops.Text) {
	e.record(ops.Record{At: e.Now(), Kind: kind, Level: level, What: what})
}

// record appends records to the history and to the picture's last hour.
func (e *Engine) record(recs ...ops.Record) {
	if len(recs) == 0 {
		return
	}
	if e.History != nil {
		done, err := e.History.Append(recs...)
		e.historyState(err)
		if err != nil {
			e.Log.Error("append to the history", "err", err)
		} else {
			recs = done
		}
	}
	e.update(func(p *picture) { p.addChanges(recs) })
}

// show puts a job's state on the board, and what the history has of it.
func (e *Engine) show(j ops.Job, recs ...ops.Record) {
	e.settleOpen(j)
	e.update(func(p *picture) {
		p.setJob(j)
		if len(recs) > 0 {
			p.addChanges(recs)
		}
	})
}

// historyState shows what is wrong with the history, or that nothing is.
func (e *Engine) historyState(err error) {
	words := e.History.Trouble()
	if err != nil {
		words = ops.Clean("not written: " + ops.AsError(err).Error())
	}
	e.update(func(p *picture) { p.setHistory(words) })
}

// Drain lets running jobs finish and accepts no new ones. It returns when none
// runs or ctx ends.
func (e *Engine) Drain(ctx context.Context) error { return e.jobs.Drain(ctx) }

// Busy reports how many jobs run.
func (e *Engine) Busy() int { return e.jobs.Busy() }
