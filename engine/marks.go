package engine

import (
	"cmp"
	"slices"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// mark adds what a container's row tells to what is kept of it, and returns what
// of that stands now.
func (p *picture) mark(c ops.Container, now time.Time) ops.Latch {
	was := p.marks[c.Ref]
	is := judge.Happened(was, c, now)
	if is != was && !is.Empty() {
		p.marks[c.Ref] = is
		p.unsaved[keptLatches] = true
	}
	return judge.Standing(p.estate.Limits, is, c, now)
}

// toldAgain is how long a source may tell of the same end again, to a new agent for
// example: for so long it has to be known that it was acked.
const toldAgain = time.Hour

// forgetMarks drops the marks of a source that are over, and those of containers
// that are gone: a name that comes back within the time is the same container.
func (p *picture) forgetMarks(source ops.Text, cs []ops.Container, now time.Time) {
	stands := map[ops.Ref]bool{}
	for _, c := range cs {
		stands[c.Ref] = !c.Latch.Empty()
	}
	for ref, m := range p.marks {
		if ref.Source == source && !stands[ref] && now.Sub(m.Last()) > max(p.estate.Limits.Mark, toldAgain) {
			delete(p.marks, ref)
			p.unsaved[keptLatches] = true
		}
	}
}

// ackMark acks what was seen of a container's mark. Where more has happened since,
// nobody has seen that, and the mark stays as it is.
func (p *picture) ackMark(ref ops.Ref, seen ops.Latch, ack ops.Ack) error {
	m := p.marks[ref]
	if !m.Same(seen) {
		return ops.Errorf(ops.CodeChanged, "more has happened to it meanwhile").Help("look at it, and ack that")
	}
	m.Ack = ack
	p.marks[ref] = m
	p.unsaved[keptLatches] = true
	for _, r := range p.board.Containers {
		if r.Source == ref.Source && r.Known() {
			p.setContainers(r.Source, slices.Clone(r.Value))
		}
	}
	return nil
}

// markedContainer finds the container of a request, with something marked.
func markedContainer(b ops.Board, ref ops.Ref) (ops.Container, error) {
	c, _, ok := b.Container(ref)
	switch {
	case !ok:
		return c, ops.Errorf(ops.CodeNotFound, "there is no container %s on %s", ref.ID, ref.Source)
	case c.Latch.Empty():
		return c, ops.Errorf(ops.CodeInvalid, "nothing is marked on %s", c.Name)
	}
	return c, nil
}

// unackedContainer finds it where nobody has acked what is marked.
func unackedContainer(b ops.Board, ref ops.Ref) (ops.Container, error) {
	c, err := markedContainer(b, ref)
	if err == nil && c.Latch.Acked() {
		err = ops.Errorf(ops.CodeHeld, "%s acked what happened to %s %s", c.Latch.Ack.By, c.Name, ops.Stamp(c.Latch.Ack.At)).
			Help("what happens after that is marked again")
	}
	return c, err
}

// nothingMarked is why container.ack cannot run.
func nothingMarked(b ops.Board, ref ops.Ref) ops.Text {
	if _, err := unackedContainer(b, ref); err != nil {
		return ops.AsError(err).What
	}
	return ops.Text{}
}

func planMarkAck(e *Engine, req ops.Request) (string, string, error) {
	c, err := unackedContainer(e.broker.newest(), req.Target)
	if err != nil {
		return "", "", err
	}
	return "ack what happened to " + c.Name.String(),
		"write down who knows of it: " + judge.Marked(c.Latch, e.Now()).String() + "; how it is now stays as it is", nil
}

func doMarkAck(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	box, err := unackedContainer(e.broker.newest(), p.Request.Target)
	if err != nil {
		return err
	}
	ack := ops.Ack{By: c.Actor.Name, At: e.Now(), Note: ops.Clean(p.Request.Value("note", ""))}
	rec := ops.Record{Kind: ops.RecordAck, Level: ops.LevelInfo, Actor: c.Actor, Ref: box.Ref,
		What: ops.Textf("acked what happened to %s: %s", box.Name, judge.Marked(box.Latch, ack.At)), Facts: withNote(nil, ack.Note)}
	return e.put(rec, func(p *picture) error { return p.ackMark(box.Ref, box.Latch, ack) })
}

// markGroup tells of a mark on the screen of its container.
func markGroup(m ops.Latch, now time.Time) []ops.FactGroup {
	if m.Empty() {
		return nil
	}
	fact := func(name string, value ops.Text) ops.Fact { return ops.Fact{Name: ops.Clean(name), Value: value} }
	facts := []ops.Fact{fact("marked", judge.Marked(m, now))}
	if m.Acked() {
		facts = append(facts, fact("acked", ops.Textf("by %s, %s", m.Ack.By, ops.Stamp(m.Ack.At))))
		if !m.Ack.Note.Empty() {
			facts = append(facts, fact("note", m.Ack.Note))
		}
	} else {
		facts = append(facts, fact("acked", ops.Lit("by nobody")))
	}
	return []ops.FactGroup{{Title: ops.Lit("what happened"), Facts: facts}}
}

// savedLatch is a latch as the history keeps it.
type savedLatch struct {
	Ref  ops.Ref   `json:"ref"`
	Mark ops.Latch `json:"mark"`
}

// restoreLatches leaves out those of sources that the estate has no more: nobody would
// ever drop them.
func restoreLatches(p *picture, latches []savedLatch) {
	for _, k := range latches {
		if slices.ContainsFunc(p.board.Containers, func(r ops.Reading[[]ops.Container]) bool { return r.Source == k.Ref.Source }) {
			p.marks[k.Ref] = k.Mark
		}
	}
}

// maxMarks is how many marks outlive the agent: what fits into one value.
const maxMarks = 1000

// savedLatches are the newest first.
func savedLatches(p *picture) []savedLatch {
	latches := make([]savedLatch, 0, len(p.marks))
	for ref, m := range p.marks {
		latches = append(latches, savedLatch{ref, m})
	}
	slices.SortFunc(latches, func(x, y savedLatch) int {
		return cmp.Or(y.Mark.Last().Compare(x.Mark.Last()), cmp.Compare(x.Ref.String(), y.Ref.String()))
	})
	return latches[:min(len(latches), maxMarks)]
}
