package jobs

import (
	"context"
	"strconv"

	"opsdeck/ops"
)

// tailPage is how many lines of output are read at a time.
const tailPage = 500

func refOf(id ops.JobID) ops.Ref {
	return ops.NewRef(ops.KindJob, "", strconv.FormatUint(uint64(id), 10))
}

// Job finds a job by its ref, running or ended.
func (s *Jobs) Job(ref ops.Ref) (ops.Job, error) {
	n, err := strconv.ParseUint(ref.ID.String(), 10, 64)
	if err != nil {
		return ops.Job{}, ops.Errorf(ops.CodeInvalid, "%q is not a job's number", ref.ID)
	}
	id := ops.JobID(n)
	if r := s.runOf(id); r != nil {
		return r.snapshot(), nil
	}
	j, found, err := s.History.Job(id)
	if err == nil && !found {
		err = ops.Errorf(ops.CodeNotFound, "there is no job %d", id)
	}
	return j, err
}

// Tail emits a job's output behind an offset, and goes on while it runs where from
// says so. It ends early with ctx or an error of emit.
func (s *Jobs) Tail(ctx context.Context, ref ops.Ref, from ops.TailFrom, emit func(ops.Line) error) error {
	j, err := s.Job(ref)
	if err != nil {
		return err
	}
	after := from.Offset
	for {
		r := s.runOf(j.ID)
		var news <-chan struct{}
		if r != nil { // taken before the output is read: what comes meanwhile wakes us
			r.mu.Lock()
			news = r.news
			r.mu.Unlock()
		}
		for {
			lines, err := s.History.Output(j.ID, after, tailPage)
			if err != nil || len(lines) == 0 {
				break
			}
			for _, l := range lines {
				if err := emit(l); err != nil {
					return err
				}
				after = l.Offset
			}
		}
		if r == nil || !from.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-news:
		case <-r.done:
		}
	}
}
