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
	packed, err := pack(ops.LoadRun{Stages: s.Stages, Warmup: s.Warmup, Why: ops.Lit("its agent died"), Run: t.Run, Series: points,
		Errors: t.Errors, Health: t.Health, Parts: t.Parts, Steps: t.Steps})
	if err == nil {
		err = e.History.PutValue(openValue(j.ID), packed)
	}
	if err != nil {
		e.Log.Error("write down a load run under way", "job", uint64(j.ID), "err", err)
	}
}

// settleOpen ends that of a run that has ended: what an agent's death left of it is kept.
func (e *Engine) settleOpen(j ops.Job) {
	if j.Target.Kind != ops.KindLoad || !j.State.Ended() {
		return
	}
	packed, err := e.History.Value(openValue(j.ID))
	if err != nil || len(packed) == 0 {
		return // it has shown nothing, or is settled
	}
	if j.State == ops.JobLost {
		var run ops.LoadRun
		if run, err = unpack[ops.LoadRun](packed); err == nil {
			_, err = e.keepLoad(j, run)
		}
	}
	e.loads.Lock()
	defer e.loads.Unlock()
	delete(e.open, j.ID)
	if err = errors.Join(err, e.History.PutValue(openValue(j.ID), nil)); err != nil {
		e.Log.Error("settle a load run", "job", uint64(j.ID), "err", err)
	}
}
