package basebackup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// wal is what is known of the WAL of one cluster, from one look to the next. A whole
// segment does not change: it is looked at once, and again every hour.
type wal struct {
	cluster string
	segment ops.Bytes
	seen    map[string]file // by path
	whole   time.Time       // when all were looked at
}

type file struct {
	size ops.Bytes
	at   time.Time
}

// wholeEvery is how often every file is looked at.
const wholeEvery = time.Hour

// filesMost is how many files of WAL are read.
const filesMost = 2_000_000

// list fills in the WAL of the newest cluster. Without a backup and without WAL there is
// none to be listed.
func (c *Collector) list(r *ops.Repository, sets []basebackup.Set) error {
	cluster, segment := "", ops.Bytes(0)
	if len(sets) > 0 {
		cluster, segment = sets[0].Cluster, sets[0].Segment
	}
	if ops.CheckWALSegment(segment) != nil {
		return errors.New("no backup says how large a segment of WAL is")
	}
	now := c.cfg.Now()
	if c.wal == nil || c.wal.cluster != cluster || c.wal.segment != segment || now.Sub(c.wal.whole) >= wholeEvery {
		c.wal = &wal{cluster: cluster, segment: segment, seen: map[string]file{}, whole: now}
	}
	files, err := ops.NewWALFiles(segment)
	if err != nil {
		return err
	}
	lives, err := c.repo.Lives(cluster)
	if err != nil {
		return err
	}
	seen := make(map[string]file, len(c.wal.seen))
	for _, life := range lives {
		if err := c.wal.listFolder(c.repo.Life(cluster, life), files, seen); err != nil {
			return err
		}
	}
	c.wal.seen = seen
	r.WAL = files.Listing(now)
	if n := len(lives); n > 0 && c.cfg.Slot != "" {
		r.Received = c.wal.received(c.repo.Life(cluster, lives[n-1]), seen)
	}
	return nil
}

// listFolder adds the files of one folder.
func (w *wal) listFolder(dir string, files *ops.WALFiles, seen map[string]file) error {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range all {
		if len(seen) == filesMost {
			return fmt.Errorf("more than %d files", filesMost)
		}
		path := filepath.Join(dir, d.Name())
		f, known := w.seen[path]
		if !known || f.size != w.segment || strings.HasSuffix(path, ".partial") { // what is not whole may become it
			info, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // it got its name meanwhile
			}
			if err != nil {
				return err
			}
			f = file{ops.Bytes(max(0, info.Size())), info.ModTime()}
		}
		seen[path] = f
		files.Add(d.Name(), f.size, f.at)
		if h, err := ops.ParseWALName(d.Name(), w.segment); err == nil && h.Kind == ops.WALHistory {
			text, err := basebackup.Small(path)
			if err == nil {
				err = files.AddHistory(h.Timeline, text)
			}
			if err != nil {
				continue // judge finds one that was not read
			}
		}
	}
	return nil
}

// received is up to where the segment is there that is being received: the newest.
func (w *wal) received(dir string, seen map[string]file) (to ops.WALPosition) {
	for path, f := range seen {
		name := filepath.Base(path)
		p, err := ops.ParseWALName(name, w.segment)
		if err != nil || p.Kind != ops.WALPartial || filepath.Dir(path) != dir || p.Timeline < to.Timeline {
			continue
		}
		begins := ops.SegmentStart(p.Segment, w.segment)
		end, err := basebackup.Received(path, p.Timeline, begins)
		if err == nil && end > to.LSN {
			to = ops.WALPosition{Timeline: p.Timeline, LSN: end, At: f.at}
		}
	}
	return to
}
