package engine

import (
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
)

// course is what a run's target did meanwhile.
type course struct {
	job    ops.JobID
	looks  []ops.LoadTarget
	alerts []ops.LoadAlert
	wal    map[ops.Ref]float64 // bytes in pg_wal of each database when it was first seen
	limits map[ops.Text]indicator
}

// Bounds of a course: figures that are older are none, and more alerts are the history's.
const (
	figureAge  = 30 * time.Second
	mostAlerts = 20
)

// behind is what the estate says is behind the target of a load.
func (e *Engine) behind(target ops.Text) []ops.Ref {
	for _, s := range e.Estate.Services {
		if s.Name == target {
			return s.Behind
		}
	}
	return nil
}

// replicasOf is what is behind a service by the names that there are: PROJECT-SERVICE of
// compose is every container of that, where no container has that name itself.
func replicasOf(b ops.Board, behind []ops.Ref) (all []ops.Ref) {
	for _, ref := range behind {
		var named, of []ops.Ref
		for c := range ops.All(b.Containers) {
			switch {
			case c.Ref == ref:
				named = []ops.Ref{ref}
			case ref.Kind == ops.KindContainer && c.Ref.Source == ref.Source && !c.Project.Empty() && c.Project.String()+"-"+c.Service.String() == ref.ID.String():
				of = append(of, c.Ref)
			}
		}
		if len(named) > 0 || len(of) == 0 { // what is not there stays, and is not known
			of = []ops.Ref{ref}
		}
		all = append(all, of...)
	}
	return all
}

// watchTarget looks at what is under a load: as somebody with it on screen, so that its
// figures are sampled. It returns its figures now and the alerts that began since.
func (e *Engine) watchTarget(j ops.Job, target ops.Text, at time.Duration, generator ops.Value) (ops.LoadTarget, []ops.LoadAlert) {
	b := e.broker.newest()
	refs := replicasOf(b, e.behind(target))
	if len(refs) > 0 {
		e.look(ops.Caller{Actor: j.Actor, Session: ops.Clean(fmt.Sprintf("load %d", j.ID))}, refs)
	}
	now := targetNow(b, refs, e.Now())
	now.At, now.Generator = at, generator
	e.loads.Lock()
	defer e.loads.Unlock()
	c := e.courses[target]
	if c == nil || c.job != j.ID {
		c = &course{job: j.ID}
		e.courses[target] = c
	}
	if n := len(c.looks); (now.Known() || generator.Known) && (n == 0 || at-c.looks[n-1].At >= ops.TargetEvery) {
		c.looks = append(c.looks, now)
	}
	for a := range ops.All(b.Alerts) {
		begun := ops.LoadAlert{At: a.Fired.Sub(j.Started), Name: a.Name, Service: a.Service, Severity: a.Severity}
		if a.State == ops.AlertFiring && begun.At > 0 && !slices.Contains(c.alerts, begun) && len(c.alerts) < mostAlerts {
			c.alerts = append(c.alerts, begun)
		}
	}
	return now, slices.Clone(c.alerts)
}

// looksOf are the looks at the target of a run so far.
func (e *Engine) looksOf(j ops.Job, target ops.Text) []ops.LoadTarget {
	e.loads.Lock()
	defer e.loads.Unlock()
	if c := e.courses[target]; c != nil && c.job == j.ID {
		return slices.Clone(c.looks)
	}
	return nil
}

// courseOf is what the target of a run did, once that is over.
func (e *Engine) courseOf(j ops.Job, target ops.Text) ([]ops.LoadTarget, []ops.LoadAlert) {
	e.loads.Lock()
	defer e.loads.Unlock()
	c := e.courses[target]
	if c == nil || c.job != j.ID {
		return nil, nil
	}
	delete(e.courses, target)
	return c.looks, c.alerts
}

// targetNow is how what is behind a service does. A sum of which a part is missing is none.
func targetNow(b ops.Board, behind []ops.Ref, now time.Time) (t ops.LoadTarget) {
	var cpu, memory, sessions []ops.Value
	for _, ref := range behind {
		switch ref.Kind {
		case ops.KindContainer:
			var s ops.ContainerStats
			if i := slices.IndexFunc(b.Stats, func(s ops.ContainerStats) bool { return s.Ref == ref && now.Sub(s.At) < figureAge }); i >= 0 {
				s = b.Stats[i]
			}
			cpu, memory = append(cpu, s.CPU), append(memory, s.Memory)
		case ops.KindDatabase:
			var used ops.Value
			if r, ok := b.Database(ref); ok && r.Fresh() {
				used = ops.Num(float64(r.Value.Use.Used))
			}
			sessions = append(sessions, used)
		}
	}
	return ops.LoadTarget{CPU: sum(cpu), Memory: sum(memory), Sessions: sum(sessions)}
}

func sum(parts []ops.Value) (all ops.Value) {
	for i, v := range parts {
		all = ops.Value{Value: all.Value + v.Value, Known: v.Known && (i == 0 || all.Known)}
	}
	return all
}
