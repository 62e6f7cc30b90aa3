package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// TestWhatKeepsWALSaysHowPgWALGrows has the server's own findings.
func TestWhatKeepsWALSaysHowPgWALGrows(t *testing.T) {
	failing := ops.Archiver{On: true, LastGood: ago(5 * time.Minute), LastFailed: ago(time.Minute)}
	slot := []ops.Slot{{Name: ops.Lit("old"), Retains: ops.Num(2 << 30), Status: ops.Lit("extended")}}
	size := ops.Num(3 << 30)
	for name, c := range map[string]struct {
		d    ops.Database
		want string
	}{
		"the archiver fails, and nothing was measured": {ops.Database{Archiver: failing, WAL: ops.WAL{Size: size}}, "; pg_wal grows"},
		"it fails, and pg_wal grows":                   {ops.Database{Archiver: failing, WAL: ops.WAL{Size: size, Growth: ops.Num(1 << 30)}}, "; pg_wal holds 3.0G and grows by 1.0G an hour until its disk is full: how much room that has is not known"},
		"it fails on a quiet server":                   {ops.Database{Archiver: failing, WAL: ops.WAL{Size: size, Growth: ops.Num(0)}}, "; pg_wal holds 3.0G, and has not grown lately"},
		"a slot that nobody reads":                     {ops.Database{Slots: slot, WAL: ops.WAL{Size: size, Growth: ops.Num(1 << 30)}}, "nobody reads it; pg_wal holds 3.0G and grows by 1.0G an hour until its disk is full: how much room that has is not known"},
		"a slot, and nothing was measured":             {ops.Database{Slots: slot}, "nobody reads it; pg_wal grows until the disk is full"},
	} {
		d := Database(dbEstate(), c.d, now)
		if len(d.Findings) == 0 || !strings.HasSuffix(d.Findings[0].Cause.String(), c.want) {
			t.Errorf("%s: %+v, want it to end with %q", name, d.Findings, c.want)
		}
	}
}
