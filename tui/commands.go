package tui

import (
	"context"
	"crypto/rand"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/tui/dialog"
)

// How long one question to the agent may take. A plan may have to ask the
// target's server.
const (
	askTimeout  = 10 * time.Second
	planTimeout = 30 * time.Second
)

// asking is a command that asks the agent, and gives up after a while.
func (m *Model) asking(most time.Duration, ask func(context.Context, ops.Console) tea.Msg) tea.Cmd {
	c := m.console
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), most)
		defer cancel()
		return ask(ctx, c)
	}
}

func (m *Model) cmdLook(refs []ops.Ref) tea.Cmd {
	return m.asking(askTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		// A refused Look costs figures, which then say so; it is not worth a notice.
		_ = c.Look(ctx, refs)
		return nil
	})
}

func (m *Model) cmdDetail(serial int, ref ops.Ref) tea.Cmd {
	return m.asking(askTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		d, err := c.Detail(ctx, ref, time.Hour)
		return detailMsg{serial, d, err}
	})
}

func (m *Model) cmdHistory(serial int, q ops.Query) tea.Cmd {
	return m.asking(askTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		records, err := c.History(ctx, q)
		return historyMsg{serial, q.Before, records, err}
	})
}

func (m *Model) cmdActions(serial int, targets []ops.Ref) tea.Cmd {
	return m.asking(askTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		actions, err := actionsOf(ctx, c, targets)
		return actionsMsg{serial, targets, actions, err}
	})
}

// cmdPlan plans requests. Of many, those that cannot be planned are left out, and
// shown as that beneath the plans. Where none can be, it has failed.
func (m *Model) cmdPlan(serial int, reqs []ops.Request, changed bool) tea.Cmd {
	return m.asking(planTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		msg := plansMsg{serial: serial, changed: changed}
		for _, r := range reqs {
			p, err := c.Plan(ctx, r)
			if err != nil {
				msg.left = append(msg.left, dialog.LeftOut{Req: r, Err: err})
				continue
			}
			msg.plans = append(msg.plans, p)
		}
		if len(msg.plans) == 0 {
			msg.err = msg.left[0].Err
		}
		return msg
	})
}

// cmdStart starts plans in order and stops at the first that is turned down. The
// key is made once for each plan, so that a repeated call is the same job.
func (m *Model) cmdStart(serial int, plans []ops.Plan, answer ops.Confirmation) tea.Cmd {
	return m.asking(planTimeout, func(ctx context.Context, c ops.Console) tea.Msg {
		var jobs []ops.JobID
		for i, p := range plans {
			answer.Key = ops.Clean(rand.Text())
			id, err := c.Start(ctx, p.ID, answer)
			if err != nil {
				return failedMsg{serial, p.Title.String(), err, plans[i:], jobs}
			}
			jobs = append(jobs, id)
		}
		return startedMsg{serial, plans, jobs}
	})
}

// cmdTail opens a log or an output. ctx ends it when its screen closes.
func (m *Model) cmdTail(ctx context.Context, serial int, ref ops.Ref, from ops.TailFrom) tea.Cmd {
	c := m.console
	return func() tea.Msg {
		ch, err := c.Tail(ctx, ref, from)
		if err != nil {
			return lineMsg{serial: serial, done: true, err: err}
		}
		return lineMsg{serial: serial, from: ch}
	}
}

// How many lines travel in one message, and how long the first waits for others:
// a chatty log is drawn a few times a second, not once a line.
const (
	lineBatch = 500
	lineWait  = 100 * time.Millisecond
)

// cmdLines waits for the next lines of an open tail.
func cmdLines(ctx context.Context, serial int, from <-chan ops.Line) tea.Cmd {
	return func() tea.Msg {
		msg := lineMsg{serial: serial, from: from}
		var full <-chan time.Time // starts with the first line
		for len(msg.lines) < lineBatch {
			select {
			case <-ctx.Done():
				msg.done = true
				return msg
			case l, ok := <-from:
				if !ok {
					msg.done = true
					return msg
				}
				msg.lines = append(msg.lines, l)
				if full == nil {
					full = time.After(lineWait)
				}
			case <-full:
				return msg
			}
		}
		return msg
	}
}
