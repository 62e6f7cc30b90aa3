package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

// watched is an agent that gives these boards, and then nothing or its end.
type watched struct {
	ops.Console
	boards []ops.Board
	ends   bool
	why    error
}

func (w watched) Why() error { return w.why }

func (w watched) Watch(ctx context.Context) (<-chan ops.Event, error) {
	out := make(chan ops.Event)
	go func() {
		defer close(out)
		for _, b := range w.boards {
			out <- ops.Event{Board: b}
		}
		if !w.ends {
			<-ctx.Done()
		}
	}()
	return out, nil
}

// TestNoPictureIsNoEmptyPicture: a board without anything on it would say that there is no
// agent and that the estate names no source.
func TestNoPictureIsNoEmptyPicture(t *testing.T) {
	pending := ops.Board{Rev: 1, Sources: []ops.Source{{Name: ops.Lit("prom"), State: ops.SourcePending}}}
	read := ops.Board{Rev: 2, Sources: []ops.Source{{Name: ops.Lit("prom"), State: ops.SourceOK}}}
	newer := ops.Errorf(ops.CodeVersion, "this console cannot read what the agent sends")
	for name, x := range map[string]struct {
		agent watched
		rev   uint64
		code  ops.Code
		says  string
	}{
		"every source has answered":     {agent: watched{boards: []ops.Board{pending, read}}, rev: 2},
		"one has not, in time":          {agent: watched{boards: []ops.Board{pending}}, rev: 1},
		"nothing comes":                 {agent: watched{}, code: ops.CodeUnanswered, says: "gave no picture within 6s"},
		"it ends before anything comes": {agent: watched{ends: true}, code: ops.CodeUnanswered, says: "ended before it gave a picture"},
		"what comes cannot be read":     {agent: watched{ends: true, why: newer}, code: ops.CodeVersion, says: "cannot read"},
	} {
		synctest.Test(t, func(t *testing.T) {
			b, err := round(t.Context(), x.agent, 5*time.Second)
			if b.Rev != x.rev || (x.says == "") != (err == nil) || err != nil && (ops.CodeOf(err) != x.code || !strings.Contains(err.Error(), x.says)) {
				t.Errorf("%s: board %d, %v", name, b.Rev, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := round(ctx, watched{}, time.Second); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

// recorded is an agent with a history of so many records.
type recorded struct {
	ops.Console
	n int
}

func (r recorded) History(_ context.Context, q ops.Query) ([]ops.Record, error) {
	from := uint64(r.n)
	if q.Before > 0 {
		from = q.Before - 1
	}
	var page []ops.Record
	for seq := from; seq > 0 && len(page) < q.Limit; seq-- {
		page = append(page, ops.Record{Seq: seq})
	}
	return page, nil
}

func TestAListOfRecordsKnowsWhetherItWasCut(t *testing.T) {
	for _, x := range []struct {
		have, limit, want int
		more              bool
	}{
		{0, 200, 0, false}, {199, 200, 199, false}, {200, 200, 200, false}, {201, 200, 200, true}, {994, 200, 200, true}, {994, 0, 994, false},
		{pageMost, pageMost, pageMost, false}, {pageMost + 1, pageMost, pageMost, true}, {5*pageMost + 3, 0, 5*pageMost + 3, false}, {5 * pageMost, 4*pageMost + 1, 4*pageMost + 1, true},
	} {
		recs, more, err := records(t.Context(), recorded{n: x.have}, ops.Query{}, x.limit)
		if err != nil || len(recs) != x.want || more != x.more {
			t.Errorf("%d of %d: %d, more %v, %v", x.limit, x.have, len(recs), more, err)
		}
		for i, r := range recs {
			if r.Seq != uint64(x.have-i) {
				t.Fatalf("%d of %d: record %d is %d", x.limit, x.have, i, r.Seq)
			}
		}
	}
}
