package store

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"opsdeck/ops"
)

// million makes a history of a million records and 20,000 audited operations,
// as two busy years leave it, and closes it.
func million(b *testing.B, dir string) {
	b.Helper()
	now := begun
	s := open(b, dir, Options{Now: func() time.Time { return now }})
	// Building it is not what is measured, and it is thrown away: no syncs.
	s.db.NoSync = true
	batch := make([]ops.Record, 5000)
	for i := 0; i < 1_000_000; i += len(batch) {
		for k := range batch {
			now = now.Add(time.Minute)
			batch[k] = record(i+k, now)
		}
		_, err := s.Append(batch...)
		must(b, err)
	}
	must(b, s.db.Sync())
	size, err := s.Size()
	must(b, err)
	b.Logf("%d bytes, %d a record", size, size/1_000_000)
	must(b, s.Close())
}

func record(n int, at time.Time) ops.Record {
	r := ops.Record{At: at, Kind: ops.RecordContainer, Level: ops.LevelWarning,
		Ref:  ops.NewRef(ops.KindContainer, "docker", fmt.Sprintf("container-%d", n%100)),
		What: ops.Textf("container-%d exited with code 137 and was started again", n%100)}
	if n%50 == 0 {
		r.Kind, r.Job = ops.RecordIntent, ops.JobID(n)
		r.Actor = ops.Actor{Name: ops.Lit("ana"), UID: 1000, Role: ops.RoleOperator}
	}
	return r
}

func BenchmarkMillion(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "state")
	million(b, dir)
	b.Run("open left cleanly", func(b *testing.B) {
		for b.Loop() {
			s, err := Open(dir, Options{Probe: probe})
			must(b, err)
			b.StopTimer()
			must(b, s.Close())
			b.StartTimer()
		}
	})
	b.Run("check of a whole file", func(b *testing.B) {
		for b.Loop() {
			must(b, Check(filepath.Join(dir, dbName)))
		}
	})
	b.Run("verify audit", func(b *testing.B) {
		for b.Loop() {
			rep, err := VerifyAuditFile(dir)
			if err != nil || !rep.OK {
				b.Fatal(rep, err)
			}
		}
	})
	s := open(b, dir, Options{})
	for name, q := range map[string]ops.Query{
		"newest page":           {},
		"page from the middle":  {Before: 500_000},
		"page of a day":         {From: begun.Add(9000 * time.Hour), Until: begun.Add(9024 * time.Hour)},
		"page of one container": {Ref: ops.NewRef(ops.KindContainer, "docker", "container-7")},
		"page of intents":       {Kinds: []ops.RecordKind{ops.RecordIntent}},
		"kind that nobody has":  {Kinds: []ops.RecordKind{ops.RecordUnlock}},
		"words that nobody has": {Match: ops.Lit("no such words")},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.History(q)
				must(b, err)
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, r := range map[string]ops.Record{"note": record(1, begun), "audited": record(50, begun)} {
		b.Run(name, func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "state"), Options{})
			for b.Loop() {
				_, err := s.Append(r)
				must(b, err)
			}
		})
	}
}

// BenchmarkRecordSize tells what a record costs in bytes, in full pages.
func BenchmarkRecordSize(b *testing.B) {
	for name, n := range map[string]int{"event": 1, "audited": 50} {
		b.Run(name, func(b *testing.B) {
			var value, entry int
			for b.Loop() {
				v, err := encodeEvent(record(n, begun))
				must(b, err)
				e, err := encode(auditBody{At: begun, Batch: 1, Record: record(n, begun)})
				must(b, err)
				value, entry = len(v), len(e)+entryHeader
			}
			const elem = 16 // bbolt's leaf element
			b.ReportMetric(float64(value+16+elem+8+8+elem), "B/record")
			if n == 50 {
				b.ReportMetric(float64(entry+8+elem), "B/audit-entry")
			}
		})
	}
}
