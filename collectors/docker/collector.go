package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// Config says which daemon is read and how.
type Config struct {
	Name     string        // the source's name in the estate
	Host     string        // unix:///path or tcp://host:port, for words only: the client is made by Dial
	Every    time.Duration // the reconciling list
	Timeout  time.Duration // of one collection
	Required bool
	Expected []ops.Expected // the containers that ought to run on this daemon
	Now      func() time.Time
	// Measured gives the figures that somebody else measures anyway, by container
	// name; nil: nobody does. What it does not know the daemon is asked for.
	Measured func(ctx context.Context, names []string) (map[string]ops.ContainerStats, error)
	Own      Own    // which containers are the estate's own
	Clock    *Clock // the daemon's, which its client was dialled with; nil: it is right
}

// Collector reads one daemon. Its methods may be called at the same time.
type Collector struct {
	cfg Config
	api API

	collecting sync.Mutex // one collection at a time; never taken while mu is held

	mu      sync.Mutex // guards what follows; held for moments, never over a call
	known   map[string]inspected
	touched map[string]bool // ids an event spoke of since their last inspect
	deaths  *deathBook
	states  stateBook
	stream  streamState
	samples map[string]sample
	// followed are closed when a run of the name begins or ends.
	followed map[string]chan struct{}
	version  ops.Text
	asked    time.Time // when version was asked for last
}

// New returns a collector for the daemon behind cl.
func New(c Config, cl API) *Collector {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Collector{
		cfg: c, api: cl,
		known:    map[string]inspected{},
		touched:  map[string]bool{},
		deaths:   newDeathBook(),
		states:   newStateBook(),
		samples:  map[string]sample{},
		followed: map[string]chan struct{}{},
	}
}

// Source names the daemon as the estate does.
func (c *Collector) Source() ops.SourceInfo {
	return ops.SourceInfo{
		Name: ops.Clean(c.cfg.Name), Kind: ops.SourceDocker,
		Every: c.cfg.Every, Timeout: c.cfg.Timeout, Required: c.cfg.Required,
	}
}

// Collect lists the containers, and inspects those of which the list does not
// tell enough.
func (c *Collector) Collect(ctx context.Context) (ops.Observation, error) {
	c.collecting.Lock()
	defer c.collecting.Unlock()
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	list, err := c.api.ContainerList(ctx, client.ContainerListOptions{All: true})
	if err != nil {
		return ops.Observation{}, c.explain("list containers", err)
	}
	details, notes, err := c.details(ctx, list.Items)
	if err != nil {
		return ops.Observation{}, err
	}
	rows := c.rows(list.Items, details)
	return ops.Observation{
		Containers: &rows,
		Version:    c.daemonVersion(ctx),
		Notes:      slices.Concat(notes, c.clockNotes(), c.streamNotes()),
	}, nil
}

// clockNotes tells of a daemon whose clock is not ours.
func (c *Collector) clockNotes() []ops.Text {
	if words := c.cfg.Clock.words(); words != "" {
		return []ops.Text{ops.Textf("%s: its times are read by ours", words)}
	}
	return nil
}

func (c *Collector) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.cfg.Timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, c.cfg.Timeout)
}

// rows puts list, details, deaths and expectation together, sorted by name.
func (c *Collector) rows(items []container.Summary, details map[string]inspected) []ops.Container {
	found, absent := c.named(items)
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.cfg.Now()
	rows := make([]ops.Container, 0, len(items)+len(absent))
	for i := range items {
		s := &items[i]
		d, ok := details[s.ID]
		if ok && d.gone {
			continue
		}
		row := fromList(c.cfg.Name, s)
		row.Created = c.cfg.Clock.ours(row.Created)
		if ok {
			d.addTo(&row)
		}
		if clash, ok := parseClash(row.Fault.String()); ok && row.State != ops.ContainerRunning {
			row.Holder = ops.Clean(holderAmong(items, s.ID, clash))
		}
		e, expected := found[s.ID]
		row.Expected, row.Duty = expected, e.Duty
		row.Foreign = !expected && !c.cfg.Own.has(nameOf(s), s.Labels)
		row.ExitEvents, row.OOMKills = c.deaths.of(row.Name.String(), now), c.deaths.outlived(s.ID, now)
		rows = append(rows, row)
	}
	for _, e := range absent {
		rows = append(rows, ops.Container{
			Ref: ops.NewRef(ops.KindContainer, c.cfg.Name, e.Name.String()), Name: e.Name,
			State: ops.ContainerMissing, Expected: true, Duty: e.Duty, ExitEvents: c.deaths.of(e.Name.String(), now),
		})
	}
	c.states.date(rows, now)
	slices.SortFunc(rows, func(a, b ops.Container) int {
		return cmp.Or(cmp.Compare(a.Name.String(), b.Name.String()), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return rows
}

// versionEvery is how often the daemon is asked for its version: it changes
// with an upgrade only.
const versionEvery = 10 * time.Minute

// daemonVersion returns the version, asked for at its own slow pace. That it
// cannot be had is no reason to throw the list away.
func (c *Collector) daemonVersion(ctx context.Context) ops.Text {
	now := c.cfg.Now()
	c.mu.Lock()
	version, due := c.version, now.Sub(c.asked) >= versionEvery
	c.mu.Unlock()
	if !due {
		return version
	}
	v, err := c.api.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return version
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version, c.asked = ops.Clean(fmt.Sprintf("%s (API %s)", v.Version, v.APIVersion)), now
	return c.version
}
