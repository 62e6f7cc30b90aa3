package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// Names of the two actions that the frame itself starts.
const (
	actionUnlock = "console.unlock"
	actionLock   = "console.lock"
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
	m.over = dialog.NewMenu(m.th, m.serial, targets, m.names(targets))
	ask := m.cmdActions(m.serial, targets)
	if b, ok := m.top().(screen.Besider); ok && !b.Beside().Zero() {
		return tea.Batch(ask, m.cmdActions(m.serial, []ops.Ref{b.Beside()}))
	}
	return ask
}

func (m *Model) actionsCame(msg actionsMsg) tea.Cmd {
	if i, ok := m.cancelInfo(msg.targets); ok && msg.err == nil {
		msg.actions = append(msg.actions, i)
	}
	switch o := m.over.(type) {
	case *dialog.Menu:
		if o.Serial == msg.serial {
			o.Take(msg.actions, msg.targets, m.names(msg.targets), msg.err)
		}
	case *dialog.Pending:
		if o.Serial == msg.serial && m.direct.serial == msg.serial {
			return m.directCame(msg)
		}
	case *dialog.Palette:
		if o.Serial == msg.serial && msg.err == nil {
			o.AddActions(msg.actions, msg.targets)
		}
	}
	return nil
}

// act plans an action for each target; where it takes parameters, they are asked
// for first. given fills some of them in.
func (m *Model) act(info ops.ActionInfo, targets []ops.Ref, given []ops.Param) tea.Cmd {
	if info.ID.String() == actionCancel {
		m.over = m.newDialog([]ops.Plan{m.cancelPlan(targets[0])})
		return nil
	}
	if len(info.Params) > 0 {
		f := dialog.NewForm(m.th, info, targets, m.names(targets), given, m.o.Now())
		f.Explained = m.explained(info, targets)
		m.over = f
		return m.ask(f)
	}
	return m.plan(dialog.Requests(info.ID, targets, nil), false)
}

func requestsOf(plans []ops.Plan) []ops.Request {
	var out []ops.Request
	for _, p := range plans {
		out = append(out, p.Request)
	}
	return out
}

func targetsOf(plans []ops.Plan) []ops.Ref {
	var out []ops.Ref
	for _, p := range plans {
		out = append(out, p.Request.Target)
	}
	return out
}

// plan asks for plans. What is under way is said in the menu's place, and
// swallows keys that were meant for it.
func (m *Model) plan(reqs []ops.Request, changed bool) tea.Cmd {
	m.serial++
	m.over = dialog.NewPending(m.th, m.serial, "planning "+reqs[0].Action.String())
	return m.cmdPlan(m.serial, reqs, changed)
}

// plansCame gives plans to the form that asked for them, or goes on to confirm
// them. Plans that nobody waits for any more expire by themselves.
func (m *Model) plansCame(msg plansMsg) tea.Cmd {
	m.nameLeft(msg.left)
	switch o := m.over.(type) {
	case *dialog.Form:
		if o.Serial == msg.serial && o.Take(msg.plans, msg.left, msg.err) {
			return m.goOn()
		}
	case *dialog.Pending:
		if o.Serial == msg.serial {
			return m.planned(msg)
		}
	}
	return nil
}

func (m *Model) planned(msg plansMsg) tea.Cmd {
	m.over = nil
	if msg.err == nil {
		return m.confirm(msg.plans, msg.left, msg.changed)
	}
	if len(msg.left) == 1 {
		m.over = dialog.NewFault(m.th, "this cannot be planned", msg.err)
		return nil
	}
	f := dialog.NewFault(m.th, fmt.Sprintf("none of %d can be planned", len(msg.left)), msg.err)
	f.Left = msg.left
	m.over = f
	return nil
}

// confirm starts plans that ask for nothing, and asks what the others ask. With
// something left out nothing starts that was not looked at.
func (m *Model) confirm(plans []ops.Plan, left []dialog.LeftOut, changed bool) tea.Cmd {
	if runsAtOnce(plans) && len(left) == 0 {
		m.over = nil
		m.serial++
		return m.cmdStart(m.serial, plans, ops.Confirmation{})
	}
	d := m.newDialog(plans)
	d.Left = left
	if changed {
		d.Note = "The plan has changed since you saw it. This is the new one."
	}
	m.over = d
	return nil
}

func (m *Model) newDialog(plans []ops.Plan) *dialog.Confirm {
	d := dialog.NewConfirm(m.th, plans, m.o.Now())
	d.Unlock = m.keys.Row(keys.Unlock).Keys()
	return d
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
	if d, ok := m.over.(*dialog.Confirm); ok {
		m.over = d.Following(m.o.Now()) // the next of many that each ask for their name
	}
	m.say(report.ToneInfo, startedWords(msg))
	m.unmark(targetsOf(msg.plans))
	if reqs := m.then; reqs != nil && msg.plans[0].Request.Action.String() == actionUnlock {
		m.then = nil
		return tea.Batch(m.plan(reqs, false), m.nextTick())
	}
	return tea.Batch(m.handOver(msg.plans, msg.jobs), m.askNow(), m.nextTick())
}

// unmark forgets the marks of what was done, and with the last of many those of what
// was left out. An unlock in between takes none away.
func (m *Model) unmark(done []ops.Ref) {
	l, ok := m.top().(screen.Marker)
	if !ok {
		return
	}
	if m.over == nil && slices.ContainsFunc(l.Marked(), func(r ops.Ref) bool { return slices.Contains(done, r) }) {
		done = l.Marked()
	}
	l.Unmark(done)
}

// startedWords says what began. Job 0 is none: the agent did it at once.
func startedWords(msg startedMsg) string {
	n, title := len(msg.jobs), msg.plans[0].Title.String()
	switch {
	case n > 1 && msg.jobs[0] == 0:
		return fmt.Sprintf("%s, and %d more: done", title, n-1)
	case n > 1:
		return ops.Count(n, "job") + " started"
	case n == 1 && msg.jobs[0] == 0:
		return title + ": done"
	case n == 1:
		return fmt.Sprintf("job %d %s: started", msg.jobs[0], title)
	}
	return title + ": started"
}

// failed says why a start was turned down. A plan that no longer holds is made
// again and shown again; nothing is started that nobody saw.
func (m *Model) failed(msg failedMsg) tea.Cmd {
	m.then = nil
	switch ops.CodeOf(msg.err) {
	case ops.CodeChanged, ops.CodeExpired:
		if len(msg.plans) > 0 {
			return m.plan(requestsOf(msg.plans), true)
		}
	}
	m.over = dialog.NewFault(m.th, msg.what+" was not started", m.keyed(msg.err)).Among(len(msg.jobs), len(msg.plans))
	return nil
}

// keyed adds the user's own key to what helps, where a key does it: an unlock can
// end while a dialog is open.
func (m *Model) keyed(err error) error {
	e := *ops.AsError(err)
	if e.Code == ops.CodeLocked && !e.Remedy.Empty() {
		e.Remedy = ops.Textf("%s (%s)", e.Remedy, m.keys.Row(keys.Unlock).First())
	}
	return &e
}

// toggleUnlock unlocks production for this console, or locks it again, by an
// action like any other, so that it is planned, asked for and recorded.
func (m *Model) toggleUnlock() tea.Cmd {
	m.then = nil
	if m.latest.Estate.Agent.Kind == ops.AgentLocal {
		m.say(report.ToneWarning, "read-only: there is no agent that could act")
		return m.nextTick()
	}
	action := actionUnlock
	if m.me.Until.After(m.o.Now()) {
		action = actionLock
	}
	return m.plan([]ops.Request{m.session(action)}, false)
}

func (m *Model) session(action string) ops.Request {
	return ops.Request{Action: ops.Clean(action), Target: ops.Ref{Kind: ops.KindConsole, ID: m.me.Session}}
}

// unlockFor unlocks from within a dialog and comes back to what it was about, and
// to what was left out of it.
func (m *Model) unlockFor(plans []ops.Plan, left []dialog.LeftOut) tea.Cmd {
	m.then = append(requestsOf(plans), requestsLeft(left)...)
	return m.plan([]ops.Request{m.session(actionUnlock)}, false)
}

// direct is an action that a key asked for: its parameters are the agent's to
// tell, so they are asked for first.
type direct struct {
	serial int
	action string
	refs   []ops.Ref
	given  []ops.Param
}

// actDirectly begins an action that has a key of its own.
func (m *Model) actDirectly(w screen.Intent) tea.Cmd {
	refs := w.Refs
	if len(refs) == 0 {
		refs = []ops.Ref{m.estate()}
	}
	m.serial++
	m.direct = direct{m.serial, w.Action, refs, w.Given}
	m.over = dialog.NewPending(m.th, m.serial, "asking the agent")
	return m.cmdActions(m.serial, refs)
}

// estate names what is looked after as a whole.
func (m *Model) estate() ops.Ref { return ops.Ref{Kind: ops.KindEstate, ID: m.latest.Estate.Name} }

// directCame goes on with what a key asked for.
func (m *Model) directCame(msg actionsMsg) tea.Cmd {
	m.over = nil
	if msg.err != nil {
		m.over = dialog.NewFault(m.th, m.direct.action+" cannot run", msg.err)
		return nil
	}
	for _, a := range msg.actions {
		if a.ID.String() != m.direct.action {
			continue
		}
		if !a.Blocked.Empty() {
			m.say(report.ToneWarning, a.Verb.String()+" cannot run: "+a.Blocked.String())
			return m.nextTick()
		}
		return m.act(a, m.direct.refs, m.direct.given)
	}
	m.say(report.ToneWarning, "there is no "+m.direct.action+" here")
	return m.nextTick()
}
