package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"opsdeck/ops"
)

// kept is a part of the picture that outlives the agent.
type kept uint8

const (
	keptAcks kept = iota
	keptLatches
	keptEpisodes
	keptIncidents
	keptReplicas
	keptDrills
	keptVerified
	keptVerdicts
	keptOrphans
	keptSighted
	keptTold
	keptRan
	keptParts // how many there are
)

// keeping is how one part is kept: as a value of the history.
type keeping struct {
	name    string                                // of the value
	saved   func(*picture) any                    // what is written down; nobody changes it any more
	restore func(*picture, json.RawMessage) error // puts back what the last agent wrote down
}

// keepings are all of them. What is to be kept, too, gets a line here, and sets its
// flag in picture.unsaved with each change.
func keepings() [keptParts]keeping {
	return [keptParts]keeping{
		keptAcks:      keep("acks", savedAcks, restoreAcks),
		keptLatches:   keep("marks", savedLatches, restoreLatches), // their name in the histories of before
		keptEpisodes:  keep("episodes", func(p *picture) []episode { return slices.Clone(p.episodes) }, restoreEpisodes),
		keptIncidents: keep(incidentsValue, func(p *picture) []ops.Incident { return p.incidents }, (*picture).showIncidents),
		keptReplicas:  keep("replicas", func(p *picture) []seenReplica { return slices.Clone(p.replicas) }, restoreReplicas),
		keptDrills:    keep("drills", func(p *picture) map[string][]ops.Drill { return maps.Clone(p.drills) }, restoreDrills),
		keptVerified:  keep("verified", func(p *picture) map[string][]ops.Verification { return maps.Clone(p.verified) }, restoreVerified),
		keptVerdicts:  keep("backup verdicts", func(p *picture) map[string]ops.Level { return maps.Clone(p.verdicts) }, func(p *picture, v map[string]ops.Level) { maps.Copy(p.verdicts, v) }),
		keptOrphans:   keep("orphaned backups", func(p *picture) map[ops.JobID]ops.Text { return maps.Clone(p.orphans) }, restoreOrphans),
		keptSighted:   keep("seen positions", func(p *picture) map[string]sighting { return maps.Clone(p.sighted) }, func(p *picture, v map[string]sighting) { maps.Copy(p.sighted, v) }),
		keptTold:      keep("told backups", func(p *picture) map[string]toldBackups { return maps.Clone(p.told) }, restoreTold),
		keptRan:       keep("backup runs", func(p *picture) map[string][]ops.BackupRun { return maps.Clone(p.ran) }, restoreRan),
	}
}

func keep[T any](name string, saved func(*picture) T, restore func(*picture, T)) keeping {
	return keeping{name, func(p *picture) any { return saved(p) }, func(p *picture, raw json.RawMessage) error {
		var v T
		err := json.Unmarshal(raw, &v)
		if err == nil {
			restore(p, v)
		}
		return err
	}}
}

// restore puts back the last jobs and all that is kept. What cannot be understood is
// logged and left: an agent has to start.
func (e *Engine) restore(ctx context.Context, p *picture) error {
	if e.History == nil {
		return nil
	}
	if err := e.jobs.Restore(ctx, maxJobs, p.setJob); err != nil {
		return err
	}
	for _, j := range p.board.Jobs {
		e.settleOpen(j)
	}
	// Read after that: what became of the jobs is part of the last hour.
	var err error
	if p.board.Changes, err = e.History.History(ops.Query{From: e.Now().Add(-keepChanges), Limit: maxChanges}); err != nil {
		return err
	}
	if p.board.Loads.Kept, err = readLoads(e.History); err != nil {
		e.Log.Error("read the list of load runs back", "err", err)
	}
	for _, k := range keepings() {
		raw, err := e.History.Value(k.name)
		if err != nil {
			return err
		}
		if len(raw) == 0 {
			continue
		}
		if err := k.restore(p, raw); err != nil {
			e.Log.Error("read a value of the picture back", "name", k.name, "err", err)
		}
	}
	return nil
}

// save hands the parts that have changed to their writers.
func (e *Engine) save(p *picture) {
	for i, k := range keepings() {
		if p.unsaved[i] {
			p.unsaved[i] = false
			e.savers[i].submit(k.saved(p))
		}
	}
}

// saver is the writer of one part, one write at a time. What was not written yet when
// a newer value comes is never written.
type saver chan any

// submit gives a value to the writer, in place of one that it has not taken yet. The
// reducer alone calls it.
func (s saver) submit(v any) {
	for {
		select {
		case s <- v:
			return
		default:
		}
		select {
		case <-s:
		default:
		}
	}
}

// write writes what is submitted, and the last of it at the end.
func (e *Engine) write(ctx context.Context, name string, s saver) {
	for e.History != nil {
		select {
		case v := <-s:
			e.writeDown(name, v)
		case <-ctx.Done():
			select {
			case v := <-s:
				e.writeDown(name, v)
			default:
			}
			return
		}
	}
}

func (e *Engine) writeDown(name string, v any) {
	raw, err := json.Marshal(v)
	if err == nil {
		err = e.History.PutValue(name, raw)
	}
	if err != nil {
		e.Log.Error("write a value of the picture down", "name", name, "err", err)
	}
	e.historyState(err)
}
