package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// Bounds of one job's output. The first lines tell what was called and the last
// how it ended, so what is dropped is taken from between.
const (
	outputHead     = 500
	maxOutputLines = 20_000
	maxOutputBytes = 8 << 20 // as stored
	outputPage     = 1_000
)

// AppendOutput adds lines to a job's output and numbers them from 1. Of an
// output over 20,000 lines or 8 MiB the oldest lines behind the first 500 are
// dropped; Output counts them.
func (s *Store) AppendOutput(id ops.JobID, lines []ops.Line) error {
	if len(lines) == 0 {
		return nil
	}
	return s.update(func(w *writing) error {
		if w.tx.Bucket(jobBucket).Get(key(uint64(id))) == nil {
			return ops.Errorf(ops.CodeNotFound, "there is no job %d", id)
		}
		b, err := w.tx.Bucket(outputBucket).CreateBucketIfNotExists(key(uint64(id)))
		if err != nil {
			return err
		}
		b.FillPercent = 1
		held := readHeld(w.tx, id)
		for _, l := range lines {
			if l.Offset, err = b.NextSequence(); err != nil {
				return err
			}
			v, err := encode(l)
			if err != nil {
				return err
			}
			if err := b.Put(key(l.Offset), v); err != nil {
				return err
			}
			held.lines++
			held.bytes += uint64(len(v))
		}
		if err := dropOutput(b, &held); err != nil {
			return err
		}
		return w.tx.Bucket(sizeBucket).Put(key(uint64(id)), held.bytesOf())
	})
}

// held is how much of a job's output is kept.
type held struct{ lines, bytes uint64 }

func (h held) bytesOf() []byte {
	return binary.BigEndian.AppendUint64(key(h.lines), h.bytes)
}

func readHeld(tx *bolt.Tx, id ops.JobID) held {
	v := tx.Bucket(sizeBucket).Get(key(uint64(id)))
	if len(v) != 16 {
		return held{}
	}
	return held{binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])}
}

// dropOutput deletes the oldest lines behind the head until the bounds hold.
func dropOutput(b *bolt.Bucket, h *held) error {
	for h.lines > outputHead && (h.lines > maxOutputLines || h.bytes > maxOutputBytes) {
		k, v := b.Cursor().Seek(key(outputHead + 1))
		if k == nil {
			return nil
		}
		h.lines--
		h.bytes -= min(h.bytes, uint64(len(v)))
		if err := b.Delete(bytes.Clone(k)); err != nil {
			return err
		}
	}
	return nil
}

// Output returns up to limit lines behind the offset after; limit 0: 1,000.
// Where lines were dropped, one meta line says how many, with the offset of the
// last of them.
func (s *Store) Output(id ops.JobID, after uint64, limit int) (out []ops.Line, err error) {
	if limit <= 0 {
		limit = outputPage
	}
	err = s.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(outputBucket).Bucket(key(uint64(id)))
		if b == nil {
			return nil
		}
		c := b.Cursor()
		next := after + 1
		for k, v := c.Seek(key(next)); k != nil && len(out) < limit; k, v = c.Next() {
			var l ops.Line
			if err := json.Unmarshal(v, &l); err != nil {
				return fmt.Errorf("read output of job %d: %w", id, err)
			}
			if l.Offset > next {
				out = append(out, droppedLine(id, next, l.Offset-1))
				if len(out) == limit {
					return nil
				}
			}
			out = append(out, l)
			next = l.Offset + 1
		}
		return nil
	})
	return out, err
}

func droppedLine(id ops.JobID, from, to uint64) ops.Line {
	return ops.Line{
		Offset: to,
		From:   ops.NewRef(ops.KindJob, "", fmt.Sprint(id)),
		Stream: ops.StreamMeta,
		Text:   ops.Textf("%s dropped (%d to %d)", ops.Count(to-from+1, "line"), from, to),
	}
}
