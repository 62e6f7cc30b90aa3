// Package basebackup reads a folder of backups that PostgreSQL's own tools made, and of the
// WAL that they received, and has the WAL received.
//
// What counts is what lies there: a backup that has its name is whole, and the WAL is as
// its files say. No program is asked.
package basebackup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// Config says which folder is read, and how the server is reached.
type Config struct {
	Plan     ops.BackupPlan
	Folder   string
	Slot     string // that WAL is received by; empty: none is
	Programs string // the folder of PostgreSQL's programs; empty: to be looked for
	Self     string // our own program, which does the work
	Keep     basebackup.Retention
	Every    time.Duration
	Timeout  time.Duration
	Required bool
	Now      func() time.Time
	// Server asks the server what one has to know to copy it.
	Server func(ctx context.Context) (basebackup.Server, error)
	// Connection is how PostgreSQL's programs reach it, without a password.
	Connection func() (string, error)
	// Alive reports whether a process is there, and End ends it.
	Alive func(ops.Process) bool
	End   func(ops.Process) error
	// Receive runs the receiver behind a keeper, to its end; nil: this agent runs none.
	Receive func(ctx context.Context, argv []string, begun func(ops.Process) error, line func(string)) error
}

// Collector reads one folder. Its methods may be called at the same time.
type Collector struct {
	cfg   Config
	repo  basebackup.Repo
	turn  sync.Mutex       // of collecting
	sets  map[string]known // by label
	wal   *wal
	mu    sync.Mutex
	found ops.Backups // by the last look
	at    time.Time
}

// New returns a collector.
func New(c Config) *Collector {
	return &Collector{cfg: c, repo: basebackup.Repo(c.Folder), sets: map[string]known{}}
}

// known is a backup as it was read, and what tells that it is still the same.
type known struct {
	set  basebackup.Set
	mark string
	at   time.Time
}

// Source names it as the estate does.
func (c *Collector) Source() ops.SourceInfo {
	return ops.SourceInfo{Name: c.cfg.Plan.Name, Kind: ops.SourceBaseBackup, Every: c.cfg.Every, Timeout: c.cfg.Timeout, Required: c.cfg.Required}
}

// Open tells everything that is known of the plan, or of one backup.
func (c *Collector) Open(_ context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found.Open(c.cfg.Plan.Name, ref, c.at)
}

// Collect reads the folder.
func (c *Collector) Collect(context.Context) (ops.Observation, error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	plan := c.cfg.Plan.Repositories[0]
	b := ops.Backups{Ref: ops.NewRef(ops.KindBackups, c.cfg.Plan.Name.String(), c.cfg.Plan.Name.String()), Engine: ops.EngineBaseBackup, Database: c.cfg.Plan.Database}
	began := c.cfg.Now() // what is found is of then, or later
	sets, notes, err := c.read()
	if err != nil {
		return ops.Observation{}, ops.Errorf(ops.CodeUnavailable, "the folder %s cannot be read: %v", c.cfg.Folder, err).
			Help("make it, mount it, or let the agent's account read it")
	}
	r := ops.Repository{Name: plan.Name, Key: plan.Key, Where: plan.Where, Region: plan.Region, Empty: len(sets) == 0, Read: began}
	numbers := numbered(sets)
	if len(sets) > 0 {
		b.Cluster, b.Number = ops.Clean(sets[0].Cluster), numbers[sets[0].Cluster]
		b.Left = max(0, len(sets)-setsMost)
	}
	size := 0.0
	for i, s := range sets {
		size += float64(s.Size + s.WALSize)
		if i < setsMost {
			b.Sets = append(b.Sets, c.backup(s, numbers[s.Cluster]))
		}
	}
	r.Size = ops.Num(size)
	var disk syscall.Statfs_t
	if err := syscall.Statfs(c.cfg.Folder, &disk); err == nil && disk.Blocks > 0 { // without blocks nothing is told
		r.Free = ops.Num(float64(disk.Bavail) * float64(disk.Bsize))
	}
	r.Promised = promised(b.Sets, b.Number, c.repo.Since(b.Cluster.String()))
	if err := c.list(&r, sets); err != nil {
		r.Unlisted = ops.Textf("%v", err)
	}
	b.Stopped, err = c.repo.Stopped()
	var unlocked error
	var done ops.Copied
	b.Held, b.Holder.PID, done, unlocked = c.repo.Held()
	b.Progress, b.Total = done.Part, done.Total
	if err = errors.Join(err, unlocked); err != nil {
		b.Unseen = ops.Textf("%v", err)
	}
	b.Receiver = c.receiver()
	b.Repositories = []ops.Repository{r}
	c.mu.Lock()
	c.found, c.at = b, c.cfg.Now()
	c.mu.Unlock()
	return ops.Observation{Backups: &b, Notes: notes}, nil
}

// setsMost is how many backups are on the board.
const setsMost = 1000

// read reads the backups that are whole, newest first, each one again where something was
// taken from it, and every hour: a mark does not see all.
func (c *Collector) read() (sets []basebackup.Set, notes []ops.Text, err error) {
	labels, parts, err := c.repo.Labels()
	if err != nil {
		return nil, nil, err
	}
	for _, label := range labels {
		k, mark, now := c.sets[label], c.repo.Mark(label), c.cfg.Now()
		if k.mark != mark || now.Sub(k.at) >= wholeEvery {
			if k.set, err = c.repo.Read(label); err != nil {
				notes = append(notes, ops.Textf("%s is no backup: %v", label, err))
				delete(c.sets, label)
				continue
			}
			k.mark, k.at = mark, now
			c.sets[label] = k
		}
		s := k.set
		if len(s.Lost) > 0 {
			notes = append(notes, ops.Textf("%s is damaged: not there as they were made are %s", label, strings.Join(s.Lost, ", ")))
		}
		s.Checked = c.repo.LastCheck(label)
		sets = append(sets, s)
	}
	maps.DeleteFunc(c.sets, func(label string, _ known) bool { return !slices.Contains(labels, label) })
	if held, _, _, err := c.repo.Held(); !held && err == nil {
		for _, p := range parts {
			notes = append(notes, ops.Textf("what is there of %s, which was interrupted, is no backup: the next one removes it", p))
		}
	}
	basebackup.Newest(sets)
	return sets, notes, nil
}

// numbered counts the clusters that backups are of, so that the newest backup's has the
// greatest number; sets are newest first.
func numbered(sets []basebackup.Set) map[string]int {
	var order []string
	for _, s := range sets {
		if !slices.Contains(order, s.Cluster) {
			order = append(order, s.Cluster)
		}
	}
	numbers := map[string]int{}
	for i, cluster := range order {
		numbers[cluster] = len(order) - i
	}
	return numbers
}

// promised is the backup from whose start on all WAL is to be there: the oldest of those
// that were made since WAL is received, else the newest; sets are newest first.
func promised(sets []ops.Backup, number int, since time.Time) (label ops.Text) {
	for _, s := range sets {
		if s.Cluster == number && (label.Empty() || !since.IsZero() && !s.Began.Before(since)) {
			label = s.Label
		}
	}
	return label
}

// backup is one as the board has it.
func (c *Collector) backup(s basebackup.Set, number int) ops.Backup {
	plan := c.cfg.Plan.Repositories[0]
	b := ops.Backup{
		Ref: ops.BackupRef(c.cfg.Plan.Name, plan.Name, ops.Clean(s.Label)), Label: ops.Clean(s.Label), Type: ops.BackupFull, Repository: plan.Name, Key: plan.Key,
		Began: s.Made.Began, Ended: s.Made.Ended, Start: s.Start, Stop: s.Stop, Cluster: number, Own: s.Own,
		Size: ops.Num(float64(s.Size)), Stored: ops.Num(float64(s.Size + s.WALSize)), Damaged: s.Damaged(),
	}
	if ops.CheckWALSegment(s.Segment) == nil && s.Stop > 0 {
		b.FirstWAL, b.LastWAL = ops.WALName(s.Timeline, s.Start.Segment(s.Segment), s.Segment), ops.WALName(s.Timeline, (s.Stop-1).Segment(s.Segment), s.Segment)
	}
	return b
}

// receiver is how what receives the WAL stands.
func (c *Collector) receiver() *ops.WALReceiver {
	w := ops.WALReceiver{}
	if c.cfg.Slot == "" {
		return &w
	}
	w, err := c.repo.Receiver()
	if err != nil {
		w.Why = ops.Textf("how it stands cannot be read: %v", err)
	}
	w.Slot = ops.Clean(c.cfg.Slot)
	if w.Process.PID != 0 && !c.cfg.Alive(w.Process) {
		w.Process = ops.Process{} // it ended, and nobody was there to write it down
	}
	return &w
}

// Look asks what backups the folder holds now, newest first.
func (c *Collector) Look(ctx context.Context, key int) ([]ops.Backup, ops.Text, error) {
	if key != c.cfg.Plan.Repositories[0].Key {
		return nil, ops.Text{}, ops.Errorf(ops.CodeNotFound, "the plan has no repository %s", strconv.Itoa(key))
	}
	o, err := c.Collect(ctx)
	if err != nil {
		return nil, ops.Text{}, err
	}
	return o.Backups.Sets, ops.Text{}, nil
}

// Check says why the plan cannot be read as the estate has it.
func (c *Collector) Check() error {
	if len(c.cfg.Plan.Repositories) != 1 {
		return fmt.Errorf("the plan has no folder")
	}
	return nil
}
