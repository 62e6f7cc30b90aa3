package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"opsdeck/internal/bench/figures"
	"opsdeck/internal/bench/machine"
)

// How long things are left alone before and while they are measured.
const (
	settle     = 6 * time.Second
	idleTime   = time.Minute
	lonelyTime = 45 * time.Second
)

// daemons are the short names of what Docker consists of.
var daemons = []string{"dockerd", "containerd"} // the second is the shims', too

// idled is what a minute with nobody at the keys costs.
type idled struct {
	bytes, socket        float64 // to the terminal, and between console and agent
	seconds              int     // how many of them were calm
	console, agent       time.Duration
	docker               time.Duration
	consolePSS, agentPSS uint64
	polls                polls
	others               int // events of containers that are not ours, meanwhile
}

// polls is how often the sources were asked, in a minute.
type polls struct{ lists, inspects, stats, rules float64 }

func (w *watched) polls() polls {
	return polls{lists: w.docker.calls("GET /containers/json"), inspects: w.docker.calls("GET /containers/ID/json"),
		stats: w.docker.calls("GET /containers/ID/stats"), rules: w.prom.calls("GET /api/v1/rules")}
}

func (p polls) minus(before polls, over time.Duration) polls {
	m := over.Minutes()
	return polls{(p.lists - before.lists) / m, (p.inspects - before.inspects) / m, (p.stats - before.stats) / m, (p.rules - before.rules) / m}
}

// second is what was sent within one.
type second struct {
	from          time.Time
	bytes, socket int64
}

// seconds notes for a while what is sent in each second.
func (w *watched) seconds(ctx context.Context, while time.Duration) ([]second, error) {
	var all []second
	for end := time.Now().Add(while); time.Now().Before(end); {
		s := second{time.Now(), w.console.Bytes(), w.relay.bytes.Load()}
		if err := pause(ctx, time.Second); err != nil {
			return nil, err
		}
		s.bytes, s.socket = w.console.Bytes()-s.bytes, w.relay.bytes.Load()-s.socket
		all = append(all, s)
	}
	return all, nil
}

// How long after an event of somebody else's container the screen may still move
// because of it, and how many calm seconds are needed to speak of a minute.
const (
	stirred   = 4 * time.Second
	leastCalm = 15
)

// calm adds up the seconds in which nothing happened to other containers, and
// scales them to a minute: idle means that nothing happens.
func (d *idled) calm(all []second, others []time.Time) {
	d.others = len(others)
	for _, s := range all {
		if slices.ContainsFunc(others, func(e time.Time) bool {
			return e.After(s.from.Add(-stirred)) && e.Before(s.from.Add(time.Second))
		}) {
			continue
		}
		d.seconds++
		d.bytes += float64(s.bytes)
		d.socket += float64(s.socket)
	}
	if d.seconds > 0 {
		d.bytes *= 60 / float64(d.seconds)
		d.socket *= 60 / float64(d.seconds)
	}
}

// words says of which seconds a figure speaks.
func (d idled) words() string {
	if d.others == 0 {
		return ""
	}
	return fmt.Sprintf(" (from %d calm seconds; %d events of other containers)", d.seconds, d.others)
}

// measure leaves the console alone for a while and scales to a minute.
func (w *watched) measure(ctx context.Context, c *crowd, while time.Duration) (idled, error) {
	var d idled
	if err := pause(ctx, settle); err != nil {
		return d, err
	}
	console, err := machine.WatchPIDs(w.console.PID())
	if err != nil {
		return d, err
	}
	own, err := machine.WatchPIDs(w.pid)
	if err != nil {
		return d, err
	}
	ectx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := listen(ectx, c.cl)
	docker, asked := machine.Watch(daemons...), w.polls()
	seconds, err := w.seconds(ctx, while)
	if err != nil {
		return d, err
	}
	d.console = machine.PerMinute(console.Took())
	d.agent = machine.PerMinute(own.Took())
	d.docker = machine.PerMinute(docker.Took())
	d.polls = w.polls().minus(asked, while)
	d.calm(seconds, l.others())
	if d.polls.lists == 0 || d.polls.rules == 0 {
		return d, fmt.Errorf("the sources were not asked once in a minute: %+v", d.polls)
	}
	if d.consolePSS, err = machine.PSS(w.console.PID()); err != nil {
		return d, err
	}
	d.agentPSS, err = machine.PSS(w.pid)
	return d, err
}

// unwatched is the same time without a console, an agent, or anything else of
// ours that asks Docker.
type unwatched struct {
	empty, docker time.Duration // of a minute
}

// leaveAlone shows a full frame in the empty program and counts Docker's own cost
// for at least a while. Meanwhile anything may run that does not ask Docker.
func leaveAlone(ctx context.Context, g *stage, least time.Duration, meanwhile func()) (unwatched, error) {
	var u unwatched
	e, err := emptyBeside(g, full())
	if err != nil {
		return u, err
	}
	defer e.Close() //nolint:errcheck // the figures are taken by then
	if err := pause(ctx, settle/2); err != nil {
		return u, err
	}
	own, err := machine.WatchPIDs(e.PID())
	if err != nil {
		return u, err
	}
	docker := machine.Watch(daemons...)
	end := time.Now().Add(least)
	meanwhile()
	if err := pause(ctx, time.Until(end)); err != nil {
		return u, err
	}
	u.empty = machine.PerMinute(own.Took())
	u.docker = machine.PerMinute(docker.Took())
	return u, nil
}

// dockerWords says what the difference is made of. Docker works for others, too:
// where that varies by more than we cause, the difference says nothing.
func dockerWords(watched, not time.Duration) string {
	s := fmt.Sprintf(" (%s watched, %s not", figures.Seconds(watched), figures.Seconds(not))
	if watched < not {
		s += ": less than what others' use of it varies by"
	}
	return s + ")"
}

// addIdle writes both down.
func addIdle(t *figures.Table, d idled, err error, u unwatched, uerr error) {
	both := errors.Join(err, uerr)
	calm := err
	if calm == nil && d.seconds < leastCalm {
		calm = fmt.Errorf("only %d seconds were calm: %d events of other containers", d.seconds, d.others)
	}
	t.Add(figures.Row{What: "bytes to the terminal per idle minute, live figures every 10 s", Budget: "<= 5 kB", Limit: 5000,
		Value: d.bytes, Shown: fmt.Sprintf("%.0f%s", d.bytes, d.words())}, calm)
	t.Add(cost("own CPU per idle minute, console + agent", 0.8, d.console+d.agent, fmt.Sprintf(" (%s + %s)", figures.Seconds(d.console), figures.Seconds(d.agent))), err)
	t.Add(cost("CPU of the empty program per idle minute", 0, u.empty, ""), uerr)
	t.Add(cost("CPU caused in dockerd + containerd per idle minute", 1.3, max(0, d.docker-u.docker),
		dockerWords(d.docker, u.docker)), both)
	t.Add(memory("memory of the console (PSS)", 30, d.consolePSS), err)
	t.Add(memory("memory of the agent (PSS)", 30, d.agentPSS), err)
	t.Add(figures.Row{What: "bytes on the agent's socket per idle minute", Shown: fmt.Sprintf("%.0f%s", d.socket, d.words())}, calm)
	t.Add(figures.Row{What: "polls per idle minute", Shown: fmt.Sprintf("of Docker %.0f lists, %.0f inspects, %.0f statistics; of Prometheus' rules %.0f", d.polls.lists, d.polls.inspects, d.polls.stats, d.polls.rules)}, err)
}
