package pgbackrest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// listed is an engine with one repository that has backups, and WAL from 1 to last.
func listed(t *testing.T, last uint64) (*engine, *Collector, *clock) {
	t.Helper()
	e := newEngine(t)
	e.info[1] = recorded(t, "info-two-backups.json")
	e.segments(true, 1, last)
	col, now := collectorOf(t, e, 1)
	return e, col, now
}

func TestTheNewestFoldersAreListedEachTimeAndTheRestHourly(t *testing.T) {
	e, col, now := listed(t, 700) // in three folders
	const top, second, third = "--output=json repo-ls archive/lab/15-1", "--output=json repo-ls archive/lab/15-1/0000000100000001", "--output=json repo-ls archive/lab/15-1/0000000100000002"
	const whole = "--output=json --recurse repo-ls archive/lab/15-1"
	for _, step := range []struct {
		what   string
		change func()
		calls  []string
		runs   string
	}{
		{"at first all of it", func() {}, []string{whole}, "1:1-700"},
		{"a segment of the newest goes", func() { e.segments(false, 600, 600) }, []string{top, second, third}, "1:1-599 1:601-700"},
		{"one of the second, and it comes back", func() { e.segments(true, 600, 600); e.segments(false, 300, 301) }, []string{top, second, third}, "1:1-299 1:302-700"},
		{"an old one goes, unseen", func() { e.segments(true, 300, 301); e.segments(false, 9, 9) }, []string{top, second, third}, "1:1-700"},
		{"until an hour is over", func() { now.pass(time.Hour) }, []string{whole}, "1:1-8 1:10-700"},
		{"old ones go with a backup", func() {
			e.segments(false, 1, 8)
			e.info[1] = outcome{out: strings.Replace(e.info[1].out, `"20261127-035600F","lsn"`, `"20261127-035601F","lsn"`, 1)}
		}, []string{whole}, "1:10-700"},
		{"or with the first that info tells of", func() {
			e.segments(false, 10, 11)
			e.info[1] = outcome{out: strings.Replace(e.info[1].out, `"min":"000000010000000000000001"`, `"min":"00000001000000000000000C"`, 1)}
		}, []string{whole}, "1:12-700"},
		{"and once", func() {}, []string{top, second, third}, "1:12-700"},
		{"a folder begins, and one comes late into the one before", func() { e.segments(false, 511, 511); e.segments(true, 701, 800); e.segments(true, 511, 511) },
			[]string{top, second, third, "--output=json repo-ls archive/lab/15-1/0000000100000003"}, "1:12-800"},
		{"a folder goes", func() { e.segments(false, 1, 255) }, []string{top, third, "--output=json repo-ls archive/lab/15-1/0000000100000003"}, "1:256-800"},
	} {
		step.change()
		now.pass(time.Second)
		b, _ := collect(t, col)
		r, calls := b.Repositories[0], e.heard()
		slices.Sort(calls[1:]) // the first is info
		slices.Sort(step.calls)
		if runs(r.WAL) != step.runs || !slices.Equal(calls[1:], step.calls) || !r.WAL.At.Equal(now.now()) || !r.Unlisted.Empty() {
			t.Errorf("%s: %s by %q at %s, %s", step.what, runs(r.WAL), calls, r.WAL.At, r.Unlisted)
		}
	}
}

func TestManyNewFoldersAreListedInOneCall(t *testing.T) {
	e, col, _ := listed(t, 10)
	collect(t, col)
	e.segments(true, 11, 256*9)
	e.heard()
	if b, _ := collect(t, col); runs(b.Repositories[0].WAL) != "1:1-2304" || len(e.heard()) != 3 {
		t.Errorf("%s", runs(b.Repositories[0].WAL))
	}
}

// What changes in the newest folders is known at once: a collector that has listed the
// archive before says what one says that lists it for the first time.
func TestListingPieceByPieceIsListingTheWhole(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		last := 200 + random.Uint64N(400)
		e, col, now := listed(t, last)
		for range 8 {
			collect(t, col)
			now.pass(time.Minute)
			newest := last / 256 * 256
			for range random.IntN(4) {
				from := newest - min(newest, 256) + random.Uint64N(300)
				e.segments(random.IntN(3) > 0, from, from+random.Uint64N(5))
			}
			grown := random.Uint64N(90)
			e.segments(true, last+1, last+grown)
			last += grown
			before, _ := collect(t, col)
			fresh, _ := collectorOf(t, e, 1)
			whole, _ := collect(t, fresh)
			if a, b := runs(before.Repositories[0].WAL), runs(whole.Repositories[0].WAL); a != b {
				t.Fatalf("seed %d: it says %s, and it is %s", seed, a, b)
			}
		}
	}
}

func TestWhatCannotBeListedStaysAsItWasAndIsSaid(t *testing.T) {
	e, col, now := listed(t, 300)
	collect(t, col)
	at := now.now()
	listings, slow := 0, 10*time.Second
	e.every = func(argv []string) (outcome, bool) {
		if !slices.Contains(argv, "repo-ls") {
			return outcome{}, false
		}
		listings++
		now.pass(slow)
		return outcome{out: `{"0000000100000001":{"type":"path"},`, said: "ERROR: [041]: unable to list '/r': [13] Permission denied\n", code: 41}, true
	}
	now.pass(time.Minute)
	for _, pass := range []time.Duration{0, 2 * time.Hour} {
		now.pass(pass)
		b, _ := collect(t, col)
		if r := b.Repositories[0]; runs(r.WAL) != "1:1-300" || !r.WAL.At.Equal(at) || r.Unlisted.String() != "unable to list '/r': [13] Permission denied" || !r.Fault.Empty() || len(b.Sets) != 2 {
			t.Errorf("%+v", r)
		}
	}
	// All of it was tried for ten seconds: it is tried again after fifty.
	listings = 0
	for range 4 {
		now.pass(3 * time.Second)
		collect(t, col)
	}
	if listings > 5 {
		t.Errorf("%d calls that fail", listings)
	}
	e.every = nil
	now.pass(time.Minute)
	if b, _ := collect(t, col); !b.Repositories[0].Unlisted.Empty() || !b.Repositories[0].WAL.At.Equal(now.now()) {
		t.Errorf("%+v", b.Repositories[0])
	}
}

func TestHistoriesAreReadOnceAndNonsenseIsSaid(t *testing.T) {
	e, col, now := listed(t, 3)
	e.files["00000002.history"] = "1\t0/3000060\tno recovery target specified\n"
	e.files["00000003.history"] = "2\tnonsense\n"
	for i := range 3 {
		b, o := collect(t, col)
		l := b.Repositories[0].WAL
		if !slices.Equal(l.Forks, []ops.WALFork{{Timeline: 2, Parent: 1, At: 0x3000060}}) || !slices.Equal(l.Histories, []uint32{2, 3}) ||
			len(o.Notes) != 1 || !strings.Contains(o.Notes[0].String(), "repo1: history of timeline 3: line 1") {
			t.Errorf("%+v, %q", l, o.Notes)
		}
		gets := slices.DeleteFunc(e.heard(), func(s string) bool { return !strings.HasPrefix(s, "repo-get") })
		if want := map[int]int{0: 2}[i]; len(gets) != want {
			t.Errorf("time %d: %q", i, gets)
		}
		now.pass(time.Minute)
	}
	// One that could not be read is tried again.
	e.files["00000004.history"] = "1\t0/3000060\n"
	e.every = func(argv []string) (outcome, bool) {
		return outcome{err: errors.New("no more processes")}, slices.Contains(argv, "repo-get")
	}
	if b, _ := collect(t, col); b.Repositories[0].Unlisted.String() != "the history of timeline 4: pgbackrest cannot be run: no more processes" {
		t.Errorf("it says %s", b.Repositories[0].Unlisted)
	}
	e.every = nil
	if b, _ := collect(t, col); len(b.Repositories[0].WAL.Forks) != 2 {
		t.Errorf("%+v", b.Repositories[0].WAL)
	}
}

func TestSegmentsHaveTheSizeThatABackupTells(t *testing.T) {
	for first, c := range map[string]struct {
		start string
		want  ops.Bytes
	}{
		"000000010000000000000013": {"0/13000028", 16 << 20},
		"00000001000000000000004C": {"0/13000028", 4 << 20},
		"000000010000000000000004": {"0/13000028", 64 << 20},
		"000000010000000200000001": {"2/40000028", 1 << 30},
		"000000010000000200000FFF": {"2/FFF00028", 1 << 20},
		"000000010000000200000000": {"2/28", usualSegment}, // any of them
		"000000010000000900000000": {"2/28", usualSegment}, // none of them
		"nonsense":                 {"2/40000028", usualSegment},
	} {
		e := newEngine(t)
		text := recorded(t, "info-two-repos-second-down.json").out
		text = strings.NewReplacer("000000010000000000000013", first, "0/13000028", c.start).Replace(text)
		e.info[1] = outcome{out: text}
		col, _ := collectorOf(t, e, 1)
		if b, _ := collect(t, col); b.Repositories[0].WAL.SegmentSize != c.want {
			t.Errorf("%s at %s: %d", first, c.start, b.Repositories[0].WAL.SegmentSize)
		}
	}
}

// Another cluster in the stanza has an archive of its own, and may have other segments.
func TestTheWALIsThatOfTheNewestCluster(t *testing.T) {
	e := newEngine(t)
	e.info[1] = outcome{out: `[{"name":"lab","db":[{"id":2,"repo-key":1,"system-id":2222},{"id":1,"repo-key":1,"system-id":1111},{"id":9,"repo-key":2,"system-id":9999}],
		"archive":[{"id":"16-2","database":{"id":2,"repo-key":1}},{"id":"15-1","database":{"id":1,"repo-key":1}},{"id":"../..-3","database":{"id":3,"repo-key":1}}],
		"repo":[{"key":1,"cipher":"aes-256-cbc","status":{"code":2,"message":"no valid backups"}}],"status":{"code":2}}]`}
	col, _ := collectorOf(t, e, 1)
	b, _ := collect(t, col)
	if calls := e.heard(); len(calls) != 2 || !strings.HasSuffix(calls[1], " archive/lab/16-2") || b.Cluster.String() != "2222" || b.Number != 2 || !b.Repositories[0].Cipher {
		t.Errorf("%q, %+v", calls, b)
	}
}

// What is listed is not held whole: it costs what is kept of it.
func BenchmarkTwoHundredThousandSegments(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{".":{"type":"path"}`)
	for n := range uint64(200_000) {
		name := ops.WALName(1, n, 16<<20).String()
		fmt.Fprintf(&text, `,"%s/%s%s":{"type":"file","size":1651133,"time":1795787034}`, name[:16], name, sum)
	}
	text.WriteString("}\n")
	t := &testing.T{}
	e := &engine{t: t, every: func([]string) (outcome, bool) { return outcome{out: text.String()}, true }}
	col := New(Config{Stanza: "lab", Command: "pgbackrest", Run: e.run, Now: time.Now, Plan: ops.BackupPlan{Repositories: []ops.RepositoryPlan{{Key: 1}}}})
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := col.repos[0]
		r.wal = archive{id: "15-1", segment: usualSegment}
		if err := r.listWhole(b.Context(), time.Now()); err != nil {
			b.Fatal(err)
		}
		if l := r.wal.listing(); len(l.Runs) != 1 || !reflect.DeepEqual(l.Files, 200_000) {
			b.Fatalf("%+v", l)
		}
	}
}
