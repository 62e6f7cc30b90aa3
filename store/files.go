package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// formatVersion is the version of everything this package writes. A history
// that carries a higher one is refused and not touched.
const formatVersion = 1

// Names inside the directory of a history.
const (
	dbName     = "history.db"
	lockName   = "history.lock"
	markerName = "history.known"
	headsName  = "audit.heads"
)

// marker is the content of history.known.
type marker struct {
	Version int       `json:"version"`
	Begun   time.Time `json:"begun"`
}

// makeDir makes the directory of a history, closed to others. One that exists
// keeps its mode: it may be shared with other things, so that others may write
// into it is told, not changed.
func makeDir(dir string) (told ops.Text, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ops.Text{}, openError(dir, err)
	}
	st, err := os.Stat(dir)
	if err != nil {
		return ops.Text{}, openError(dir, err)
	}
	if owner, ok := st.Sys().(*syscall.Stat_t); ok && foreign(owner.Uid, os.Geteuid()) {
		return ops.Text{}, ops.Errorf(ops.CodeUnavailable, "%s belongs to another user (uid %d)", dir, owner.Uid).Help("name a folder of this user's, or give it this one")
	}
	if p := st.Mode().Perm(); p&0o022 != 0 {
		return ops.Textf("others may write into %s (mode %04o): chmod 0700 it", dir, p), nil
	}
	return ops.Text{}, nil
}

// foreign reports whether a folder is somebody else's, who could put anything in the place
// of our files. Root may use it: its owner is who it works for.
func foreign(owner uint32, us int) bool { return us > 0 && int(owner) != us }

// roomLeast is what a history and the first words about it need.
const roomLeast = 256 << 10

// Room says why no history could be kept in a folder, which it makes; nil: one could. It is for
// who starts an agent, whose own words would have no room either.
func Room(dir string) error {
	if _, err := makeDir(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".room-*")
	if err != nil {
		return openError(dir, err)
	}
	_, err = f.Write(make([]byte, roomLeast))
	if err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name())); err != nil {
		return openError(dir, err)
	}
	return nil
}

// readMarker says whether a history existed here. A marker that cannot be read
// still says so: its being there is the message.
func readMarker(dir string) (known bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, markerName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, openError(dir, err)
	}
	var m marker
	if json.Unmarshal(b, &m) == nil && m.Version > formatVersion {
		return true, newerVersion(dir, m.Version)
	}
	return true, nil
}

func writeMarker(dir string, now time.Time) error {
	b, err := json.Marshal(marker{Version: formatVersion, Begun: now.UTC()})
	if err != nil {
		return err
	}
	f, err := ownfile.Open(filepath.Join(dir, markerName), os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	return errors.Join(err, syncDir(dir))
}

// moveAside renames the file to a name with the time in it that does not exist
// yet. The caller holds the lock of the directory, so nobody else makes one.
func moveAside(dir string, now time.Time) (name string, err error) {
	base := dbName + ".corrupt-" + now.UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		name = base
		if n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		_, err := os.Lstat(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return "", openError(dir, err)
		}
	}
	if err := os.Rename(filepath.Join(dir, dbName), filepath.Join(dir, name)); err != nil {
		return "", openError(dir, err)
	}
	return name, syncDir(dir)
}

// syncDir makes a rename or a new file in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
