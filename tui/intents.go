package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/tui/dialog"
	"opsdeck/tui/screen"
)

// handle grants what a screen wants.
func (m *Model) handle(w screen.Intent) tea.Cmd {
	switch w.Kind {
	case screen.IntentOpen:
		return m.open(w.Ref)
	case screen.IntentLogs:
		return m.openLog(append([]ops.Ref{w.Ref}, w.Refs...))
	case screen.IntentReread:
		return m.readLog(m.top().(*logs))
	case screen.IntentShell:
		return m.askShell(w.Ref)
	case screen.IntentHighlight:
		return m.openHighlight()
	case screen.IntentExport:
		return m.askExport(w.Ref)
	case screen.IntentMore:
		return m.askMore()
	case screen.IntentRecord:
		return m.push(newRecord(m.th, w.Event))
	case screen.IntentLeave:
		return m.leave()
	case screen.IntentAct:
		return m.actDirectly(w)
	case screen.IntentActions:
		return m.askActions()
	case screen.IntentAlert:
		return m.openAlertView(w.Ref, w.View)
	case screen.IntentSay:
		m.say(report.ToneInfo, w.Text)
		return m.nextTick()
	}
	return nil
}

// carryOut carries out what an overlay decided.
func (m *Model) carryOut(o dialog.Outcome) tea.Cmd {
	if o.Close {
		m.over = nil
	}
	switch o.Kind {
	case dialog.OutcomeFilter:
		return m.applyFilter(o.Text)
	case dialog.OutcomeHighlight:
		m.top().(*logs).highlight(o.Text)
		return nil
	case dialog.OutcomeExport:
		return m.cmdExport(o.Ref, o.Text)
	case dialog.OutcomePlan:
		return m.act(o.Action, o.Targets, nil)
	case dialog.OutcomePreview:
		return m.previewSoon()
	case dialog.OutcomeGo:
		return m.goOn()
	case dialog.OutcomeUnlock:
		return m.unlockFor(o.Plans, o.Left)
	case dialog.OutcomeStart:
		m.serial++
		if o.Plans[0].Request.Action.String() == actionCancel {
			return m.cmdCancel(m.serial, o.Plans[0])
		}
		return m.cmdStart(m.serial, o.Plans, o.Answer)
	case dialog.OutcomeKey:
		cmd, _ := m.global(o.Key)
		return cmd
	case dialog.OutcomeOpen:
		return m.open(o.Ref)
	case dialog.OutcomeEstate:
		return m.changeTo(o.Choice)
	case dialog.OutcomeQuit:
		return tea.Quit
	case dialog.OutcomeSay:
		m.say(report.ToneInfo, o.Text)
		return m.nextTick()
	}
	return nil
}

func (m *Model) push(s screen.Screen) tea.Cmd {
	m.opened = append(m.opened, s)
	m.uncover()
	return m.wantLook()
}

// tailing is the one log that is read; its context ends with its screen.
type tailing struct {
	serial int
	ctx    context.Context
	stop   context.CancelFunc
}

// openLog opens the log or output of one thing, or the logs of several in one.
func (m *Model) openLog(refs []ops.Ref) tea.Cmd {
	if ref := refs[0]; ref.Kind == ops.KindJob {
		refs = refs[:1]
	} else if refs = m.loggers(refs); len(refs) == 0 {
		m.say(report.ToneInfo, "no log: select a container or a job")
		return m.nextTick()
	}
	l := newLogs(m.th, 0, refs)
	return tea.Batch(m.push(l), m.readLog(l))
}

// readLog reads a log from where it says, from nothing.
func (m *Model) readLog(l *logs) tea.Cmd {
	m.stopTail()
	m.serial++
	l.again(m.serial)
	ctx, stop := context.WithCancel(context.Background())
	m.tails = tailing{m.serial, ctx, stop}
	var cmds []tea.Cmd
	for _, ref := range l.refs {
		cmds = append(cmds, m.cmdTail(ctx, m.serial, ref, l.from(m.o.Now())))
	}
	return tea.Batch(cmds...)
}

func (m *Model) stopTail() {
	if m.tails.stop != nil {
		m.tails.stop()
	}
	m.tails = tailing{}
}

// linesCame hands lines to the log they belong to and waits for the next.
func (m *Model) linesCame(msg lineMsg) tea.Cmd {
	if msg.serial != m.tails.serial {
		return nil
	}
	for _, s := range m.opened {
		if l, ok := s.(*logs); ok && l.serial == msg.serial {
			m.safely(s, func() { l.take(msg.lines, msg.done, msg.err) })
		}
	}
	if msg.done {
		return nil
	}
	return cmdLines(m.tails.ctx, msg.serial, msg.from)
}

func (m *Model) detailCame(msg detailMsg) tea.Cmd {
	for _, s := range m.opened {
		if a, ok := s.(screen.Asker); ok && a.Asks().Serial == msg.serial {
			m.safely(s, func() { a.Take(msg.detail, msg.err) })
		}
	}
	return nil
}

func (m *Model) closeTop() {
	last := m.opened[len(m.opened)-1]
	m.opened = m.opened[:len(m.opened)-1]
	if l, ok := last.(*logs); ok && l.serial == m.tails.serial {
		m.stopTail()
	}
}

func (m *Model) closeAll() {
	for len(m.opened) > 0 {
		m.closeTop()
	}
}
