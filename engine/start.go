package engine

import (
	"context"
	"strings"

	"opsdeck/ops"
)

// start checks everything that guards an operation, in the order in which a
// refusal is cheapest, and starts the job. A refusal is recorded: who tried
// what, and why not.
func (e *Engine) start(ctx context.Context, c ops.Caller, id ops.PlanID, conf ops.Confirmation) (ops.JobID, error) {
	if job, ok := e.jobByKey(c, conf.Key); ok {
		return job, nil
	}
	p, err := e.take(c, id)
	if err != nil {
		return 0, err
	}
	job, err := e.startPlan(ctx, c, p, conf)
	if err == nil {
		return job, nil
	}
	switch ops.CodeOf(err) {
	case ops.CodeConfirm, ops.CodeLocked, ops.CodeHeld:
		e.giveBack(c, p)
	}
	e.record(ops.Record{At: e.Now(), Kind: ops.RecordRefused, Level: ops.LevelInfo, Ref: p.Request.Target, Actor: c.Actor,
		What: ops.Textf("refused: %s: %v", p.Title, err)})
	return 0, err
}

func (e *Engine) startPlan(ctx context.Context, c ops.Caller, p ops.Plan, conf ops.Confirmation) (ops.JobID, error) {
	if err := e.mayStart(c, p); err != nil {
		return 0, err
	}
	again, err := e.workOut(ctx, c, p.Request)
	if err != nil {
		return 0, err
	}
	if !p.Same(again) {
		return 0, ops.Errorf(ops.CodeChanged, "what this would do has changed since it was planned").Help("look at the new plan")
	}
	if err := confirmed(again.Ask, conf); err != nil {
		return 0, err
	}
	if o, ok := ownAction(p.Request.Action); ok {
		return 0, o.do(e, c, p, conf.Reason)
	}
	act, err := e.action(p.Request)
	if err != nil {
		return 0, err
	}
	return e.launch(e.newRun(c, p, act, conf))
}

func (e *Engine) newRun(c ops.Caller, p ops.Plan, act ops.Action, conf ops.Confirmation) *run {
	r := &run{plan: p, act: act, done: make(chan struct{})}
	r.job = ops.Job{Action: p.Request.Action, Title: p.Title, Target: p.Request.Target, Class: p.Class, Actor: c.Actor,
		Reason: conf.Reason, Key: jobKey(c, conf.Key), State: ops.JobRunning, Created: e.Now(), Started: e.Now(), Locks: p.Locks}
	return r
}

// mayStart reports whether the caller has the role that a plan's action needs.
func (e *Engine) mayStart(c ops.Caller, p ops.Plan) error {
	info := ops.ActionInfo{ID: p.Request.Action, Class: p.Class}
	if act, err := e.action(p.Request); err == nil { // an action of the engine's own is none of these
		info.Needs = act.Describe().Needs
	}
	return mayDo(c, info)
}

func mayDo(c ops.Caller, info ops.ActionInfo) error {
	if need := max(info.Class.Needs(), info.Needs); c.Actor.Role < need {
		return ops.Errorf(ops.CodeDenied, "%s is %s here, and %s needs %s", c.Actor.Name, withArticle(c.Actor.Role.String()), info.ID, need).
			Help("ask for a grant in the estate's access section")
	}
	return nil
}

func withArticle(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// jobKey makes a client's idempotency key its own: nobody's key can name
// somebody else's job.
func jobKey(c ops.Caller, key ops.Text) ops.Text {
	if key.Empty() {
		return key
	}
	return ops.Textf("%d/%s", c.Actor.UID, key)
}

// jobByKey finds the job that an earlier Start with the same key began.
func (e *Engine) jobByKey(c ops.Caller, key ops.Text) (ops.JobID, bool) {
	if key.Empty() || e.History == nil {
		return 0, false
	}
	j, found, err := e.History.JobByKey(jobKey(c, key).String())
	if err != nil {
		e.Log.Error("look a job up by its key", "err", err)
	}
	return j.ID, found
}

// launch takes the target locks, writes the intent and starts the work. The
// record is on disk before anything happens.
func (e *Engine) launch(r *run) (ops.JobID, error) {
	if err := e.hold(r); err != nil {
		return 0, err
	}
	mine, err := e.writeIntent(r)
	if err != nil || !mine {
		e.unhold(r.plan.Locks)
		e.wg.Done()
		return r.job.ID, err
	}
	ctx, cancel := context.WithCancel(e.stop)
	r.cancel = cancel
	e.mu.Lock()
	e.running[r.job.ID] = r
	for _, ref := range r.plan.Locks {
		e.holders[ref] = r.job.ID
	}
	e.mu.Unlock()
	e.show(r.snapshot())
	go func() {
		defer e.wg.Done()
		e.carryOut(ctx, r)
	}()
	return r.job.ID, nil
}

// hold takes every lock of the plan or none, and makes Run wait for the job.
func (e *Engine) hold(r *run) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.draining {
		return ops.Errorf(ops.CodeUnavailable, "the agent is stopping and starts nothing new")
	}
	for _, ref := range r.plan.Locks {
		if id, held := e.holders[ref]; held {
			return e.heldBy(ref, id)
		}
	}
	for _, ref := range r.plan.Locks {
		e.holders[ref] = reserved
	}
	e.wg.Add(1)
	return nil
}

// reserved holds a target between the check and the job's id.
const reserved ops.JobID = 0

// heldBy names the holder; e.mu is held.
func (e *Engine) heldBy(ref ops.Ref, id ops.JobID) error {
	r := e.running[id]
	if id == reserved {
		return ops.Errorf(ops.CodeHeld, "%s: another job is just being started on it", ref.ID)
	}
	if r == nil {
		return ops.Errorf(ops.CodeHeld, "%s is held by job %d", ref.ID, id).Help("wait for it or look at it in History")
	}
	j := r.snapshot()
	return ops.Errorf(ops.CodeHeld, "%s is held by %s: job %d, %s, since %s", ref.ID, j.Actor.Name, j.ID, j.Title, j.Started.UTC().Format("15:04:05Z")).
		Help("wait for it or cancel it")
}

// unhold frees targets.
func (e *Engine) unhold(locks []ops.Ref) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, ref := range locks {
		delete(e.holders, ref)
	}
}

// writeIntent puts the job on disk and reports whether it is a new one: the same
// key gives the job that was started before. On a full disk a destructive job is
// refused; another one goes on when the system's journal took its intent.
func (e *Engine) writeIntent(r *run) (mine bool, err error) {
	intent := ops.Record{At: e.Now(), Kind: ops.RecordIntent, Ref: r.job.Target, Level: ops.LevelInfo, Actor: r.job.Actor,
		What: r.job.Title, Facts: planFacts(r.plan, r.job.Reason), Steps: r.plan.Steps}
	j, written, err := e.History.NewJob(r.job, intent)
	e.historyState(err)
	if err == nil {
		r.job = j
		if mine = written.Seq != 0; mine {
			e.showRecord(written)
		}
		return mine, nil
	}
	if ops.CodeOf(err) != ops.CodeFull || r.plan.Class == ops.ClassDestructive {
		return false, err
	}
	if jerr := e.Journal("opsdeck intent: " + recordLine(intent)); jerr != nil {
		return false, err
	}
	e.mu.Lock()
	e.volatile++
	r.job.ID, r.volatile = e.volatile, true
	e.mu.Unlock()
	return true, nil
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
