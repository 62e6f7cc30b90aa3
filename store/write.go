package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// writing is one write transaction. What it knows of the audit chain becomes
// the store's only when the transaction is on disk.
type writing struct {
	s    *Store
	tx   *bolt.Tx
	now  time.Time
	head head
	// first is the audit sequence this transaction begins with; 0: it wrote none.
	first uint64
}

// update runs f in one synced write transaction.
func (s *Store) update(f func(*writing) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updateLocked(f)
}

// updateLocked is update for who holds mu already. Jobs' pending progress is
// written along: it costs no sync of its own.
func (s *Store) updateLocked(f func(*writing) error) error {
	if err := s.usable(); err != nil {
		return err
	}
	w := &writing{s: s, now: s.o.Now().UTC(), head: s.head}
	flushed := s.pendingJobs()
	commit := false // reached: what fails from here on is the disk's affair
	err := guarded(func() error {
		return s.db.Update(func(tx *bolt.Tx) error {
			w.tx = tx
			for _, j := range flushed {
				if err := w.putJob(j); err != nil {
					return err
				}
			}
			err := f(w)
			commit = err == nil
			return err
		})
	})
	if err != nil {
		return s.failed(err, commit)
	}
	s.written(flushed)
	if w.first > 0 {
		s.head = w.head
		s.writeHead(false) //nolint:errcheck // Trouble tells of it, and the next audited write is refused
	}
	return nil
}

// view runs f in a read transaction.
func (s *Store) view(f func(*bolt.Tx) error) error {
	if err := s.usable(); err != nil {
		return err
	}
	if err := guarded(func() error { return s.db.View(f) }); err != nil {
		return s.failed(err, false)
	}
	return nil
}

// usable returns why nothing can be read or written any more.
func (s *Store) usable() error {
	s.state.Lock()
	defer s.state.Unlock()
	if s.closed {
		return ops.Errorf(ops.CodeUnavailable, "history is closed")
	}
	return s.broken
}

// failed makes the error a caller sees. Damage and a commit that failed for
// anything but space end the use of the file: after a panic bbolt's own locks
// may be held, and after a failed sync nobody knows what the disk has.
func (s *Store) failed(err error, commit bool) error {
	if isFull(err) {
		return fullError(s.path())
	}
	if !isDamage(err) && !commit {
		return err
	}
	broken := ops.Errorf(ops.CodeUnavailable, "history cannot be used any more: %v", err).
		Help("restart the agent: it moves a damaged file aside and begins a new one")
	s.state.Lock()
	defer s.state.Unlock()
	if s.broken == nil {
		s.broken = broken
	}
	return s.broken
}

// key returns n so that bbolt's order of keys is the order of numbers.
func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// encode returns v as JSON.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode for the history: %w", err)
	}
	return b, nil
}
