package ops

import (
	"fmt"
	"time"
)

// WALPosition is a position on a timeline.
type WALPosition struct {
	Timeline uint32    `json:"timeline"`
	LSN      LSN       `json:"lsn"`
	At       time.Time `json:"at,omitzero"` // about when the server was there; zero: not known
}

// Recovery is what can be made again from one repository, and what cannot. It is filled
// by judge.
type Recovery struct {
	Backups []BackupUse `json:"backups,omitempty"` // in the order that they were given in
	// Intervals are what can be recovered, the earliest first.
	Intervals []RecoveryInterval `json:"intervals,omitempty"`
	// Gaps are what ought to be there and is not, the worst first. MoreGaps counts those
	// that are not listed.
	Gaps     []WALGap `json:"gaps,omitempty"`
	MoreGaps int      `json:"more_gaps,omitzero"`
	// Safe is the newest position that can be recovered on the way to where the server is;
	// where nothing leads there, the newest of all. The zero value: there is none.
	Safe WALPosition `json:"safe,omitzero"`
	// Since is from when on every point up to Safe can be recovered; zero: not known.
	Since time.Time `json:"since,omitzero"`
	// Apart says that no backup leads to where the server is: it has left the timelines of
	// all before they began.
	Apart bool `json:"apart,omitzero"`
	// Behind is how much the server has written after Safe, in bytes, and Waiting how many
	// whole segments it has after the newest that is listed. They are no gap.
	Behind  Value  `json:"behind"`
	Waiting uint64 `json:"waiting,omitzero"`
	// Words says it in one sentence: "recoverable from ... until ...".
	Words Text `json:"words,omitzero"`
	// Level is of the intervals and the gaps; each backup has its own.
	Level Level `json:"level"`
}

// BackupUse is whether a backup can be restored and made consistent: ok, critical where
// it cannot, and unknown where the WAL was never listed.
type BackupUse struct {
	Label Text  `json:"label"`
	Level Level `json:"level"`
	Why   Text  `json:"why,omitzero"` // it cannot be used
}

// RecoveryInterval is a backup with the WAL behind it: every position between the two can
// be recovered. A backup with no WAL but its own is a point.
type RecoveryInterval struct {
	Backup Text        `json:"backup"` // the earliest one
	From   WALPosition `json:"from"`
	To     WALPosition `json:"to"`
	Path   []uint32    `json:"path"` // the timelines on the way, that of To the last
}

// Point reports whether there is nothing but the backup itself.
func (i RecoveryInterval) Point() bool {
	return i.From.Timeline == i.To.Timeline && i.From.LSN == i.To.LSN
}

// WALGapKind is what is wrong with WAL that ought to be there.
type WALGapKind uint8

// Kinds of gaps.
const (
	GapMissing WALGapKind = iota // no such file
	GapDoubled                   // there with two checksums
	GapShort                     // there, and too small
	GapDamaged                   // there, and verify found that it is not what was archived
	GapHistory                   // no .history, or none that was read
)

var walGapNames = enumOf[WALGapKind]("WAL gap", "missing", "doubled", "short", "damaged", "history")

func (k WALGapKind) String() string               { return walGapNames.name(k) }
func (k WALGapKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *WALGapKind) UnmarshalText(b []byte) error { return walGapNames.parse(k, b) }

// WALGap is WAL that retention promises and no recovery can read.
type WALGap struct {
	Kind     WALGapKind `json:"kind"`
	Timeline uint32     `json:"timeline"`
	First    Text       `json:"first"` // names of segments, or of the .history
	Last     Text       `json:"last"`
	Segments uint64     `json:"segments,omitzero"`
	// Before and After are the times of the segments around it; zero: not known.
	Before time.Time `json:"before,omitzero"`
	After  time.Time `json:"after,omitzero"`
	What   Text      `json:"what"`
	// Passed says that a full backup behind it can be restored, with every point from then
	// on; Until is the end of the first backup behind it from which WAL can be followed.
	Passed bool      `json:"passed,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	// Level is critical; a warning where it is passed, unknown where it may be what retention
	// left.
	Level Level `json:"level"`
}

// Drill is a restore that was tried, and what came of it.
type Drill struct {
	Ended      time.Time `json:"ended"`
	Repository Text      `json:"repository"`
	Backup     Text      `json:"backup"`
	// Target is the position that was asked for, Reached the one that was replayed to.
	Target  LSN `json:"target,omitzero"`
	Reached LSN `json:"reached,omitzero"`
	// Timeline is the one that Reached is on; 0: none was reached.
	Timeline uint32 `json:"timeline,omitzero"`
	// Bytes is the size of the database that came out.
	Bytes  Value        `json:"bytes"`
	WAL    Value        `json:"wal"`  // bytes of it that were replayed, from the backup's start
	Took   float64      `json:"took"` // seconds, from the order to a copy that answers
	Stages []DrillStage `json:"stages,omitempty"`
	// Checks are the answers to what the estate asks of a copy.
	Checks []DrillAnswer `json:"checks,omitempty"`
	// Log is the last that the copy's server said, on the way to the job's output.
	Log []Text `json:"log,omitempty"`
	// Reindex is what is sorted by another version of its collation where the copy was made
	// than where it was written: indexes, and whole databases.
	Reindex []Text `json:"reindex,omitempty"`
	// Failed says what is wrong with the copy; empty: it is proved, unless the drill broke.
	Failed Text `json:"failed,omitzero"`
	// Broke says why the drill ended without a word on the backup, and Remedy what helps;
	// empty: it came to its end.
	Broke  Text `json:"broke,omitzero"`
	Remedy Text `json:"remedy,omitzero"`
}

// Whole reports whether a drill went beyond the end of its backup. Only such a one says
// something of the WAL behind that: a gap in it keeps no copy from the backup's own end.
func (d Drill) Whole() bool { return d.Target != 0 }

// Evidence is what a drill has measured, asked and heard, a line each, to be kept with its job.
func (d Drill) Evidence() (lines []string) {
	for _, s := range d.Stages {
		lines = append(lines, fmt.Sprintf("%s took %s", s.Name, Num(s.Took).Span()))
	}
	if d.Reached > 0 {
		lines = append(lines, fmt.Sprintf("reached %s on timeline %d; asked for %s", d.Reached, d.Timeline, d.Target))
	}
	for _, a := range d.Checks {
		word := "as wanted"
		if !a.OK {
			word = "NOT as wanted"
		}
		lines = append(lines, fmt.Sprintf("check %s: %s, %s: %s", a.Name, a.Got, word, a.Want))
	}
	for _, l := range d.Log {
		lines = append(lines, "server.log: "+l.String())
	}
	return lines
}

// Stage names of a drill, by which its times are told apart.
const (
	StageRestore = "restore"
	StageReplay  = "replay"
	StageChecks  = "checks"
)

// leastReplayed is how much WAL, in bytes, has to be replayed to say something of its rate:
// below it the time is that of a server which starts.
const leastReplayed = 64 << 20

// Span is how long a restore of so many bytes, with so much WAL behind them, would take by
// this drill: as long as its parts took, and as they grow, each by what it has to do. What
// was not measured does not grow.
func (d Drill) Span(bytes, wal Value) (quick, slow time.Duration) {
	parts := map[string]float64{"": d.Took}
	for _, s := range d.Stages {
		if name := s.Name.String(); name == StageRestore || name == StageReplay {
			parts[name] = s.Took
			parts[""] -= s.Took
		}
	}
	if len(d.Stages) == 0 { // of all that it did nothing else is known
		parts = map[string]float64{StageRestore: d.Took}
	}
	for name, took := range parts {
		took = max(0, took)
		scaled := took
		switch {
		case name == StageRestore && bytes.Known && d.Bytes.Known && d.Bytes.Value > 0:
			scaled = took * bytes.Value / d.Bytes.Value
		case name == StageReplay && wal.Known && d.WAL.Known && d.WAL.Value >= leastReplayed:
			scaled = took * wal.Value / d.WAL.Value
		}
		quick += time.Duration(min(took, scaled) * float64(time.Second))
		slow += time.Duration(max(took, scaled) * float64(time.Second))
	}
	return quick, slow
}

// ahead is how far in the future the end of a backup or a drill may lie by the clock of who
// reads it: beyond that a clock was set, and how old it is nobody knows.
const ahead = time.Hour

// ToCome reports whether a time lies too far in the future to be that of something done.
func ToCome(t, now time.Time) bool { return t.Sub(now) > ahead }

// Stale reports whether a drill is older than it may be; 0: nobody asks.
func (d Drill) Stale(limit time.Duration, now time.Time) bool {
	return limit > 0 && (now.Sub(d.Ended) > limit || ToCome(d.Ended, now))
}

// DrillStage is a part of a drill, and how many seconds it took.
type DrillStage struct {
	Name Text    `json:"name"`
	Took float64 `json:"took"`
}
