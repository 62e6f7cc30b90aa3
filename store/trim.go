package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"time"

	"opsdeck/ops"
)

// trimBatch is how many records one transaction of Trim deletes, so that nobody
// who wants to write waits long.
const trimBatch = 2_000

// Trim deletes records older than keep and those beyond the newest maxEvents,
// and jobs that ended before keep with their output and key. 0 means no bound.
// It returns how many records and jobs it deleted. The audit chain stays.
func (s *Store) Trim(keep time.Duration, maxEvents int) (int, error) {
	var before time.Time
	if keep > 0 {
		before = s.o.Now().UTC().Add(-keep)
	}
	total := 0
	for {
		n := 0
		err := s.update(func(w *writing) (err error) {
			n, err = w.trimEvents(before, maxEvents)
			return err
		})
		if total += n; err != nil || n < trimBatch {
			return s.trimAllJobs(before, total, err)
		}
	}
}

func (s *Store) trimAllJobs(before time.Time, total int, err error) (int, error) {
	if err != nil || before.IsZero() {
		return total, err
	}
	for after := uint64(0); ; {
		n, done := 0, false
		err := s.update(func(w *writing) (err error) {
			n, after, done, err = w.trimJobs(before, after)
			return err
		})
		if total += n; err != nil || done {
			return total, err
		}
	}
}

// trimEvents deletes up to a batch of the oldest records.
func (w *writing) trimEvents(before time.Time, maxEvents int) (int, error) {
	events, seqs, meta := w.tx.Bucket(eventBucket), w.tx.Bucket(seqBucket), w.tx.Bucket(metaBucket)
	count := eventCount(meta)
	var ceiling []byte
	if !before.IsZero() {
		ceiling = eventKey(before, 0)
	}
	var old [][]byte
	c := events.Cursor()
	for k, _ := c.First(); k != nil && len(old) < trimBatch; k, _ = c.Next() {
		over := maxEvents > 0 && count-uint64(len(old)) > uint64(maxEvents)
		if !over && (ceiling == nil || bytes.Compare(k, ceiling) >= 0) {
			break
		}
		old = append(old, bytes.Clone(k))
	}
	for _, k := range old {
		if err := events.Delete(k); err != nil {
			return 0, err
		}
		if err := seqs.Delete(k[8:]); err != nil {
			return 0, err
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	return len(old), meta.Put(countKey, key(count-uint64(len(old))))
}

// trimJobs looks at a hundred jobs behind the id after, and deletes those that
// ended before the time. Their ids do not come in the order of their ends.
func (w *writing) trimJobs(before time.Time, after uint64) (n int, last uint64, done bool, err error) {
	jobs := w.tx.Bucket(jobBucket)
	var old []ops.Job
	c := jobs.Cursor()
	k, v := c.Seek(key(after + 1))
	for looked := 0; k != nil && looked < 100; k, v = c.Next() {
		looked++
		last = binary.BigEndian.Uint64(k)
		var j ops.Job
		if err := json.Unmarshal(v, &j); err != nil {
			continue // it is shown as unreadable, not made to vanish
		}
		if j.State.Ended() && j.Ended.Before(before) && j.Created.Before(before) {
			old = append(old, j)
		}
	}
	for _, j := range old {
		if err := w.deleteJob(j); err != nil {
			return 0, last, true, err
		}
	}
	return len(old), last, k == nil, nil
}

func (w *writing) deleteJob(j ops.Job) error {
	id := key(uint64(j.ID))
	if b := w.tx.Bucket(outputBucket); b.Bucket(id) != nil {
		if err := b.DeleteBucket(id); err != nil {
			return err
		}
	}
	if err := w.tx.Bucket(sizeBucket).Delete(id); err != nil {
		return err
	}
	if !j.Key.Empty() {
		if err := w.tx.Bucket(keyBucket).Delete([]byte(j.Key.String())); err != nil {
			return err
		}
	}
	return w.tx.Bucket(jobBucket).Delete(id)
}
