package pgbackrest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
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
		fault = ops.Clean(c.fault(t.message))
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

// Expire is the call that removes what retention does not hold of a repository.
func (c *Collector) Expire(key int) []string { return c.Argv(repoOption(key), "expire") }

// Expired asks what that would remove.
func (c *Collector) Expired(ctx context.Context, key int) (ops.Expiry, error) {
	argv := c.Argv("--dry-run", repoOption(key), "expire")
	said, code, err := c.Ask(ctx, argv)
	if err == nil && code != 0 {
		err = c.Why(argv, said, code)
	}
	if err != nil {
		return ops.Expiry{}, err
	}
	return ExpiryOf(said), nil
}

// What expire says, with and without --dry-run.
var (
	goesBackup = regexp.MustCompile(`repo\d+: remove expired backup (\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?)\s*$`)
	goesWAL    = regexp.MustCompile(`repo\d+: ([\d.]+-(\d{1,9})) remove archive, start = ([0-9A-F]{24}), stop = ([0-9A-F]{24})\s*$`)
)

// ExpiryOf is what an expire removes, or would, by what it said.
func ExpiryOf(said string) (d ops.Expiry) {
	for line := range strings.Lines(said) {
		if m := goesBackup.FindStringSubmatch(line); m != nil {
			d.Backups = append(d.Backups, ops.Clean(m[1]))
		} else if m := goesWAL.FindStringSubmatch(line); m != nil {
			cluster, _ := strconv.Atoi(m[2]) // the pattern takes numbers that fit
			d.WAL = append(d.WAL, ops.ExpiredWAL{Archive: ops.Clean(m[1]), Cluster: cluster, From: ops.Clean(m[3]), To: ops.Clean(m[4])})
		}
	}
	slices.SortFunc(d.Backups, func(a, b ops.Text) int { return strings.Compare(a.String(), b.String()) })
	return d
}

// Gone reports whether a repository holds the last of some WAL no more.
func (c *Collector) Gone(ctx context.Context, key int, w ops.ExpiredWAL) (bool, error) {
	there, err := c.Holds(ctx, key, w.To.String())
	return !there, err
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

// Locked is the plan with its lock as that stands now. A file that names a holder and is
// locked by nobody is left over, or its holder is in another container: then what info said
// last stays.
func (c *Collector) Locked(v ops.Backups) ops.Backups {
	dir, err := c.lockPath()
	if err != nil {
		return v
	}
	var now ops.Backups
	file, err := c.holder(dir, &now)
	if errors.Is(err, errNobody) {
		v.Held, v.Dead, v.Holder = false, false, ops.Process{}
	}
	if err != nil || c.cfg.Flocked == nil {
		return v
	}
	if locked, err := c.cfg.Flocked(file, now.Holder.PID); locked && err == nil {
		v.Held, v.Dead, v.Holder = true, now.Dead, now.Holder
	}
	return v
}

// Underway is who holds the lock, as far as that can be seen, and how far the backup is:
// its share alone, of what is an estimate.
func (c *Collector) Underway() (holder ops.Process, done ops.Copied) {
	var b ops.Backups
	if dir, err := c.lockPath(); err == nil {
		_, _ = c.holder(dir, &b) // nobody is named then
	}
	return b.Holder, ops.Copied{Part: b.Progress}
}

// Name is what people call it.
func (c *Collector) Name() ops.Text { return ops.Lit("pgBackRest") }

// Types are those of the backups that it makes.
func (c *Collector) Types() []ops.BackupType {
	return []ops.BackupType{ops.BackupFull, ops.BackupDifferential, ops.BackupIncremental}
}

// Params are none: its configuration has the rest.
func (c *Collector) Params() []ops.ParamInfo { return nil }

// Keeps is how many full backups retention leaves in a repository after a new one; 0: it
// does not count them. Error: the configuration cannot be read.
func (c *Collector) Keeps(key int) (int, error) {
	set, err := c.settings()
	if err != nil || set.of(fmt.Sprintf("repo%d-retention-full-type", key), "expire") == "time" {
		return 0, err
	}
	n, _ := strconv.Atoi(set.of(fmt.Sprintf("repo%d-retention-full", key), "expire")) // none is set then
	return max(0, n), nil
}

// Backup is the call that makes a backup in a repository.
func (c *Collector) Backup(_ context.Context, _ ops.Request, key int, t ops.BackupType) ([]string, []ops.Text, error) {
	return c.Argv(repoOption(key), "--type="+t.String(), "backup"), nil, nil
}

// Verify is the call that reads all of a repository.
func (c *Collector) Verify(key int) []string {
	return c.Argv(repoOption(key), "--output=text", "--verbose", "verify")
}

// Switch is the call that stops or starts it.
func (c *Collector) Switch(word string) []string { return c.Argv(word) }

func repoOption(key int) string { return fmt.Sprintf("--repo=%d", key) }

// Tried learns whether it is stopped from a call that would change nothing, and that a stop
// refuses: the folder of the stop files is not ours to read.
func (c *Collector) Tried(ctx context.Context) (bool, error) {
	_, code, err := c.Ask(ctx, c.Argv("--dry-run", repoOption(c.cfg.Plan.Repositories[0].Key), "expire"))
	if err == nil && code != 0 && code != errorStopped {
		err = fmt.Errorf("exit code %d", code)
	}
	return code == errorStopped, err
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
