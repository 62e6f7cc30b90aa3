package pgbackrest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"opsdeck/ops"
)

// lockAt is where pgBackRest has its locks where its configuration says nothing.
const lockAt = "/tmp/pgbackrest"

// lookAtLock looks for who holds the lock, and whether pgBackRest is stopped: no command
// tells either.
func (c *Collector) lookAtLock(b *ops.Backups) {
	dir, err := c.lockPath()
	if err == nil {
		b.Stopped, err = stopped(dir, c.cfg.Stanza)
	}
	if err == nil && b.Held {
		_, err = c.holder(dir, b)
	}
	if err != nil {
		b.Unseen = ops.Textf("%v", err)
	}
}

// stopped reports whether there is a stop file, of this stanza or of all.
func stopped(dir, stanza string) (bool, error) {
	for _, name := range []string{stanza, "all"} {
		_, err := os.Lstat(filepath.Join(dir, name+".stop"))
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}

// errNobody is that no file is there that would name who holds the lock.
var errNobody = errors.New("names who holds the lock")

// holder reads who holds the lock and how far its backup is, and returns the file that says
// so. From 2.53 on there is a lock for each repository; a file that is left over is no lock.
func (c *Collector) holder(dir string, b *ops.Backups) (file string, err error) {
	names := []string{c.cfg.Stanza + "-backup.lock"}
	for _, r := range c.cfg.Plan.Repositories {
		names = append(names, fmt.Sprintf("%s-backup-%d.lock", c.cfg.Stanza, r.Key))
	}
	none := errNobody
	for _, name := range names {
		var l struct {
			PID  int     `json:"pid"`
			Done float64 `json:"pctCplt"` // in hundredths of a percent
		}
		text, err := small(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		// What stands behind the first value is of a longer one before.
		if json.NewDecoder(strings.NewReader(text)).Decode(&l) != nil || l.PID <= 0 {
			none = errors.New(errNobody.Error()) // it is being written
			continue
		}
		p, ended := c.cfg.Holder(l.PID)
		b.Holder, b.Dead = p, ended
		b.Holder.PID, file = l.PID, filepath.Join(dir, name)
		if !b.Progress.Known && l.Done > 0 && l.Done <= 10000 {
			b.Progress = ops.Num(l.Done / 10000)
		}
		if !ended {
			return file, nil
		}
	}
	if b.Holder.PID == 0 {
		return "", fmt.Errorf("no file in %s %w", dir, none)
	}
	return file, nil
}
