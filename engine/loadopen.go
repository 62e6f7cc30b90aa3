package engine

import (
	"errors"
	"fmt"
	"time"

	"opsdeck/ops"
)

// What a load run has shown so far is written down while it goes on, so that an agent's
// death does not take it: once in so many seconds, and at its first.
const openEvery = 10 * time.Second

// A run's points are kept each second for so many of them, as the driver keeps them, and
// beyond that once in openEvery.
const openSeconds = 3600

func openValue(id ops.JobID) string { return fmt.Sprint("load-open/", uint64(id)) }

// noteOpen takes a second of a run. The run that it would be if nothing more came is written
// down in its time.
func (e *Engine) noteOpen(j ops.Job, s ops.LoadScenario, t ops.LoadTick) {
	e.loads.Lock()
	defer e.loads.Unlock()
	points, begun := e.open[j.ID]
	due := !begun || t.Second.At%openEvery < time.Second
	if due || len(points) < openSeconds {
		points = append(points, t.Second)
		e.open[j.ID] = points
	}
	if !due {
		return
	}
	packed, err := pack(ops.LoadRun{Stages: s.Stages, Warmup: s.Warmup, Run: t.Run, Series: points,
		Errors: t.Errors, Health: t.Health, Parts: t.Parts, Steps: t.Steps})
	if err == nil {
		err = e.History.PutValue(openValue(j.ID), packed)
	}
	if err != nil {
		e.Log.Error("write down a load run under way", "job", uint64(j.ID), "err", err)
	}
}

// settleOpen ends that of a run that has ended. A run that came to no result of its own, because
// its agent or what made its load died, is kept by what it had shown.
func (e *Engine) settleOpen(j ops.Job) {
	if j.Target.Kind != ops.KindLoad || !j.State.Ended() {
		return
	}
	packed, err := e.History.Value(openValue(j.ID))
	if err != nil || len(packed) == 0 {
		return // it has shown nothing, or is kept
	}
	var run ops.LoadRun
	if run, err = unpack[ops.LoadRun](packed); err == nil {
		if run.Why = j.Result; j.State == ops.JobLost {
			run.Why = ops.Lit("its agent died")
		}
		_, err = e.keepLoad(j, run)
	}
	if err = errors.Join(err, e.closeOpen(j.ID)); err != nil {
		e.Log.Error("settle a load run", "job", uint64(j.ID), "err", err)
	}
}

// closeOpen forgets what a run had shown that is kept.
func (e *Engine) closeOpen(id ops.JobID) error {
	e.loads.Lock()
	defer e.loads.Unlock()
	delete(e.open, id)
	return e.History.PutValue(openValue(id), nil)
}
