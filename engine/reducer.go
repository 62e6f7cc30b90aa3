package engine

import (
	"context"
	"reflect"
	"slices"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// rejudge is how often judgement is repeated with nothing having been said:
// sources go stale and marks run out by the clock alone.
const rejudge = 5 * time.Second

// reduce is the one goroutine that owns the picture: it takes changes, judges,
// and publishes a board when something is different.
func (e *Engine) reduce(ctx context.Context, p *picture) {
	tick := time.NewTicker(rejudge)
	defer tick.Stop()
	e.publish(p)
	for {
		select {
		case <-ctx.Done():
			e.drain(p) // the last words of jobs that the stop canceled still reach the board
			e.publish(p)
			return
		case f := <-e.state:
			f(p)
			e.drain(p)
		case <-tick.C:
			p.tick()
		}
		e.publish(p)
	}
}

// drain applies what was sent already, and waits for nothing.
func (e *Engine) drain(p *picture) {
	for {
		select {
		case f := <-e.state:
			f(p)
		default:
			return
		}
	}
}

// tick judges by the clock: a source whose poller says nothing goes stale, the
// containers are judged again, and changes leave the board after their hour.
func (p *picture) tick() {
	now := p.now()
	for i := range p.board.Sources {
		if judge.Stale(p.estate, p.board.Sources[i], now) {
			p.board.Sources = slices.Clone(p.board.Sources)
			s := &p.board.Sources[i]
			s.State, s.Since, s.Why = ops.SourceStale, now, ops.Lit("no new answer for several intervals")
			p.changed[ops.SectionSources] = true
		}
	}
	for _, r := range p.board.Containers {
		if r.Known() {
			p.setContainers(r.Source, slices.Clone(r.Value))
		}
	}
	for _, r := range p.board.Databases {
		if r.Known() {
			p.setDatabase(r.Source, r.Value)
		}
	}
	p.markSilences()
	p.showIncidents(p.incidents)
	if recs := p.recent(p.board.Changes); len(recs) != len(p.board.Changes) {
		p.board.Changes = recs
		p.changed[ops.SectionChanges] = true
	}
}

// publish hands out a new board if any section changed.
func (e *Engine) publish(p *picture) {
	defer p.tellShown()
	e.save(p)
	p.showValues(e.lookedAtNow(ops.Text{}))
	if p.changed == [ops.Sections]bool{} {
		return
	}
	p.board.Stamp()
	p.renewRisk()
	before := p.board.Findings
	for _, s := range judge.Board(p.estate, &p.board, p.now()) {
		p.changed[s] = true
	}
	if !reflect.DeepEqual(before, p.board.Findings) {
		p.changed[ops.SectionFindings] = true
	}
	e.recordLater(p, p.tellVerdicts(p.now()))
	p.board.Rev++
	p.board.At = p.now()
	for i, c := range p.changed {
		if c {
			p.board.Revs[i] = p.board.Rev
		}
	}
	p.changed = [ops.Sections]bool{}
	e.broker.publish(p.board)
}

// tellShown tells those who wait for their change that it can be seen.
func (p *picture) tellShown() {
	for _, tell := range p.shown {
		tell()
	}
	p.shown = nil
}

// seen makes a change to the picture and returns when the board shows it. The error is
// that of the change, or of CodeUnanswered where the engine stopped before.
func (e *Engine) seen(change func(*picture) error) error {
	shown := make(chan error, 1)
	e.update(func(p *picture) {
		err := change(p)
		p.shown = append(p.shown, func() { shown <- err })
	})
	select {
	case err := <-shown:
		return err
	case <-e.stop.Done():
		return ops.Errorf(ops.CodeUnanswered, "it is written down, and the agent stopped before its board showed it")
	}
}

// recordLater records something without holding the reducer up, which has to go on
// for the record to reach the picture.
func (e *Engine) recordLater(p *picture, recs []ops.Record) {
	switch {
	case len(recs) == 0:
	case e.History == nil:
		p.addChanges(recs)
	default:
		e.spawn(func() { e.record(recs...) })
	}
}
