package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/tui"
)

// target is an estate of a host: where a console looks.
type target struct {
	host   string // over ssh; empty: this machine
	estate string // as --estate takes it; empty: what the machine has
}

func (p target) String() string {
	switch {
	case p.host == "":
		return p.estate
	case p.estate == "":
		return p.host
	}
	return p.estate + " on " + p.host
}

// sessions opens one console after another, each for the estate that the last was
// left for. The screen is gone in between, so that ssh can ask for a password. One
// that cannot be opened leads back to where one came from.
func (a *app) sessions(ctx context.Context, o tui.Options, localOnly bool) error {
	at := target{estate: a.given()}
	if len(a.on) > 0 {
		at = target{a.on[0], a.estate}
	}
	was := at
	for {
		left, err := a.session(ctx, o, at, localOnly)
		if err != nil && at != was && left.Failed {
			o.Notice = fmt.Sprintf("%s: %s", at, ops.AsError(err).What)
			at = was
			continue
		}
		if err != nil || left.To == nil {
			return err
		}
		was, at = at, a.targetOf(*left.To)
		o.Kept, o.Notice = left.Kept, ""
	}
}

// leaving is how a session ended.
type leaving struct {
	tui.Left
	Failed bool // it never began
}

func (a *app) session(ctx context.Context, o tui.Options, at target, localOnly bool) (leaving, error) {
	failed := leaving{Failed: true}
	w, err := a.endpointOf(at)
	if err != nil {
		return failed, err
	}
	defer w.close()
	c, stop, err := consoleFor(ctx, w, localOnly)
	if err != nil {
		return failed, err
	}
	defer stop()
	o.LastLooked = readLooked(w.looked())
	defer writeLooked(w.looked())
	o.Where = at.host
	r, far := w.(*remoteEndpoint)
	if far {
		r.screen()
	}
	switch {
	case a.gated:
		o.Hand = nil // who is behind a gate gets opsdeck and nothing else
	case far && o.Hand != nil:
		hand := o.Hand
		o.Hand = func(argv []string) tea.ExecCommand { return hand(r.shell(argv)) }
	}
	o.Estates = func(context.Context) []tui.Choice { return a.choices(r) }
	limited, done := context.WithCancel(ctx)
	defer done()
	if localOnly {
		go limitMemory(limited, agentMemory) // it has an engine in it
	} else {
		go limitMemory(limited, consoleMemory)
	}
	left, err := tui.Run(ctx, c, o, a.std.in, a.std.out)
	return leaving{Left: left}, err
}

// endpointOf is the way to a target.
func (a *app) endpointOf(at target) (endpoint, error) {
	one := *a
	one.estate, one.on = at.estate, nil
	if at.host != "" {
		return one.remoteTo(at.host, at.estate)
	}
	return one.endpoint()
}

// consoleFor returns the port of the console: an agent's, or an engine of our own.
// Ctrl-C gives up the wait for a far side.
func consoleFor(ctx context.Context, w endpoint, localOnly bool) (ops.Console, func(), error) {
	if localOnly {
		l, here := w.(*localEndpoint)
		if !here {
			return nil, nil, usagef("--local asks from this machine, --on from another")
		}
		return l.local(ctx)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	c, _, err := w.attach(ctx)
	if err != nil {
		return nil, nil, err
	}
	return reconnecting{c, w}, func() {}, nil
}

// choices are the estates that the console can change to: those known here, those
// that the host in sight told of, and the other hosts of --on.
func (a *app) choices(r *remoteEndpoint) []tui.Choice {
	var out []tui.Choice
	for _, k := range a.known() {
		out = append(out, tui.Choice{Name: k.name})
	}
	for _, host := range a.on {
		if r == nil || host != r.host {
			out = append(out, tui.Choice{Where: host})
			continue
		}
		for _, k := range r.there() {
			out = append(out, tui.Choice{Name: k.Name.String(), Where: host})
		}
	}
	return out
}

// targetOf is where a choice leads.
func (a *app) targetOf(c tui.Choice) target {
	if c.Where != "" {
		return target{c.Where, c.Name}
	}
	all := a.known()
	if i := slices.IndexFunc(all, func(k known) bool { return k.name == c.Name }); i >= 0 {
		return target{estate: all[i].given}
	}
	return target{estate: c.Name}
}
