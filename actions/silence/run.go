package silence

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Run makes the silence of the plan and looks whether it hides what it should.
func (c *create) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	return c.run(ctx, p, out)
}

// Run makes the window of the plan.
func (m *maintain) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	return m.run(ctx, p, out)
}

func (f *family) run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	w, err := readIntent(p)
	if err != nil {
		return ops.Result{}, err
	}
	s := w.silence(out.Actor(), f.now())
	out.Progress(ops.Progress{Note: ops.Lit("posting the silence")})
	id, notes, err := f.client.Post(ctx, s)
	if err != nil {
		return ops.Result{}, err
	}
	out.Progress(ops.Progress{Note: ops.Lit("looking whether it took effect")})
	if !w.from.IsZero() && w.from.After(f.now()) {
		return f.verifyPlanned(ctx, id, s, notes, out)
	}
	return f.verify(ctx, id, s, w.sel, notes, out)
}

// verify looks whether Alertmanager hides what the matchers select.
func (f *family) verify(ctx context.Context, id ops.Text, s ops.Silence, sel ops.Selection, notes []ops.Text, out ops.Progresser) (ops.Result, error) {
	made := fmt.Sprintf("silence %s until %s", id, ops.Stamp(s.Ends))
	ctx, cancel := context.WithTimeout(ctx, f.watch)
	defer cancel()
	for {
		alerts, err := f.client.Alerts(ctx)
		selected, hidden := 0, 0
		for _, a := range alerts {
			if slices.Contains(a.Paging.SilencedBy, id) {
				hidden++
			} else if sel.Match(a.Labels) {
				selected++
			}
		}
		switch {
		case err == nil && selected == 0 && hidden == 0:
			return result(ops.JobSucceeded, made+": it hides nothing now", notes, out), nil
		case err == nil && selected == 0:
			return result(ops.JobSucceeded, made+": it hides "+ops.Count(hidden, "alert"), notes, out), nil
		}
		if wait(ctx, f.lookEvery) {
			continue
		}
		if err != nil {
			return result(ops.JobPartial, made+" was accepted; whether it took effect could not be seen: "+err.Error(), notes, out), nil
		}
		return result(ops.JobPartial, fmt.Sprintf("%s was accepted; %s that it selects are not shown as silenced after %s", made, ops.Count(selected, "alert"), f.watch), notes, out), nil
	}
}

// verifyPlanned looks whether a window that begins later is in the list.
func (f *family) verifyPlanned(ctx context.Context, id ops.Text, s ops.Silence, notes []ops.Text, out ops.Progresser) (ops.Result, error) {
	window := fmt.Sprintf("maintenance from %s to %s, silence %s", ops.Stamp(s.Starts), ops.Stamp(s.Ends), id)
	all, err := f.client.Silences(ctx)
	if err != nil {
		return result(ops.JobPartial, window+" was accepted; it could not be listed: "+err.Error(), notes, out), nil
	}
	if !slices.ContainsFunc(all, func(o ops.Silence) bool {
		return o.Ref.ID == id && (o.State == ops.SilencePending || o.State == ops.SilenceActive)
	}) {
		return result(ops.JobPartial, window+" was accepted; the list does not show it yet", notes, out), nil
	}
	return result(ops.JobSucceeded, window, notes, out), nil
}

// result ends a run; what there is to say besides stands in its words and output.
func result(state ops.JobState, what string, notes []ops.Text, out ops.Progresser) ops.Result {
	words := []string{what}
	for _, n := range notes {
		words = append(words, n.String())
		out.Line(ops.StreamMeta, n.String())
	}
	return ops.Result{State: state, What: ops.Clean(strings.Join(words, "; "))}
}

// wait waits, and reports whether there is time left.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
