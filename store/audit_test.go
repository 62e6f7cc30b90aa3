package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

func auditOf(tx *bolt.Tx) *bolt.Bucket { return tx.Bucket(auditBucket) }

func TestAuditOfAnUntouchedHistoryIsGood(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 6)
	rep, err := VerifyAuditFile(dir)
	must(t, err)
	if !rep.OK || rep.Entries != 7 || !rep.Fault.Empty() || len(rep.Notes) != 0 {
		t.Fatalf("%+v", rep)
	}
	if !rep.First.Equal(begun) || !rep.Last.After(rep.First) {
		t.Errorf("first %v last %v", rep.First, rep.Last)
	}
	s := open(t, dir, Options{Now: clock()})
	live, err := s.VerifyAudit()
	must(t, err)
	if live.Head != rep.Head || !live.OK || !s.Notice().Empty() {
		t.Fatalf("live %+v, notice %q", live, s.Notice())
	}
}

// Every byte of every audit value and key, each with one bit changed.
func TestAuditFindsEveryChangedByte(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 4)
	type place struct {
		k []byte
		n int
	}
	var values, keys []place
	raw(t, dir, func(tx *bolt.Tx) error {
		return auditOf(tx).ForEach(func(k, v []byte) error {
			for i := range v {
				values = append(values, place{bytes.Clone(k), i})
			}
			for i := range k {
				keys = append(keys, place{bytes.Clone(k), i})
			}
			return nil
		})
	})
	if len(values) < 1000 || len(keys) != 40 {
		t.Fatalf("%d bytes in values, %d in keys", len(values), len(keys))
	}
	db, err := bolt.Open(filepath.Join(dir, dbName), 0o600, &bolt.Options{NoSync: true})
	must(t, err)
	defer db.Close() //nolint:errcheck // the test has what it wanted
	lines, err := readHeads(dir)
	must(t, err)
	found := func(change func(b *bolt.Bucket) error) bool {
		tx, err := db.Begin(true)
		must(t, err)
		defer func() { must(t, tx.Rollback()) }()
		must(t, change(auditOf(tx)))
		return !verify(tx, lines).OK
	}
	if found(func(*bolt.Bucket) error { return nil }) {
		t.Fatal("the untouched chain is not good")
	}
	for i, p := range values {
		bit := byte(1) << (i % 8)
		if !found(func(b *bolt.Bucket) error {
			v := bytes.Clone(b.Get(p.k))
			v[p.n] ^= bit
			return b.Put(p.k, v)
		}) {
			t.Fatalf("entry %x byte %d bit %#x changed: not found", p.k, p.n, bit)
		}
	}
	for i, p := range keys {
		bit := byte(1) << (i % 8)
		if !found(func(b *bolt.Bucket) error {
			k, v := bytes.Clone(p.k), bytes.Clone(b.Get(p.k))
			k[p.n] ^= bit
			return bytesErr(b.Delete(p.k), b.Put(k, v))
		}) {
			t.Fatalf("key %x byte %d bit %#x changed: not found", p.k, p.n, bit)
		}
	}
}

func bytesErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// forge writes an entry as somebody would who knows how they are made.
func forge(b *bolt.Bucket, seq uint64, prev []byte, batch uint64, what string) error {
	body, err := encode(auditBody{At: begun, Batch: batch, Record: intent(what)})
	if err != nil {
		return err
	}
	sum := entryHash(entryVersion, prev, seq, body)
	v := append([]byte{entryVersion}, prev...)
	return b.Put(key(seq), append(append(v, sum[:]...), body...))
}

func sumOf(b *bolt.Bucket, seq uint64) []byte { return bytes.Clone(b.Get(key(seq))[33:65]) }

func TestAuditFindsWhatWasDoneToTheChain(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(b *bolt.Bucket) error
		want string
	}{
		"an entry removed from the middle": {func(b *bolt.Bucket) error { return b.Delete(key(3)) }, "entry 3 is missing"},
		"the first entry removed":          {func(b *bolt.Bucket) error { return b.Delete(key(1)) }, "entry 1 is missing"},
		"the tail cut by one":              {func(b *bolt.Bucket) error { return b.Delete(key(6)) }, "entries 6 to 6 are missing"},
		"the tail cut by two": {func(b *bolt.Bucket) error { return bytesErr(b.Delete(key(6)), b.Delete(key(5))) },
			"entries 5 to 5 are missing"},
		"all entries removed": {func(b *bolt.Bucket) error {
			for n := uint64(1); n <= 6; n++ {
				if err := b.Delete(key(n)); err != nil {
					return err
				}
			}
			return nil
		}, "empty"},
		"two entries swapped": {func(b *bolt.Bucket) error {
			x, y := bytes.Clone(b.Get(key(3))), bytes.Clone(b.Get(key(4)))
			return bytesErr(b.Put(key(3), y), b.Put(key(4), x))
		}, "entry 3: its hash"},
		"a key of nine bytes inserted": {func(b *bolt.Bucket) error {
			return b.Put(append(key(3), 0), bytes.Clone(b.Get(key(3))))
		}, "no entry"},
		"a bucket inserted": {func(b *bolt.Bucket) error { _, err := b.CreateBucket([]byte("x")); return err }, "no entry"},
		"the last entry forged with good hashes": {func(b *bolt.Bucket) error {
			return forge(b, 6, sumOf(b, 5), 6, "something else")
		}, "entry 6 is not the one that audit.heads line 5 knows"},
		"the tail forged from the middle on": {func(b *bolt.Bucket) error {
			return bytesErr(forge(b, 4, sumOf(b, 3), 3, "x"), forge(b, 5, sumOf(b, 4), 5, "y"), forge(b, 6, sumOf(b, 5), 6, "z"))
		}, "is not the one that"},
		"two transactions appended by hand": {func(b *bolt.Bucket) error {
			return bytesErr(forge(b, 7, sumOf(b, 6), 7, "x"), forge(b, 8, sumOf(b, 7), 8, "y"))
		}, "more than a crash leaves"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t)
			filled(t, dir, 5)
			raw(t, dir, func(tx *bolt.Tx) error { return c.do(auditOf(tx)) })
			rep, err := VerifyAuditFile(dir)
			must(t, err)
			if rep.OK || !strings.Contains(rep.Fault.String(), c.want) {
				t.Fatalf("want a fault with %q: %+v", c.want, rep)
			}
			if name == "all entries removed" {
				return // Open begins a chain that names the old head; see below
			}
			// The agent goes on with such a chain, and the fault stays.
			s := open(t, dir, Options{Now: clock()})
			if _, err := s.Append(intent("later")); err != nil {
				t.Fatal(err)
			}
			if rep, err = s.VerifyAudit(); err != nil || rep.OK {
				t.Fatalf("after going on: %+v, %v", rep, err)
			}
		})
	}
}

func TestAnEmptiedChainIsBegunAnewAndNamesTheLastHead(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 3)
	raw(t, dir, func(tx *bolt.Tx) error {
		must(t, tx.DeleteBucket(auditBucket))
		_, err := tx.CreateBucket(auditBucket)
		return err
	})
	s := open(t, dir, Options{Now: clock()})
	rep, err := s.VerifyAudit()
	must(t, err)
	if !rep.OK || len(rep.Notes) != 1 || !strings.Contains(rep.Notes[0].String(), "its last head was 4 ") {
		t.Fatalf("%+v", rep)
	}
	if !strings.Contains(s.Notice().String(), "empty audit chain") {
		t.Errorf("notice %q", s.Notice())
	}
}

func TestHeadsFile(t *testing.T) {
	lines := func(b []byte) []string { return strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n") }
	for name, c := range map[string]struct {
		do    func(b []byte) []byte
		fault string // empty: good
		note  string
	}{
		"crash before the head was written": {func(b []byte) []byte { l := lines(b); return []byte(strings.Join(l[:len(l)-1], "")) },
			"", "head of entry 6 was not yet written down"},
		"crash in the middle of the last line": {func(b []byte) []byte { return b[:len(b)-40] }, "", "torn by a crash"},
		"crash behind the first byte of it": {func(b []byte) []byte {
			l := lines(b)
			return []byte(strings.Join(l[:len(l)-1], "") + "a")
		}, "", "torn by a crash"},
		"length written and content not": {func(b []byte) []byte {
			n := len(b) - 40
			return append(bytes.Clone(b[:n]), make([]byte, 40)...)
		}, "", "torn by a crash"},
		"the line end alone missing": {func(b []byte) []byte { return b[:len(b)-1] }, "", ""},
		"a line twice, as after a failed sync": {func(b []byte) []byte {
			l := lines(b)
			return append(bytes.Clone(b), l[len(l)-1]+"\n"...)
		}, "", ""},
		"two lines missing at the end": {func(b []byte) []byte { l := lines(b); return []byte(strings.Join(l[:len(l)-2], "")) },
			"more than a crash leaves", ""},
		"a line missing in the middle": {func(b []byte) []byte { l := lines(b); return []byte(l[0] + strings.Join(l[2:], "")) },
			"were never written down", ""},
		"emptied": {func([]byte) []byte { return nil }, "more than a crash leaves", ""},
		"a digit of a hash changed": {func(b []byte) []byte {
			b = bytes.Clone(b)
			i := bytes.LastIndexByte(b[:len(b)-2], ' ') - 5
			b[i] = "10"[b[i]&1]
			return b
		}, "audit.heads line 5", ""},
		"a torn line of something else": {func(b []byte) []byte { l := lines(b); return []byte(strings.Join(l[:len(l)-1], "") + "audit 1 00") },
			"neither a head nor what a crash leaves", ""},
		"words behind the last line": {func(b []byte) []byte { return append(bytes.Clone(b), "audit 1 a"...) },
			"neither a head nor what a crash leaves", ""},
		"front lines gone": {func(b []byte) []byte { l := lines(b); return []byte(strings.Join(l[3:], "")) },
			"entries 1 to 4 were never written down", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t)
			filled(t, dir, 5)
			path := filepath.Join(dir, headsName)
			b, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path, c.do(b), 0o600))
			rep, err := VerifyAuditFile(dir)
			must(t, err)
			if rep.OK != (c.fault == "") || !strings.Contains(rep.Fault.String(), c.fault) {
				t.Fatalf("want fault %q: %+v", c.fault, rep)
			}
			if notes := ops.Textf("%v", rep.Notes).String(); c.fault == "" && (!strings.Contains(notes, c.note) || c.note == "" && len(rep.Notes) > 0) {
				t.Fatalf("want note %q: %v", c.note, rep.Notes)
			}
			// The agent goes on, and what it writes changes neither verdict.
			s := open(t, dir, Options{Now: clock()})
			_, err = s.Append(intent("later"))
			must(t, err)
			rep, err = s.VerifyAudit()
			must(t, err)
			if rep.OK != (c.fault == "") {
				t.Fatalf("after going on: %+v", rep)
			}
			if strings.Contains(c.note, "not yet") && !strings.Contains(s.Notice().String(), "entry 6 was not yet written down") {
				t.Errorf("notice %q", s.Notice())
			}
		})
	}
}

// Every byte of audit.heads, changed.
func TestHeadsFileChangedBytes(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 3)
	path := filepath.Join(dir, headsName)
	b, err := os.ReadFile(path)
	must(t, err)
	for i := range b {
		if b[i] == '\n' && i == len(b)-1 {
			continue // the last line end carries nothing
		}
		c := bytes.Clone(b)
		c[i] ^= 1 << (i % 7)
		must(t, os.WriteFile(path, c, 0o600))
		rep, err := VerifyAuditFile(dir)
		must(t, err)
		if rep.OK {
			t.Fatalf("byte %d (%q to %q) changed: not found: %+v", i, b[i], c[i], rep)
		}
	}
}

func TestHeadsRotate(t *testing.T) {
	dir := stateDir(t)
	s := open(t, dir, Options{Now: clock()})
	for i := 0; i < 9; i++ {
		_, err := s.Append(intent("x"))
		must(t, err)
		if i%2 == 0 {
			must(t, s.heads.rotate())
		}
	}
	rep, err := s.VerifyAudit()
	must(t, err)
	if !rep.OK || rep.Entries != 10 || len(rep.Notes) != 0 {
		t.Fatalf("%+v", rep)
	}
	must(t, s.Close())
	if s = open(t, dir, Options{}); !s.Notice().Empty() {
		t.Errorf("notice %q", s.Notice())
	}
	if _, err := os.Stat(filepath.Join(dir, headsName+".3")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, headsName+".4")); err == nil {
		t.Error("a fourth old file is kept")
	}
}

func TestHeadsOnAFullDiskStopTheNextAuditedRecord(t *testing.T) {
	dir := stateDir(t)
	var told []string
	s := open(t, dir, Options{Now: clock(), Heads: func(l string) error { told = append(told, l); return nil }})
	full := func() { // every write there is a real ENOSPC
		must(t, s.heads.close())
		f, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
		must(t, err)
		s.heads.f = f
	}
	full()
	_, err := s.Append(intent("first"))
	must(t, err) // it is in the database, so it did happen
	if s.Trouble().Empty() {
		t.Error("no trouble told")
	}
	full()
	_, err = s.Append(intent("second"))
	if ops.CodeOf(err) != ops.CodeFull {
		t.Fatalf("want %v: %v", ops.CodeFull, err)
	}
	_, err = s.Append(note("not audited"))
	must(t, err)
	_, err = s.Append(intent("third"))
	must(t, err)
	rep, err := s.VerifyAudit()
	must(t, err)
	if !rep.OK || rep.Entries != 3 || !s.Trouble().Empty() || len(told) != 3 {
		t.Fatalf("%+v, trouble %q, told %d", rep, s.Trouble(), len(told))
	}
}

// A verification sees the chain and its heads as they are between two
// transactions: writers at work must not look like a forger.
func TestVerifyWhileOthersWrite(t *testing.T) {
	s := open(t, stateDir(t), Options{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for i := range 40 {
				if _, err := s.Append(intent("x"), note("y")); err != nil {
					t.Error(i, err)
				}
			}
		})
	}
	for range 60 {
		rep, err := s.VerifyAudit()
		if err != nil || !rep.OK || len(rep.Notes) > 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if _, err := s.History(ops.Query{}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	rep, err := s.VerifyAudit()
	if err != nil || rep.Entries != 121 {
		t.Fatalf("%+v, %v", rep, err)
	}
}

func TestAJournalThatFailsStopsNothing(t *testing.T) {
	s := open(t, stateDir(t), Options{Heads: func(string) error { return os.ErrClosed }})
	_, err := s.Append(intent("x"))
	must(t, err)
	if !strings.Contains(s.Trouble().String(), "did not reach the system's journal") {
		t.Errorf("trouble %q", s.Trouble())
	}
}
