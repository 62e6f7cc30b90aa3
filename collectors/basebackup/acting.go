package basebackup

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// What actions ask besides, outside of the polls. The work is done by our own program, as
// the child of a job, so that it does not end with the agent.

// Name is what people call it.
func (c *Collector) Name() ops.Text { return ops.Lit("pg_basebackup") }

// Types are full backups alone.
func (c *Collector) Types() []ops.BackupType { return []ops.BackupType{ops.BackupFull} }

// The words of the parameter checkpoint.
const (
	checkpointFast   = "fast"
	checkpointSpread = "spread"
)

// Params are what it may be told of a backup.
func (c *Collector) Params() []ops.ParamInfo {
	return []ops.ParamInfo{{Name: ops.Lit("checkpoint"), What: ops.Lit("fast, or spread: no burst of writes on the server, and a start some minutes later"), Default: ops.Clean(checkpointFast)}}
}

// argv is a call of our own program about the folder.
func (c *Collector) argv(word string, more ...string) []string {
	return append([]string{c.cfg.Self, basebackup.Command, word, "--folder=" + c.cfg.Folder}, more...)
}

// Backup is the call that makes a backup. It asks the server whether it can be made.
func (c *Collector) Backup(ctx context.Context, req ops.Request, _ int, t ops.BackupType) ([]string, []ops.Text, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	checkpoint := req.Value("checkpoint", checkpointFast)
	if checkpoint != checkpointFast && checkpoint != checkpointSpread {
		return nil, nil, ops.Errorf(ops.CodeInvalid, "there is no checkpoint %q", ops.Clean(checkpoint)).Help("write %s or %s", checkpointFast, checkpointSpread)
	}
	o, server, err := c.order(ctx)
	if err != nil {
		return nil, nil, err
	}
	o.Spread, o.Tablespaces = checkpoint == checkpointSpread, server.Tablespaces
	more := []string{"--type=" + t.String(), "--programs=" + o.Programs, "--connection=" + o.Connection}
	if o.Spread {
		more = append(more, "--spread")
	}
	for _, oid := range slices.Sorted(maps.Keys(o.Tablespaces)) {
		more = append(more, "--tablespace="+oid+":"+o.Tablespaces[oid])
	}
	note := ops.Textf("it calls %s, then pg_verifybackup, and gives the backup its name when all of it is on the disk", strings.Join(o.Argv(string(c.repo.Backup("LABEL"))), " "))
	return c.argv("make", more...), []ops.Text{note}, nil
}

// order is how the server is copied now, by programs that are not older than it is.
func (c *Collector) order(ctx context.Context) (o basebackup.Order, s basebackup.Server, err error) {
	if o.Programs, err = basebackup.Programs(c.cfg.Programs); err != nil {
		return o, s, err
	}
	if o.Connection, err = c.cfg.Connection(); err != nil {
		return o, s, err
	}
	if s, err = c.cfg.Server(ctx); err != nil {
		return o, s, err
	}
	major, err := basebackup.Major(ctx, o.Programs)
	if err == nil && major < s.Version/10000 {
		err = ops.Errorf(ops.CodeInvalid, "the programs in %s are of PostgreSQL %d, and the server is %d: older ones cannot copy it", o.Programs, major, s.Version/10000).
			Help("install the client programs of PostgreSQL %d, or name their folder: the plan's programs", s.Version/10000)
	}
	return o, s, err
}

// Ready says by what the server can be copied, or why it cannot.
func (c *Collector) Ready(ctx context.Context) (string, error) {
	o, s, err := c.order(ctx)
	return fmt.Sprintf("the programs in %s may copy cluster %s, PostgreSQL %d", o.Programs, s.Cluster, s.Version/10000), err
}

// Verify is the call that reads all backups. Where the programs are is looked for by it,
// where that cannot be told now.
func (c *Collector) Verify(int) []string {
	programs, _ := basebackup.Programs(c.cfg.Programs)
	return c.argv("verify", "--programs="+programs)
}

// Expire is the call that removes what retention does not hold.
func (c *Collector) Expire(int) []string {
	return c.argv("prune", fmt.Sprintf("--keep=%d", c.cfg.Keep.Backups), fmt.Sprintf("--age=%ds", int64(c.cfg.Keep.Age.Seconds())))
}

// Expired looks what that would remove.
func (c *Collector) Expired(context.Context, int) (d ops.Expiry, err error) {
	if c.cfg.Keep == (basebackup.Retention{}) {
		return d, ops.Errorf(ops.CodeInvalid, "the plan keeps everything").Help("say in the estate what it keeps: retention")
	}
	c.turn.Lock()
	defer c.turn.Unlock()
	sets, unread, err := c.read()
	if err != nil {
		return d, err
	}
	if labels, _, err := c.repo.Labels(); err != nil || len(labels) != len(sets) {
		return d, ops.Errorf(ops.CodeUnavailable, "nothing is removed while it is not known which WAL is needed: %v", unread).Help("look at it; where it is of no use, remove its folder")
	}
	held, rest := c.cfg.Keep.Split(sets, c.cfg.Now())
	for _, s := range slices.Backward(rest) {
		d.Backups = append(d.Backups, ops.Clean(s.Label))
	}
	needless, err := c.repo.Needless(held)
	numbers := numbered(sets)
	for _, w := range needless {
		d.WAL = append(d.WAL, rangesOf(w, numbers[w.Cluster])...)
	}
	return d, err
}

// rangesOf are the files of WAL that go, by their timelines.
func rangesOf(w basebackup.Needless, number int) (all []ops.ExpiredWAL) {
	names := map[string][]string{}
	for _, path := range w.Files {
		name := filepath.Base(path)
		names[name[:8]] = append(names[name[:8]], name)
	}
	for _, timeline := range slices.Sorted(maps.Keys(names)) {
		of := names[timeline]
		all = append(all, ops.ExpiredWAL{Archive: ops.Clean(w.Cluster), Cluster: number, From: ops.Clean(slices.Min(of)), To: ops.Clean(slices.Max(of))})
	}
	return all
}

// Gone reports whether the last of some WAL is there no more.
func (c *Collector) Gone(_ context.Context, _ int, w ops.ExpiredWAL) (bool, error) {
	lives, err := c.repo.Lives(w.Archive.String())
	for _, life := range lives {
		if _, found := os.Lstat(filepath.Join(c.repo.Life(w.Archive.String(), life), w.To.String())); found == nil {
			return false, err
		}
	}
	return true, err
}

// Switch is the call that stops or starts.
func (c *Collector) Switch(word string) []string { return c.argv(word) }

// Stopped reports whether nothing shall be received or backed up.
func (c *Collector) Stopped() (bool, error) { return c.repo.Stopped() }

// Tried looks again: there is no other way to see it.
func (c *Collector) Tried(context.Context) (bool, error) { return c.repo.Stopped() }

// Locked is the plan with its lock as that stands now.
func (c *Collector) Locked(v ops.Backups) ops.Backups {
	held, by, done, err := c.repo.Held()
	if err == nil { // else what was known stays
		v.Held, v.Holder, v.Progress, v.Total = held, ops.Process{PID: by}, done.Part, done.Total
	}
	return v
}

// Underway is who is at work, and how far that is.
func (c *Collector) Underway() (holder ops.Process, done ops.Copied) {
	_, by, done, _ := c.repo.Held() // nobody is named where that cannot be seen
	return ops.Process{PID: by}, done
}

// Why is the error of a call that ended with a code, from what it said.
func (c *Collector) Why(_ []string, said string, _ int) error {
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return ops.Errorf(ops.CodeUnavailable, "%s", ops.MaskSecrets(strings.TrimPrefix(first, "ERROR: "))).Help("read its output")
}

// Cause is what an exit code means, and what to do.
func (c *Collector) Cause(code int) (what, remedy string) {
	cause := map[int][2]string{
		basebackup.ExitAway:    {"a file or folder is missing", "make the plan's folder, or mount it"},
		basebackup.ExitServer:  {"the server does not let pg_basebackup in, or is gone", "start it, or let the login replicate: ALTER ROLE ... REPLICATION, and a line for the database replication in pg_hba.conf"},
		basebackup.ExitVersion: {"the programs are older than the server", "install the client programs of the server's version"},
		basebackup.ExitStopped: {"it is stopped", "start it first: backup.start"},
		basebackup.ExitSignal:  {"a signal ended it", "run it again: nothing of it was kept"},
		basebackup.ExitFull:    {"the disk of the folder is full", "make room, then run it again: what there was of this backup is removed"},
		basebackup.ExitCorrupt: {"what is there does not hold together", "look for what damages the disk or the server's memory, then run it again"},
		128 + 9:                {"it was killed", "look in the system's log for who did, then run it again: the next one removes what is left of it"},
	}[code]
	return cause[0], cause[1]
}
