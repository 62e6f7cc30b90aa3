package engine

import (
	"slices"

	"opsdeck/judge"
	"opsdeck/ops"
)

// pinnable is the kept run of a Ref, where it can be a baseline.
func pinnable(b ops.Board, ref ops.Ref) (ops.LoadKept, error) {
	k, ok := b.LoadRun(ref)
	switch {
	case !ok:
		return k, ops.Errorf(ops.CodeNotFound, "no load run %s is kept", ref.ID)
	case k.Pinned:
		return k, ops.Errorf(ops.CodeInvalid, "run %s is the baseline already", ref.ID)
	case !judge.LoadBaseline(k):
		return k, ops.Errorf(ops.CodeInvalid, "run %s is %s: a baseline is a run that passed", ref.ID, k.Verdict.Outcome)
	}
	return k, nil
}

// notPinnable is why load.pin cannot run.
func notPinnable(b ops.Board, ref ops.Ref) ops.Text {
	if _, err := pinnable(b, ref); err != nil {
		return ops.AsError(err).What
	}
	return ops.Text{}
}

func planPin(e *Engine, req ops.Request) (string, string, error) {
	k, err := pinnable(e.broker.newest(), req.Target)
	return ops.Textf("pin run %s as the baseline of %s", k.Ref.ID, k.Scenario).String(), "compare other runs of the scenario with it, and never forget it", err
}

func doPin(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	k, err := pinnable(e.broker.newest(), p.Request.Target)
	if err != nil {
		return err
	}
	e.loads.Lock()
	defer e.loads.Unlock()
	all, err := readLoads(e.History)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Scenario == k.Scenario {
			all[i].Pinned = all[i].Ref == k.Ref
		}
	}
	if !slices.ContainsFunc(all, func(o ops.LoadKept) bool { return o.Ref == k.Ref }) {
		return ops.Errorf(ops.CodeNotFound, "no load run %s is kept", k.Ref.ID)
	}
	rec := ops.Record{Kind: ops.RecordNote, Level: ops.LevelInfo, Actor: c.Actor, Ref: ops.Ref{Kind: ops.KindLoad, ID: k.Scenario}, What: ops.Textf("pinned run %s as the baseline of %s", k.Ref.ID, k.Scenario)}
	if err := e.put(rec, nil); err != nil {
		return err
	}
	if err := saveLoads(e.History, all); err != nil {
		e.historyState(err)
		return err
	}
	return e.seen(func(p *picture) error { p.list(all); return nil })
}
