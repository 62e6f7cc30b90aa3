package drill

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// Run carries out a drill. What it finds wrong with the copy is in the result; an error is
// one of the drill itself, which says nothing of the backup. Nothing of it is left but in
// the second case, where the error says what. A ctx that ends, ends the drill.
func Run(ctx context.Context, o Order, doing func(what string)) (ops.Drill, error) {
	d := ops.Drill{Backup: ops.Clean(o.Set), Target: o.Target}
	if err := o.check(); err != nil {
		return d, err
	}
	if err := sweep(o.Scratch); err != nil {
		return d, fmt.Errorf("take away what an earlier drill has left: %w", err)
	}
	s, err := enter(o.Scratch)
	if err != nil {
		return d, err
	}
	limited, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	r := &drilled{Order: o, s: s, doing: doing, result: &d}
	err = r.prove(limited)
	switch {
	case errors.Is(context.Cause(ctx), errStopped):
		err = errStopped
	case ctx.Err() != nil:
		err = broke("the drill's process ended", context.Cause(ctx).Error(), whoEnded)
	case limited.Err() != nil:
		err = &failure{ops.Textf("it took longer than %s", ops.Span(o.Limit))}
	}
	d.Log = s.said()
	doing("taking the copy away")
	if left := s.leave(); left != nil {
		return d, errors.Join(err, left)
	}
	d.Ended = time.Now()
	var failed *failure
	if errors.As(err, &failed) {
		d.Failed, err = failed.why, nil
	}
	return d, err
}

// failure is what a drill finds wrong with what it restored.
type failure struct{ why ops.Text }

func (f *failure) Error() string { return f.why.String() }

func wrong(format string, args ...any) error { return &failure{ops.Textf(format, args...)} }

// drilled is a drill at work.
type drilled struct {
	Order
	s      scratch
	doing  func(string)
	result *ops.Drill
}

// prove goes through the stages. The time that counts ends with a copy that answers: what
// the estate asks of it comes after.
func (r *drilled) prove(ctx context.Context) error {
	if err := room(ctx, r.s.dir, r.Bytes); err != nil {
		return err
	}
	began := time.Now()
	if err := r.stage(ops.StageRestore, func() error { return r.restore(ctx) }); err != nil {
		return err
	}
	programs, err := programs(r.Programs, r.s.data())
	if err != nil {
		return err
	}
	k, err := controlOf(ctx, programs, r.s.data(), r.Cluster)
	if err != nil {
		return err
	}
	v, err := start(r.s, programs, locally, append(isolated(r.s, r.Preload), "recovery_target_timeline="+timelineWord(r.target())), k)
	if err != nil {
		return err
	}
	defer v.stop() //nolint:errcheck // what does not end is found when the folder is left
	if err := r.stage(ops.StageReplay, func() error { return v.replays(ctx, r.Account, r.where) }); err != nil {
		return err
	}
	r.result.Took = time.Since(began).Seconds()
	r.collations(ctx, v)
	return r.stage(ops.StageChecks, func() error { return r.questions(ctx, v) })
}

// stage times one part.
func (r *drilled) stage(name string, do func() error) error {
	r.doing(name)
	began := time.Now()
	err := do()
	r.result.Stages = append(r.result.Stages, ops.DrillStage{Name: ops.Clean(name), Took: time.Since(began).Seconds()})
	return err
}

// restore has the engine write the copy.
func (r *drilled) restore(ctx context.Context) error {
	if r.Folder != nil {
		return r.s.unfold(ctx, *r.Folder, r.target())
	}
	return r.s.rebuild(ctx, r.Restore, r.Key, r.Set, append(TargetWords(r.target()), "--process-max=1"))
}

// where reads how far the replay is, and reports whether it stands.
func (r *drilled) where(ctx context.Context, v *server, c *pgx.Conn) (stands bool, err error) {
	var recovering, paused bool
	var at string
	var size int64
	err = c.QueryRow(ctx, `SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
		coalesce(pg_last_wal_replay_lsn()::text, '0/0'), (SELECT sum(pg_database_size(oid))::bigint FROM pg_database)`).Scan(&recovering, &paused, &at, &size)
	if err != nil {
		return false, v.silent(ctx, err)
	}
	if r.result.Reached, err = ops.ParseLSN(at); err != nil {
		return false, err
	}
	r.result.Bytes = ops.Num(float64(size))
	r.doing(fmt.Sprintf("replay, at %s", at))
	if recovering && !paused {
		return false, nil
	}
	stop, err := v.stopped(r.result.Reached)
	if err != nil {
		return false, err
	}
	r.result.Timeline = stop.timeline
	if err := r.reached(recovering); err != nil {
		if said := v.last(); said != "" { // it may stand for another reason than the WAL's end
			return true, r.s.blame(err.Error(), said)
		}
		return true, err
	}
	return true, nil
}

// reached is an error where a copy stands that is not what was asked for: every restore goes
// to the end of its backup at least.
func (r *drilled) reached(recovering bool) error {
	switch at := r.result.Reached; {
	case !recovering:
		return wrong("the copy has left recovery at %s without being told to", at)
	case at < r.Stop:
		return wrong("the copy stands at %s, which is before the end of its backup, %s", at, r.Stop)
	case at < r.Target:
		return wrong("the copy stands at %s, which is before %s", at, r.Target)
	case r.Exactly && at > r.Target:
		return wrong("the copy stands at %s, and was to stop at %s", at, r.Target)
	}
	return onTimeline(r.result.Timeline, r.Timeline, r.result.Reached)
}

// questions asks the copy what the estate wants to know.
func (r *drilled) questions(ctx context.Context, v *server) error {
	var u unlike
	for _, q := range r.Checks {
		got, err := r.ask(ctx, v, q)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if broke := v.unasked(ctx, err); broke != nil {
			return broke
		}
		a := ops.DrillAnswer{Name: q.Name, Want: q.Wanted(), Got: ops.Clean(got)}
		if err != nil {
			a.Got = ops.Clean(ops.MaskSecrets(err.Error()))
		}
		a.OK = err == nil && q.Holds(got)
		r.result.Checks = append(r.result.Checks, a)
		u.adds(q, a, err)
	}
	return u.err()
}

// unlike are the checks whose answer is not the wanted one: those that are held against the
// backup, and those that the source's own answers leave in doubt.
type unlike struct {
	failed, doubted []string
	doubt           ops.Text
}

// adds takes up an answer. A copy that cannot answer what its source could is at fault: no
// doubt about the point changes that.
func (u *unlike) adds(q ops.RestoreCheck, a ops.DrillAnswer, err error) {
	said := fmt.Sprintf("%s is %s, wanted %s", a.Name, a.Got, a.Want)
	switch {
	case a.OK:
	case err == nil && !q.Doubt.Empty():
		u.doubted, u.doubt = append(u.doubted, said), q.Doubt
	default:
		u.failed = append(u.failed, said)
	}
}

func (u *unlike) err() error {
	switch {
	case len(u.failed) > 0:
		return wrong("%s", strings.Join(u.failed, "; "))
	case len(u.doubted) > 0:
		return broke("not proved", fmt.Sprintf("%s; %s", strings.Join(u.doubted, "; "), u.doubt),
			"try again when fewer write, or when the synchronous standby is back; and ask only for what grows or stands still: drill.checks of the plan")
	}
	return nil
}

// ask asks the copy one question.
func (r *drilled) ask(ctx context.Context, v *server, q ops.RestoreCheck) (string, error) {
	settings := map[string]string{}
	if q.Source {
		settings = alike
	}
	c, err := v.loginAs(ctx, r.Account, q.Database, settings)
	if err != nil {
		return "", err
	}
	defer c.Close(ctx) //nolint:errcheck // the server is ended next
	return answer(ctx, c, q)
}
