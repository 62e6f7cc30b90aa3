package main

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestProgressInALogIsALineForAStageAndFewBetween follows a backup of ten minutes whose
// progress changes each second.
func TestProgressInALogIsALineForAStageAndFewBetween(t *testing.T) {
	began := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)
	var p pace
	var at []int
	for second := range 600 {
		j := ops.Job{State: ops.JobRunning, Progress: ops.Progress{Note: ops.Textf("one: file %d", second), Done: float64(second), Total: 600, Stage: ops.Lit("one: at work")}}
		switch {
		case second < 2:
			j.Progress = ops.Progress{Note: ops.Lit("one: looking what it holds")}
		case second >= 595:
			j.Progress = ops.Progress{Note: ops.Lit("one: looking whether it is there")}
		}
		if p.due(j, fmt.Sprint(j.Progress), began.Add(time.Duration(second)*time.Second)) {
			at = append(at, second)
		}
	}
	want := []int{0, 2}
	for s := 12; s <= 180; s += 10 {
		want = append(want, s)
	}
	for s := 202; s < 595; s += 30 {
		want = append(want, s)
	}
	if want = append(want, 595); !slices.Equal(at, want) {
		t.Errorf("a line at %v, want %v", at, want)
	}
}

// TestProgressIsRewrittenOnATerminalAndALineElsewhere has an order print one job: what is the
// same is not said twice, and before what comes after it a terminal is left clean.
func TestProgressIsRewrittenOnATerminalAndALineElsewhere(t *testing.T) {
	job := func(done float64, stage string) ops.Job {
		return ops.Job{ID: 7, Title: ops.Lit("back up orders"), State: ops.JobRunning, Progress: ops.Progress{Done: done, Total: 4, Stage: ops.Clean(stage)}}
	}
	queued := ops.Job{ID: 7, Title: ops.Lit("back up orders"), State: ops.JobQueued}
	jobs := []ops.Job{queued, job(1, "copying"), job(1, "copying"), job(2, "copying"), job(3, "looking at it")} // one a second
	for tty, want := range map[bool]string{
		true: "\r\x1b[Kjob 7 back up orders  queued" + "\r\x1b[Kjob 7 back up orders  25%" + "\r\x1b[Kjob 7 back up orders  50%" + "\r\x1b[Kjob 7 back up orders  75%" + "\r\x1b[K",
		// Of one stage nothing more is said for ten seconds.
		false: "job 7 back up orders  queued\n" + "job 7 back up orders  25%\n" + "job 7 back up orders  75%\n",
	} {
		var out, said bytes.Buffer
		o := order{out: &out, err: &said, tty: tty}
		var p pace
		for second, j := range jobs {
			o.progress(&p, j, time.Unix(int64(second), 0))
		}
		o.progressDone()
		if said.String() != want || out.Len() > 0 {
			t.Errorf("on a terminal: %t\n%q, want\n%q; and as its result %q", tty, said.String(), want, out.String())
		}
	}
}
