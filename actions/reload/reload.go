// Package reload makes a Prometheus server read its configuration and rules
// again.
package reload

import (
	"context"
	"time"

	"opsdeck/ops"
)

// Client makes the call, and reads back whether the configuration was taken.
type Client interface {
	// Reload asks the server to read its files again, and returns when it did, by its
	// own word. An error of CodeUnanswered means that this is not to be seen.
	Reload(ctx context.Context) (time.Time, error)
}

// New returns the action for one Prometheus source.
func New(cl Client, source string) ops.Action { return action{cl, ops.Clean(source)} }

type action struct {
	client Client
	source ops.Text
}

// Describe names the action. It is disruptive: a configuration that is wrong in
// meaning and right in form takes effect at once.
func (a action) Describe() ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Lit("prometheus.reload"), Verb: ops.Lit("reload"), Class: ops.ClassDisruptive, On: ops.KindSource,
		What: ops.Lit("makes Prometheus read its configuration and rules again")}
}

// Plan is always the same call.
func (a action) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	if req.Target.ID != a.source {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s is no Prometheus", req.Target.ID).Help("choose a source of kind prometheus")
	}
	return ops.Plan{
		Title:    ops.Textf("reload %s", a.source),
		Steps:    []ops.Step{{How: ops.StepAPI, Method: ops.Lit("POST"), Path: ops.Lit("/-/reload")}},
		Replaces: []ops.Text{ops.Lit("the rules and scrape targets in force, by what its files say now")},
		Locks:    []ops.Ref{req.Target},
	}, nil
}

// Run makes the call. Prometheus keeps its old configuration when the new one is
// wrong.
func (a action) Run(ctx context.Context, _ ops.Plan, out ops.Progresser) (ops.Result, error) {
	out.Progress(ops.Progress{Note: ops.Lit("reading configuration and rules")})
	at, err := a.client.Reload(ctx)
	if err != nil {
		return ops.Result{}, err
	}
	return ops.Result{State: ops.JobSucceeded, What: ops.Textf("it took its configuration at %s", at.Format("15:04:05Z"))}, nil
}
