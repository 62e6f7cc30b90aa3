package jobs

import (
	"context"
	"time"

	"opsdeck/ops"
)

// Paces of a job's reports: what it says is shown at most four times a second
// and written down twice a second.
const (
	showEvery  = 250 * time.Millisecond
	flushEvery = 500 * time.Millisecond
	maxPending = 10_000 // output lines waiting to be written
)

// progress is what an action sees of its job.
type progress struct {
	s *Jobs
	r *run
}

// Progress shows how far the job is.
func (p progress) Progress(v ops.Progress) {
	p.r.mu.Lock()
	p.r.job.Progress = v
	now := p.s.Now()
	due := now.Sub(p.r.shown) >= showEvery
	if due {
		p.r.shown = now
	}
	j := p.r.job
	p.r.mu.Unlock()
	if due {
		p.s.Show(j)
	}
}

// Actor is who started the job; it never changes while the job runs.
func (p progress) Actor() ops.Actor { return p.r.snapshot().Actor }

// Job is the job.
func (p progress) Job() ops.JobID { return p.r.snapshot().ID }

// LoadTick shows a second of a load run.
func (p progress) LoadTick(t ops.LoadTick) ops.Text { return p.s.LoadTick(p.r.snapshot(), t) }

// LoadRun judges a load run and keeps it.
func (p progress) LoadRun(run ops.LoadRun) (ops.LoadVerdict, error) {
	return p.s.LoadRun(p.r.snapshot(), run)
}

// LoadFault starts the fault of a load run.
func (p progress) LoadFault(ctx context.Context, f ops.LoadFault, steps []ops.Step) (ops.JobID, error) {
	j := p.r.snapshot()
	return p.s.startWithin(ctx, ops.Caller{Actor: j.Actor}, f.Request(), steps, ops.Textf("the fault of load run %d", j.ID))
}

// Line takes one line of output.
func (p progress) Line(s ops.Stream, text string) {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	if len(p.r.lines) >= maxPending {
		p.r.leftOut++
		return
	}
	p.r.lines = append(p.r.lines, ops.Line{At: p.s.Now(), Stream: s, Text: ops.CleanLine(text),
		From: refOf(p.r.job.ID)})
}

// Child writes down the process that does the work, before it is waited for: if
// the agent dies, the next one knows whom to watch.
func (p progress) Child(proc ops.Process) {
	p.r.mu.Lock()
	p.r.job.Process = proc
	j := p.r.job
	p.r.mu.Unlock()
	if err := p.s.History.PutJob(j); err != nil {
		p.s.Log.Error("write down a job's process", "job", uint64(j.ID), "err", err)
	}
	p.s.Show(j)
}

// take empties what waits to be written. What was left out is told where it would stand.
func (r *run) take(now time.Time) (ops.JobID, []ops.Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := r.lines
	if r.leftOut > 0 {
		lines = append(lines, ops.Line{At: now, Stream: ops.StreamMeta, From: refOf(r.job.ID),
			Text: ops.Textf("%s left out here: more came than could be written", ops.Count(r.leftOut, "line"))})
	}
	r.lines, r.leftOut = nil, 0
	return r.job.ID, lines
}

// flushOutput writes a job's output in batches until quit, and wakes those who
// follow it.
func (s *Jobs) flushOutput(r *run, quit <-chan struct{}) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case <-quit:
			done = true
		case <-tick.C:
		}
		id, lines := r.take(s.Now())
		if len(lines) == 0 || r.volatile {
			continue
		}
		if err := s.History.AppendOutput(id, lines); err != nil {
			s.Log.Error("write a job's output", "job", uint64(id), "err", err)
		}
		r.mu.Lock()
		close(r.news)
		r.news = make(chan struct{})
		r.mu.Unlock()
	}
}
