package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/tui/screen"
)

// historian is a pane that reads the history page by page.
type historian interface {
	// empty reports whether nothing has been read yet, nor asked for.
	empty() bool
	// next is the page to ask for, and whether one is wanted now.
	next() (ops.Query, bool)
	// asked says under which number the page was asked for.
	asked(serial int)
	// take is an answer; one to another's question is dropped.
	take(historyMsg)
}

// rememberer is a pane that says what happened since its user last looked.
type rememberer interface {
	heard(recs []ops.Record, err error)
}

// gatherer is a screen that has to hear of every board, in sight or not.
type gatherer interface {
	gather(screen.Picture)
}

// askHistory asks for the next page that a pane wants.
func (m *Model) askHistory(h historian) tea.Cmd {
	q, want := h.next()
	if !want {
		return nil
	}
	m.serial++
	h.asked(m.serial)
	return m.cmdHistory(m.serial, q)
}

// askMore asks for the next page of the pane in sight.
func (m *Model) askMore() tea.Cmd {
	if h, ok := m.panes[m.pane].(historian); ok {
		return m.askHistory(h)
	}
	return nil
}

// askPast asks once what happened since this user last looked, where that is
// longer ago than the board holds.
func (m *Model) askPast() tea.Cmd {
	if m.past != 0 || m.o.LastLooked.IsZero() || m.now.Sub(m.o.LastLooked) <= time.Hour || m.latest.Estate.Agent.Kind == ops.AgentLocal {
		return nil
	}
	m.serial++
	m.past = m.serial
	return m.cmdHistory(m.past, ops.Query{From: m.o.LastLooked, Limit: sinceMost})
}

// historyCame hands the history to who asked for it.
func (m *Model) historyCame(msg historyMsg) tea.Cmd {
	for _, s := range m.panes {
		if r, ok := s.(rememberer); ok && msg.serial == m.past {
			m.safely(s, func() { r.heard(msg.records, msg.err) })
		}
		if h, ok := s.(historian); ok && msg.serial != m.past {
			m.safely(s, func() { h.take(msg) })
		}
	}
	if msg.serial == m.past {
		m.hand()
	}
	return nil
}
