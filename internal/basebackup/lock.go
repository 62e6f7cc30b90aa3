package basebackup

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// holder is what stands in the lock: who is at work, and how far that is, from 0 to 1, of
// so many bytes.
type holder struct {
	PID  int     `json:"pid"`
	Done float64 `json:"done,omitempty"`
	All  float64 `json:"all,omitempty"`
}

// errHeld is that somebody else has the lock.
var errHeld = errors.New("held")

// lookMost is how long one who only looks has the lock at the most: Held shares it for a
// moment, and no order fails for that.
const lookMost = time.Second

// lock is the repository's, which ends with the process that has it, however that ends.
type lock struct{ f *os.File }

func (r Repo) lock() (*lock, error) {
	f, err := ownfile.Open(r.at("lock"), os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	for end := time.Now().Add(lookMost); ; time.Sleep(lookMost / 100) {
		held, err := ownfile.Lock(f, false)
		switch {
		case err != nil:
			return nil, errors.Join(err, f.Close())
		case !held:
			l := &lock{f}
			l.tell(0, 0)
			return l, nil
		case time.Now().After(end):
			return nil, errors.Join(errHeld, f.Close())
		}
	}
}

// tell says how far its holder is, of how many bytes. Where that cannot be written, nobody is told.
func (l *lock) tell(done, all float64) {
	if b, err := json.Marshal(holder{os.Getpid(), done, all}); err == nil && l.f.Truncate(0) == nil {
		_, _ = l.f.WriteAt(b, 0)
	}
}

func (l *lock) release() { _ = l.f.Close() }

// Held reports whether somebody is at work, who, and how far that is. Error: that cannot be
// seen.
func (r Repo) Held() (held bool, by int, done ops.Copied, err error) {
	f, err := ownfile.Open(r.at("lock"), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return false, 0, done, nil // nobody ever was
	}
	if err != nil {
		return false, 0, done, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	if held, err = ownfile.Lock(f, true); !held {
		return false, 0, done, err
	}
	var h holder
	if readJSON(r.at("lock"), &h) == nil && h.Done > 0 {
		done.Part = ops.Num(min(h.Done, 1))
		if h.All > 0 {
			done.Total = ops.Num(h.All)
		}
	}
	return true, h.PID, done, nil
}
