package backup

import (
	"context"

	"opsdeck/ops"
)

// Plan says what a stop stops.
func (s *stop) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	v, err := s.known(b)
	if err == nil && v.Stopped {
		err = ops.Errorf(ops.CodeInvalid, "%s is stopped already", s.engine.Name()).Help("start it: backup.start")
	}
	if err != nil {
		return ops.Plan{}, err
	}
	p, err := s.switched("stop", req)
	p.Title = ops.Textf("stop archiving and backups of %s", s.plan.Name)
	p.Replaces = []ops.Text{
		ops.Lit("from now on no WAL is archived: what is written is safe in no repository, and the server keeps its WAL until its disk is full"),
		ops.Lit("no backup is made, by cron neither; the engine says ok all the same"),
	}
	if v.Held {
		p.Warnings = append(p.Warnings, ops.Textf("process %d makes a backup, which may fail at its end because its WAL is not archived", v.Holder.PID))
	}
	return p, err
}

// Plan says what a start starts.
func (s *start) Plan(_ context.Context, b ops.Board, req ops.Request) (ops.Plan, error) {
	v, err := s.known(b)
	if err == nil && !v.Stopped && s.sees() {
		err = ops.Errorf(ops.CodeInvalid, "%s is not stopped", s.engine.Name()).Help("where WAL is not archived all the same, the server's log tells why")
	}
	if err != nil {
		return ops.Plan{}, err
	}
	p, err := s.switched("start", req)
	p.Title = ops.Textf("start archiving and backups of %s", s.plan.Name)
	p.Replaces = []ops.Text{ops.Lit("nothing; the server sends the WAL that waits, which makes network and store busy")}
	return p, err
}

// switched is a plan of one call about the whole stanza.
func (f family) switched(word string, req ops.Request) (ops.Plan, error) {
	argv, err := ops.Argv(f.engine.Switch(word)...)
	return ops.Plan{Steps: []ops.Step{{How: ops.StepExec, Argv: argv, On: []ops.Text{f.plan.Name}}}, Locks: []ops.Ref{req.Target}}, err
}

// Blocked says why it cannot be stopped now, from the picture.
func (s *stop) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	if v, err := s.known(b); err == nil && v.Stopped {
		return ops.Lit("it is stopped already")
	}
	return ops.Text{}
}

// Blocked says why it cannot be started now, from the picture.
func (s *start) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	if v, err := s.known(b); err == nil && !v.Stopped && s.sees() {
		return ops.Lit("it is not stopped")
	}
	return ops.Text{}
}

// sees reports whether a stop would be seen.
func (f family) sees() bool {
	_, err := f.engine.Stopped()
	return err == nil
}

// Run stops the engine, and looks whether it is.
func (s *stop) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	stopped, err := s.turn(ctx, p, out)
	switch {
	case err != nil:
		return ops.Result{}, err
	case stopped:
		return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s is stopped: no WAL is archived until it is started", s.engine.Name())}, nil
	}
	return ops.Result{}, ops.Errorf(ops.CodeInternal, "%s says that it stopped, and is not stopped", s.engine.Name()).Help("look whether the estate and the server's archive_command name the same configuration")
}

// Run starts the engine, and looks whether it is.
func (s *start) Run(ctx context.Context, p ops.Plan, out ops.Progresser) (ops.Result, error) {
	stopped, err := s.turn(ctx, p, out)
	switch {
	case err != nil:
		return ops.Result{}, err
	case !stopped:
		return ops.Result{State: ops.JobSucceeded, What: ops.Textf("%s is not stopped any more; whether WAL is archived shows the board", s.engine.Name())}, nil
	}
	return ops.Result{}, ops.Errorf(ops.CodeInternal, "it is stopped all the same: all stanzas of this host were stopped together").Help("start them together: pgbackrest start, without --stanza")
}

// turn makes the call of a plan, and reports whether the engine is stopped then. An error
// of CodeUnanswered: that cannot be seen.
func (f family) turn(ctx context.Context, p ops.Plan, out ops.Progresser) (bool, error) {
	if len(p.Steps) != 1 {
		return false, ops.Errorf(ops.CodeChanged, "the plan has %s", ops.Count(len(p.Steps), "step")).Help("plan again")
	}
	if _, err := f.carry(ctx, p.Steps[0], ops.RepositoryPlan{}, history{}, out, nil); err != nil {
		return false, err
	}
	stopped, unseen := f.engine.Stopped()
	if unseen == nil {
		return stopped, nil
	}
	if stopped, err := f.engine.Tried(context.WithoutCancel(ctx)); err == nil {
		return stopped, nil
	}
	return false, ops.Errorf(ops.CodeUnanswered, "it ended well; whether %s is stopped now cannot be seen: %v", f.engine.Name(), unseen).
		Help("look for the stop file, NAME.stop in pgBackRest's lock-path")
}
