package basebackup

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// Made is when a backup was made.
type Made struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
}

// Checked is what pg_verifybackup said of a backup.
type Checked struct {
	At    time.Time `json:"at"`
	Files int       `json:"files"`
	Wrong []string  `json:"wrong,omitempty"` // the first few faults; none: it is whole
}

// Set is a whole backup.
type Set struct {
	Label    string
	Cluster  string // system identifier
	Made     Made
	Checked  Checked // the zero value: never, since it was made
	Timeline uint32  // that it ends on
	First    ops.LSN // where the WAL begins that it needs
	Start    ops.LSN // the same; after a change of timeline while it was made, where Timeline begins
	Stop     ops.LSN
	Files    int
	Size     int64 // bytes, without WAL
	WALSize  int64
	Segment  ops.Bytes // the size of a segment of WAL
	Own      bool      // it holds all segments from First to Stop, and the histories between
	Lost     []string  // the first few of the files that its manifest names and that are not there whole
}

// lostMost is how many files that are lost are named.
const lostMost = 5

// manifest is what is read of a backup_manifest.
type manifest struct {
	files  int
	size   int64
	ranges []walRange // the oldest timeline first
}

type walRange struct {
	Timeline uint32  `json:"Timeline"`
	Start    ops.LSN `json:"Start-LSN"`
	Stop     ops.LSN `json:"End-LSN"`
}

// Read reads a backup. Error: it is none that could be restored.
func (r Repo) Read(label string) (Set, error) {
	s, dir := Set{Label: label}, r.Backup(label)
	m, err := readManifest(filepath.Join(dir, "data", "backup_manifest"), func(f manifestFile) {
		if len(s.Lost) < lostMost && !f.whole(filepath.Join(dir, "data")) {
			s.Lost = append(s.Lost, f.Path)
		}
	})
	if err != nil {
		return s, fmt.Errorf("its manifest: %w", err)
	}
	last := m.ranges[len(m.ranges)-1]
	s.Files, s.Size, s.Timeline, s.First, s.Start, s.Stop = m.files, m.size, last.Timeline, m.ranges[0].Start, last.Start, last.Stop
	if err := readJSON(filepath.Join(dir, "made"), &s.Made); err != nil {
		return s, fmt.Errorf("when it was made: %w", err)
	}
	if s.Cluster, err = clusterOf(filepath.Join(dir, "data", "global", "pg_control")); err != nil {
		return s, err
	}
	s.ownWAL(filepath.Join(dir, "data", "pg_wal"), m.ranges)
	return s, nil
}

// LastCheck is what pg_verifybackup last said of a backup; the zero value: nothing.
func (r Repo) LastCheck(label string) (c Checked) {
	_ = readJSON(filepath.Join(r.Backup(label), "checked"), &c) // it was not checked then
	return c
}

// manifestFile is a file of a cluster.
type manifestFile struct {
	Path string
	Size int64
}

// whole reports whether it lies in a folder as large as it was. What a manifest names in a
// form of its own, because it is no UTF-8, only verify finds.
func (f manifestFile) whole(folder string) bool {
	if f.Path == "" || f.Path == "postgresql.auto.conf" { // a copy's settings are written there
		return true
	}
	info, err := os.Lstat(filepath.Join(folder, f.Path))
	return err == nil && info.Size() == f.Size
}

// Mark tells whether something may have been taken from a backup since it was read: it is
// another one then.
func (r Repo) Mark(label string) string {
	data := filepath.Join(r.Backup(label), "data")
	base := filepath.Join(data, "base")
	looked := []string{data, filepath.Join(data, "backup_manifest"), filepath.Join(data, "global"), filepath.Join(data, "pg_wal"), base}
	databases, _ := os.ReadDir(base) // one that cannot be read has none, which is another mark
	for _, d := range databases {
		looked = append(looked, filepath.Join(base, d.Name()))
	}
	var mark strings.Builder
	for _, path := range looked {
		info, err := os.Lstat(path)
		if err != nil {
			mark.WriteString("-;")
			continue
		}
		fmt.Fprintf(&mark, "%d %d;", info.Size(), info.ModTime().UnixNano())
	}
	return mark.String()
}

// readManifest reads a manifest as it comes: it has a line for each file of the cluster.
func readManifest(path string, each func(manifestFile)) (m manifest, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	in := json.NewDecoder(f)
	if _, err := in.Token(); err != nil {
		return m, err
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return m, err
		}
		switch name {
		case "Files":
			err = m.readFiles(in, each)
		case "WAL-Ranges":
			err = in.Decode(&m.ranges)
		default:
			var rest json.RawMessage
			err = in.Decode(&rest)
		}
		if err != nil {
			return m, err
		}
	}
	if len(m.ranges) == 0 {
		return m, errors.New("it names no WAL")
	}
	// The server writes the newest timeline first: that is what it is consistent with.
	slices.SortFunc(m.ranges, func(a, b walRange) int { return cmp.Compare(a.Timeline, b.Timeline) })
	return m, nil
}

func (m *manifest) readFiles(in *json.Decoder, each func(manifestFile)) error {
	if _, err := in.Token(); err != nil {
		return err
	}
	for in.More() {
		var one manifestFile
		if err := in.Decode(&one); err != nil {
			return err
		}
		each(one)
		m.files++
		m.size += max(0, one.Size)
	}
	_, err := in.Token()
	return err
}

// clusterOf reads the system identifier, which pg_control begins with.
func clusterOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it is only read
	var id [8]byte
	if _, err := io.ReadFull(f, id[:]); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return strconv.FormatUint(binary.NativeEndian.Uint64(id[:]), 10), nil
}

// ownWAL looks which WAL a backup holds itself. One of a standby that followed its primary
// onto another timeline meanwhile has a range on each.
func (s *Set) ownWAL(dir string, ranges []walRange) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return // it holds none
	}
	there := map[string]int64{}
	for _, d := range all {
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			there[d.Name()] = info.Size()
			s.WALSize += info.Size()
			if s.Segment == 0 {
				s.Segment, _ = SegmentSize(filepath.Join(dir, d.Name()))
			}
		}
	}
	if ops.CheckWALSegment(s.Segment) != nil || s.Stop <= s.First {
		return
	}
	s.Own = true
	for i, r := range ranges {
		for n := r.Start.Segment(s.Segment); r.Stop > r.Start && n <= (r.Stop-1).Segment(s.Segment); n++ {
			s.Own = s.Own && there[ops.WALName(r.Timeline, n, s.Segment).String()] == int64(s.Segment)
		}
		if i > 0 {
			s.Own = s.Own && there[fmt.Sprintf("%08X.history", r.Timeline)] > 0
		}
	}
}
