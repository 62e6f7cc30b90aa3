package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// NewJob gives j its id and writes it, its idempotency key and the intent with
// its audit entry in one transaction, on disk before it returns, and returns both
// as they were written. Where a job with the same Key exists, that job is returned
// as it stands and nothing is written: the record is the zero one. Error: CodeFull.
func (s *Store) NewJob(j ops.Job, intent ops.Record) (ops.Job, ops.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, found, err := s.JobByKey(j.Key.String()); found || err != nil {
		return old, ops.Record{}, err
	}
	err := s.updateLocked(func(w *writing) error {
		id, err := w.tx.Bucket(jobBucket).NextSequence()
		if err != nil {
			return err
		}
		j.ID = ops.JobID(id)
		if j.Created.IsZero() {
			j.Created = w.now
		}
		intent.Job = j.ID
		if err := w.putJob(j); err != nil {
			return err
		}
		if !j.Key.Empty() {
			if err := w.tx.Bucket(keyBucket).Put([]byte(j.Key.String()), key(id)); err != nil {
				return err
			}
		}
		intent, err = w.append(intent)
		return err
	})
	if err != nil {
		return ops.Job{}, ops.Record{}, err
	}
	return j, intent, nil
}

// JobByKey returns the job that was started with an idempotency key.
func (s *Store) JobByKey(k string) (j ops.Job, found bool, err error) {
	if k == "" {
		return ops.Job{}, false, nil
	}
	err = s.view(func(tx *bolt.Tx) error {
		id := tx.Bucket(keyBucket).Get([]byte(k))
		if len(id) != 8 {
			return nil
		}
		j, found, err = s.readJob(tx, ops.JobID(binary.BigEndian.Uint64(id)))
		return err
	})
	return j, found, err
}

// PutJob keeps the state of a job that has not ended. A change of anything but
// its progress is on disk when it returns. Progress alone is kept in memory,
// seen by every reader of this store, and written along with the next
// transaction of anybody and at Close: bbolt has no write without sync that
// could not tear the whole file in a power cut, and four syncs a second for a
// percentage are too many. A crash loses the last percentages, nothing else.
// After an error the state is kept in memory too, and written with the next
// transaction that succeeds.
func (s *Store) PutJob(j ops.Job) error {
	if j.State.Ended() {
		return ops.Errorf(ops.CodeInvalid, "job %d: state %s ends it and needs its outcome", j.ID, j.State)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, err := s.unended(j.ID)
	if err != nil {
		return err
	}
	progressOnly, err := sameBut(old, j)
	if err != nil {
		return err
	}
	s.state.Lock()
	s.pending[j.ID] = j
	s.state.Unlock()
	if progressOnly {
		return nil
	}
	return s.updateLocked(func(*writing) error { return nil })
}

// EndJob writes a job's final state and its outcome with the audit entry in one
// transaction, and returns the outcome as it was written.
func (s *Store) EndJob(j ops.Job, outcome ops.Record) (ops.Record, error) {
	if !j.State.Ended() {
		return outcome, ops.Errorf(ops.CodeInvalid, "job %d: %s is not an end", j.ID, j.State)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.unended(j.ID); err != nil {
		return outcome, err
	}
	outcome.Job = j.ID
	err := s.updateLocked(func(w *writing) (err error) {
		if err = w.putJob(j); err == nil {
			outcome, err = w.append(outcome)
		}
		return err
	})
	return outcome, err
}

// unended returns the job if it may still change.
func (s *Store) unended(id ops.JobID) (ops.Job, error) {
	j, found, err := s.Job(id)
	switch {
	case err != nil:
		return j, err
	case !found:
		return j, ops.Errorf(ops.CodeNotFound, "there is no job %d", id)
	case j.State.Ended():
		return j, ops.Errorf(ops.CodeInvalid, "job %d has ended: %s", id, j.State)
	}
	return j, nil
}

// sameBut reports whether a and b differ in their progress at most.
func sameBut(a, b ops.Job) (bool, error) {
	a.Progress, b.Progress = ops.Progress{}, ops.Progress{}
	x, err := encode(a)
	if err != nil {
		return false, err
	}
	y, err := encode(b)
	return bytes.Equal(x, y), err
}

// Job returns one job.
func (s *Store) Job(id ops.JobID) (j ops.Job, found bool, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		j, found, err = s.readJob(tx, id)
		return err
	})
	return j, found, err
}

// Jobs returns the last limit jobs, newest first; limit 0: 200.
func (s *Store) Jobs(limit int) ([]ops.Job, error) {
	if limit <= 0 {
		limit = defaultPage
	}
	return s.jobs(jobBucket, limit)
}

// OpenJobs returns every job that has not ended, newest first, however old.
func (s *Store) OpenJobs() ([]ops.Job, error) { return s.jobs(openBucket, -1) }

func (s *Store) jobs(bucket []byte, limit int) (out []ops.Job, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucket).Cursor()
		for k, _ := c.Last(); k != nil && len(out) != limit; k, _ = c.Prev() {
			if len(k) != 8 {
				return fmt.Errorf("read jobs: key of %d bytes", len(k))
			}
			j, found, err := s.readJob(tx, ops.JobID(binary.BigEndian.Uint64(k)))
			if err != nil {
				return err
			}
			if found {
				out = append(out, j)
			}
		}
		return nil
	})
	return out, err
}

// readJob reads a job, with the progress that is not written yet.
func (s *Store) readJob(tx *bolt.Tx, id ops.JobID) (j ops.Job, found bool, err error) {
	v := tx.Bucket(jobBucket).Get(key(uint64(id)))
	if v == nil {
		return ops.Job{}, false, nil
	}
	if err := json.Unmarshal(v, &j); err != nil {
		return ops.Job{}, false, fmt.Errorf("read job %d: %w", id, err)
	}
	s.state.Lock()
	defer s.state.Unlock()
	if p, ok := s.pending[id]; ok && !j.State.Ended() {
		return p, true, nil
	}
	return j, true, nil
}

// putJob writes a job and keeps the list of open ones.
func (w *writing) putJob(j ops.Job) error {
	v, err := encode(j)
	if err != nil {
		return err
	}
	id := key(uint64(j.ID))
	if err := w.tx.Bucket(jobBucket).Put(id, v); err != nil {
		return err
	}
	if j.State.Ended() {
		return w.tx.Bucket(openBucket).Delete(id)
	}
	return w.tx.Bucket(openBucket).Put(id, []byte{1})
}

// pendingJobs returns what the next transaction writes along.
func (s *Store) pendingJobs() []ops.Job {
	s.state.Lock()
	defer s.state.Unlock()
	return slices.Collect(maps.Values(s.pending))
}

// written forgets what is on disk now. Only who holds mu adds to pending, so
// nothing newer can have come meanwhile.
func (s *Store) written(jobs []ops.Job) {
	s.state.Lock()
	defer s.state.Unlock()
	for _, j := range jobs {
		delete(s.pending, j.ID)
	}
}
