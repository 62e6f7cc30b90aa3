package tui

import (
	"context"
	"sync"

	"opsdeck/ops"
	"opsdeck/tui/dialog"
)

// nameLeft gives names to what is left out.
func (m *Model) nameLeft(left []dialog.LeftOut) {
	for i := range left {
		left[i].Name = m.nameOf(left[i].Req.Target)
	}
}

func requestsLeft(left []dialog.LeftOut) []ops.Request {
	var out []ops.Request
	for _, l := range left {
		out = append(out, l.Req)
	}
	return out
}

// askedAtOnce is how many targets are asked about at the same time: a slow line is
// waited for once and not once for each.
const askedAtOnce = 16

// actionsOf lists what can be done to the first of targets. What only that one
// stands in the way of is not blocked where it can be done to another: the plan
// says of each what is left out.
func actionsOf(ctx context.Context, c ops.Console, targets []ops.Ref) ([]ops.ActionInfo, error) {
	actions, err := c.Actions(ctx, targets[0])
	for rest := targets[1:]; err == nil && len(rest) > 0 && anyBlocked(actions); {
		n := min(len(rest), askedAtOnce)
		for _, others := range askEach(ctx, c, rest[:n]) {
			unblock(actions, others)
		}
		rest = rest[n:]
	}
	return actions, err
}

func askEach(ctx context.Context, c ops.Console, targets []ops.Ref) [][]ops.ActionInfo {
	answers := make([][]ops.ActionInfo, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() {
			// One that cannot be asked about unblocks nothing.
			answers[i], _ = c.Actions(ctx, t)
		})
	}
	wg.Wait()
	return answers
}

func anyBlocked(actions []ops.ActionInfo) bool {
	for _, a := range actions {
		if !a.Blocked.Empty() {
			return true
		}
	}
	return false
}

func unblock(actions, others []ops.ActionInfo) {
	for i := range actions {
		for _, o := range others {
			if o.ID == actions[i].ID && o.Blocked.Empty() {
				actions[i].Blocked = ops.Text{}
			}
		}
	}
}
