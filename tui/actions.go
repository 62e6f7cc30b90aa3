package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
)

// Names of the two actions that the frame itself starts.
const (
	actionUnlock = "session.unlock"
	actionLock   = "session.lock"
	// actionCancel is the port's own call, offered among the actions of a job.
	actionCancel = "job.cancel"
)

// askActions opens the menu of what can be done to the selected things.
func (m *Model) askActions() tea.Cmd {
	targets := m.targets()
	if len(targets) == 0 {
		m.say(report.ToneInfo, "nothing is selected")
		return m.nextTick()
	}
	m.serial++
	m.over = newMenu(m.th, m.serial, targets)
	return m.cmdActions(m.serial, targets)
}

func (m *Model) actionsCame(msg actionsMsg) tea.Cmd {
	if i, ok := m.cancelInfo(msg.targets); ok && msg.err == nil {
		msg.actions = append(msg.actions, i)
	}
	switch o := m.over.(type) {
	case *menu:
		if o.serial == msg.serial {
			o.take(msg.actions, msg.err)
		}
	case *palette:
		if o.serial == msg.serial && msg.err == nil {
			o.addActions(msg.actions)
		}
	}
	return nil
}

// plan asks for the plans of an action. What is under way is said in the menu's
// place, and swallows keys that were meant for it.
func (m *Model) plan(action ops.Text, targets []ops.Ref, changed bool) tea.Cmd {
	if action.String() == actionCancel {
		m.over = newDialog(m.th, []ops.Plan{m.cancelPlan(targets[0])}, m.o.Now())
		return nil
	}
	m.serial++
	m.over = newPending(m.th, m.serial, "planning "+action.String())
	return m.cmdPlan(m.serial, action, targets, changed)
}

// plansCame starts what is safe and shows everything else.
func (m *Model) plansCame(msg plansMsg) tea.Cmd {
	p, ok := m.over.(*pending)
	if !ok || p.serial != msg.serial {
		return nil // it was left; the plan expires by itself
	}
	m.over = nil
	if msg.err != nil {
		m.over = newFault(m.th, "this cannot be planned", msg.err)
		return nil
	}
	if runsAtOnce(msg.plans) {
		m.serial++
		return m.cmdStart(m.serial, msg.plans, ops.Confirmation{})
	}
	d := newDialog(m.th, msg.plans, m.o.Now())
	if msg.changed {
		d.note = "The plan has changed since you saw it. This is the new one."
	}
	m.over = d
	return nil
}

func runsAtOnce(plans []ops.Plan) bool {
	for _, p := range plans {
		a := p.Ask
		if p.Class != ops.ClassSafe || a.Yes || a.Reason || a.Unlock || !a.Type.Empty() {
			return false
		}
	}
	return true
}

func (m *Model) started(msg startedMsg) tea.Cmd {
	text := msg.title.String() + ": started"
	if n := len(msg.jobs); n > 1 {
		text = fmt.Sprintf("%d jobs started", n)
	} else if n == 1 && msg.jobs[0] == 0 { // not a job: the agent did it at once
		text = msg.title.String() + ": done"
	} else if n == 1 {
		text = fmt.Sprintf("job %d %s: started", msg.jobs[0], msg.title)
	}
	if d, ok := m.over.(*dialog); ok {
		m.over = d.following(m.o.Now()) // the next of many that each ask for their name
	}
	m.say(report.ToneInfo, text)
	return m.nextTick()
}

// failed says why a start was turned down. A plan that no longer holds is made
// again and shown again; nothing is started that nobody saw.
func (m *Model) failed(msg failedMsg) tea.Cmd {
	switch ops.CodeOf(msg.err) {
	case ops.CodeChanged, ops.CodeExpired:
		var targets []ops.Ref
		for _, p := range msg.plans {
			targets = append(targets, p.Request.Target)
		}
		if len(targets) > 0 {
			return m.plan(msg.plans[0].Request.Action, targets, true)
		}
	}
	m.over = newFault(m.th, msg.what+" was not started", msg.err)
	return nil
}

// toggleUnlock unlocks production for this console, or locks it again, by an
// action like any other, so that it is planned, asked for and recorded.
func (m *Model) toggleUnlock() tea.Cmd {
	if m.latest.Estate.Agent.Kind == ops.AgentLocal {
		m.say(report.ToneWarning, "read-only: there is no agent that could act")
		return m.nextTick()
	}
	action := actionUnlock
	if m.me.Until.After(m.o.Now()) {
		action = actionLock
	}
	target := ops.Ref{Kind: ops.KindSession, ID: m.me.Session}
	return m.plan(ops.Clean(action), []ops.Ref{target}, false)
}
