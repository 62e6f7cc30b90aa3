package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
)

// job returns the job that a Ref names.
func (m *Model) job(ref ops.Ref) (ops.Job, bool) {
	for _, j := range m.latest.Jobs {
		if report.JobRef(j.ID) == ref {
			return j, true
		}
	}
	return ops.Job{}, false
}

// cancelInfo offers to cancel, where exactly one job is meant.
func (m *Model) cancelInfo(targets []ops.Ref) (ops.ActionInfo, bool) {
	if len(targets) != 1 || targets[0].Kind != ops.KindJob {
		return ops.ActionInfo{}, false
	}
	info := ops.ActionInfo{
		ID: ops.Clean(actionCancel), Verb: ops.Lit("cancel"), What: ops.Lit("ask the job to stop"),
		Class: ops.ClassDisruptive, On: ops.KindJob,
	}
	if j, ok := m.job(targets[0]); !ok || j.State.Ended() {
		info.Blocked = ops.Lit("it has ended")
	}
	return info, true
}

// cancelPlan shows a cancel like any other plan. The agent keeps none for it:
// the answer goes to Cancel.
func (m *Model) cancelPlan(ref ops.Ref) ops.Plan {
	j, _ := m.job(ref)
	return ops.Plan{
		Request: ops.Request{Action: ops.Clean(actionCancel), Target: ref},
		Class:   ops.ClassDisruptive, Title: ops.Textf("cancel job %d %s", j.ID, j.Title),
		Steps: []ops.Step{{How: ops.StepHere, Change: ops.Textf("ask job %d to stop; it says itself how far it came", j.ID)}},
		Ask:   ops.Ask{Yes: true},
	}
}

func (m *Model) cmdCancel(serial int, p ops.Plan) tea.Cmd {
	j, _ := m.job(p.Request.Target)
	return m.asking(askTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		if err := c.Cancel(ctx, j.ID); err != nil {
			return failedMsg{serial: serial, what: p.Title.String(), err: err}
		}
		return startedMsg{serial: serial, plans: []ops.Plan{p}, jobs: []ops.JobID{0}}
	})
}
