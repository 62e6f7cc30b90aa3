package alertmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// sameEnd is what the ends of two silences may differ and still be the same wish.
const sameEnd = time.Minute

// silenceBody is what a POST sends.
type silenceBody struct {
	Matchers  []matcherBody `json:"matchers"`
	StartsAt  time.Time     `json:"startsAt"`
	EndsAt    time.Time     `json:"endsAt"`
	CreatedBy string        `json:"createdBy"`
	Comment   string        `json:"comment"`
}

type matcherBody struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

// Post makes a silence and returns its id, and what there is to say besides in
// words. Of s it takes Matchers, By, Comment, Starts (zero: now) and Ends, both by
// our clock; they are shifted to the server's where the two differ.
//
// A POST is not idempotent: three equal ones make three silences. So an equal one
// that is there already is taken instead, and whatever was answered the list is
// asked, never the POST repeated. An error of CodeUnanswered means that the
// silence may have been made and no peer shows it.
func (c *Collector) Post(ctx context.Context, s ops.Silence) (ops.Text, []ops.Text, error) {
	c.posting.Lock()
	defer c.posting.Unlock()
	good, all, err := c.list(ctx)
	if err != nil {
		return ops.Text{}, nil, err
	}
	same := func(o seenSilence) bool { return c.equal(s, o, good[0].clock) }
	if i := slices.IndexFunc(all, same); i >= 0 {
		return all[i].Ref.ID, []ops.Text{ops.Lit("an equal silence was there already: it is taken")}, nil
	}
	r, by, err := c.send(ctx, good, func(p *peer) (call, error) {
		body, err := json.Marshal(c.body(s, p))
		return call{method: http.MethodPost, path: "silences", body: body}, err
	})
	return c.posted(ctx, "to make the silence", same, r, by, err)
}

// posted looks what came of a POST.
func (c *Collector) posted(ctx context.Context, what string, same func(seenSilence) bool, r reply, by *peer, err error) (ops.Text, []ops.Text, error) {
	if err != nil && !r.sent {
		return ops.Text{}, nil, err
	}
	doubt := err != nil || doubtful(r)
	if !doubt && r.status != http.StatusOK {
		return ops.Text{}, nil, by.refusal("silences", r)
	}
	id, told := madeID(r)
	told = told && !doubt
	switch found, notes, ok := c.find(ctx, func(o seenSilence) bool { return same(o) && (!told || o.Ref.ID == id) }); {
	case !ok:
		return ops.Text{}, nil, c.unseen(what, r, err)
	case !told:
		return found.Ref.ID, append(notes, ops.Lit("the answer was lost; the list shows that it was made")), nil
	}
	return id, c.confirm(ctx, id, by, func(o seenSilence) bool { return o.State != ops.SilenceExpired && same(o) }), nil
}

// body writes a silence for one peer, by that peer's clock. A start that is not
// in the future goes out a minute early: Alertmanager takes it for now, where a
// start just ahead of its clock would leave the silence pending.
func (c *Collector) body(s ops.Silence, p *peer) silenceBody {
	p.mu.Lock()
	ahead := p.clock.Shift()
	p.mu.Unlock()
	starts := s.Starts
	if now := c.cfg.Now(); !starts.After(now) {
		starts = now.Add(-time.Minute)
	}
	b := silenceBody{StartsAt: starts.Add(ahead).UTC(), EndsAt: s.Ends.Add(ahead).UTC(),
		CreatedBy: s.By.String(), Comment: s.Comment.String()}
	for _, m := range s.Matchers {
		b.Matchers = append(b.Matchers, matcherBody{Name: m.Name.String(), Value: m.Value.String(),
			IsRegex: m.Op == ops.MatchRegexp || m.Op == ops.MatchNotRegexp,
			IsEqual: m.Op == ops.MatchEqual || m.Op == ops.MatchRegexp})
	}
	return b
}

// equal reports whether o is what posting s would make.
func (c *Collector) equal(s ops.Silence, o seenSilence, clock httpsource.Clock) bool {
	if o.State != ops.SilenceActive && o.State != ops.SilencePending {
		return false
	}
	if s.By != o.By || s.Comment != o.Comment || !sameMatchers(s.Matchers, o.Matchers) {
		return false
	}
	now := c.cfg.Now()
	starts := true
	if s.Starts.After(now) {
		starts = o.Starts.Sub(s.Starts.Add(clock.Shift())).Abs() <= sameEnd
	} else {
		starts = o.State == ops.SilenceActive || o.Starts.Sub(now.Add(clock.Shift())) <= httpsource.ClockMost
	}
	return starts && o.Ends.Sub(s.Ends.Add(clock.Shift())).Abs() <= sameEnd
}

func sameMatchers(a, b []ops.Matcher) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(m ops.Matcher) bool { return !slices.Contains(b, m) })
}

// Extend moves the end of a silence that has not expired, and returns its id,
// which is another one where the server could not change it in place. What the
// silence is goes back as the server wrote it, with fields we do not know: made
// from cleaned text it would be another silence.
func (c *Collector) Extend(ctx context.Context, id ops.Text, ends time.Time) (ops.Text, []ops.Text, error) {
	c.posting.Lock()
	defer c.posting.Unlock()
	good, all, err := c.list(ctx)
	if err != nil {
		return ops.Text{}, nil, err
	}
	i := slices.IndexFunc(all, func(s seenSilence) bool { return s.Ref.ID == id })
	switch {
	case i < 0:
		return ops.Text{}, nil, ops.Errorf(ops.CodeNotFound, "there is no silence %s", id)
	case all[i].State == ops.SilenceExpired:
		return ops.Text{}, nil, ops.Errorf(ops.CodeChanged, "silence %s has expired", id).Help("make a new one")
	}
	was := all[i].Silence
	same := func(o seenSilence) bool {
		return o.State != ops.SilenceExpired && o.By == was.By && o.Comment == was.Comment &&
			sameMatchers(was.Matchers, o.Matchers) && o.Ends.Sub(ends).Abs() < time.Second
	}
	if same(all[i]) {
		return id, []ops.Text{ops.Lit("it ends then already")}, nil
	}
	holders := slices.DeleteFunc(good, func(v view) bool {
		return !slices.ContainsFunc(v.silences, func(s seenSilence) bool { return s.Ref.ID == id })
	})
	r, by, err := c.send(ctx, holders, func(p *peer) (call, error) { return p.extension(ctx, id, ends) })
	return c.posted(ctx, "to extend silence "+id.String(), same, r, by, err)
}

// extension writes the POST that moves a silence's end.
func (p *peer) extension(ctx context.Context, id ops.Text, ends time.Time) (call, error) {
	path := "silence/" + id.String()
	r, err := p.ask(ctx, path, nil)
	if err != nil {
		return call{}, ops.Errorf(ops.CodeUnavailable, "nothing was done, silence %s cannot be read: %v", id, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(r.body, &fields); err != nil {
		return call{}, fmt.Errorf("read silence %s: %w", id, err)
	}
	delete(fields, "status")
	delete(fields, "updatedAt")
	if fields["endsAt"], err = json.Marshal(ends.UTC()); err != nil {
		return call{}, fmt.Errorf("write the end of silence %s: %w", id, err)
	}
	body, err := json.Marshal(fields)
	return call{method: http.MethodPost, path: "silences", body: body}, err
}
