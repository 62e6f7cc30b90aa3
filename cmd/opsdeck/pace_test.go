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

// TestProgressOnATerminalIsRewrittenEachTime asks the same of an order, as it prints.
func TestProgressOnATerminalIsRewrittenEachTime(t *testing.T) {
	for _, tty := range []bool{true, false} {
		var said bytes.Buffer
		o := order{err: &said, tty: tty}
		var p pace
		for n := range 5 {
			j := ops.Job{State: ops.JobRunning, Progress: ops.Progress{Done: float64(n), Total: 5}}
			o.progress(&p, j, time.Unix(int64(n), 0))
		}
		if n := bytes.Count(said.Bytes(), []byte("job 0")); n != map[bool]int{true: 5, false: 1}[tty] {
			t.Errorf("on a terminal %v: %d times\n%q", tty, n, said.String())
		}
	}
}
