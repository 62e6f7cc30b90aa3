package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// An entry of the audit chain is
//
//	1 byte   version of this layout
//	32 bytes hash of the entry before (zero in the first one)
//	32 bytes SHA-256 over the version, that hash, the sequence and the body
//	the rest body: JSON, hashed as it stands, so that fields may be added to
//	         ops.Record without an old entry reading differently
//
// under its sequence as an 8 byte big-endian key. Binary rather than JSON, so
// that there is no byte that could change without the hash noticing.
const (
	entryVersion = 1
	entryHeader  = 1 + 2*sha256.Size
)

// auditBody is what an entry says.
type auditBody struct {
	At time.Time `json:"at"` // when it was written, by the agent's clock
	// Batch is the first sequence of the transaction that wrote the entry. A
	// crash leaves at most one transaction without its head written down.
	Batch  uint64     `json:"batch"`
	Record ops.Record `json:"record"`
	Begin  *beginning `json:"begin,omitempty"` // of the first entry only
}

// beginning says what was before the first entry of a chain.
type beginning struct {
	Why   ops.Text `json:"why,omitzero"`  // why a new history was begun
	File  ops.Text `json:"file,omitzero"` // the file that was moved aside
	Chain string   `json:"chain,omitempty"`
	Seq   uint64   `json:"seq,omitempty"` // the last head that was written down
	Hash  string   `json:"hash,omitempty"`
}

// head is the end of a chain.
type head struct {
	Chain string // the first 16 hex digits of the first entry's hash
	Seq   uint64
	Sum   [sha256.Size]byte
	At    time.Time
}

// hash returns the hash in hex; empty where there is no head.
func (h head) hash() string {
	if h.Seq == 0 {
		return ""
	}
	return hex.EncodeToString(h.Sum[:])
}

func entryHash(version byte, prev []byte, seq uint64, body []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte{version})
	h.Write(prev)
	h.Write(key(seq))
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}

// errEntry says why an entry does not stand for itself.
var (
	errEntryShape = errors.New("it is not an audit entry")
	errEntryHash  = errors.New("its hash does not match its content")
)

// openEntry takes an entry apart and checks that its hash is its own.
func openEntry(seq uint64, v []byte) (prev []byte, sum [sha256.Size]byte, body []byte, err error) {
	if len(v) <= entryHeader || v[0] != entryVersion {
		return nil, sum, nil, errEntryShape
	}
	prev, body = v[1:1+sha256.Size], v[entryHeader:]
	sum = [sha256.Size]byte(v[1+sha256.Size : entryHeader])
	if entryHash(v[0], prev, seq, body) != sum {
		return prev, sum, body, errEntryHash
	}
	return prev, sum, body, nil
}

// audit appends one entry to the chain. begin is nil but in the first.
func (w *writing) audit(rec ops.Record, begin *beginning) error {
	if w.first == 0 {
		// No entry while the head of the transaction before is not written
		// down: so a gap of more than one can only come from a hand.
		if err := w.s.catchUp(); err != nil {
			return err
		}
	}
	seq := w.head.Seq + 1
	first := w.first
	if first == 0 {
		first = seq
	}
	body, err := encode(auditBody{At: w.now, Batch: first, Record: rec, Begin: begin})
	if err != nil {
		return err
	}
	prev := w.head.Sum
	sum := entryHash(entryVersion, prev[:], seq, body)
	v := append([]byte{entryVersion}, prev[:]...)
	v = append(append(v, sum[:]...), body...)
	b := w.tx.Bucket(auditBucket)
	b.FillPercent = 1 // it only ever grows at its end
	if err := b.Put(key(seq), v); err != nil {
		return err
	}
	chain := w.head.Chain
	if seq == 1 {
		chain = hex.EncodeToString(sum[:8])
	}
	w.head, w.first = head{Chain: chain, Seq: seq, Sum: sum, At: w.now}, first
	return nil
}

// lastEntry reads the end of the chain: its head, and the first sequence of the
// transaction that wrote it. It trusts the stored hash of an entry that does
// not verify: the chain goes on behind it, and verification names it.
func lastEntry(tx *bolt.Tx) (h head, batch uint64, fault error) {
	b := tx.Bucket(auditBucket)
	k, v := b.Cursor().First()
	if k == nil {
		return head{}, 0, nil
	}
	_, sum, _, fault := openEntry(1, v)
	if !bytes.Equal(k, key(1)) {
		fault = errEntryShape
	}
	h.Chain = hex.EncodeToString(sum[:8])
	c := b.Cursor()
	for k, v = c.Last(); k != nil && len(k) != 8; k, v = c.Prev() {
		fault = errEntryShape // whatever stands there, nothing is written over it
	}
	if k == nil {
		return h, 0, fault
	}
	h.Seq = binary.BigEndian.Uint64(k)
	_, sum, body, err := openEntry(h.Seq, v)
	h.Sum = sum
	var a auditBody
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	h.At = a.At
	return h, a.Batch, errors.Join(fault, err)
}
