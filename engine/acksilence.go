package engine

import (
	"context"
	"slices"

	"opsdeck/engine/jobs"
	"opsdeck/ops"
)

// ackSilence acks an alert and makes Alertmanager tell nobody more of it while
// somebody holds it: an ack backed by a short silence, which extendAcks extends.
type ackSilence struct {
	e       *Engine
	silence ops.Action
}

// ackFor is how long the silence behind an ack lasts by itself.
const ackFor = "15m"

// withAckSilences adds one for every cluster that can be silenced.
func (e *Engine) withAckSilences() {
	for _, a := range slices.Clone(e.Actions) {
		if a.Describe().ID.String() == createSilence {
			e.Actions = append(e.Actions, &ackSilence{e, a})
		}
	}
}

// Describe says what it does. It is as disruptive as the silence in it.
func (a *ackSilence) Describe() ops.ActionInfo {
	info := describe("alert.ack.silence", "ack and silence", ops.KindAlert, "take it, and page nobody else of it while you hold it and it fires",
		param("note", "what you know so far; it is the silence's comment, too"))
	info.Class = a.silence.Describe().Class
	return info
}

// Blocked is what keeps the silence from being made.
func (a *ackSilence) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if s, ok := a.silence.(jobs.Blocker); ok {
		return s.Blocked(b, ref)
	}
	return ops.Text{}
}

// Fits is what the silence says.
func (a *ackSilence) Fits(b ops.Board, ref ops.Ref) bool {
	f, ok := a.silence.(jobs.Fitter)
	return !ok || f.Fits(b, ref)
}

// Plan is that of the silence, and the ack.
func (a *ackSilence) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	if _, _, err := planAck(a.e, req); err != nil {
		return ops.Plan{}, err
	}
	note := req.Value("note", "")
	if note == "" {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "a silence needs a comment").Help("write a note: whoever meets the silence reads it")
	}
	param := func(name, value string) ops.Param { return ops.Param{Name: ops.Clean(name), Value: ops.Clean(value)} }
	p, err := a.silence.Plan(ctx, b, ops.Request{Action: ops.Clean(createSilence), Target: req.Target,
		Params: []ops.Param{param("purpose", ops.PurposeAck.String()), param("duration", ackFor), param("comment", note)}})
	if err != nil {
		return ops.Plan{}, err
	}
	p.Title = ops.Textf("ack and %s, longer while it is held", p.Title)
	p.Steps = append(p.Steps, ops.Step{How: ops.StepHere, Change: ops.Lit("write down who takes care of it; the silence is extended while the alert fires and somebody holds it")})
	return p, nil
}

// Run acks first: somebody has taken it, whether or not the silence is created.
func (a *ackSilence) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	if err := doAck(a.e, ops.Caller{Actor: out.Actor()}, p, ops.Text{}); err != nil {
		return ops.Result{}, err
	}
	return a.silence.Run(ctx, p, out)
}
