package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// URL is the address of the first peer, without userinfo: what amtool is given.
func (c *Collector) URL() ops.Text { return ops.Clean(c.peers[0].base.String()) }

// Silences asks every peer for its silences, expired ones too, and puts them
// together. It fails only when no peer answers.
func (c *Collector) Silences(ctx context.Context) ([]ops.Silence, error) {
	_, all, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]ops.Silence, 0, len(all))
	for _, s := range all {
		out = append(out, c.owned(s))
	}
	return out, nil
}

// Alerts asks every peer for its alerts and puts them together. It fails only when
// no peer answers.
func (c *Collector) Alerts(ctx context.Context) ([]ops.AlertmanagerAlert, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	views := each(c.peers, func(p *peer) view {
		v := view{peer: p}
		v.alerts, v.err = p.alerts(ctx, &v)
		return v
	})
	good := answered(views)
	if len(good) == 0 {
		return nil, c.silent(views)
	}
	return unionAlerts(good, ops.Clean(c.cfg.Name)), nil
}

// list asks every peer for its silences. It returns the views of those that
// answered.
func (c *Collector) list(ctx context.Context) ([]view, []seenSilence, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	views := each(c.peers, func(p *peer) view {
		v := view{peer: p}
		v.silences, v.err = p.silences(ctx, &v)
		p.mu.Lock()
		defer p.mu.Unlock()
		v.clock = p.clock
		return v
	})
	good := answered(views)
	if len(good) == 0 {
		return nil, nil, ops.Errorf(ops.CodeUnavailable, "the silences cannot be listed, nothing was done: %v", c.silent(views))
	}
	all, _ := unionSilences(good)
	return good, all, nil
}

// Expire ends a silence now. It returns what there is to say besides, in words.
func (c *Collector) Expire(ctx context.Context, id ops.Text) ([]ops.Text, error) {
	good, all, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(s seenSilence) bool { return s.Ref.ID == id })
	switch {
	case i < 0:
		return nil, ops.Errorf(ops.CodeNotFound, "there is no silence %s", id).Help("Alertmanager forgets expired ones after some days")
	case all[i].State == ops.SilenceExpired:
		return []ops.Text{ops.Lit("it had expired before")}, nil
	}
	expired := func(s seenSilence) bool { return s.Ref.ID == id && s.State == ops.SilenceExpired }
	r, by, err := c.send(ctx, good, func(*peer) (call, error) {
		return call{method: http.MethodDelete, path: "silence/" + id.String()}, nil
	})
	doubt := err != nil || doubtful(r)
	switch {
	case err != nil && !r.sent:
		return nil, err
	case !doubt && r.status != http.StatusOK && strings.Contains(r.words(), "not found"): // 500 on 0.25, 404 later
		return nil, ops.Errorf(ops.CodeNotFound, "%s has no silence %s", by.name, id)
	case !doubt && r.status != http.StatusOK:
		return nil, by.refusal("silence/"+id.String(), r)
	}
	switch _, notes, ok := c.find(ctx, expired); {
	case !ok:
		return nil, c.unseen("to expire silence "+id.String(), r, err)
	case doubt:
		return append(notes, ops.Lit("the answer was lost; the list shows that it has expired")), nil
	}
	return c.confirm(ctx, id, by, func(s seenSilence) bool { return s.State == ops.SilenceExpired }), nil
}

// send makes one call at the first of the peers that takes it. It goes on to the
// next only where not a byte has left this process.
func (c *Collector) send(ctx context.Context, good []view, write func(*peer) (call, error)) (reply, *peer, error) {
	var last error
	for _, v := range good {
		made, err := write(v.peer)
		if err != nil {
			return reply{}, v.peer, err
		}
		bounded, cancel := c.bounded(ctx)
		r, err := v.peer.do(bounded, made)
		cancel()
		if err == nil || r.sent {
			return r, v.peer, err
		}
		if ctx.Err() != nil {
			return r, v.peer, fmt.Errorf("nothing was done: %w", ctx.Err())
		}
		last = err
	}
	return reply{}, nil, ops.Errorf(ops.CodeUnavailable, "nothing was done, no peer can be reached: %v", last)
}

// doubtful reports whether an answer may come from something in between that has
// lost the server's own: the call may have taken effect.
func doubtful(r reply) bool {
	return slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, r.status)
}

// unseen is the error of a call that went out and whose effect is not to be seen:
// its answer did not come, or came from something that knows nothing of it.
func (c *Collector) unseen(what string, r reply, err error) error {
	cause := fmt.Sprintf("%d %s", r.status, http.StatusText(r.status))
	if err == nil && !doubtful(r) {
		return ops.Errorf(ops.CodeUnanswered, "the call %s was answered with %s, and the list does not show it", what, cause).
			Help("does something else answer there? amtool silence query --alertmanager.url=%s shows where it stands", c.URL())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		cause = "no answer in time"
	case errors.Is(err, context.Canceled):
		cause = "canceled while the server was at it"
	case err != nil:
		cause = err.Error()
	}
	return ops.Errorf(ops.CodeUnanswered, "the call %s went out and its answer did not come (%s); the list does not show it", what, cause).
		Help("see where it stands before trying again: amtool silence query --alertmanager.url=%s", c.URL())
}

// find looks, again and again for a while, for a silence as a call was to make it: an
// answer alone is no proof. It goes on when the caller was canceled: what was done has to be known.
func (c *Collector) find(ctx context.Context, is func(seenSilence) bool) (seenSilence, []ops.Text, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.lookMost)
	defer cancel()
	for {
		if good, all, err := c.list(ctx); err == nil {
			if i := slices.IndexFunc(all, is); i >= 0 {
				return all[i], c.missing(good), true
			}
		}
		if !wait(ctx, c.lookEvery) {
			return seenSilence{}, nil, false
		}
	}
}

// missing names the peers that did not answer.
func (c *Collector) missing(good []view) []ops.Text {
	var out []ops.Text
	for _, p := range c.peers {
		if !slices.ContainsFunc(good, func(v view) bool { return v.peer == p }) {
			out = append(out, ops.Textf("peer %s does not answer: whether it knows of it is not known", p.name))
		}
	}
	return out
}

// confirm looks whether a change has reached the other peers, and names those
// that do not show it.
func (c *Collector) confirm(ctx context.Context, id ops.Text, by *peer, is func(seenSilence) bool) []ops.Text {
	ctx, cancel := context.WithTimeout(ctx, c.confirmFor)
	defer cancel()
	notes := each(c.peers, func(p *peer) ops.Text {
		if p == by {
			return ops.Text{}
		}
		for {
			s, err := p.silence(ctx, id)
			if err == nil && is(s) {
				return ops.Text{}
			}
			if !wait(ctx, c.lookEvery) {
				if err == nil || ops.CodeOf(err) == ops.CodeNotFound {
					return ops.Textf("peer %s does not show it after %s: it may still page", p.name, c.confirmFor)
				}
				return ops.Textf("peer %s cannot be asked whether it knows of it", p.name)
			}
		}
	})
	return slices.DeleteFunc(notes, ops.Text.Empty)
}

// silence asks one peer for one silence.
func (p *peer) silence(ctx context.Context, id ops.Text) (seenSilence, error) {
	var answer silenceAnswer
	err := p.decode(ctx, "silence/"+id.String(), new(view), &answer)
	switch {
	case ops.CodeOf(err) == ops.CodeNotFound:
		return seenSilence{}, ops.Errorf(ops.CodeNotFound, "%s has no silence %s", p.name, id)
	case err != nil:
		return seenSilence{}, err
	}
	return silenceOf(&answer), nil
}

// wait waits, and reports whether there is time left.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// madeID reads the answer to a POST.
func madeID(r reply) (ops.Text, bool) {
	var o struct {
		ID string `json:"silenceID"`
	}
	if json.Unmarshal(r.body, &o) != nil || o.ID == "" {
		return ops.Text{}, false
	}
	return ops.Clean(o.ID), true
}
