package silence

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// Plan says which silence would be made and what it would hide now. What it hides
// stands in the warnings: it comes and goes, and must not make the plan void.
func (c *create) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	if req.Target.Kind != ops.KindAlert {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s is no alert", req.Target)
	}
	var purpose ops.Purpose
	if word := req.Value("purpose", ""); word != "" && purpose.UnmarshalText([]byte(word)) != nil {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%q is no purpose", word).Help("write silence, ack or maintenance")
	}
	ms, warnings, err := c.matchers(b, req)
	if err != nil {
		return ops.Plan{}, err
	}
	w, err := newIntent(req, ms, purpose, c.now())
	if err != nil {
		return ops.Plan{}, err
	}
	name := written(ms)
	if a, ok := b.Alert(req.Target); ok && alone(ms, a) {
		name = a.Name.String()
	}
	p, err := c.plan(b, w, req.Target)
	p.Title = ops.Textf("silence %.120s for %s", name, model.Duration(w.lasts))
	p.Warnings = append(warnings, p.Warnings...)
	p.Locks = []ops.Ref{req.Target}
	return p, err
}

// matchers returns what a request names, or the alert's own.
func (c *create) matchers(b ops.Board, req ops.Request) ([]ops.Matcher, []ops.Text, error) {
	if text := req.Value("matchers", ""); strings.TrimSpace(text) != "" {
		ms, err := ops.ParseMatchers(text)
		return ms, nil, err
	}
	a, ok := b.Alert(req.Target)
	if !ok {
		return nil, nil, ops.Errorf(ops.CodeNotFound, "the alert is not there any more").Help("give matchers to silence it for when it comes back")
	}
	ms, leftOut := own(a.SentLabels())
	if leftOut > 0 {
		return ms, []ops.Text{ops.Textf("%s of the alert cannot be matched and are left out: it hides more than this one", ops.Count(leftOut, "label"))}, nil
	}
	return ms, nil, nil
}

// alone reports whether matchers are those of one alert: only then may its name
// stand for them.
func alone(ms []ops.Matcher, a ops.Alert) bool {
	its, _ := own(a.SentLabels())
	return len(ms) == len(its) && !slices.ContainsFunc(ms, func(m ops.Matcher) bool { return !slices.Contains(its, m) })
}

// Plan says which window would be made and what it would hide if it began now.
func (m *maintain) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	if req.Target.Kind != ops.KindEstate {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "%s is no estate", req.Target)
	}
	ms, err := ops.ParseMatchers(req.Value("matchers", ""))
	if err != nil {
		return ops.Plan{}, err
	}
	w, err := newIntent(req, ms, ops.PurposeMaintenance, m.now())
	if err != nil {
		return ops.Plan{}, err
	}
	p, err := m.plan(b, w, ops.Ref{})
	when := "now"
	if !w.from.IsZero() {
		when = ops.Dated(w.from)
		p.Warnings = append(p.Warnings, ops.Textf("it begins at %s; what fires then may be something else", when))
	}
	p.Title = ops.Textf("maintenance of %.120s from %s for %s", written(ms), when, model.Duration(w.lasts))
	// Windows are made one at a time: two people planning the same one see each other.
	p.Locks = []ops.Ref{{Kind: ops.KindSource, ID: m.source}}
	return p, err
}

// plan is what all new silences have in common.
func (f *family) plan(b ops.Board, w intent, target ops.Ref) (ops.Plan, error) {
	step, err := w.step()
	if err != nil {
		return ops.Plan{}, err
	}
	return ops.Plan{
		Steps:    []ops.Step{step},
		Notes:    []ops.Text{byHand(f.client.URL(), w.addLine()...)},
		Replaces: []ops.Text{ops.Lit("nobody is told of what it hides until it ends; opsdeck goes on showing it")},
		Warnings: append(previewOf(b, func(a ops.Alert) bool { return w.sel.Match(a.SentLabels()) }).words(target), unseen(b, w.matchers)...),
	}, nil
}
