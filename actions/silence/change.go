package silence

import (
	"context"
	"slices"
	"time"

	"opsdeck/ops"
)

// Plan says when the silence would end, and what it hides meanwhile.
func (e *extend) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	s, err := e.living(ctx, req.Target)
	if err != nil {
		return ops.Plan{}, err
	}
	by, err := duration(req.Value("by", "1h"))
	if err != nil {
		return ops.Plan{}, err
	}
	// From its end, not from now: the plan is the same when it is made again, and
	// another one when somebody else was faster.
	ends := s.Ends.Add(by)
	if ends.Sub(e.now()) > durationMost {
		return ops.Plan{}, ops.Errorf(ops.CodeInvalid, "it would end at %s, more than 30 days from now", ops.Stamp(ends)).
			Help("what is to be quiet for good belongs into the rules or the routes")
	}
	step, err := post(extension{s.Ref.ID.String(), ends})
	if err != nil {
		return ops.Plan{}, err
	}
	return ops.Plan{
		Title:    ops.Textf("extend silence %s to %s", short(s), ops.Stamp(ends)),
		Steps:    []ops.Step{step},
		Replaces: []ops.Text{ops.Textf("its end at %s", ops.Stamp(s.Ends)), about(s)},
		Warnings: hiddenBy(b, s).words(ops.Ref{}),
		Notes:    []ops.Text{byHand(e.client.URL(), "amtool", "silence", "update", s.Ref.ID.String(), "--end="+ends.Format(time.RFC3339))},
		Locks:    []ops.Ref{req.Target},
	}, nil
}

// extension is the POST of an extension in short: everything else of the silence
// goes back as the server has it.
type extension struct {
	ID     string    `json:"id"`
	EndsAt time.Time `json:"endsAt"`
}

// Run moves the end.
func (e *extend) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	var x extension
	if !posted(p, &x) || x.ID == "" {
		return ops.Result{}, ops.Errorf(ops.CodeInvalid, "this plan is not one to extend a silence")
	}
	out.Progress(ops.Progress{Note: ops.Lit("extending")})
	id, notes, err := e.client.Extend(ctx, ops.Clean(x.ID), x.EndsAt)
	if err != nil {
		return ops.Result{}, err
	}
	what := "silence " + id.String() + " ends at " + ops.Stamp(x.EndsAt)
	if id.String() != x.ID {
		what += "; the server created another one, " + x.ID + " has expired"
	}
	return result(ops.JobSucceeded, what, notes, out), nil
}

// Plan says what comes back when the silence ends now.
func (e *expire) Plan(ctx context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	s, err := e.living(ctx, req.Target)
	if err != nil {
		return ops.Plan{}, err
	}
	hidden := hiddenBy(b, s)
	return ops.Plan{
		Ask:      ops.Ask{Yes: len(hidden.hits) > 0}, // they page at once
		Title:    ops.Textf("expire silence %s", short(s)),
		Steps:    []ops.Step{expiry(s.Ref.ID)},
		Replaces: []ops.Text{about(s)},
		Warnings: comesBack(hidden, s.Ref.ID),
		Notes:    []ops.Text{byHand(e.client.URL(), "amtool", "silence", "expire", s.Ref.ID.String())},
		Locks:    []ops.Ref{req.Target},
	}, nil
}

// expiry is the call that ends a silence.
func expiry(id ops.Text) ops.Step {
	return ops.Step{How: ops.StepAPI, Method: ops.Lit("DELETE"), Path: ops.Clean("/api/v2/silence/" + id.String()), On: []ops.Text{id}}
}

// Run ends the silence.
func (e *expire) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	if len(p.Steps) != 1 || len(p.Steps[0].On) != 1 || !p.Steps[0].Same(expiry(p.Steps[0].On[0])) {
		return ops.Result{}, ops.Errorf(ops.CodeInvalid, "this plan is not one to expire a silence")
	}
	id := p.Steps[0].On[0]
	out.Progress(ops.Progress{Note: ops.Lit("expiring")})
	notes, err := e.client.Expire(ctx, id)
	if err != nil {
		return ops.Result{}, err
	}
	return result(ops.JobSucceeded, "silence "+id.String()+" has expired", notes, out), nil
}

// living returns a silence that has not expired, as the server has it now.
func (f *family) living(ctx context.Context, ref ops.Ref) (ops.Silence, error) {
	if ref.Kind != ops.KindSilence || ref.Source != f.source || ref.ID.Empty() {
		return ops.Silence{}, ops.Errorf(ops.CodeInvalid, "%s is no silence of %s", ref, f.source)
	}
	all, err := f.client.Silences(ctx)
	if err != nil {
		return ops.Silence{}, err
	}
	i := slices.IndexFunc(all, func(s ops.Silence) bool { return s.Ref.ID == ref.ID })
	switch {
	case i < 0:
		return ops.Silence{}, ops.Errorf(ops.CodeNotFound, "there is no silence %s", ref.ID)
	case all[i].State == ops.SilenceExpired:
		return ops.Silence{}, ops.Errorf(ops.CodeInvalid, "silence %s expired at %s", ref.ID, ops.Stamp(all[i].Ends)).Help("make a new one")
	}
	return all[i], nil
}

// hiddenBy is what a silence hides now: what Alertmanager says it does. Matching
// here could go wrong, our copy of its matchers is cleaned.
func hiddenBy(b ops.Board, s ops.Silence) preview {
	return previewOf(b, func(a ops.Alert) bool { return slices.Contains(a.Paging.SilencedBy, s.Ref.ID) })
}

// comesBack tells what pages again when a silence ends.
func comesBack(p preview, id ops.Text) []ops.Text {
	still := 0
	for _, a := range p.hits {
		if len(a.Paging.SilencedBy) > 1 || len(a.Paging.InhibitedBy) > 0 {
			still++
		}
	}
	if len(p.hits) == 0 {
		return append([]ops.Text{ops.Lit("it hides nothing now")}, p.doubts...)
	}
	out := []ops.Text{ops.Textf("%s can page again: %s", ops.Count(len(p.hits), "alert"), p.names())}
	if n := p.critical(); n > 0 {
		out = append(out, ops.Textf("%s among them", ops.Count(n, "critical alert")))
	}
	if still > 0 {
		out = append(out, ops.Textf("%d of them stay quiet: something else suppresses them too", still))
	}
	return append(out, p.doubts...)
}

// about names a silence for whoever is to change it.
func about(s ops.Silence) ops.Text {
	return ops.Textf("silence of %.300s by %s: %.200s", written(s.Matchers), s.By, s.Comment)
}

func short(s ops.Silence) string {
	id := s.Ref.ID.String()
	return id[:min(8, len(id))] + " (" + ops.Textf("%.80s", written(s.Matchers)).String() + ")"
}
