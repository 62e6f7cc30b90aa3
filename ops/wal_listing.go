package ops

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WALRun is a run of segments without a gap on one timeline. The times are those of the
// files: about when the first and the last were archived.
type WALRun struct {
	Timeline uint32    `json:"timeline"`
	First    uint64    `json:"first"` // numbers of segments
	Last     uint64    `json:"last"`
	FirstAt  time.Time `json:"first_at,omitzero"`
	LastAt   time.Time `json:"last_at,omitzero"`
}

// WALNames are files by name, some of them where there are many.
type WALNames struct {
	Count int    `json:"count"`
	Names []Text `json:"names,omitempty"`
}

// WALListing is what the names of the files in a WAL archive say, of one cluster in one
// repository. Everything in it is sorted.
type WALListing struct {
	SegmentSize Bytes `json:"segment_size"`
	// Runs are the segments that a recovery can read. Doubled are those that are there
	// with two checksums, which pgBackRest does not choose between, and Short those whose
	// size tells that something is missing: recovery ends before either.
	Runs    []WALRun `json:"runs,omitempty"`
	Doubled []WALRun `json:"doubled,omitempty"`
	Short   []WALRun `json:"short,omitempty"`
	// Histories are the timelines whose .history is there, and Forks what is known of how
	// timelines came about, which takes those files' contents.
	Histories []uint32  `json:"histories,omitempty"`
	Forks     []WALFork `json:"forks,omitempty"`
	Partial   WALNames  `json:"partial"`
	Odd       WALNames  `json:"odd"` // no files of an archive, or not of one of this SegmentSize
	Files     int       `json:"files"`
	Size      Bytes     `json:"size"`        // of all files
	At        time.Time `json:"at,omitzero"` // zero: never listed
}

// Ends are behind the newest segment of each timeline that is there, whole or not, or was
// when these ends were told; of one of which only the history is there, where it forked. They
// are sorted by timeline.
func (l WALListing) Ends(told []WALPosition) []WALPosition {
	ends := map[uint32]LSN{}
	for _, p := range told {
		ends[p.Timeline] = p.LSN
	}
	for _, t := range l.Histories {
		ends[t] = max(ends[t], 0) // one that was not read
	}
	for _, f := range l.Forks {
		if _, there := ends[f.Timeline]; there {
			ends[f.Timeline] = max(ends[f.Timeline], f.At)
		}
	}
	for _, runs := range [][]WALRun{l.Runs, l.Doubled, l.Short} {
		for _, run := range runs {
			ends[run.Timeline] = max(ends[run.Timeline], SegmentStart(run.Last+1, l.SegmentSize))
		}
	}
	var all []WALPosition
	for _, t := range slices.Sorted(maps.Keys(ends)) {
		all = append(all, WALPosition{Timeline: t, LSN: ends[t]})
	}
	return all
}

// WALFiles collects the files of a WAL archive, by the directories that pgBackRest and
// PostgreSQL's names sort them into: timeline and log. 16 bytes are kept of a segment.
type WALFiles struct {
	segment Bytes
	dirs    map[walDir]*walFiles
	forks   map[uint32][]WALFork // by the timeline whose history it was
}

// walDir is a directory of an archive; the zero value is the one above them, where the
// histories and the odd files are.
type walDir struct{ timeline, log uint32 }

type walFiles struct {
	segments     []walEntry
	histories    []uint32
	partial, odd WALNames
	files        int
	size         Bytes
}

// walEntry is a file with a segment. Its number is that in its directory.
type walEntry struct {
	sum    uint64 // the head of its checksum; 0: the name has none
	at     uint32 // Unix time; 0: not known
	number uint16
	short  bool
}

// NewWALFiles begins a collection of files of segments of this size.
func NewWALFiles(segment Bytes) (*WALFiles, error) {
	if err := CheckWALSegment(segment); err != nil {
		return nil, err
	}
	return &WALFiles{segment, map[walDir]*walFiles{}, map[uint32][]WALFork{}}, nil
}

// encryptionAdds is more than the bytes that encryption adds to a file.
const encryptionAdds = 64

// Add takes one file, in any order. The name may have directories before it.
func (w *WALFiles) Add(path string, size Bytes, at time.Time) {
	above, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		above, name = path[:i], path[i+1:]
	}
	f, err := ParseWALName(name, w.segment)
	perLog := 1 << 32 / uint64(w.segment)
	dir := walDir{f.Timeline, uint32(f.Segment / perLog)}
	if err != nil || f.Kind == WALHistory {
		dir = parseWALDir(above)
	}
	d := w.dirs[dir]
	if d == nil {
		d = &walFiles{}
		w.dirs[dir] = d
	}
	d.files++
	d.size += size
	switch {
	case err != nil:
		d.odd.add(path)
	case f.Kind == WALPartial:
		d.partial.add(name)
	case f.Kind == WALHistory:
		d.histories = append(d.histories, f.Timeline)
	case f.Kind == WALSegment:
		e := walEntry{number: uint16(f.Segment % perLog), short: size == 0 || !f.Packed && (size < w.segment || size > w.segment+encryptionAdds)}
		if f.Sum != "" {
			e.sum, _ = strconv.ParseUint(f.Sum[:16], 16, 64) // they are digits
		}
		if at.Unix() > 0 {
			e.at = uint32(at.Unix())
		}
		d.segments = append(d.segments, e)
	}
}

// AddHistory takes what stands in the .history of a timeline. It never changes, so it
// stays known until the file is gone.
func (w *WALFiles) AddHistory(timeline uint32, text string) error {
	forks, err := ParseWALHistory(timeline, text)
	if err == nil {
		w.forks[timeline] = forks
	}
	return err
}

// Unread returns the timelines whose .history is there and was not read.
func (w *WALFiles) Unread() []uint32 {
	return slices.DeleteFunc(w.histories(), func(t uint32) bool { return w.forks[t] != nil })
}

func (w *WALFiles) histories() []uint32 {
	var all []uint32
	for _, d := range w.dirs {
		all = append(all, d.histories...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Replace puts what was read now into the place of what was known of these directories,
// named as pgBackRest does ("0000000100000007"; "" is the one above). What is in none of
// them stays.
func (w *WALFiles) Replace(read *WALFiles, dirs ...string) {
	for _, name := range dirs {
		delete(w.dirs, parseWALDir(name))
	}
	maps.Copy(w.dirs, read.dirs)
	maps.Copy(w.forks, read.forks)
}

// ReplaceAll puts a reading of the whole archive into the place of what was known.
func (w *WALFiles) ReplaceAll(read *WALFiles) {
	w.dirs = maps.Clone(read.dirs)
	maps.Copy(w.forks, read.forks)
	there := w.histories()
	maps.DeleteFunc(w.forks, func(t uint32, _ []WALFork) bool {
		_, found := slices.BinarySearch(there, t)
		return !found
	})
}

// parseWALDir reads the last 16 digits of a path; what has none is the directory above.
func parseWALDir(path string) walDir {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if len(name) != 16 || !upperHex(name) {
		return walDir{}
	}
	timeline, _ := parseHex32(name[:8])
	log, _ := parseHex32(name[8:])
	return walDir{timeline, log}
}

// Listing is what the files say that are known, which was so at a time.
func (w *WALFiles) Listing(at time.Time) WALListing {
	l := WALListing{SegmentSize: w.segment, At: at, Histories: w.histories(), Forks: w.knownForks()}
	order := slices.SortedFunc(maps.Keys(w.dirs), func(a, b walDir) int {
		return cmp.Or(cmp.Compare(a.timeline, b.timeline), cmp.Compare(a.log, b.log))
	})
	for _, k := range order {
		d := w.dirs[k]
		l.Files += d.files
		l.Size += d.size
		l.Partial.join(d.partial)
		l.Odd.join(d.odd)
		l.addSegments(k, d)
	}
	return l
}

// Holds reports whether the segment of a position is there. A newer one says nothing of it:
// several are archived at once.
func (l WALListing) Holds(at WALPosition) bool {
	if CheckWALSegment(l.SegmentSize) != nil {
		return false
	}
	segment := at.LSN.Segment(l.SegmentSize)
	return slices.ContainsFunc(l.Runs, func(r WALRun) bool {
		return r.Timeline == at.Timeline && r.First <= segment && segment <= r.Last
	})
}

// addSegments adds the runs of one directory, which continue those of the one before.
func (l *WALListing) addSegments(dir walDir, d *walFiles) {
	byNumber := func(a, b walEntry) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.sum, b.sum), cmp.Compare(a.at, b.at))
	}
	if !slices.IsSortedFunc(d.segments, byNumber) {
		slices.SortFunc(d.segments, byNumber)
	}
	first := uint64(dir.log) * (1 << 32 / uint64(l.SegmentSize))
	for from, to := 0, 0; from < len(d.segments); from = to {
		e, sum := d.segments[from], uint64(0)
		runs := &l.Runs
		for ; to < len(d.segments) && d.segments[to].number == e.number; to++ {
			switch f := d.segments[to]; {
			case f.short:
				runs = &l.Short
			case sum != 0 && f.sum != sum && runs == &l.Runs:
				runs = &l.Doubled
			}
			sum = d.segments[to].sum
		}
		extend(runs, dir.timeline, first+uint64(e.number), e.at)
	}
}

// extend adds a segment behind the ones before it.
func extend(runs *[]WALRun, timeline uint32, number uint64, unix uint32) {
	var at time.Time
	if unix != 0 {
		at = time.Unix(int64(unix), 0).UTC()
	}
	if n := len(*runs) - 1; n >= 0 && (*runs)[n].Timeline == timeline && (*runs)[n].Last+1 == number {
		(*runs)[n].Last, (*runs)[n].LastAt = number, at
		return
	}
	*runs = append(*runs, WALRun{timeline, number, number, at, at})
}

// knownForks returns one fork of each timeline that a history tells of: of what two
// histories say the one of the timeline itself counts.
func (w *WALFiles) knownForks() []WALFork {
	known := map[uint32]WALFork{}
	for timeline, forks := range w.forks {
		known[timeline] = forks[len(forks)-1]
	}
	for _, timeline := range slices.Sorted(maps.Keys(w.forks)) {
		for _, f := range w.forks[timeline] {
			if _, told := known[f.Timeline]; !told {
				known[f.Timeline] = f
			}
		}
	}
	return slices.SortedFunc(maps.Values(known), func(a, b WALFork) int { return cmp.Compare(a.Timeline, b.Timeline) })
}

// mostWALNames is how many files are kept by name.
const mostWALNames = 20

func (n *WALNames) add(name string) {
	if n.Count++; len(n.Names) < mostWALNames {
		n.Names = append(n.Names, Clean(name))
	}
}

func (n *WALNames) join(more WALNames) {
	n.Count += more.Count
	n.Names = append(n.Names, more.Names[:min(len(more.Names), mostWALNames-len(n.Names))]...)
}
