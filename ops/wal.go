package ops

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// LSN is a position in the write-ahead log: bytes since the cluster was made. It goes on
// counting over a change of timeline.
type LSN uint64

// ParseLSN reads what PostgreSQL prints: "0/3000060".
func ParseLSN(s string) (LSN, error) {
	high, low, ok := strings.Cut(s, "/")
	h, okHigh := parseHex32(high)
	l, okLow := parseHex32(low)
	if !ok || !okHigh || !okLow {
		return 0, fmt.Errorf("LSN: no such position %q", Clean(s).String())
	}
	return LSN(h)<<32 | LSN(l), nil
}

func (l LSN) String() string               { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }
func (l LSN) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText accepts what String gives.
func (l *LSN) UnmarshalText(b []byte) (err error) {
	*l, err = ParseLSN(string(b))
	return err
}

// The sizes that initdb allows a segment of WAL.
const (
	minWALSegment Bytes = 1 << 20
	maxWALSegment Bytes = 1 << 30
)

// CheckWALSegment returns an error for what cannot be the size of a segment of WAL.
func CheckWALSegment(size Bytes) error {
	if size < minWALSegment || size > maxWALSegment || size&(size-1) != 0 {
		return fmt.Errorf("WAL segments have no size of %d bytes: it is a power of two from 1 MiB to 1 GiB", size)
	}
	return nil
}

// Segment is the number of the segment, of this size, that holds a position.
func (l LSN) Segment(size Bytes) uint64 { return uint64(l) / uint64(size) }

// SegmentStart is where the segment of that number begins. Behind the last one there is
// it stays at the greatest position.
func SegmentStart(number uint64, size Bytes) LSN {
	if number > math.MaxUint64/uint64(size) {
		return math.MaxUint64
	}
	return LSN(number * uint64(size))
}

// WALName is the name of a segment: timeline, log and segment in it, 8 digits each.
func WALName(timeline uint32, number uint64, size Bytes) Text {
	perLog := 1 << 32 / uint64(size)
	return Textf("%08X%08X%08X", timeline, uint32(number/perLog), number%perLog)
}

// WALKind is what a file of a WAL archive is.
type WALKind uint8

// Kinds of files.
const (
	WALOther   WALKind = iota
	WALSegment         // a segment, whole as far as the name goes
	WALPartial         // one that was not filled, or is being written: nothing recovers from it
	WALHistory         // of a timeline: where it left its parent
	WALBackup          // the label of a backup
)

// WALFile is what the name of a file in a WAL archive says.
type WALFile struct {
	Kind     WALKind
	Timeline uint32
	Segment  uint64 // its number; of a history there is none
	Sum      string // SHA-1 of the segment, as pgBackRest writes it into the name
	Packed   bool   // compressed
}

// ParseWALName reads the name of a file in an archive of segments of this size. It fails
// for what no archiver writes, and for what cannot be where segments are that large.
func ParseWALName(name string, size Bytes) (f WALFile, err error) {
	odd := func(why string) (WALFile, error) {
		return WALFile{}, fmt.Errorf("%q is not of a WAL archive: %s", Clean(name).String(), why)
	}
	rest, unfinished := cutAnySuffix(name, ".pgbackrest.tmp", ".tmp", ".partial")
	rest, f.Packed = cutAnySuffix(rest, ".gz", ".lz4", ".zst", ".bz2")
	rest, sum, summed := strings.Cut(rest, "-")
	if f.Sum = sum; summed && (len(sum) != 40 || strings.Trim(sum, "0123456789abcdef") != "") {
		return odd("no SHA-1 follows the hyphen")
	}
	rest, partial := strings.CutSuffix(rest, ".partial")
	label, isLabel := strings.CutSuffix(rest, ".backup")
	history, isHistory := strings.CutSuffix(rest, ".history")
	digits := rest
	switch {
	case isHistory && len(history) == 8:
		f.Kind, digits = WALHistory, history+"0000000000000000"
	case isLabel && len(label) == 33 && label[24] == '.' && upperHex(label[25:]):
		f.Kind, digits = WALBackup, label[:24]
	case unfinished || partial:
		f.Kind = WALPartial
	default:
		f.Kind = WALSegment
	}
	if len(digits) != 24 || !upperHex(digits) {
		return odd("it does not begin with 24 hexadecimal digits")
	}
	timeline, _ := parseHex32(digits[:8])
	log, _ := parseHex32(digits[8:16])
	number, _ := parseHex32(digits[16:])
	perLog := uint32(1 << 32 / uint64(size))
	switch {
	case timeline == 0:
		return odd("there is no timeline 0")
	case number >= perLog:
		return odd(fmt.Sprintf("with segments of %s there are %d to a log", Size(float64(size)), perLog))
	}
	f.Timeline, f.Segment = timeline, uint64(log)*uint64(perLog)+uint64(number)
	return f, nil
}

// cutAnySuffix cuts the first of these ends that s has.
func cutAnySuffix(s string, ends ...string) (string, bool) {
	for _, end := range ends {
		if rest, ok := strings.CutSuffix(s, end); ok {
			return rest, true
		}
	}
	return s, false
}

// upperHex reports whether s has only digits as PostgreSQL writes them into names.
func upperHex(s string) bool { return strings.Trim(s, "0123456789ABCDEF") == "" }

func parseHex32(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 16, 32)
	return uint32(n), err == nil && len(s) <= 8
}

// WALFork is where a timeline left its parent.
type WALFork struct {
	Timeline uint32 `json:"timeline"`
	Parent   uint32 `json:"parent"`
	At       LSN    `json:"at"`
}

// ParseWALHistory reads what stands in the .history file of a timeline: how it came
// about, the oldest fork first, its own last. It is as strict as PostgreSQL, which takes
// no recovery along a history that it cannot read; one that names no parent is an error.
func ParseWALHistory(timeline uint32, text string) ([]WALFork, error) {
	var forks []WALFork
	for i, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		parent, err := strconv.ParseUint(fields[0], 10, 32)
		switch {
		case err != nil || len(fields) < 2:
			return nil, fmt.Errorf("history of timeline %d: line %d names no timeline and position", timeline, i+1)
		case parent == 0 || parent >= uint64(timeline) || len(forks) > 0 && parent <= uint64(forks[len(forks)-1].Parent):
			return nil, fmt.Errorf("history of timeline %d: line %d: timeline %d cannot stand there", timeline, i+1, parent)
		}
		at, err := ParseLSN(fields[1])
		if err != nil {
			return nil, fmt.Errorf("history of timeline %d: line %d: %w", timeline, i+1, err)
		}
		if n := len(forks); n > 0 {
			forks[n-1].Timeline = uint32(parent)
		}
		forks = append(forks, WALFork{Timeline: timeline, Parent: uint32(parent), At: at})
	}
	if len(forks) == 0 {
		return nil, fmt.Errorf("history of timeline %d: it names no parent", timeline)
	}
	return forks, nil
}
