package store

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// Buckets of the database.
var (
	metaBucket   = []byte("meta")
	eventBucket  = []byte("events")     // time, seq -> record
	seqBucket    = []byte("events.seq") // seq -> time
	jobBucket    = []byte("jobs")       // id -> job
	keyBucket    = []byte("jobs.keys")  // idempotency key -> id
	openBucket   = []byte("jobs.open")  // id of every job that has not ended
	outputBucket = []byte("output")     // id -> bucket: offset -> line
	sizeBucket   = []byte("output.size")
	valueBucket  = []byte("values")
	auditBucket  = []byte("audit") // seq -> entry
)

// Keys of the meta bucket.
var (
	versionKey = []byte("version")
	countKey   = []byte("events.count")
)

func buckets() [][]byte {
	return [][]byte{metaBucket, eventBucket, seqBucket, jobBucket, keyBucket, openBucket,
		outputBucket, sizeBucket, valueBucket, auditBucket}
}

// errLocked is bbolt's own lock held by somebody who reads the file.
var errLocked = errors.New("database file is locked")

// lost is what became of an earlier history, where there was one.
type lost struct {
	why   ops.Text // empty: nothing was lost
	file  bool     // there is a file to move aside
	aside string   // the name it was moved to
}

// examine looks at the file before it is opened in this process.
func (s *Store) examine(known bool, left string) (lost, error) {
	st, err := os.Lstat(s.path())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if known {
			return lost{why: ops.Lit("is gone")}, nil
		}
		return lost{}, nil
	case err != nil:
		return lost{}, openError(s.dir, err)
	case !st.Mode().IsRegular():
		return lost{}, ops.Errorf(ops.CodeUnavailable, "%s is not a regular file", s.path()).Help("move it away")
	case st.Size() == 0 && known:
		return lost{why: ops.Lit("is empty although a history existed"), file: true}, nil
	case st.Size() == 0 || s.o.Probe == nil || left == cleanStamp(s.dir):
		// Nobody has written to the file since we closed it, so that what a
		// child would have to die of cannot have come from a crash or a hand.
		return lost{}, nil
	}
	err = s.o.Probe(s.path())
	if err == nil {
		return lost{}, nil
	}
	if _, coded := errors.AsType[*ops.Error](err); coded {
		return lost{}, err
	}
	if isSystem(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return lost{}, ops.Errorf(ops.CodeUnavailable, "%s could not be examined: %v", s.path(), err).
			Help("start again; nothing was changed")
	}
	return lost{why: ops.Textf("was damaged (%v)", err), file: true}, nil
}

// openDB opens the database for writing.
func (s *Store) openDB() (err error) {
	s.db, s.file, err = boltOpen(s.path(), &bolt.Options{Timeout: s.o.Timeout, FreelistType: bolt.FreelistMapType})
	return err
}

// boltOpen opens the database and leaves neither lock nor descriptor behind
// when that fails, even by a panic.
func boltOpen(path string, o *bolt.Options) (db *bolt.DB, f *os.File, err error) {
	o.OpenFile = func(name string, flag int, _ os.FileMode) (*os.File, error) {
		g, err := ownfile.Open(name, flag)
		f = g
		return g, err
	}
	err = guarded(func() (err error) {
		db, err = bolt.Open(path, 0o600, o)
		return err
	})
	if err == nil {
		return db, f, nil
	}
	release(f)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, nil, errLocked
	}
	return nil, nil, fileDamage(err)
}

// release lets go of the file under a database that cannot be closed. Closing
// the descriptor would not do: the map that stays keeps the file open, and with
// it the lock. bbolt has closed f already unless it panicked, so that errors
// say nothing here.
func release(f *os.File) {
	if f != nil {
		_ = ownfile.Unlock(f)
		_ = f.Close()
	}
}

// begin makes a new history, whose first audit entry, and first record, tell
// what became of the one before.
func (s *Store) begin(l lost) error {
	s.head = head{}
	last, _, err := s.heads.last()
	if err != nil {
		return err
	}
	b := beginning{Why: l.why, File: ops.Clean(l.aside), Chain: last.Chain, Seq: last.Seq, Hash: last.hash()}
	if !l.why.Empty() {
		what := ops.Textf("%s %s: a new one begun", dbName, l.why)
		if l.aside != "" {
			// The cause stands last: it can be long, and a frame cuts what is long.
			what = ops.Textf("%s moved to %s, a new one begun: it %s", dbName, l.aside, l.why)
		}
		s.tell(what)
	}
	return s.updateLocked(func(w *writing) error {
		for _, name := range buckets() {
			if _, err := w.tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		v := binary.BigEndian.AppendUint64(nil, formatVersion)
		if err := w.tx.Bucket(metaBucket).Put(versionKey, v); err != nil {
			return err
		}
		rec := ops.Record{At: w.now, Kind: ops.RecordAgent, What: ops.Lit("history begun")}
		if l.why.Empty() {
			return w.audit(rec, &b)
		}
		rec.Level, rec.What = ops.LevelWarning, s.notice
		rec, err := w.record(rec)
		if err != nil {
			return err
		}
		return w.audit(rec, &b)
	})
}

// load reads what has to be known of an existing history before it is used.
func (s *Store) load(known bool) error {
	fresh := false
	err := guarded(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			fresh = !known && tx.Bucket(metaBucket) == nil
			if fresh {
				return nil
			}
			return checkShape(tx)
		})
	})
	if err != nil {
		return err
	}
	if fresh {
		return s.begin(lost{})
	}
	return s.loadHead()
}

// checkShape reads the version, and looks for what a history always has.
func checkShape(tx *bolt.Tx) error {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		return damaged("not a history: bucket %s is missing", metaBucket)
	}
	v := meta.Get(versionKey)
	if len(v) != 8 {
		return damaged("the version cannot be read")
	}
	if n := binary.BigEndian.Uint64(v); n > formatVersion {
		return newerVersion(tx.DB().Path(), int(n))
	}
	for _, name := range buckets() {
		if tx.Bucket(name) == nil {
			return damaged("bucket %s is missing", name)
		}
	}
	st, err := os.Stat(tx.DB().Path())
	if err != nil {
		return err
	}
	// bbolt grows the file before it writes, so a file that ends before the
	// last page in use was cut.
	if st.Size() < tx.Size() {
		return damaged("cut to %d of %d bytes", st.Size(), tx.Size())
	}
	return nil
}
