package engine

import (
	"context"
	"time"

	"opsdeck/ops"
)

// An ack may be backed by a short silence (its comment says ACK). It is extended
// while the alert fires and somebody holds it, and lapses by itself when either
// ends: nobody has to remember it.
const (
	ackLookEvery  = 30 * time.Second
	ackExtendWhen = 5 * time.Minute // before its end
	ackExtendBy   = "15m"
	extendAction  = "silence.extend"
	createSilence = "silence.create"
)

// extendAcks keeps the silences behind acks alive until ctx ends.
func (e *Engine) extendAcks(ctx context.Context) {
	agent := ops.Caller{Actor: ops.Actor{Name: ops.Lit("opsdeck"), UID: -1, Role: ops.RoleOperator}}
	for e.History != nil && sleep(ctx, ackLookEvery) {
		for _, s := range lapsing(e.broker.newest(), e.Now()) {
			req := ops.Request{Action: ops.Clean(extendAction), Target: s.Ref, Params: []ops.Param{{Name: ops.Lit("by"), Value: ops.Clean(ackExtendBy)}}}
			if _, err := e.jobs.StartAs(ctx, agent, req, ops.Lit("the acked alert still fires")); err != nil {
				e.Log.Warn("extend the silence behind an ack", "silence", s.Ref.String(), "err", err)
			}
		}
	}
}

// lapsing are the silences behind acks that end soon while an acked alert still
// fires under them.
func lapsing(b ops.Board, now time.Time) []ops.Silence {
	held := map[ops.Text]bool{}
	for a := range ops.All(b.Alerts) {
		if a.State == ops.AlertFiring && !a.Ack.At.IsZero() {
			for _, id := range a.Paging.SilencedBy {
				held[id] = true
			}
		}
	}
	var out []ops.Silence
	for _, r := range b.Silences {
		if !r.Fresh() {
			continue // an old picture is no reason to act
		}
		for _, s := range r.Value {
			if s.Purpose == ops.PurposeAck && s.State == ops.SilenceActive && held[s.Ref.ID] && s.Ends.Sub(now) < ackExtendWhen {
				out = append(out, s)
			}
		}
	}
	return out
}
