package jobs

import (
	"context"
	"slices"
	"strings"

	"opsdeck/ops"
)

// Start checks everything that guards an operation, in the order in which a
// refusal is cheapest, and starts the job; that of an Instant is 0. A refusal is
// recorded: who tried what, and why not.
func (s *Jobs) Start(ctx context.Context, c ops.Caller, id ops.PlanID, conf ops.Confirmation) (ops.JobID, error) {
	before, found, err := s.byKey(c, conf.Key)
	if err != nil {
		return 0, err
	}
	if found && !id.Empty() && before.Plan == id && before.Actor == c.Actor.Name {
		return before.Job, nil // the same start again: its answer was lost
	}
	p, err := s.take(c, id)
	if err != nil {
		return 0, err
	}
	job, err := s.startPlan(ctx, c, p, conf)
	if err == nil {
		return job, nil
	}
	switch ops.CodeOf(err) {
	case ops.CodeConfirm, ops.CodeLocked, ops.CodeHeld:
		s.giveBack(c, p)
	}
	s.Record(ops.Record{At: s.Now(), Kind: ops.RecordRefused, Level: ops.LevelInfo, Ref: p.Request.Target, Actor: c.Actor,
		What: ops.Textf("refused: %s: %v", p.Title, err)})
	return 0, err
}

func (s *Jobs) startPlan(ctx context.Context, c ops.Caller, p ops.Plan, conf ops.Confirmation) (ops.JobID, error) {
	a, err := s.action(p.Request)
	if err != nil {
		return 0, err
	}
	if err := mayDo(c, a.Describe()); err != nil {
		return 0, err
	}
	if before, found, err := s.byKey(c, conf.Key); found || err != nil {
		if err == nil {
			err = before.serves(c, p.Request, asked(p.Request, a.Describe().Params))
		}
		return before.Job, err
	}
	again, err := s.workOut(ctx, c, a, p.Request)
	if err != nil {
		return 0, err
	}
	if !p.Same(again) {
		return 0, ops.Errorf(ops.CodeChanged, "what this would do has changed since it was planned").Help("look at the new plan")
	}
	if err := confirmed(again.Ask, conf); err != nil {
		return 0, err
	}
	conf.Reason = conf.Reason.Or(reasonIn(a.Describe(), p.Request))
	return s.begin(c, p, a, conf)
}

// StartAs plans and starts an action of the agent itself. It asks nobody, because
// somebody's earlier word covers it; locks and audit are as for everyone.
func (s *Jobs) StartAs(ctx context.Context, c ops.Caller, req ops.Request, reason ops.Text) (ops.JobID, error) {
	a, err := s.action(req)
	if err != nil {
		return 0, err
	}
	p, err := s.workOut(ctx, c, a, req)
	if err != nil {
		return 0, err
	}
	return s.begin(c, p, a, ops.Confirmation{Reason: reason})
}

// startWithin starts an action whose steps stand in the plan of a job that runs: the word
// that was given to that covers it, where it still does the same.
func (s *Jobs) startWithin(ctx context.Context, c ops.Caller, req ops.Request, steps []ops.Step, reason ops.Text) (ops.JobID, error) {
	a, err := s.action(req)
	if err != nil {
		return 0, err
	}
	if err := mayDo(c, a.Describe()); err != nil {
		return 0, err
	}
	p, err := s.workOut(ctx, c, a, req)
	switch _, instant := a.(Instant); {
	case err != nil:
		return 0, err
	case instant || p.Class == ops.ClassDestructive:
		return 0, ops.Errorf(ops.CodeDenied, "%s is no part of another job", req.Action)
	case !slices.EqualFunc(p.Steps, steps, ops.Step.Same):
		return 0, ops.Errorf(ops.CodeChanged, "what %s would do has changed since it was planned", req.Action)
	}
	return s.begin(c, p, a, ops.Confirmation{Reason: reason})
}

func (s *Jobs) begin(c ops.Caller, p ops.Plan, a planner, conf ops.Confirmation) (ops.JobID, error) {
	if now, ok := a.(Instant); ok {
		return 0, s.doNow(c, now, p, conf)
	}
	r := &run{plan: p, act: a.(ops.Action), done: make(chan struct{}), news: make(chan struct{})}
	r.job = ops.Job{Action: p.Request.Action, Title: p.Title, Target: p.Request.Target, Class: p.Class, Actor: c.Actor,
		Reason: conf.Reason, Key: jobKey(c, conf.Key), Asked: asked(p.Request, a.Describe().Params), Plan: p.ID, State: ops.JobRunning, Created: s.Now(), Started: s.Now(), Locks: p.Locks, Left: p.Left}
	return s.launch(r)
}

// launch takes the target locks, writes the intent and starts the work. The
// record is on disk before anything happens.
func (s *Jobs) launch(r *run) (ops.JobID, error) {
	if err := s.hold(r); err != nil {
		return 0, err
	}
	want := r.job
	written, mine, err := s.writeIntent(r)
	if err == nil && !mine { // another start with this key was faster
		err = beganBy(r.job).serves(ops.Caller{Actor: want.Actor}, r.plan.Request, want.Asked)
	}
	if err != nil || !mine {
		s.unhold(r.plan.Locks)
		s.wg.Done()
		return r.job.ID, err
	}
	ctx, cancel := context.WithCancel(s.stop)
	r.cancel = cancel
	s.mu.Lock()
	s.running[r.job.ID] = r
	for _, ref := range r.plan.Locks {
		s.holders[ref] = r.job.ID
	}
	s.mu.Unlock()
	s.Show(r.snapshot(), written...)
	go func() {
		defer s.wg.Done()
		s.carryOut(ctx, r)
	}()
	return r.job.ID, nil
}

// writeIntent puts the job on disk and reports whether it is a new one: the same
// key gives the job that was started before. On a full disk a destructive job is
// refused; another one goes on when the system's journal took its intent, which then
// is no record of the history.
func (s *Jobs) writeIntent(r *run) (written []ops.Record, mine bool, err error) {
	intent := ops.Record{At: s.Now(), Kind: ops.RecordIntent, Ref: r.job.Target, Level: ops.LevelInfo, Actor: r.job.Actor,
		What: r.job.Title, Facts: planFacts(r.plan, r.job.Reason), Steps: r.plan.Steps}
	j, rec, err := s.History.NewJob(r.job, intent)
	s.Written(err)
	if err == nil {
		r.job = j
		return []ops.Record{rec}, rec.Seq != 0, nil
	}
	if ops.CodeOf(err) != ops.CodeFull || r.plan.Class == ops.ClassDestructive {
		return nil, false, err
	}
	if jerr := s.Journal("opsdeck intent: " + recordLine(intent)); jerr != nil {
		return nil, false, err
	}
	s.mu.Lock()
	s.volatile++
	r.job.ID, r.volatile = s.volatile, true
	s.mu.Unlock()
	return nil, true, nil
}

// planFacts is what the audit keeps of a plan beside its steps.
func planFacts(p ops.Plan, reason ops.Text) []ops.Fact {
	facts := make([]ops.Fact, 0, len(p.Replaces)+1)
	for _, r := range p.Replaces {
		facts = append(facts, ops.Fact{Name: ops.Lit("replaces"), Value: r})
	}
	if !reason.Empty() {
		facts = append(facts, ops.Fact{Name: ops.Lit("reason"), Value: reason})
	}
	return facts
}

// recordLine is a record as one line of the journal.
func recordLine(r ops.Record) string {
	var b strings.Builder
	b.WriteString(r.At.UTC().Format("2006-01-02T15:04:05Z ") + r.Actor.Name.String() + " " + r.Kind.String() + " " + r.Ref.String() + " " + r.What.String())
	for _, f := range r.Told() {
		b.WriteString("; " + f.Name.String() + ": " + f.Value.String())
	}
	return b.String()
}
