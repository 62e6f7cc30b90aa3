package prometheus

import (
	"context"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// PipelineQuery is a batch run, its window, and the queries that tell how far it
// is. Only Running and Started have to be there.
type PipelineQuery struct {
	Name        string
	Window      time.Duration
	WindowQuery string // seconds; Window serves where it gives nothing
	Running     string // not 0 while a run is open
	Started     string // unix seconds
	Done        string // 0 to 1
	Stage       string // the series whose label StageLabel names the stage
	StageLabel  string
}

// leastDone is the share of the work below which no pace can be told.
const leastDone = 0.02

// windowMost bounds what a server may call a window.
const windowMost = 366 * 24 * time.Hour

func (c *Collector) pipeline(ctx context.Context, q PipelineQuery, notes *[]ops.Text) ops.Pipeline {
	r := run{c: c, q: q, notes: notes}
	r.out = ops.Pipeline{Name: ops.Clean(q.Name), Source: ops.Clean(c.cfg.Name), Window: q.Window}
	running := r.ask(ctx, "running", q.Running)
	if running.asked {
		r.out.At = c.cfg.Now().UTC()
	}
	if !running.value.Known {
		r.out.Why = because("whether it runs is not known", running.why)
		return r.out
	}
	r.out.Running = running.value.Value != 0
	r.start(ctx, running.at)
	if q.WindowQuery != "" {
		r.window(ctx)
	}
	if !r.out.Running {
		return r.out // how far the last run came is no news
	}
	if q.Stage != "" {
		stage := r.ask(ctx, "stage", q.Stage)
		r.out.Stage = ops.Clean(string(stage.labels[model.LabelName(q.StageLabel)]))
	}
	if q.Done != "" {
		r.done(ctx)
	}
	return r.out
}

// run is one pipeline while it is asked for. What is not known of its start
// leaves nothing to judge and is its Why; the rest is a note.
type run struct {
	c     *Collector
	q     PipelineQuery
	out   ops.Pipeline
	notes *[]ops.Text
}

func (r *run) ask(ctx context.Context, what, expr string) measured {
	got := r.c.measure(ctx, expr)
	got.tell("pipeline "+r.q.Name+", "+what, r.notes)
	return got
}

func (r *run) note(what string, why ops.Text) {
	*r.notes = append(*r.notes, ops.Textf("pipeline %s: %s: %s", r.q.Name, what, why))
}

// start reads when the run began. A run that is not open may never have begun.
func (r *run) start(ctx context.Context, now time.Time) {
	started := r.ask(ctx, "started", r.q.Started)
	why := started.why
	switch at := started.value.Value; {
	case !started.value.Known:
	case at <= 0 || at > float64(now.Add(time.Minute).Unix()):
		why = ops.Textf("%g is no time in unix seconds that has passed", at)
	default:
		r.out.Started = ops.UnixTime(at)
		return
	}
	if r.out.Running {
		r.out.Why = because("when it started is not known", why)
	}
}

// window reads the window that the system itself publishes.
func (r *run) window(ctx context.Context) {
	got := r.ask(ctx, "window", r.q.WindowQuery)
	why := got.why
	if s := got.value.Value; got.value.Known {
		if s > 0 && s <= windowMost.Seconds() {
			r.out.Window = ops.Seconds(s)
			return
		}
		why = ops.Textf("%g seconds are no window", s)
	}
	r.note("the window is the estate's", why)
}

// done reads how far the run is, and from its pace when it ends.
func (r *run) done(ctx context.Context) {
	got := r.ask(ctx, "done", r.q.Done)
	why := got.why
	if d := got.value.Value; got.value.Known {
		if d >= 0 && d <= 1 {
			r.out.Done = got.value
			if elapsed := got.at.Sub(r.out.Started); d > leastDone && elapsed > 0 && !r.out.Started.IsZero() {
				r.out.Forecast = r.out.Started.Add(ops.Seconds(elapsed.Seconds() / d)).Truncate(time.Second)
			}
			return
		}
		why = ops.Textf("%g is no share from 0 to 1", d)
	}
	r.note("how far it is, is not known", why)
}
