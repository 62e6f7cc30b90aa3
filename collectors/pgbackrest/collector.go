// Package pgbackrest reads what pgBackRest knows of one stanza: its repositories, the
// backups and the WAL in them, and whether it is at work.
//
// It has no API but its command line. Its exit code says next to nothing: `info` ends
// with 0 whatever is wrong, so what it printed is what counts.
package pgbackrest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"opsdeck/ops"
)

// Config says which stanza is read and how.
type Config struct {
	Plan     ops.BackupPlan
	Stanza   string
	Command  string // the program
	File     string // its configuration; empty: its default
	RunAs    string // the account that it runs as; empty: the agent's own
	Every    time.Duration
	Timeout  time.Duration
	Required bool
	Now      func() time.Time
	// Secrets are hidden in what pgBackRest says, whatever they look like; nil: none is known.
	Secrets func() ops.Secrets
	// Run runs a program to its end and hands what it prints to out as it comes. It
	// returns the head of its error output and its exit code: a program that ran and
	// failed is no error.
	Run func(ctx context.Context, argv []string, out io.Writer) (said []byte, code int, err error)
	// Holder tells whether a process has ended, and identifies it where it can be seen.
	Holder func(pid int) (p ops.Process, ended bool)
	// Flocked tells whether a process took a lock on a file that is not given back yet; nil: that
	// cannot be told.
	Flocked func(path string, pid int) (bool, error)
}

// Collector reads one stanza. Its methods may be called at the same time.
type Collector struct {
	cfg   Config
	repos []*repository

	asking  slot // for the version
	mu      sync.Mutex
	version ops.Text
	asked   time.Time
	// newest is what the last good look found.
	newest   ops.Backups
	newestAt time.Time
}

// New returns a collector.
func New(c Config) *Collector {
	col := &Collector{cfg: c, asking: make(slot, 1)}
	for _, p := range c.Plan.Repositories {
		col.repos = append(col.repos, &repository{col: col, plan: p, reading: make(slot, 1)})
	}
	return col
}

// Source names it as the estate does.
func (c *Collector) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: c.cfg.Plan.Name, Kind: ops.SourcePgBackRest, Every: c.cfg.Every, Timeout: c.cfg.Timeout, Required: c.cfg.Required}
}

// setsMost is how many backups are on the board.
const setsMost = 1000

// Collect asks every repository at the same time: a store that is away takes a minute
// to say so. It fails only where pgBackRest could not be asked for any.
func (c *Collector) Collect(ctx context.Context) (ops.Observation, error) {
	// A tenth is left to put the answers together.
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout-c.cfg.Timeout/10)
	defer cancel()
	views := make([]view, len(c.repos))
	var all sync.WaitGroup
	for i, r := range c.repos {
		all.Go(func() { views[i] = r.look(ctx) })
	}
	all.Go(func() { c.askVersion(ctx) })
	all.Wait()
	b := ops.Backups{
		Ref: ops.NewRef(ops.KindBackups, c.cfg.Plan.Name.String(), c.cfg.Plan.Name.String()), Engine: ops.EnginePgBackRest,
		Database: c.cfg.Plan.Database, Stanza: ops.Clean(c.cfg.Stanza),
		Told: ops.Lit("pgBackRest: pg1-path, and stanza-upgrade after an upgrade"),
	}
	var notes []ops.Text
	var failed error
	answered := false
	for _, v := range views {
		failed = cmp.Or(failed, v.err)
		answered = answered || v.err == nil
		v.repo.Remedy, v.repo.Free = remedy(v.repo), c.free(v.repo)
		b.Repositories = append(b.Repositories, v.repo)
		b.Left += v.left
		b.Held = b.Held || v.held
		if v.progress.Known {
			b.Progress = v.progress
		}
		if v.clusterID > b.Number {
			b.Cluster, b.Number = v.cluster, v.clusterID
		}
		notes = append(notes, v.notes...)
	}
	if !answered {
		return ops.Observation{}, failed
	}
	for _, v := range views {
		b.Sets = append(b.Sets, v.numbered(b.Cluster, b.Number)...)
	}
	b.Left += newestFirst(&b.Sets)
	c.lookAtLock(&b)
	c.promise(&b)
	c.mu.Lock()
	c.newest, c.newestAt = b, c.cfg.Now()
	c.mu.Unlock()
	return ops.Observation{Backups: &b, Version: c.knownVersion(), Notes: notes}, nil
}

// remedy says what to do about a repository that is away.
func remedy(r ops.Repository) ops.Text {
	switch {
	case r.Fault.Empty():
		return ops.Text{}
	case r.Empty: // it was looked into
		return ops.Lit("bring it back, or mount it; where there never was a stanza, look at its name, and run pgbackrest stanza-create")
	}
	return ops.Lit("bring it back; archive-push-queue-max would only drop WAL")
}

// newestFirst sorts backups, keeps as many as are on the board, and returns how many it
// left out.
func newestFirst(sets *[]ops.Backup) int {
	slices.SortFunc(*sets, func(a, b ops.Backup) int {
		return cmp.Or(b.Ended.Compare(a.Ended), cmp.Compare(b.Label.String(), a.Label.String()), cmp.Compare(a.Key, b.Key))
	})
	left := max(0, len(*sets)-setsMost)
	*sets = slices.Clip((*sets)[:len(*sets)-left])
	return left
}

// versionEvery is how often the program is asked what it is.
const versionEvery = time.Hour

// askVersion asks what the program is, now and then. Where it cannot be asked, the
// others tell why.
func (c *Collector) askVersion(ctx context.Context) {
	now := c.cfg.Now()
	c.mu.Lock()
	known := !c.version.Empty() && now.Sub(c.asked) < versionEvery
	c.mu.Unlock()
	if known {
		return
	}
	v, err := within(ctx, c.asking, func() (ops.Text, error) {
		out, err := c.words(ctx, append(c.program(), "version"))
		_, number, ok := strings.Cut(out, " ")
		if err == nil && !ok {
			err = fmt.Errorf("%q is no version", ops.Clean(out).String())
		}
		return ops.Clean(strings.TrimSpace(number)), err
	})
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.version, c.asked = v, now
	}
}

func (c *Collector) knownVersion() ops.Text {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version
}
