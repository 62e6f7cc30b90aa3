package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func logLine(n int, at time.Time) ops.Line { return ops.Line{At: at, Text: ops.Textf("line %d", n)} }

func TestALogThatComesTooFastKeepsTheNewestAndCountsTheRest(t *testing.T) {
	now := time.Unix(1000, 0)
	b := newBacklog(ops.Ref{}, func() time.Time { return now })
	const all = 20 * backlogLines
	for i := range all {
		if err := b.put(t.Context(), logLine(i, now)); err != nil {
			t.Fatal(err)
		}
	}
	got := b.take()
	var dropped int
	if _, err := fmt.Sscanf(got[0].Text.String(), "%d lines left out", &dropped); err != nil || got[0].Stream != ops.StreamMeta {
		t.Fatalf("the first line is %v", got[0])
	}
	if dropped+len(got)-1 != all || len(got)-1 > backlogLines {
		t.Errorf("%d dropped and %d kept of %d", dropped, len(got)-1, all)
	}
	if last := got[len(got)-1].Text.String(); last != fmt.Sprintf("line %d", all-1) {
		t.Errorf("the last one is %q", last)
	}
	if again := b.take(); len(again) != 0 {
		t.Errorf("counted twice: %v", again)
	}
}

func TestABacklogIsBoundedInBytesToo(t *testing.T) {
	now := time.Unix(1000, 0)
	b := newBacklog(ops.Ref{}, func() time.Time { return now })
	long := ops.CleanLine(strings.Repeat("y", ops.MaxLine))
	for range backlogLines {
		if err := b.put(t.Context(), ops.Line{At: now, Text: long}); err != nil {
			t.Fatal(err)
		}
	}
	if b.bytes > backlogBytes+ops.MaxLine || b.dropped == 0 {
		t.Errorf("%d bytes wait, %d lines dropped", b.bytes, b.dropped)
	}
}

func TestWhatWasWrittenBeforeIsWaitedForAndNotDropped(t *testing.T) {
	now := time.Unix(1000, 0)
	b := newBacklog(ops.Ref{}, func() time.Time { return now })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	const all = 5 * backlogLines
	ended, out := make(chan struct{}), make(chan ops.Line)
	go func() {
		defer close(ended)
		for i := range all {
			if b.put(ctx, logLine(i, now.Add(-time.Minute))) != nil {
				return
			}
		}
	}()
	go func() {
		defer close(out)
		b.deliver(ctx, ended, out)
	}()
	n := 0
	for l := range out {
		if want := fmt.Sprintf("line %d", n); l.Text.String() != want {
			t.Fatalf("%q, want %q", l.Text, want)
		}
		n++
	}
	if n != all {
		t.Errorf("%d of %d came", n, all)
	}
}
