// Package loadrun starts load runs and stops them. What makes the load is a driver's; what
// a run has to keep, and what becomes of its figures, is the same for all.
package loadrun

import (
	"context"
	"sync"

	"opsdeck/ops"
)

// Driver makes the load of one kind of scenario. Another one is a row in the wiring: no
// pane, no judgement and no report asks which it is.
type Driver interface {
	// Plan says what a run would do. It changes nothing. Error: it cannot be done as the
	// estate has it, or not now.
	Plan(ctx context.Context, s ops.LoadScenario) (ops.LoadPlan, error)
	// Run does what the steps say until the run ends. began is called with the process
	// that makes the load, where there is one here, each with what it tells every second.
	// The end of ctx stops the run, and its cause is why; when Run returns no load of it
	// is left.
	Run(ctx context.Context, s ops.LoadScenario, steps []ops.Step, began func(ops.Process), each func(ops.LoadTick)) (ops.LoadRun, error)
}

// New returns the actions on the load scenarios of an estate. alive reports whether a
// process still runs; actions are those that a fault can be; machine is what sends.
func New(e ops.Estate, drivers map[ops.LoadDriver]Driver, alive func(ops.Process) bool, actions func() []ops.Action, machine Machine) []ops.Action {
	f := &family{estate: e, drivers: drivers, alive: alive, actions: actions, machine: machine, under: map[ops.JobID]*underway{}}
	all := []ops.Action{&run{f}, &stop{f}}
	if f.cleans() {
		all = append(all, &clean{f})
	}
	return all
}

// family is what the two share.
type family struct {
	estate  ops.Estate
	drivers map[ops.LoadDriver]Driver
	alive   func(ops.Process) bool
	actions func() []ops.Action
	machine Machine

	mu    sync.Mutex
	under map[ops.JobID]*underway
}

// underway is a run that has begun and not ended.
type underway struct {
	stop    context.CancelCauseFunc
	ended   chan struct{} // closed when no load is left
	process ops.Process
	outcome ops.Text // once it has ended
}

// run puts a target under load.
type run struct{ *family }

// stop ends that.
type stop struct{ *family }

// Describe says what the action does. It is disruptive: whoever uses the target waits longer.
func (r *run) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("load.run"), Verb: ops.Lit("run"), Class: ops.ClassDisruptive, On: ops.KindLoad,
		What: ops.Lit("puts the target under the load of the scenario, judges the run by its limits, and keeps it")}
}

// Describe says what the action does. It is disruptive to the run alone, which is kept as
// aborted.
func (s *stop) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("load.stop"), Verb: ops.Lit("stop"), Class: ops.ClassDisruptive, On: ops.KindLoad,
		What: ops.Lit("ends a run of the scenario, waits until no load is left, and keeps what it measured as aborted")}
}

// of is the scenario of a request, and its driver.
func (f *family) of(name ops.Text) (ops.LoadScenario, Driver, error) {
	s, ok := f.estate.LoadScenario(name)
	if !ok {
		return s, nil, ops.Errorf(ops.CodeNotFound, "the estate has no load %s", name).Help("opsdeck load list names them")
	}
	d, ok := f.drivers[s.Driver]
	if !ok {
		return s, nil, ops.Errorf(ops.CodeInvalid, "nothing here makes a load by %s", s.Driver)
	}
	return s, d, nil
}
