package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// AuditReport is what a verification of the audit chain found.
type AuditReport struct {
	Entries uint64     `json:"entries"` // that were read and found good
	Head    ops.Text   `json:"head"`    // sequence and hash of the last good one
	First   time.Time  `json:"first"`
	Last    time.Time  `json:"last"`
	OK      bool       `json:"ok"`
	Fault   ops.Text   `json:"fault,omitzero"` // which entry, and what is wrong with it
	Notes   []ops.Text `json:"notes,omitempty"`
}

// VerifyAudit reads the whole audit chain and compares it with every line of
// audit.heads. Writers wait only while the two are taken hold of together.
//
// It finds every changed byte of a key or a value, entries removed, swapped or
// inserted, and a tail cut off behind any head that was written down. Who can
// write to the directory can replace the chain and audit.heads together: that
// shows only against Options.Heads' copy, outside.
func (s *Store) VerifyAudit() (rep AuditReport, err error) {
	if err := s.usable(); err != nil {
		return rep, err
	}
	err = guarded(func() error {
		tx, heads, err := s.snapshot()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // also where a page cannot be read
		rep = verify(tx, heads)
		return nil
	})
	if isDamage(err) {
		return AuditReport{Fault: ops.Textf("%s is damaged: %v", dbName, err)}, nil
	}
	return rep, err
}

// snapshot takes hold of the chain and its heads as they are between two
// transactions. The caller rolls tx back.
func (s *Store) snapshot() (tx *bolt.Tx, heads headLines, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if heads, err = readHeads(s.dir); err != nil {
		return nil, heads, err
	}
	tx, err = s.db.Begin(false)
	return tx, heads, err
}

// entry is what verification remembers of an entry: enough to write its line.
type entry struct {
	sum   [sha256.Size]byte
	at    time.Time
	batch uint64
}

// chain is the entries in order; entry n is at n-1.
type chain struct {
	id      string
	begin   beginning
	entries []entry
}

// verify reads the chain, then the heads.
func verify(tx *bolt.Tx, heads headLines) AuditReport {
	c, fault := readChain(tx)
	rep := AuditReport{Entries: uint64(len(c.entries))}
	if n := len(c.entries); n > 0 {
		rep.First, rep.Last = c.entries[0].at, c.entries[n-1].at
		rep.Head = ops.Textf("%d %s", n, c.head(uint64(n)).hash())
	}
	if !c.begin.Why.Empty() || c.begin.Seq > 0 {
		rep.Notes = append(rep.Notes, c.begin.note())
	}
	if fault == "" {
		var notes []ops.Text
		notes, fault = c.compare(heads)
		rep.Notes = append(rep.Notes, notes...)
	}
	rep.Fault, rep.OK = ops.Clean(fault), fault == ""
	return rep
}

func (b beginning) note() ops.Text {
	s := "this chain begins behind another one"
	if !b.Why.Empty() {
		s += fmt.Sprintf(": %s %s", dbName, b.Why)
	}
	if !b.File.Empty() {
		s += fmt.Sprintf(", moved to %s", b.File)
	}
	if b.Seq > 0 {
		return ops.Textf("%s; its last head was %d %s", s, b.Seq, b.Hash)
	}
	return ops.Textf("%s; no head of it was known", s)
}

func (c chain) head(seq uint64) head {
	e := c.entries[seq-1]
	return head{Chain: c.id, Seq: seq, Sum: e.sum, At: e.at}
}

// readChain reads entries up to the first that is wrong.
func readChain(tx *bolt.Tx) (c chain, fault string) {
	b := tx.Bucket(auditBucket)
	if b == nil {
		return c, "the audit chain is missing"
	}
	var prev [sha256.Size]byte
	cur := b.Cursor()
	for k, v := cur.First(); k != nil; k, v = cur.Next() {
		want := uint64(len(c.entries)) + 1
		if len(k) != 8 || v == nil {
			return c, fmt.Sprintf("behind entry %d stands something that is no entry", want-1)
		}
		seq := binary.BigEndian.Uint64(k)
		if seq != want {
			return c, fmt.Sprintf("entry %d is missing: %d follows %d", want, seq, want-1)
		}
		before, sum, body, err := openEntry(seq, v)
		if err != nil {
			return c, fmt.Sprintf("entry %d: %v", seq, err)
		}
		if !bytes.Equal(before, prev[:]) {
			return c, fmt.Sprintf("entry %d does not follow entry %d: its previous hash is another", seq, seq-1)
		}
		if fault := c.add(seq, sum, body); fault != "" {
			return c, fault
		}
		prev = sum
	}
	if len(c.entries) == 0 {
		return c, "the audit chain is empty"
	}
	return c, ""
}

// add takes in an entry whose hashes are good.
func (c *chain) add(seq uint64, sum [sha256.Size]byte, body []byte) (fault string) {
	var a auditBody
	if err := json.Unmarshal(body, &a); err != nil {
		return fmt.Sprintf("entry %d cannot be read: %v", seq, err)
	}
	if seq == 1 {
		c.id = head{Seq: 1, Sum: sum}.hash()[:16]
		if a.Begin == nil {
			return "entry 1 is not the beginning of a chain"
		}
		c.begin = *a.Begin
	}
	if a.Batch == 0 || a.Batch > seq {
		return fmt.Sprintf("entry %d names transaction %d", seq, a.Batch)
	}
	c.entries = append(c.entries, entry{sum: sum, at: a.At, batch: a.Batch})
	return ""
}

// compare holds every line of audit.heads against the chain.
func (c chain) compare(heads headLines) (notes []ops.Text, fault string) {
	var covered, before head // last line of this chain, and of the one before it
	var torn *headLine       // a line that cannot be read, until it is judged
	for i := range heads.lines {
		l := heads.lines[i]
		if strings.Trim(l.text, "\x00") == "" {
			continue
		}
		h, late, ok := parseHead(l.text)
		switch {
		case !ok:
			if torn != nil {
				return notes, fmt.Sprintf("%s and %s cannot be read", torn.where, l.where)
			}
			torn = &l
			continue
		case h.Chain != c.id && covered.Seq > 0:
			return notes, fmt.Sprintf("%s is of another chain, behind lines of this one", l.where)
		case h.Chain != c.id:
			before, torn = h, nil // what was torn there is that chain's affair
			continue
		}
		if fault := c.line(l, h, covered, heads.whole || before.Seq > 0); fault != "" {
			return notes, fault
		}
		if torn != nil {
			// One that stands before the first of this chain belongs to a chain
			// that is gone, so nobody can say any more what it should have read.
			if !tornOf(torn.text, h) && (covered.Seq > 0 || c.begin.Why.Empty()) {
				return notes, fmt.Sprintf("%s is not what a crash leaves of %s", torn.where, l.where)
			}
			notes, torn = append(notes, ops.Textf("%s was torn by a crash", torn.where)), nil
		}
		if late {
			notes = append(notes, ops.Textf("head of entry %d was written down late, after a restart", h.Seq))
		}
		covered = h
	}
	return c.tail(notes, covered, before, torn)
}

// line checks one line of this chain behind the last one; first says that a line
// with none before it has to be the chain's first.
func (c chain) line(l headLine, h, covered head, first bool) (fault string) {
	n := uint64(len(c.entries))
	switch {
	case h == covered && h.Seq > 0:
		return "" // its sync failed, so that it was written once more
	case h.Seq == 0 || h.Seq <= covered.Seq:
		return fmt.Sprintf("%s: entry %d stands behind %d", l.where, h.Seq, covered.Seq)
	case h.Seq > n:
		return fmt.Sprintf("entries %d to %d are missing: %s knows entry %d of %s", n+1, h.Seq, l.where, h.Seq, h.At.Format(time.RFC3339))
	case c.head(h.Seq).line() != h.line():
		return fmt.Sprintf("entry %d is not the one that %s knows", h.Seq, l.where)
	case (covered.Seq > 0 || first) && c.entries[h.Seq-1].batch != covered.Seq+1:
		return fmt.Sprintf("entries %d to %d were never written down: %s comes next", covered.Seq+1, c.entries[h.Seq-1].batch-1, l.where)
	}
	return ""
}

// tail judges what stands behind the last line.
func (c chain) tail(notes []ops.Text, covered, before head, torn *headLine) ([]ops.Text, string) {
	n := uint64(len(c.entries))
	if before.Seq > 0 && (before.Chain != c.begin.Chain || before.Seq != c.begin.Seq || before.hash() != c.begin.Hash) {
		return notes, fmt.Sprintf("%s knows entry %d of another chain, which entry 1 does not name", headsName, before.Seq)
	}
	if covered.Seq < n {
		if c.entries[n-1].batch != covered.Seq+1 {
			return notes, fmt.Sprintf("entries %d to %d have no head in %s, more than a crash leaves", covered.Seq+1, n, headsName)
		}
		notes = append(notes, ops.Textf("head of entry %d was not yet written down", n))
	}
	if torn == nil {
		return notes, ""
	}
	if covered.Seq == n || !tornOf(torn.text, c.head(n)) {
		return notes, fmt.Sprintf("%s is neither a head nor what a crash leaves of one", torn.where)
	}
	return append(notes, ops.Textf("%s was torn by a crash", torn.where)), ""
}

// tornOf reports whether s is the beginning of the line of h. A filesystem may
// have given the file its length before its content: then zeros follow.
func tornOf(s string, h head) bool {
	s = strings.TrimRight(s, "\x00")
	return s != h.line() && strings.HasPrefix(h.line()+headsLate, s)
}
