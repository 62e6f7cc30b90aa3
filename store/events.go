package store

import (
	"encoding/binary"
	"encoding/json"
	"hash/fnv"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// An event is kept under its time and sequence, so that a page of any time is
// one seek away. The value begins with a hash of the record's kind and one of
// its ref: a filter passes over records without decoding them. A hash, not the
// number of the kind, because numbers of an enumeration may change; and a hash
// that agrees is checked on the decoded record.
const eventHeader = 8

// eventKey orders by time, then sequence. The sign bit is turned, so that times
// before 1970 come first.
func eventKey(at time.Time, seq uint64) []byte {
	k := binary.BigEndian.AppendUint64(make([]byte, 0, 16), timeKey(at))
	return binary.BigEndian.AppendUint64(k, seq)
}

func timeKey(at time.Time) uint64 { return uint64(at.UnixNano()) ^ 1<<63 }

func short(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

func encodeEvent(r ops.Record) ([]byte, error) {
	body, err := encode(r)
	if err != nil {
		return nil, err
	}
	v := binary.BigEndian.AppendUint32(make([]byte, 0, eventHeader+len(body)), short(r.Kind.String()))
	v = binary.BigEndian.AppendUint32(v, short(r.Ref.String()))
	return append(v, body...), nil
}

// decodeEvent never fails: a record that cannot be read is shown as one.
func decodeEvent(k, v []byte) ops.Record {
	var r ops.Record
	if len(v) > eventHeader && json.Unmarshal(v[eventHeader:], &r) == nil {
		return r
	}
	r = ops.Record{Kind: ops.RecordAgent, Level: ops.LevelWarning}
	if len(k) == 16 {
		r.At = time.Unix(0, int64(binary.BigEndian.Uint64(k)^1<<63)).UTC()
		r.Seq = binary.BigEndian.Uint64(k[8:])
	}
	r.What = ops.Textf("record %d cannot be read", r.Seq)
	return r
}

// Append adds records to the history in one synced transaction and returns them
// with their sequence, and the time where they had none. Those whose kind is
// audited go into the audit chain in the same transaction. Error: CodeFull.
func (s *Store) Append(recs ...ops.Record) ([]ops.Record, error) {
	if len(recs) == 0 {
		return nil, nil
	}
	out := make([]ops.Record, len(recs))
	err := s.update(func(w *writing) error {
		for i, r := range recs {
			var err error
			if out[i], err = w.append(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// append writes a record, and its audit entry where its kind has one.
func (w *writing) append(r ops.Record) (ops.Record, error) {
	r, err := w.record(r)
	if err != nil || !r.Kind.Audited() {
		return r, err
	}
	return r, w.audit(r, nil)
}

// record writes a record without an audit entry.
func (w *writing) record(r ops.Record) (ops.Record, error) {
	events, seqs, meta := w.tx.Bucket(eventBucket), w.tx.Bucket(seqBucket), w.tx.Bucket(metaBucket)
	// Records come nearly in the order of their keys: full pages, half the file.
	events.FillPercent, seqs.FillPercent = 0.95, 1
	seq, err := events.NextSequence()
	if err != nil {
		return r, err
	}
	if r.At.IsZero() {
		r.At = w.now
	}
	r.Seq, r.At = seq, r.At.UTC()
	v, err := encodeEvent(r)
	if err != nil {
		return r, err
	}
	if err := events.Put(eventKey(r.At, seq), v); err != nil {
		return r, err
	}
	if err := seqs.Put(key(seq), key(timeKey(r.At))); err != nil {
		return r, err
	}
	return r, meta.Put(countKey, key(eventCount(meta)+1))
}

// eventCount is how many records there are. bbolt would have to walk all pages.
func eventCount(meta *bolt.Bucket) uint64 {
	b := meta.Get(countKey)
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
