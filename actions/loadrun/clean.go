package loadrun

import (
	"context"

	"opsdeck/ops"
)

// Cleaner is a driver whose loads leave something behind.
type Cleaner interface {
	// PlanClean says what there is to remove. It changes nothing. Error: nothing that may be.
	PlanClean(ctx context.Context, s ops.LoadScenario) (ops.LoadPlan, error)
	// Clean does what the steps say, and sees that it is gone.
	Clean(ctx context.Context, s ops.LoadScenario, steps []ops.Step) error
}

// clean removes what the runs of a scenario have left.
type clean struct{ *family }

// cleans reports whether there is a scenario that leaves something behind.
func (f *family) cleans() bool {
	for _, s := range f.estate.Loads {
		if _, ok := f.drivers[s.Driver].(Cleaner); ok {
			return true
		}
	}
	return false
}

// Describe says what the action does. It is destructive: what it removes is gone.
func (c *clean) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("load.clean"), Verb: ops.Lit("clean"), Class: ops.ClassDestructive, On: ops.KindLoad,
		What: ops.Lit("removes what runs of the scenario have left in the database: a schema that they made, and nothing beside it")}
}

// cleaner is the driver of a scenario, where there may be something to remove now.
func (c *clean) cleaner(name ops.Text, b ops.Board) (ops.LoadScenario, Cleaner, error) {
	s, driver, err := c.of(name)
	if err != nil {
		return s, nil, err
	}
	cleaner, ok := driver.(Cleaner)
	if !ok {
		return s, nil, ops.Errorf(ops.CodeInvalid, "a run of %s leaves nothing behind", s.Name)
	}
	if l, ok := b.Loaded(s.Target); ok {
		return s, nil, ops.Errorf(ops.CodeHeld, "%s is under load: job %d, %s, by %s", s.Target, l.Job, l.Scenario.Name, l.Actor).Help("wait for it or stop it")
	}
	return s, cleaner, nil
}

// Blocked says why there is nothing to remove now, from the picture.
func (c *clean) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if _, _, err := c.cleaner(ref.ID, b); err != nil {
		return ops.AsError(err).What
	}
	return ops.Text{}
}

// Plan says what would be removed.
func (c *clean) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	s, cleaner, err := c.cleaner(req.Target.ID, b)
	if err != nil {
		return ops.Plan{}, err
	}
	would, err := cleaner.PlanClean(ctx, s)
	if err != nil {
		return ops.Plan{}, err
	}
	p := ops.Plan{Title: ops.Textf("remove what load %s has left", s.Name), Steps: would.Steps, Replaces: would.Replaces, Warnings: would.Warnings, Notes: would.Notes,
		Locks: []ops.Ref{{Kind: ops.KindTarget, ID: s.Target}}}
	for _, h := range would.Hosts {
		p.Locks = append(p.Locks, ops.NewRef(ops.KindTarget, "", h))
	}
	return p, nil
}

// Run removes it.
func (c *clean) Run(ctx context.Context, p ops.Plan, _ ops.Progresser) (ops.Result, error) {
	s, driver, err := c.of(p.Request.Target.ID)
	if err != nil {
		return ops.Result{}, err
	}
	if err := driver.(Cleaner).Clean(ctx, s, p.Steps); err != nil {
		return ops.Result{}, err
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("what load %s had left is gone", s.Name)}, nil
}
