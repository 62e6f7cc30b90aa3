package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// Options are what a history needs from outside.
type Options struct {
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Probe opens the file in a child process and reads it, because opening a
	// damaged file can die of a signal. nil: no probe. The child runs ProbeMain,
	// and ProbeResult makes the error of how it ended. An ops.Error, an error of
	// the system (no such program, no memory to fork) and a context's end refuse
	// to open; any other error means that the file is damaged.
	Probe func(path string) error
	// Heads is a second home of the audit's head hash (journald, syslog); nil:
	// none. Its errors are told by Trouble and stop nothing.
	Heads func(line string) error
	// Timeout is how long Open waits for the lock of another process; 0: 300 ms.
	Timeout time.Duration
}

// defaultTimeout is what somebody waits who starts a second owner.
const defaultTimeout = 300 * time.Millisecond

func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	return o
}

// Store is an open history. Its methods may be called from any goroutine.
type Store struct {
	dir  string
	o    Options
	lock *ownerLock
	db   *bolt.DB
	file *os.File // the descriptor under db, to be let go of where bbolt cannot
	// notice is what Open had to do. It does not change afterwards.
	notice ops.Text

	// mu is held by whoever writes, and by readers of the chain and its heads
	// together. Order of locks: mu, then state.
	mu    sync.Mutex
	heads *headsFile // under mu
	head  head       // of the audit chain as committed; under mu

	// state guards what readers see besides the database.
	state   sync.Mutex
	pending map[ops.JobID]ops.Job // progress not written yet, see PutJob
	broken  error                 // set once the file turned out damaged while open
	trouble ops.Text
	closed  bool
}

// Open opens the history in dir, or begins one. A damaged file is moved aside
// and a new one begun, which Notice tells. Errors: CodeHeld where another
// process owns it, CodeVersion where a newer opsdeck wrote it, CodeFull and
// CodeUnavailable where the filesystem does not let us.
func Open(dir string, o Options) (*Store, error) {
	o = o.filled()
	told, err := makeDir(dir)
	if err != nil {
		return nil, err
	}
	lock, left, err := takeLock(dir, o.Timeout)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, o: o, lock: lock, heads: newHeadsFile(dir), pending: map[ops.JobID]ops.Job{}}
	if !told.Empty() {
		s.tell(told)
	}
	if err := s.open(left); err != nil {
		if s.db != nil {
			err = errors.Join(err, s.db.Close())
		}
		return nil, errors.Join(err, lock.close())
	}
	return s, nil
}

// open does the work of Open under the owner's lock.
func (s *Store) open(left string) error {
	known, err := s.known()
	if err != nil {
		return err
	}
	loss, err := s.examine(known, left)
	if err != nil {
		return err
	}
	// With a full disk this fails, and what is there can still be read: whoever
	// asks for the owner learns it from the kernel then.
	_ = s.lock.write(owned())
	if loss.why.Empty() {
		if err = s.openDB(); err == nil {
			err = s.load(known)
		}
		if !isDamage(err) {
			return s.opened(err)
		}
		s.discard()
		loss = lost{why: ops.Textf("was damaged (%v)", err), file: true}
	}
	if loss.file {
		if loss.aside, err = moveAside(s.dir, s.o.Now()); err != nil {
			return err
		}
	}
	if err = s.openDB(); err == nil {
		err = s.begin(loss)
	}
	return s.opened(err)
}

// opened ends both ways through open.
func (s *Store) opened(err error) error {
	if err != nil {
		if errors.Is(err, errLocked) {
			return heldError(s.dir, kernelHolder(s.path()))
		}
		return openError(s.dir, err)
	}
	if marked, err := readMarker(s.dir); !marked || err != nil {
		if err := writeMarker(s.dir, s.o.Now()); err != nil {
			return openError(s.dir, err)
		}
	}
	return nil
}

// known reports whether there was a history here before: somebody may have
// removed the marker as well, but not the heads.
func (s *Store) known() (bool, error) {
	marked, err := readMarker(s.dir)
	if err != nil || marked {
		return marked, err
	}
	_, found, err := s.heads.last()
	return found, err
}

// Dir is the folder that the history is in.
func (s *Store) Dir() string { return s.dir }

func (s *Store) path() string { return filepath.Join(s.dir, dbName) }

// tell adds a sentence to the notice.
func (s *Store) tell(t ops.Text) {
	if !s.notice.Empty() {
		t = ops.Textf("%s; %s", s.notice, t)
	}
	s.notice = t
}

// discard lets go of a database that turned out damaged.
func (s *Store) discard() {
	if s.db != nil {
		// Its map stays behind: after a panic bbolt may hold its own locks, and
		// its Close would wait for them for ever.
		release(s.file)
		s.db, s.file = nil, nil
	}
}

// Notice says in words what Open had to do: which file it moved aside and why,
// or what stands wrong with the audit. It is empty when there was nothing.
func (s *Store) Notice() ops.Text { return s.notice }

// Trouble says in words what is wrong with the history now: the file turned out
// damaged while open, or the audit's head could not be written down. It is
// empty when nothing is.
func (s *Store) Trouble() ops.Text {
	s.state.Lock()
	defer s.state.Unlock()
	if s.broken != nil {
		return ops.AsError(s.broken).What
	}
	return s.trouble
}

func (s *Store) setTrouble(t ops.Text) {
	s.state.Lock()
	defer s.state.Unlock()
	s.trouble = t
}

// Size returns the size of the database file in bytes.
func (s *Store) Size() (int64, error) {
	st, err := os.Stat(s.path())
	if err != nil {
		return 0, openError(s.dir, err)
	}
	return st.Size(), nil
}

// Close writes what is pending and lets go of the file and its lock. Calling it
// again does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Lock()
	done, broken, behind := s.closed, s.broken, len(s.pending) > 0
	s.state.Unlock()
	if done {
		return nil
	}
	var err error
	if behind && broken == nil {
		err = s.updateLocked(func(*writing) error { return nil })
	}
	s.state.Lock()
	s.closed, broken = true, s.broken
	s.state.Unlock()
	if broken != nil {
		s.discard()
		return errors.Join(err, s.heads.close(), s.lock.close())
	}
	err = errors.Join(err, guarded(s.db.Close), s.heads.close())
	if err == nil {
		err = s.lock.write(cleanStamp(s.dir))
	}
	return errors.Join(err, s.lock.close())
}
