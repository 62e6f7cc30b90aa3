package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/judge"
	"opsdeck/load"
	"opsdeck/load/loans"
	"opsdeck/ops"
)

// Waits of a run.
const (
	connectIn = 10 * time.Second
	again     = 500 * time.Millisecond // before another attempt, the first time; then twice as long,
	mostAgain = 4 * time.Second        // up to this
)

// Work is the work of a child that puts a database under load. A transaction that is cut off
// leaves nothing, so there is nothing to put in order.
func Work(connect Connect) load.Work[Order] {
	return load.Work[Order]{PutOff: 1500 * time.Millisecond, Run: func(ctx context.Context, o Order, tell func(ops.LoadTick)) (ops.LoadRun, error) {
		return Run(ctx, o, connect, tell)
	}}
}

// run is a load run under way.
type run struct {
	order     Order
	cfg       *pgx.ConnConfig
	keeper    *keeper
	portfolio loans.Portfolio
	todo      []int64 // batches, in turn
	due       []time.Duration
	rec       *recorder
	start     time.Time
	end       context.CancelCauseFunc

	mu    sync.Mutex
	next  int           // of todo
	given []int         // taken up and not begun: the run ended before their moment
	begin time.Duration // no batch begins before it: the most of the rate
}

// What ends a run before its plan.
var (
	errLimit = errors.New("its limits are broken for too long")
	errLong  = errors.New("the longest that it may take is over")
)

// Run loads what is left of the portfolio, and tells of it every second. It returns within
// moments of the end of ctx. An error: nothing was begun.
func Run(ctx context.Context, o Order, connect Connect, tell func(ops.LoadTick)) (ops.LoadRun, error) {
	if err := o.Check(); err != nil {
		return ops.LoadRun{}, err
	}
	r := &run{order: o}
	var err error
	if r.cfg, _, err = o.config(connect); err != nil {
		return ops.LoadRun{}, err
	}
	preset, err := loans.PresetOf(o.Preset)
	if err != nil {
		return ops.LoadRun{}, err
	}
	r.portfolio = loans.New(o.Seed, preset)
	r.keeper = &keeper{order: o, cfg: r.cfg}
	if _, err := r.keeper.session(ctx); err != nil {
		return ops.LoadRun{}, err
	}
	defer r.keeper.end(ctx)
	if err := r.ready(ctx); err != nil {
		return ops.LoadRun{}, err
	}
	return r.carryOut(ctx, tell)
}

// ready has the schema be there, and finds what is to be done.
func (r *run) ready(ctx context.Context) error {
	return r.order.connected(ctx, r.cfg, func(c *pgx.Conn) error {
		found, err := r.order.look(ctx, c)
		if err == nil && found != r.order.Found {
			err = ops.Errorf(ops.CodeChanged, "what is in the database has changed since it was planned").Help("plan it again")
		}
		if err == nil {
			err = r.order.prepare(ctx, c, found)
		}
		if err != nil {
			return err
		}
		rows, err := c.Query(ctx, r.order.in("SELECT n FROM generate_series(0, $1::bigint - 1) n WHERE n NOT IN (SELECT number FROM S.batches) ORDER BY n"), r.order.batches())
		if err != nil {
			return err
		}
		r.todo, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
}

// connected gives a connection to f.
func (o Order) connected(ctx context.Context, cfg *pgx.ConnConfig, f func(*pgx.Conn) error) error {
	c, err := dial(ctx, cfg)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what f came to is known
	return o.blocked(ctx, c, f(c))
}

func dial(ctx context.Context, cfg *pgx.ConnConfig) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectIn)
	defer cancel()
	return pgx.ConnectConfig(ctx, cfg)
}

// carryOut does the batches that are left, in as many pipelines as there are.
func (r *run) carryOut(ctx context.Context, tell func(ops.LoadTick)) (ops.LoadRun, error) {
	whole, end := context.WithCancelCause(ctx)
	defer end(nil)
	r.end = end
	ctx, cancel := context.WithTimeoutCause(whole, r.order.MaxDuration, errLong)
	defer cancel()
	total := r.plan()
	r.start = time.Now()
	r.rec = newRecorder(r.order, r.start)
	over := make(chan struct{})
	var told, working sync.WaitGroup
	told.Go(func() { r.watch(over, tell) })
	for range r.order.Pipelines {
		working.Go(func() { r.pipeline(ctx) })
	}
	working.Wait()
	worked := time.Since(r.start)
	if length := load.Schedule(r.order.Stages).Length(); ctx.Err() == nil && worked < length {
		sleep(ctx, length-worked) // the rate is that of the whole plan
		worked = time.Since(r.start)
	}
	why := context.Cause(ctx)
	var uncounted error
	if why == nil {
		uncounted = r.complete(whole)
		why = context.Cause(whole)
	}
	r.left(worked)
	close(over)
	told.Wait()
	res := ops.LoadRun{Stages: r.order.Stages, Warmup: r.order.Warmup, Total: total, Before: r.order.Rows - r.order.Found.Left, End: ops.LoadEndPlanned}
	switch {
	case errors.Is(why, errLimit):
		res.End, res.Why = ops.LoadEndByLimit, ops.Textf("%s on end broke a limit", ops.Count(r.order.AbortAfter, "second"))
	case why != nil:
		res.End, res.Why = ops.LoadEndStopped, ops.Clean(ops.MaskSecrets(why.Error()))
	case uncounted != nil:
		res.End, res.Why = ops.LoadEndUnknown, ops.Clean(ops.MaskSecrets(uncounted.Error()))
	}
	return r.rec.result(res, worked)
}

// plan gives each batch its moment. What was committed before shortens the last stage.
func (r *run) plan() (total int64) {
	done := r.order.Rows - r.order.Found.Left
	stages := append([]ops.LoadStage(nil), r.order.Stages...)
	if last := &stages[len(stages)-1]; done > 0 {
		last.For = max(time.Second, last.For-ops.Seconds(float64(done)/last.To))
		r.order.Stages = stages
		r.order.Warmup = min(r.order.Warmup, load.Schedule(stages).Length()/2)
	}
	for _, n := range r.todo {
		r.due = append(r.due, load.Schedule(stages).At(total))
		_, rows := r.order.span(n)
		total += rows
	}
	return total
}

// take gives a pipeline the next batch, at its moment; false: there is none, or the run is over.
func (r *run) take(ctx context.Context) (i int, ok bool) {
	r.mu.Lock()
	i = r.next
	if i >= len(r.todo) || ctx.Err() != nil {
		r.mu.Unlock()
		return 0, false
	}
	r.next++
	_, rows := r.order.span(r.todo[i])
	from := max(r.due[i], r.begin)
	r.begin = max(from, time.Since(r.start)) + ops.Seconds(float64(rows)/r.order.MaxRate)
	r.mu.Unlock()
	free := time.Since(r.start)
	if !sleep(ctx, from-free) {
		r.mu.Lock()
		r.given = append(r.given, i) // left counts it
		r.mu.Unlock()
		return 0, false
	}
	r.rec.planned(r.due[i], rows)
	r.rec.begun(r.todo[i], r.due[i], time.Since(r.start)-max(from, free), rows)
	return i, true
}

// left counts what was due and not begun.
func (r *run) left(until time.Duration) {
	for i := r.next; i < len(r.todo) && r.due[i] < until; i++ {
		r.given = append(r.given, i)
	}
	for _, i := range r.given {
		if r.due[i] >= until {
			continue
		}
		_, rows := r.order.span(r.todo[i])
		r.rec.planned(r.due[i], rows)
		r.rec.dropped(r.due[i], rows)
	}
}

// pipeline does batches, one after the other, over a connection of its own that it makes
// anew where it is lost.
func (r *run) pipeline(ctx context.Context) {
	var c *pgx.Conn
	defer func() {
		if c != nil {
			_ = c.Close(context.WithoutCancel(ctx)) // nothing is under way
		}
	}()
	for {
		i, ok := r.take(ctx)
		if !ok {
			return
		}
		n, due, begun := r.todo[i], r.due[i], time.Since(r.start)
		_, rows := r.order.span(n)
		taken := 0
		for wait := again; ; wait = min(2*wait, mostAgain) {
			d, err := r.attempt(ctx, &c, n)
			if err == nil {
				r.rec.done(n, due, begun, d)
				break
			}
			if stateOf(err) == "23505" {
				taken++
			}
			// Once, a lost attempt may have been committed after this one had looked. The next one sees that.
			if ctx.Err() == nil && (!passes(err) || taken > 1) {
				r.end(fmt.Errorf("batch %d: %w", n, err))
			}
			if ctx.Err() != nil {
				r.rec.cut(n, due, rows)
				return
			}
			r.rec.failed(due, rows, err)
			sleep(ctx, wait)
		}
	}
}

// attempt does a batch over a connection, which it makes anew where it is lost.
func (r *run) attempt(ctx context.Context, c **pgx.Conn, n int64) (d done, err error) {
	if *c == nil || (*c).IsClosed() {
		if *c, err = dial(ctx, r.cfg); err != nil {
			return d, err
		}
	}
	by, err := r.keeper.session(ctx)
	if err != nil {
		return d, err
	}
	if d, err = r.order.batch(ctx, *c, r.portfolio, n, by); errors.Is(err, errLost) {
		r.keeper.lost(ctx, by)
	}
	return d, r.order.blocked(ctx, *c, err)
}

// sleep waits, and reports whether the run went on meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// watch tells of the run every second until it is over, and ends it where too many seconds
// on end break a limit.
func (r *run) watch(over <-chan struct{}, tell func(ops.LoadTick)) {
	each := time.NewTicker(time.Second)
	defer each.Stop()
	bad := 0
	for {
		select {
		case <-over:
			return
		case <-each.C:
		}
		t := r.rec.tick()
		switch broken, known := judge.LoadSecond(t.Second, r.order.Limits); {
		case !r.rec.judged(t.Second):
		case broken:
			bad++
		case known:
			bad = 0
		}
		if after := r.order.AbortAfter; after > 0 && bad >= after {
			r.end(errLimit)
		}
		tell(t)
	}
}
