package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// Bounds of one History call: a filter that nothing matches must not read the
// whole file, which a write that has to grow it would wait for.
const (
	defaultPage = 200
	maxPage     = 5_000
	// maxCost bounds what is looked at in vain, in steps of about 0.1 µs on an
	// idle machine: passing over a record by its kind and ref, looking for words
	// in its bytes, and decoding it.
	maxCost    = 80_000
	costPass   = 1
	costWords  = 12
	costDecode = 60
)

// History returns a page of records, newest first. Before names the last record
// of the page before by its sequence: the page goes on behind it in the order
// of time. One call passes over at most 80,000 records by kind and ref, or looks
// for words in some 6,000; where that was not enough, the page ends with a
// record of kind agent that says how far the search came, and whose Seq asks for
// the rest as Before.
func (s *Store) History(q ops.Query) ([]ops.Record, error) {
	sc := newScan(q)
	err := s.view(func(tx *bolt.Tx) error {
		sc.run(tx)
		return nil
	})
	return sc.out, err
}

// scan is one pass over the records for a query.
type scan struct {
	q     ops.Query
	limit int
	kinds map[uint32]bool
	ref   uint32
	words []string
	raw   [][]byte // those of the words that an encoded record has as they are
	out   []ops.Record
	cost  int
}

func newScan(q ops.Query) *scan {
	sc := &scan{q: q, limit: q.Limit, ref: short(q.Ref.String())}
	if sc.limit <= 0 {
		sc.limit = defaultPage
	}
	sc.limit = min(sc.limit, maxPage)
	if len(q.Kinds) > 0 {
		sc.kinds = map[uint32]bool{}
		for _, k := range q.Kinds {
			sc.kinds[short(k.String())] = true
		}
	}
	sc.words = strings.Fields(strings.ToLower(q.Match.String()))
	for _, w := range sc.words {
		// A word with these may be written otherwise in JSON, or reach over
		// several fields of a ref.
		if !strings.ContainsAny(w, "\"\\<>&:/\u2028\u2029\ufffd") {
			sc.raw = append(sc.raw, []byte(w))
		}
	}
	return sc
}

func (sc *scan) run(tx *bolt.Tx) {
	c := tx.Bucket(eventBucket).Cursor()
	k, v := sc.start(tx, c)
	var floor []byte
	if !sc.q.From.IsZero() {
		floor = eventKey(sc.q.From, 0)
	}
	for n := 0; k != nil; k, v = c.Prev() {
		if floor != nil && bytes.Compare(k, floor) < 0 {
			return
		}
		n++
		if sc.take(k, v); len(sc.out) == sc.limit {
			return
		}
		if sc.cost >= maxCost {
			sc.pause(k, n)
			return
		}
	}
}

// pause ends a page whose search was not finished.
func (sc *scan) pause(k []byte, n int) {
	r := decodeEvent(k, nil)
	r.Level = ops.LevelInfo
	r.What = ops.Textf("searched %s back to here: ask for older ones to go on", ops.Count(n, "record"))
	sc.out = append(sc.out, r)
}

// start moves to the newest record that may be on the page.
func (sc *scan) start(tx *bolt.Tx, c *bolt.Cursor) (k, v []byte) {
	var end []byte // exclusive; nil: from the newest on
	if !sc.q.Until.IsZero() {
		end = eventKey(sc.q.Until, 0)
	}
	if sc.q.Before > 0 {
		b := beforeKey(tx, sc.q.Before)
		if b == nil {
			return nil, nil
		}
		if end == nil || bytes.Compare(b, end) < 0 {
			end = b
		}
	}
	if end == nil {
		return c.Last()
	}
	if k, _ := c.Seek(end); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// beforeKey returns the key of the record with that sequence, or the first key
// behind the newest that came before it, where retention has taken it since.
func beforeKey(tx *bolt.Tx, seq uint64) []byte {
	c := tx.Bucket(seqBucket).Cursor()
	k, v := c.Seek(key(seq))
	if bytes.Equal(k, key(seq)) {
		return append(bytes.Clone(v), k...)
	}
	if k == nil {
		k, v = c.Last()
	} else {
		k, v = c.Prev()
	}
	if len(k) != 8 || len(v) != 8 {
		return nil
	}
	return append(bytes.Clone(v), key(binary.BigEndian.Uint64(k)+1)...)
}

// take adds the record to the page if the query asks for it.
func (sc *scan) take(k, v []byte) {
	sc.cost += costPass
	if len(v) >= eventHeader {
		if sc.kinds != nil && !sc.kinds[binary.BigEndian.Uint32(v)] {
			return
		}
		if !sc.q.Ref.Zero() && binary.BigEndian.Uint32(v[4:]) != sc.ref {
			return
		}
	}
	if len(sc.raw) > 0 {
		sc.cost += costWords
		low := bytes.ToLower(v)
		if slices.ContainsFunc(sc.raw, func(w []byte) bool { return !bytes.Contains(low, w) }) {
			return
		}
	}
	if r := decodeEvent(k, v); sc.wanted(r) {
		sc.out = append(sc.out, r)
		return
	}
	sc.cost += costDecode
}

func (sc *scan) wanted(r ops.Record) bool {
	if sc.kinds != nil && !sc.kinds[short(r.Kind.String())] {
		return false
	}
	if !sc.q.Ref.Zero() && r.Ref != sc.q.Ref {
		return false
	}
	if len(sc.words) == 0 {
		return true
	}
	text := strings.ToLower(r.What.String() + " " + r.Ref.String())
	return !slices.ContainsFunc(sc.words, func(w string) bool { return !strings.Contains(text, w) })
}
