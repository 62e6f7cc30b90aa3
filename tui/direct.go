package tui

import (
	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/screen"
)

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
