package report

import (
	"cmp"
	"fmt"
	"time"

	"opsdeck/ops"
)

// Jobs returns the running jobs and the last ones that ended, newest first.
func Jobs(b ops.Board, now time.Time) Table {
	t := Table{Name: "jobs", Columns: []Column{
		{Key: "id", Title: "JOB", Right: true, Priority: 80},
		{Key: "state", Title: "STATE", Priority: 99},
		{Key: "title", Title: "WHAT", Priority: 100, Min: 16, Max: 60},
		{Key: "since", Title: "SINCE", Right: true, Priority: 90},
		{Key: "took", Title: "TOOK", Right: true, Priority: 50},
		{Key: "who", Title: "WHO", Priority: 70, Max: 16},
		{Key: "result", Title: "RESULT", Priority: 60, Min: 16, Max: 80},
	}}
	if b.Estate.Agent.Kind == ops.AgentLocal {
		t.Note = NoAgent
		return t
	}
	t.Note = "no jobs"
	for _, j := range b.Jobs {
		t.Rows = append(t.Rows, Row{
			Ref: JobRef(j.ID), Level: j.Level, From: board(b), Detail: about(j.Title.String(), j.End().String()),
			Cells: []Cell{
				{Text: fmt.Sprint(j.ID), Value: int(j.ID)},
				toned(j.State.String(), past(j.Level)),
				text(j.Title.String()),
				moment(cmp.Or(j.Ended, j.Started, j.Created), now),
				took(j, now),
				text(j.Actor.Name.String()),
				text(JobProgress(j)),
			},
		})
	}
	return t
}

// NoAgent is what stands where only an agent could know.
const NoAgent = "unknown: no agent"

// JobRef names a job.
func JobRef(id ops.JobID) ops.Ref { return ops.NewRef(ops.KindJob, "", fmt.Sprint(id)) }

func took(j ops.Job, now time.Time) Cell {
	if j.Started.IsZero() {
		return nothing()
	}
	d := j.Ended.Sub(j.Started)
	if j.Ended.IsZero() {
		d = now.Sub(j.Started).Truncate(time.Minute)
		return Cell{Text: ops.Age(j.Started, now), Value: d.Seconds(), Unit: "seconds"}
	}
	return Cell{Text: ops.Span(d), Value: d.Seconds(), Unit: "seconds"}
}

// copied says how many bytes of how many there are: "12.3G of 41.0G, 30%".
func copied(done, total float64) string {
	return ops.Size(done) + " of " + ops.Size(total) + ", " + ops.Percent(min(1, done/total))
}

// JobProgress says how far a job is, or how it ended: "43%  ~2m left".
func JobProgress(j ops.Job) string {
	if j.State.Ended() {
		return j.End().String()
	}
	p := j.Progress
	s := ""
	switch {
	case p.Total > 0 && p.Unit == ops.UnitBytes:
		s = copied(p.Done, p.Total)
	case p.Total > 0:
		s = ops.Percent(min(1, p.Done/p.Total))
	case p.Done > 0:
		s = join(" ", fmt.Sprintf("%.0f", p.Done), p.Unit.String())
	}
	if p.Left > 0 {
		s = join("  ", s, "~"+ops.Span(p.Left.Round(time.Second))+" left")
	}
	if s == "" || !p.Note.Empty() {
		s = join("  ", s, p.Note.String())
	}
	return s
}

// JobLine says one running job for the frame: "job 12 full backup  43%  ~2m left".
func JobLine(j ops.Job) string {
	state := ""
	if j.State != ops.JobRunning {
		state = j.State.String()
	}
	return join("  ", fmt.Sprintf("job %d %s", j.ID, j.Title), state, JobProgress(j))
}

// JobEnd says how a job ended: "restart container web: done in 2.1s".
func JobEnd(j ops.Job) (string, Tone) {
	tone := ToneOf(j.Level)
	word := j.State.String()
	if j.State == ops.JobSucceeded {
		word = "done"
	}
	line := j.Title.String() + ": " + word
	if !j.Started.IsZero() && !j.Ended.IsZero() {
		line += " in " + ops.Span(j.Ended.Sub(j.Started))
	}
	if j.State != ops.JobSucceeded {
		line += why(j.End())
	}
	return line, tone
}

// Running returns the jobs that have not ended.
func Running(b ops.Board) []ops.Job {
	var out []ops.Job
	for _, j := range b.Jobs {
		if !j.State.Ended() {
			out = append(out, j)
		}
	}
	return out
}
