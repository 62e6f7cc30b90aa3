package pgbackrest

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// What actions ask besides, outside of the polls.

// Look asks what backups a repository holds now, newest first, and what is wrong with it.
func (c *Collector) Look(ctx context.Context, key int) (sets []ops.Backup, fault ops.Text, err error) {
	i := slices.IndexFunc(c.repos, func(r *repository) bool { return r.plan.Key == key })
	if i < 0 {
		return nil, ops.Text{}, ops.Errorf(ops.CodeNotFound, "the plan has no repository %d", key)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	t, err := within(ctx, make(slot, 1), func() (told, error) { return c.repos[i].info(ctx) })
	if err != nil {
		return nil, ops.Text{}, err
	}
	if t.code != statusOK && t.code != statusNoBackup {
		fault = ops.Clean(faultOf(t.message))
	}
	return t.sets, fault, nil
}

// Holds reports whether a repository holds a segment of WAL of the newest cluster now.
func (c *Collector) Holds(ctx context.Context, key int, segment string) (bool, error) {
	i := slices.IndexFunc(c.repos, func(r *repository) bool { return r.plan.Key == key })
	if i < 0 || len(segment) != 24 {
		return false, ops.Errorf(ops.CodeNotFound, "the plan has no repository %d, or %q is no segment", key, ops.Clean(segment))
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	return within(ctx, make(slot, 1), func() (there bool, err error) {
		t, err := c.repos[i].info(ctx)
		if err != nil {
			return false, err
		}
		folder := path.Join("archive", c.cfg.Stanza, t.archive, segment[:16])
		err = c.json(ctx, c.command(key, "--output=json", "repo-ls", folder), listMost, func(in *httpsource.Stream) error {
			return in.Object(func(name string) error {
				there = there || strings.HasPrefix(name, segment+"-")
				return in.Decode(new(json.RawMessage))
			})
		})
		return there, err
	})
}

// Ask makes a call that changes nothing, and returns what it printed and its exit code.
func (c *Collector) Ask(ctx context.Context, argv []string) (out string, code int, err error) {
	type answer struct {
		out  string
		code int
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	a, err := within(ctx, make(slot, 1), func() (answer, error) {
		var b head
		said, code, err := c.cfg.Run(ctx, argv, &b)
		return answer{b.kept.String() + string(said), code}, err
	})
	return a.out, a.code, err
}

// Stopped reports whether pgBackRest was told to do nothing. Error: that cannot be seen.
func (c *Collector) Stopped() (bool, error) {
	dir, err := c.lockPath()
	if err != nil {
		return false, err
	}
	return stopped(dir, c.cfg.Stanza)
}

// Underway is who holds the lock, as far as that can be seen, and how far the backup is,
// from 0 to 1.
func (c *Collector) Underway() (holder ops.Process, done ops.Value) {
	var b ops.Backups
	if dir, err := c.lockPath(); err == nil {
		_ = c.holder(dir, &b) // nobody is named then
	}
	return b.Holder, b.Progress
}

// Why is the error of a call that ended with a code, from what it said.
func (c *Collector) Why(argv []string, said string, code int) error {
	return c.outcome(argv, said, code, nil)
}

// head keeps the beginning of what is written to it.
type head struct{ kept bytes.Buffer }

// Write never fails: who talks much is not ended for it.
func (h *head) Write(p []byte) (int, error) {
	h.kept.Write(p[:min(len(p), max(0, wordsMost-h.kept.Len()))])
	return len(p), nil
}
