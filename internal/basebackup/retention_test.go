package basebackup

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

const mega = ops.Bytes(1 << 20) // the size of a segment in these tests

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// shelf is a folder of backups that a test fills by hand.
type shelf struct {
	*testing.T
	Repo
}

func newShelf(t *testing.T) shelf {
	t.Helper()
	return shelf{t, Repo(t.TempDir())}
}

func (s shelf) write(text []byte, names ...string) {
	s.Helper()
	path := s.at(names...)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		s.Fatal(err)
	}
}

// segment writes a whole segment of WAL, which is all zero but for its head.
func (s shelf) segment(timeline uint32, number uint64, in ...string) {
	s.Helper()
	var head [firstHead]byte
	binary.NativeEndian.PutUint16(head[2:], firstInfo)
	binary.NativeEndian.PutUint32(head[4:], timeline)
	binary.NativeEndian.PutUint32(head[32:], uint32(mega))
	binary.NativeEndian.PutUint32(head[36:], 8<<10)
	path := append(in, ops.WALName(timeline, number, mega).String())
	s.write(head[:], path...)
	if err := os.Truncate(s.at(path...), int64(mega)); err != nil {
		s.Fatal(err)
	}
}

// backup puts a backup there that needs the segments of these ranges.
func (s shelf) backup(cluster uint64, ended time.Time, ranges ...walRange) (label string) {
	s.Helper()
	label = ended.Format("20060102-150405") + "F"
	of := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			s.Fatal(err)
		}
		return b
	}
	s.write(of(map[string]any{"Files": []any{}, "WAL-Ranges": ranges}), "backups", label, "data", "backup_manifest")
	s.write(of(Made{ended.Add(-time.Minute), ended}), "backups", label, "made")
	s.write(binary.NativeEndian.AppendUint64(nil, cluster), "backups", label, "data", "global", "pg_control")
	for _, r := range ranges {
		for n := r.Start.Segment(mega); n <= (r.Stop - 1).Segment(mega); n++ {
			s.segment(r.Timeline, n, "backups", label, "data", "pg_wal")
		}
		if r.Timeline > 1 {
			s.write([]byte("1\t0/100000\tx\n"), "backups", label, "data", "pg_wal", fmt.Sprintf("%08X.history", r.Timeline))
		}
	}
	return label
}

// from is the WAL of a backup on a timeline that begins in a segment and ends in the next.
func from(timeline uint32, segment uint64) walRange {
	return walRange{timeline, ops.SegmentStart(segment, mega) + 40, ops.SegmentStart(segment+1, mega) + 1000}
}

// received writes segments into a folder of WAL.
func (s shelf) received(cluster string, life int, timeline uint32, first, last uint64) {
	s.Helper()
	if _, err := os.Stat(s.at("wal", cluster, "since")); err != nil {
		s.write([]byte(`{"began":"2026-11-01T00:00:00Z"}`), "wal", cluster, "since")
	}
	for n := first; n <= last; n++ {
		s.segment(timeline, n, "wal", cluster, fmt.Sprint(life))
	}
}

// files are all that there is, but for the lock.
func (s shelf) files() (all []string) {
	s.Helper()
	err := filepath.WalkDir(string(s.Repo), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "lock" {
			all = append(all, strings.TrimPrefix(path, string(s.Repo)+"/"))
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return all
}

func clock() time.Time { return noon }

func TestWhatRetentionHolds(t *testing.T) {
	day := 24 * time.Hour
	sets := func(spec string) (all []Set) { // newest first, one a day, the newest of today
		for i, c := range spec {
			s := Set{Label: fmt.Sprint(i), Cluster: strings.ToLower(string(c)), Own: true, Made: Made{Ended: noon.Add(-time.Duration(i) * day)}}
			if c == 'X' { // a bad one of cluster a
				s.Cluster, s.Checked.Wrong = "a", []string{"checksum mismatch"}
			}
			all = append(all, s)
		}
		return all
	}
	for name, c := range map[string]struct {
		keep Retention
		sets string
		held int
	}{
		"nothing is said":                          {Retention{}, "aaaa", 4},
		"two":                                      {Retention{Backups: 2}, "aaaa", 2},
		"two, and there is one":                    {Retention{Backups: 2}, "a", 1},
		"two, and there is none":                   {Retention{Backups: 2}, "", 0},
		"a bad one does not count":                 {Retention{Backups: 2}, "aXaa", 3},
		"none of two is good enough":               {Retention{Backups: 2}, "aXXX", 4},
		"another cluster's does not count":         {Retention{Backups: 2}, "abab", 3},
		"the newest is another cluster's":          {Retention{Backups: 1}, "baaa", 1},
		"two days":                                 {Retention{Age: 2 * day}, "aaaa", 3},
		"two days: from the newest that is older":  {Retention{Age: 36 * time.Hour}, "aaaa", 3},
		"two days, and that one is bad":            {Retention{Age: 2 * day}, "aaXa", 4},
		"longer than there are any":                {Retention{Age: 9 * day}, "aaaa", 4},
		"what either holds: the age":               {Retention{1, 2 * day}, "aaaa", 3},
		"what either holds: the number":            {Retention{3, day / 2}, "aaaa", 3},
		"too few by number, though enough by age":  {Retention{9, day / 2}, "aaaa", 4},
		"too young, though enough by their number": {Retention{1, 9 * day}, "aaaa", 4},
	} {
		all := sets(c.sets)
		held, rest := c.keep.Split(all, noon)
		if len(held) != c.held || len(held)+len(rest) != len(all) {
			t.Errorf("%s: %d are held, want %d", name, len(held), c.held)
		}
	}
}

// filled is a folder whose cluster went over to timeline 2, and came after another one.
func filled(t *testing.T) shelf {
	s := newShelf(t)
	s.backup(7, noon.Add(-9*24*time.Hour), from(1, 4))
	s.received("7", 1, 1, 1, 3)
	s.backup(8, noon.Add(-5*24*time.Hour), from(1, 10))
	s.backup(8, noon.Add(-4*24*time.Hour), from(1, 20))
	s.backup(8, noon.Add(-3*24*time.Hour), walRange{2, ops.SegmentStart(31, mega) + 512, ops.SegmentStart(33, mega)}, walRange{1, ops.SegmentStart(30, mega) + 40, ops.SegmentStart(31, mega) + 512})
	s.backup(8, noon.Add(-2*24*time.Hour), from(2, 40))
	s.received("8", 1, 1, 5, 7)
	s.received("8", 2, 1, 27, 31)
	s.received("8", 2, 2, 31, 42)
	s.write([]byte("1\t0/1F00200\tx\n"), "wal", "8", "2", "00000002.history")
	s.write([]byte("not whole"), "wal", "8", "2", "00000002000000000000002B.partial")
	s.received("9", 1, 1, 1, 3) // the server was made anew, and nothing of it is backed up yet
	s.write([]byte(`{"began":"2026-11-26T00:00:00Z"}`), "wal", "9", "since")
	return s
}

func TestAPruneLeavesWhatIsHeldWhole(t *testing.T) {
	s := filled(t)
	before := s.files()
	if err := s.Prune(t.Context(), Retention{Backups: 2}, clock, io.Discard); err != nil {
		t.Fatal(err)
	}
	var gone []string
	for _, f := range before {
		if !slices.Contains(s.files(), f) && !strings.HasPrefix(f, "backups/") {
			gone = append(gone, f)
		}
	}
	var want []string
	for n := uint64(1); n <= 3; n++ {
		want = append(want, "wal/7/1/"+ops.WALName(1, n, mega).String())
	}
	want = append(want, "wal/7/since")
	for n := uint64(5); n <= 7; n++ {
		want = append(want, "wal/8/1/"+ops.WALName(1, n, mega).String())
	}
	for n := uint64(27); n < 30; n++ {
		want = append(want, "wal/8/2/"+ops.WALName(1, n, mega).String())
	}
	if slices.Sort(gone); !slices.Equal(gone, want) {
		t.Errorf("gone: %q\nwant %q", gone, want)
	}
	labels, parts, err := s.Labels()
	if err != nil || len(parts) > 0 || strings.Join(labels, " ") != "20261124-120000F 20261125-120000F" {
		t.Errorf("left: %q %q, %v", labels, parts, err)
	}
}

// crashed is a writer that ends the work at a line.
type crashed struct{ left int }

func (c *crashed) Write(p []byte) (int, error) {
	if c.left--; c.left < 0 {
		panic(c)
	}
	return len(p), nil
}

func TestAPruneThatIsKilledHarmsNothingAndTheNextFinishes(t *testing.T) {
	whole := filled(t)
	if err := whole.Prune(t.Context(), Retention{Backups: 2}, clock, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := whole.files()
	for step, over := 0, false; !over; step++ {
		s := filled(t)
		over = s.killed(step)
		left := s.files()
		for _, f := range want {
			if !slices.Contains(left, f) {
				t.Errorf("killed before step %d: %s is gone", step, f)
			}
		}
		labels, _, err := s.Labels()
		for _, l := range labels {
			if b, rerr := s.Read(l); err != nil || rerr != nil || !b.Own {
				t.Errorf("killed before step %d: %s is called a backup and is none: %v %v", step, l, err, rerr)
			}
		}
		if err := s.Prune(t.Context(), Retention{Backups: 2}, clock, io.Discard); err != nil {
			t.Fatal(err)
		}
		if left := s.files(); !slices.Equal(left, want) {
			t.Errorf("killed before step %d, and begun again, it leaves %q\nwant %q", step, left, want)
		}
	}
}

// killed prunes up to a step, and reports whether it got to its end.
func (s shelf) killed(step int) (over bool) {
	out := &crashed{step}
	defer func() {
		if r := recover(); r != nil && r != any(out) {
			panic(r)
		}
	}()
	if err := s.Prune(context.Background(), Retention{Backups: 2}, clock, out); err != nil {
		s.Error(err)
	}
	return true
}

func TestNothingIsPrunedWhileSomethingIsNotKnown(t *testing.T) {
	for name, change := range map[string]func(s shelf, label string){
		"a manifest cannot be read":   func(s shelf, l string) { s.write([]byte("{"), "backups", l, "data", "backup_manifest") },
		"it is stopped":               func(s shelf, _ string) { _ = s.Stop() },
		"somebody else is at work":    func(s shelf, _ string) { _, _ = s.lock() },
		"the size of WAL is not told": func(s shelf, l string) { _ = os.RemoveAll(s.at("backups", l, "data", "pg_wal")) },
	} {
		s := filled(t)
		change(s, "20261125-120000F")
		before := s.files()
		err := s.Prune(t.Context(), Retention{Backups: 1}, clock, io.Discard)
		if after := s.files(); len(after) < len(before) && err == nil {
			t.Errorf("%s: %d of %d files are left, %v", name, len(after), len(before), err)
		}
		if _, gone := os.Stat(s.at("wal", "8", "2", "00000001000000000000001E")); gone != nil {
			t.Errorf("%s: WAL of a backup is gone", name)
		}
	}
}

// TestNoWALOfAHeldBackupIsNeedless has folders of any kind.
func TestNoWALOfAHeldBackupIsNeedless(t *testing.T) {
	for seed := range int64(30) {
		r := rand.New(rand.NewSource(seed))
		s := newShelf(t)
		at, timeline := uint64(5+r.Intn(5)), uint32(1)
		for range 1 + r.Intn(4) {
			s.backup(8, noon.Add(time.Duration(at)*time.Hour), from(timeline, at))
			to := at + uint64(3+r.Intn(6))
			s.received("8", 1+int(timeline)/3, timeline, at-uint64(r.Intn(3)), to)
			if at = to; r.Intn(3) == 0 {
				timeline++
			}
		}
		keep := Retention{Backups: 1 + r.Intn(3)}
		sets, err := s.all()
		if err != nil {
			t.Fatal(err)
		}
		held, _ := keep.Split(sets, noon)
		needless, err := s.Needless(held)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range needless {
			for _, path := range w.Files {
				f, err := ops.ParseWALName(filepath.Base(path), mega)
				for _, h := range held {
					if err != nil || f.Segment >= h.First.Segment(mega) {
						t.Errorf("seed %d: %s goes, and %s begins in %d: %v", seed, path, h.Label, h.First.Segment(mega), err)
					}
				}
			}
		}
	}
}

func TestTheNamesOfWALAreReadInTheSegmentsOfTheirCluster(t *testing.T) {
	const id = ops.LSN(1 << 32) // a name's second part
	old := Set{Label: "old", Cluster: "1", Segment: mega, First: id + 5<<20, Made: Made{noon.Add(-time.Hour), noon.Add(-time.Hour)}}
	upgraded := Set{Label: "upgraded", Cluster: "2", Segment: 2 * mega, First: 9 << 20, Made: Made{noon, noon}}
	reset := Set{Label: "reset", Cluster: "1", Segment: 2 * mega, First: 3 * id, Made: Made{noon, noon}}
	goes := ops.WALName(1, uint64(id>>20)+4, mega).String()
	for name, c := range map[string]struct {
		held []Set
		want []string
	}{
		"one cluster":                   {[]Set{old}, []string{goes}},
		"beside one of larger segments": {[]Set{upgraded, old}, []string{goes}},
		"itself given larger segments":  {[]Set{reset, old}, nil},
	} {
		s := newShelf(t)
		s.write([]byte(`{"began":"2026-11-01T00:00:00Z"}`), "wal", "1", "since")
		s.write(nil, "wal", "1", "1", goes)
		for _, n := range []uint64{uint64(id>>20) + 5, 2*uint64(id>>20) + 3, 2*uint64(id>>20) + 4} {
			s.write(nil, "wal", "1", "1", ops.WALName(1, n, mega).String())
		}
		needless, err := s.Needless(c.held)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range needless {
			for _, path := range w.Files {
				got = append(got, filepath.Base(path))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: there go %v, want %v", name, got, c.want)
		}
	}
}

func TestABackupOverAChangeOfTimelineNeedsTheWALOfBoth(t *testing.T) {
	one := walRange{1, ops.SegmentStart(3, mega) + 40, ops.SegmentStart(5, mega) + 512}
	two := walRange{2, one.Stop, ops.SegmentStart(6, mega) + 40}
	for name, c := range map[string]struct {
		lacks string
		own   bool
	}{
		"it is whole":                        {"", true},
		"without WAL of the first timeline":  {"000000010000000000000004", false},
		"without WAL of the second timeline": {"000000020000000000000006", false},
		"without the history":                {"00000002.history", false},
	} {
		s := newShelf(t)
		label := s.backup(8, noon, two, one) // as the server writes them
		if c.lacks != "" {
			if err := os.Remove(s.at("backups", label, "data", "pg_wal", c.lacks)); err != nil {
				t.Fatal(err)
			}
		}
		b, err := s.Read(label)
		if err != nil || b.Own != c.own || b.Timeline != 2 || b.First != one.Start || b.Start != two.Start || b.Stop != two.Stop {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}
