package ops

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	mib   Bytes = 1 << 20
	sumA        = "-4b3c1f0e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"
	sumB        = "-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	aFile       = "000000010000000000000005"
)

func TestPositionsReadBackAsPostgreSQLPrintsThem(t *testing.T) {
	for s, want := range map[string]LSN{"0/0": 0, "0/3000060": 0x3000060, "1/0": 1 << 32, "FFFFFFFF/FFFFFFFF": 1<<64 - 1} {
		l, err := ParseLSN(s)
		if err != nil || l != want || l.String() != s {
			t.Errorf("%s is %s, %v", s, l, err)
		}
		b, err := json.Marshal(l)
		var back LSN
		if err != nil || json.Unmarshal(b, &back) != nil || back != l {
			t.Errorf("%s is %s in JSON, and back %s", l, b, back)
		}
	}
	for _, s := range []string{"", "0", "/", "0/", "/0", "0/0/0", "0/100000000", "000000000/0", "-1/0", "+1/0", "0x1/0", "1_0/0", " 0/0", "g/0"} {
		if l, err := ParseLSN(s); err == nil {
			t.Errorf("%q is read as %s", s, l)
		}
	}
}

func TestNamesOfAnArchiveAreReadForWhatTheyAre(t *testing.T) {
	whole := WALFile{Kind: WALSegment, Timeline: 1, Segment: 5}
	with := func(change func(*WALFile)) WALFile {
		f := whole
		change(&f)
		return f
	}
	packed := with(func(f *WALFile) { f.Packed = true })
	partial := with(func(f *WALFile) { f.Kind = WALPartial })
	for name, want := range map[string]WALFile{
		aFile:                               whole,
		aFile + ".gz":                       packed,
		aFile + ".lz4":                      packed,
		aFile + ".bz2":                      packed,
		aFile + sumA:                        with(func(f *WALFile) { f.Sum = sumA[1:] }),
		aFile + sumA + ".zst":               with(func(f *WALFile) { f.Sum, f.Packed = sumA[1:], true }),
		aFile + ".partial":                  partial,
		aFile + ".gz.partial":               with(func(f *WALFile) { f.Kind, f.Packed = WALPartial, true }), // pg_receivewal -Z
		aFile + ".partial" + sumA + ".gz":   with(func(f *WALFile) { f.Kind, f.Sum, f.Packed = WALPartial, sumA[1:], true }),
		aFile + sumA + ".gz.pgbackrest.tmp": with(func(f *WALFile) { f.Kind, f.Sum, f.Packed = WALPartial, sumA[1:], true }),
		aFile + ".00000028.backup":          with(func(f *WALFile) { f.Kind = WALBackup }),
		"0000001A.history":                  {Kind: WALHistory, Timeline: 26},
		"0000000A0000000B000000FF":          {Kind: WALSegment, Timeline: 10, Segment: 11*256 + 255},
	} {
		if f, err := ParseWALName(name, 16*mib); err != nil || f != want {
			t.Errorf("%s is %+v, %v; want %+v", name, f, err, want)
		}
	}
	for name, why := range map[string]string{
		"000000010000000000000100":              "there are 256 to a log",
		"000000000000000000000005":              "no timeline 0",
		strings.ToLower("0000000A" + aFile[8:]): "24 hexadecimal digits",
		aFile[1:]:                               "24 hexadecimal digits",
		aFile + "0":                             "24 hexadecimal digits",
		aFile + ".xz":                           "24 hexadecimal digits",
		aFile + "-":                             "SHA-1",
		aFile + sumA[:40]:                       "SHA-1",
		aFile + strings.ToUpper(sumA):           "SHA-1",
		aFile + ".0000028.backup":               "24 hexadecimal digits",
		"archive.info":                          "24 hexadecimal digits",
		"0000000A.history.history":              "24 hexadecimal digits",
		".history":                              "24 hexadecimal digits",
		"":                                      "24 hexadecimal digits",
	} {
		if f, err := ParseWALName(name, 16*mib); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q is read as %+v, %v", name, f, err)
		}
	}
}

func TestSegmentsAreCountedByTheirSize(t *testing.T) {
	for size, perLog := range map[Bytes]uint64{mib: 4096, 16 * mib: 256, 64 * mib: 64, 1024 * mib: 4} {
		for _, number := range []uint64{1, perLog - 1, perLog, perLog<<32 - 1} {
			f, err := ParseWALName(WALName(3, number, size).String(), size)
			if err != nil || f.Segment != number || f.Timeline != 3 {
				t.Errorf("of %s: segment %d is %+v, %v", Size(float64(size)), number, f, err)
			}
			if at := SegmentStart(number, size); at.Segment(size) != number || (at-1).Segment(size) != number-1 {
				t.Errorf("of %s: segment %d begins at %s", Size(float64(size)), number, at)
			}
		}
		if _, err := ParseWALName(fmt.Sprintf("0000000100000000%08X", perLog), size); err == nil {
			t.Errorf("of %s: segment %d of a log is taken", Size(float64(size)), perLog)
		}
		if end := SegmentStart(perLog<<32, size); end != 1<<64-1 {
			t.Errorf("of %s: the last segment there can be ends at %s", Size(float64(size)), end)
		}
	}
	for _, size := range []Bytes{0, 1, mib - 1, mib / 2, 3 * mib, 2048 * mib} {
		if _, err := NewWALFiles(size); err == nil {
			t.Errorf("segments of %d bytes are taken", size)
		}
	}
}

func TestAHistoryIsReadAsStrictlyAsPostgreSQLDoes(t *testing.T) {
	forks, err := ParseWALHistory(5, "1\t0/A000198\tno recovery target specified\n\n# by hand\n3\t1/0\tbefore 2026-11-21 02:14:00+00\n")
	if want := []WALFork{{3, 1, 0xA000198}, {5, 3, 1 << 32}}; err != nil || !slices.Equal(forks, want) {
		t.Errorf("it is %v, %v", forks, err)
	}
	for name, text := range map[string]string{
		"empty": "", "no position": "1\n", "no timeline": "0/A000198\n", "a bad position": "1\tA000198\n", "timeline 0": "0\t0/1\n",
		"its own parent": "5\t0/1\n", "a parent that came later": "6\t0/1\n", "falling": "3\t0/1\n1\t0/2\n", "twice": "3\t0/1\n3\t0/2\n",
	} {
		if forks, err := ParseWALHistory(5, text); err == nil {
			t.Errorf("%s: it is read as %v", name, forks)
		}
	}
}

func collect(t testing.TB, size Bytes) *WALFiles {
	t.Helper()
	w, err := NewWALFiles(size)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// lists says runs as "timeline:first-last".
func lists(runs []WALRun) string {
	var all []string
	for _, r := range runs {
		all = append(all, fmt.Sprintf("%d:%d-%d", r.Timeline, r.First, r.Last))
	}
	return strings.Join(all, " ")
}

func TestSegmentsInAnyOrderAreRuns(t *testing.T) {
	w := collect(t, 16*mib)
	for i, number := range []uint64{258, 255, 3, 257, 256, 4, 260} { // 256 is the first of log 1
		w.Add(WALName(1, number, 16*mib).String()+sumA+".gz", 100, noon.Add(time.Duration(i)*time.Minute))
	}
	w.Add(WALName(2, 261, 16*mib).String(), 16*mib, time.Time{})
	l := w.Listing(noon)
	if got := lists(l.Runs); got != "1:3-4 1:255-258 1:260-260 2:261-261" {
		t.Errorf("the runs are %s", got)
	}
	if r := l.Runs[1]; !r.FirstAt.Equal(noon.Add(time.Minute)) || !r.LastAt.Equal(noon) {
		t.Errorf("the run over the end of log 0 is from %s to %s", r.FirstAt, r.LastAt)
	}
	if r := l.Runs[3]; !r.FirstAt.IsZero() || l.Files != 8 || l.Size != 700+16*mib || !l.At.Equal(noon) {
		t.Errorf("%+v: %d files of %d bytes at %s", r, l.Files, l.Size, l.At)
	}
}

func TestWhatNoRecoveryReadsIsInNoRun(t *testing.T) {
	for name, c := range map[string]struct {
		files          map[string]Bytes
		runs           string
		doubled, short string
		partial, odd   int
	}{
		"two checksums":                     {files: map[string]Bytes{aFile + sumA + ".gz": 9, aFile + sumB + ".gz": 9}, doubled: "1:5-5"},
		"two checksums and none":            {files: map[string]Bytes{aFile + sumA + ".gz": 9, aFile + sumB + ".gz": 9, aFile + ".gz": 9}, doubled: "1:5-5"},
		"one checksum, packed in two ways":  {files: map[string]Bytes{aFile + sumA + ".gz": 9, aFile + sumA + ".zst": 8}, runs: "1:5-5"},
		"a checksum and none":               {files: map[string]Bytes{aFile + sumA: 16 * mib, aFile + ".gz": 8}, runs: "1:5-5"},
		"cut short":                         {files: map[string]Bytes{aFile: 16*mib - 1}, short: "1:5-5"},
		"too large":                         {files: map[string]Bytes{aFile: 17 * mib}, short: "1:5-5"},
		"encrypted":                         {files: map[string]Bytes{aFile + sumA: 16*mib + 32}, runs: "1:5-5"},
		"packed and empty":                  {files: map[string]Bytes{aFile + ".gz": 0}, short: "1:5-5"},
		"doubled and cut short":             {files: map[string]Bytes{aFile + sumA: 0, aFile + sumB: 16 * mib}, short: "1:5-5"},
		"partial":                           {files: map[string]Bytes{aFile + ".partial": 16 * mib, "0000000100000000/" + aFile + sumA + ".gz.pgbackrest.tmp": 3}, partial: 2},
		"partial beside the whole one":      {files: map[string]Bytes{aFile + ".partial": 16 * mib, aFile: 16 * mib}, runs: "1:5-5", partial: 1},
		"a segment of smaller segments":     {files: map[string]Bytes{"000000010000000000000100": 16 * mib}, odd: 1},
		"no WAL":                            {files: map[string]Bytes{"0000000100000000/README": 5, "": 0, "archive.info": 1}, odd: 3},
		"a label and a history are nothing": {files: map[string]Bytes{aFile + ".00000028.backup": 300, "00000002.history": 40}},
	} {
		w := collect(t, 16*mib)
		for f, size := range c.files {
			w.Add(f, size, noon)
		}
		l := w.Listing(noon)
		if lists(l.Runs) != c.runs || lists(l.Doubled) != c.doubled || lists(l.Short) != c.short || l.Partial.Count != c.partial || l.Odd.Count != c.odd || l.Files != len(c.files) {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestManyNamesAreCountedAndSomeKept(t *testing.T) {
	w := collect(t, 16*mib)
	for i := range 1000 {
		w.Add(fmt.Sprintf("what\x1bever%d", i), 1, noon)
		w.Add(WALName(1, uint64(i), 16*mib).String()+".partial", 1, noon)
	}
	l := w.Listing(noon)
	if l.Odd.Count != 1000 || len(l.Odd.Names) != mostWALNames || l.Partial.Count != 1000 || len(l.Partial.Names) != mostWALNames || l.Odd.Names[0].String() != "what␛ever0" {
		t.Errorf("odd: %d, %q; partial: %d, %d of them", l.Odd.Count, l.Odd.Names, l.Partial.Count, len(l.Partial.Names))
	}
}

func TestADirectoryReadAgainReplacesWhatWasKnownOfIt(t *testing.T) {
	known := collect(t, 16*mib)
	for _, number := range []uint64{1, 2, 256, 257, 512} {
		known.Add(WALName(1, number, 16*mib).String(), 16*mib, noon)
	}
	known.Add("00000002.history", 40, noon)
	if unread := known.Unread(); !slices.Equal(unread, []uint32{2}) {
		t.Errorf("to be read is %v", unread)
	}
	if err := known.AddHistory(2, "1\t0/1000000\twhy\n"); err != nil || known.Unread() != nil && len(known.Unread()) > 0 {
		t.Errorf("%v; to be read is %v", err, known.Unread())
	}
	newest := collect(t, 16*mib)
	newest.Add("15-1/0000000100000001/"+WALName(1, 258, 16*mib).String(), 16*mib, noon)
	known.Replace(newest, "15-1/0000000100000001", "0000000100000002")
	l := known.Listing(noon)
	if got := lists(l.Runs); got != "1:1-2 1:258-258" {
		t.Errorf("with two directories read again it is %s", got)
	}
	if !slices.Equal(l.Histories, []uint32{2}) || !slices.Equal(l.Forks, []WALFork{{2, 1, 0x1000000}}) {
		t.Errorf("histories %v, forks %v", l.Histories, l.Forks)
	}
	hourly := collect(t, 16*mib)
	hourly.Add(WALName(1, 1, 16*mib).String(), 16*mib, noon)
	hourly.Add("00000002.history", 40, noon)
	known.ReplaceAll(hourly)
	if l := known.Listing(noon); lists(l.Runs) != "1:1-1" || len(l.Forks) != 1 || l.Files != 2 {
		t.Errorf("with all read again it is %+v", l)
	}
	known.ReplaceAll(collect(t, 16*mib))
	if l := known.Listing(noon); !reflect.DeepEqual(l, WALListing{SegmentSize: 16 * mib, At: noon}) {
		t.Errorf("when all is gone it is %+v", l)
	}
}

func TestOfTwoHistoriesThatOfTheTimelineItselfCounts(t *testing.T) {
	w := collect(t, 16*mib)
	for timeline, text := range map[uint32]string{3: "1\t0/5\n2\t0/9\n", 2: "1\t0/6\n", 9: "1\t0/5\n7\t0/8\n"} {
		if err := w.AddHistory(timeline, text); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := w.Listing(noon).Forks, []WALFork{{2, 1, 6}, {3, 2, 9}, {7, 1, 5}, {9, 7, 8}}; !slices.Equal(got, want) {
		t.Errorf("the forks are %v, want %v", got, want)
	}
}

// FuzzWALNames asks of any name and size that it is counted once: in a run, or beside.
func FuzzWALNames(f *testing.F) {
	f.Add(aFile+sumA+".gz", uint64(0), uint8(4), int64(1795751760))
	f.Add("0000000200000000/00000002.history", uint64(40), uint8(0), int64(-1))
	f.Add("FFFFFFFFFFFFFFFF00000003", uint64(1<<30), uint8(10), int64(1<<62))
	f.Add("a/b/c\x9b.partial.gz-.tmp", uint64(1<<63), uint8(200), int64(0))
	f.Fuzz(func(t *testing.T, path string, size uint64, power uint8, unix int64) {
		segment := mib << (power % 11)
		w := collect(t, segment)
		w.Add(path, Bytes(size), time.Unix(unix, 0))
		l := w.Listing(noon)
		if n := len(l.Runs) + len(l.Short) + l.Partial.Count + l.Odd.Count + len(l.Histories); n != 1 && !strings.HasSuffix(path, ".backup") && !strings.Contains(path, ".backup.") || l.Files != 1 {
			t.Errorf("%q is %d things: %+v", path, n, l)
		}
		for _, r := range l.Runs {
			name := WALName(r.Timeline, r.First, segment).String()
			if !strings.HasPrefix(path[strings.LastIndexByte(path, '/')+1:], name) {
				t.Errorf("%q is taken for %s", path, name)
			}
		}
		if forks, err := ParseWALHistory(9, path); err == nil && (len(forks) == 0 || forks[len(forks)-1].Timeline != 9) {
			t.Errorf("%q is a history of %v", path, forks)
		}
	})
}

// BenchmarkTwoHundredThousandNames reads that many names, and asks for the listing as
// each poll does, with two directories read again.
func BenchmarkTwoHundredThousandNames(b *testing.B) {
	const n = 200_000
	names := make([]string, n)
	for i := range names {
		names[i] = WALName(1, uint64(i*7919%n), 16*mib).String() + sumA + ".zst"
	}
	read := func() *WALFiles {
		w := collect(b, 16*mib)
		for _, name := range names {
			w.Add(name, 5<<20, noon)
		}
		return w
	}
	b.Run("read all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			read().Listing(noon)
		}
	})
	known, newest := read(), collect(b, 16*mib)
	for i := n - 512; i < n; i++ {
		newest.Add(WALName(1, uint64(i), 16*mib).String(), 16*mib, noon)
	}
	b.Run("read two directories", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			known.Replace(newest, "000000010000030D", "000000010000030C")
			known.Listing(noon)
		}
	})
}

func TestAListingHoldsAPositionByItsOwnSegment(t *testing.T) {
	const mib = 1 << 20
	l := WALListing{SegmentSize: 16 * mib, Runs: []WALRun{{Timeline: 1, First: 2, Last: 3}, {Timeline: 1, First: 5, Last: 6}, {Timeline: 2, First: 6, Last: 7}}}
	for at, want := range map[WALPosition]bool{
		{Timeline: 1, LSN: 2 * 16 * mib}: true, {Timeline: 1, LSN: 4*16*mib - 1}: true,
		{Timeline: 1, LSN: 4 * 16 * mib}: false, // the next is there, and it is not
		{Timeline: 1, LSN: 7 * 16 * mib}: false, {Timeline: 2, LSN: 7 * 16 * mib}: true, {Timeline: 2, LSN: 5 * 16 * mib}: false, {LSN: 5 * 16 * mib}: false,
	} {
		if got := l.Holds(at); got != want {
			t.Errorf("%s on %d: %t", at.LSN, at.Timeline, got)
		}
	}
	if (WALListing{Runs: l.Runs}).Holds(WALPosition{Timeline: 1, LSN: 2 * 16 * mib}) {
		t.Error("it holds segments of no size")
	}
}
