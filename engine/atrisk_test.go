package engine

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// shipping is a server that writes WAL, and a repository that has it up to a segment.
type shipping struct {
	p   *picture
	now time.Time
}

const segment = 16 << 20

func newShipping() *shipping {
	s := &shipping{now: time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)}
	plan := ops.BackupPlan{Name: ops.Lit("plan"), Database: ops.Lit("pg"), RPO: 15 * time.Minute}
	s.p = &picture{estate: ops.Estate{Backups: []ops.BackupPlan{plan}}, now: func() time.Time { return s.now }, written: map[ops.Text][]written{}, listed: map[string]listed{}, sighted: map[string]sighting{}, drills: map[string][]ops.Drill{}, verified: map[string][]ops.Verification{}, verdicts: map[string]ops.Level{}, orphans: map[ops.JobID]ops.Text{}, told: map[string]toldBackups{}, ran: map[string][]ops.BackupRun{}}
	s.p.board.Databases = ops.Readings[ops.Database]{{Source: ops.Lit("pg"), State: ops.SourceOK, At: s.now}}
	s.p.board.Backups = ops.Readings[ops.Backups]{{Source: ops.Lit("plan"), State: ops.SourceOK, At: s.now}}
	return s
}

// writes lets the server be read at a position.
func (s *shipping) writes(after time.Duration, at ops.LSN, change ...func(*ops.Database)) {
	s.now = s.now.Add(after)
	d := ops.Database{Cluster: ops.Cluster{ID: ops.Lit("1"), Timeline: 1, Segment: ops.Num(segment), Timeout: ops.Num(60)},
		WAL: ops.WAL{Position: ops.Clean(at.String()), Timeline: 1}, Archiver: ops.Archiver{On: true, Ready: ops.Num(0)}}
	for _, c := range change {
		c(&d)
	}
	s.p.board.Databases[0].Value = d
	s.p.noteWritten(d, s.now)
}

// has lets the repository be read: its WAL begins with segment 1 and ends with one.
func (s *shipping) has(last uint64) ops.Backups {
	s.p.setBackups(ops.Lit("plan"), ops.Backups{Database: ops.Lit("pg"), Cluster: ops.Lit("1"), Number: 1,
		Sets:         []ops.Backup{{Key: 1, Type: ops.BackupFull, Label: ops.Lit("F"), Cluster: 1, Start: segment + 40, Stop: segment + 80, LastWAL: ops.WALName(1, 1, segment), Ended: s.now.Add(-time.Hour)}},
		Repositories: []ops.Repository{{Key: 1, WAL: ops.WALListing{SegmentSize: segment, At: s.now, Runs: []ops.WALRun{{Timeline: 1, First: 1, Last: last, FirstAt: s.now.Add(-time.Hour), LastAt: s.now}}}}}})
	return s.p.board.Backups[0].Value
}

func TestWhatIsReceivedBehindTheLastWholeSegmentIsSafe(t *testing.T) {
	s := newShipping()
	received := func(timeline uint32, at ops.LSN, from time.Time) ops.Backups {
		s.has(2)
		v := s.p.board.Backups[0].Value
		v.Receiver = &ops.WALReceiver{Slot: ops.Lit("s")}
		v.Repositories[0].Received = ops.WALPosition{Timeline: timeline, LSN: at, At: from}
		s.p.setBackups(ops.Lit("plan"), v)
		return s.p.board.Backups[0].Value
	}
	s.writes(0, 3*segment+500)
	last := s.now.Add(-time.Minute)
	for name, c := range map[string]struct {
		timeline uint32
		at       ops.LSN
		since    time.Time
	}{
		"all of it":                      {1, 3*segment + 500, time.Time{}},
		"a part: since it was received":  {1, 3*segment + 400, last},
		"behind a hole: what was before": {1, 4*segment + 500, s.now},
		"of another timeline":            {2, 3*segment + 500, s.now},
		"nothing":                        {0, 0, s.now},
	} {
		if v := received(c.timeline, c.at, last); !v.AtRisk.Equal(c.since) || v.AtMost.Known || !v.NotKnown.Empty() {
			t.Errorf("%s: at risk since %s, want %s; %s", name, v.AtRisk, c.since, v.NotKnown)
		}
	}
}

func waiting(n float64) func(*ops.Database) {
	return func(d *ops.Database) { d.Archiver.Ready = ops.Num(n) }
}

func TestWhatIsWrittenIsAtRiskUntilARepositoryHasIt(t *testing.T) {
	s := newShipping()
	s.writes(0, 3*segment)
	if v := s.has(2); v.Risk(s.now) != 0 || !v.NotKnown.Empty() {
		t.Errorf("all is there, and at risk is %s since %s, %s", v.Risk(s.now), v.AtRisk, v.NotKnown)
	}
	s.writes(4*time.Second, 3*segment+100, waiting(1))
	safe := s.now.Add(-4 * time.Second)
	s.writes(10*time.Minute, 5*segment, waiting(2))
	if v := s.has(2); !v.AtRisk.Equal(safe) || v.AtMost.Known {
		t.Errorf("at risk since %s, at most %v; want since %s", v.AtRisk, v.AtMost, safe)
	}
	if v := s.has(4); v.Risk(s.now) != 0 {
		t.Errorf("it came, and at risk is %s", v.Risk(s.now))
	}
}

func TestAQuietServerIsNoDeadArchiver(t *testing.T) {
	s := newShipping()
	s.writes(0, 3*segment)
	s.writes(4*time.Second, 3*segment+100)
	s.writes(3*time.Hour, 3*segment+100)
	if v := s.has(2); v.Risk(s.now) != time.Minute {
		t.Errorf("nothing waits: at risk is %s, want archive_timeout", v.Risk(s.now))
	}
	for name, change := range map[string]func(*ops.Database){
		"a file waits":            waiting(1),
		"archiving fails":         func(d *ops.Database) { d.Archiver.LastFailed = s.now },
		"archiving is off":        func(d *ops.Database) { d.Archiver.On = false },
		"no timeout":              func(d *ops.Database) { d.Cluster.Timeout = ops.Num(0) },
		"files are not countable": func(d *ops.Database) { d.Archiver.Ready = ops.Value{} },
	} {
		s.writes(0, 3*segment+100, change)
		if v := s.has(2); v.Risk(s.now) < 3*time.Hour {
			t.Errorf("%s: at risk is %s", name, v.Risk(s.now))
		}
	}
}

// TestWhatWasArchivedToNowhereIsAtRisk has an archive_command that says well done and does
// nothing, from before the first look on: that each segment went well says nothing then.
func TestWhatWasArchivedToNowhereIsAtRisk(t *testing.T) {
	for name, step := range map[string]uint64{"a server that writes": 2, "a quiet one": 0} {
		s := newShipping()
		last := s.now // that a segment came to the repository
		look := func(archived uint64) ops.Backups {
			s.writes(time.Hour, ops.SegmentStart(archived+1, segment)+100, func(d *ops.Database) {
				d.Archiver.LastFile, d.Archiver.LastGood = ops.WALName(1, archived, segment), s.now
			})
			s.has(2)
			v := s.p.board.Backups[0].Value
			v.Repositories[0].WAL.Runs[0].LastAt = last
			s.p.setBackups(ops.Lit("plan"), v)
			return s.p.board.Backups[0].Value
		}
		look(3)
		if v := look(3 + step); v.Risk(s.now) != 2*time.Hour {
			t.Errorf("%s: at risk is %s, want all since the last that came", name, v.Risk(s.now))
		}
	}
}

func TestWhereAServerIsMayNotBeKnown(t *testing.T) {
	for name, change := range map[string]func(*ops.Database){
		"a standby":          func(d *ops.Database) { d.Standby = true },
		"another cluster":    func(d *ops.Database) { d.Cluster.ID = ops.Lit("2") },
		"no right to see it": func(d *ops.Database) { d.WAL.Position = ops.Text{} },
	} {
		s := newShipping()
		s.writes(0, 3*segment, change)
		if v := s.has(2); v.NotKnown.Empty() || !v.AtRisk.IsZero() {
			t.Errorf("%s: %q, %s", name, v.NotKnown, v.AtRisk)
		}
	}
	s := newShipping()
	s.writes(0, 3*segment)
	s.p.board.Databases[0].State = ops.SourceSilent
	if v := s.has(2); v.NotKnown.Empty() {
		t.Error("a silent server's position is taken for known")
	}
}

func TestOfAServerThatIsAwayIsSaidWhatWasAtRiskWhenItWasSeen(t *testing.T) {
	s := newShipping()
	s.writes(0, 3*segment)
	s.has(2)
	s.writes(time.Minute, 3*segment+100)
	s.p.board.Databases[0].State = ops.SourceSilent
	s.now = s.now.Add(time.Hour)
	for last, want := range map[uint64]string{
		2: "where pg is with its WAL is not known; when it was last seen, at 03:01:00Z, what was written since 03:00:00Z was in none",
		3: "where pg is with its WAL is not known; when it was last seen, at 03:01:00Z, all was in a repository",
	} {
		if v := s.has(last); v.NotKnown.String() != want || !v.AtRisk.IsZero() {
			t.Errorf("%q, at risk since %s; want %q", v.NotKnown, v.AtRisk, want)
		}
	}
	promoted := s.p.board.Databases[0]
	promoted.Source, promoted.State = ops.Lit("pg2"), ops.SourceOK
	s.p.board.Databases = append(s.p.board.Databases, promoted)
	if v := s.has(2); !v.NotKnown.Empty() || v.AtRisk.IsZero() {
		t.Errorf("a standby was promoted, and it is not asked: %q", v.NotKnown)
	}
}

func TestPositionsThatAreRememberedAreBounded(t *testing.T) {
	s := newShipping()
	s.writes(0, 2*segment)
	begun := s.now
	for i := range 3 * maxWritten {
		s.writes(time.Second, ops.LSN(3*segment+i), waiting(1))
	}
	if n := len(s.p.written[ops.Lit("1")]); n > maxWritten {
		t.Errorf("%d are remembered", n)
	}
	if v := s.has(2); v.AtRisk.Before(begun) || v.AtRisk.After(begun.Add(time.Hour)) {
		t.Errorf("at risk since %s, begun at %s", v.AtRisk, begun)
	}
}

// TestTheLossOfTheNewestWALIsAGapAndNotLate has a repository whose newest segments go again,
// behind a segment that is missing.
func TestTheLossOfTheNewestWALIsAGapAndNotLate(t *testing.T) {
	s := newShipping()
	s.writes(0, 9*segment+500)
	has := func(runs ...ops.WALRun) (words []string) {
		s.has(1)
		v := s.p.board.Backups[0].Value
		v.Repositories[0].WAL.Runs = runs
		s.p.setBackups(ops.Lit("plan"), v)
		for _, g := range s.p.board.Backups[0].Value.Repositories[0].Recovery.Gaps {
			words = append(words, g.Level.String()+": "+g.What.String())
		}
		return words
	}
	run := func(first, last uint64) ops.WALRun { return ops.WALRun{Timeline: 1, First: first, Last: last} }
	for _, c := range []struct {
		situation string
		runs      []ops.WALRun
		want      string
	}{
		{"all is there", []ops.WALRun{run(1, 8)}, ""},
		{"one is missing", []ops.WALRun{run(1, 4), run(6, 8)}, "critical: 000000010000000000000005 missing"},
		{"and what comes behind", []ops.WALRun{run(1, 4)}, "critical: 4 segments from 000000010000000000000005 to 000000010000000000000008 missing"},
		{"it is back", []ops.WALRun{run(1, 8)}, ""},
	} {
		if got := strings.Join(has(c.runs...), "; "); got != c.want {
			t.Errorf("%s: %q, want %q", c.situation, got, c.want)
		}
	}
	v := s.p.board.Backups[0].Value
	v.Cluster, v.Repositories[0].WAL.Runs = ops.Lit("2"), []ops.WALRun{run(1, 2)}
	s.p.setBackups(ops.Lit("plan"), v)
	if got := s.p.board.Backups[0].Value.Repositories[0].Listed; len(got) != 1 || got[0].LSN != 3*segment {
		t.Errorf("of another cluster it is remembered that %+v", got)
	}
}

// TestWhatIsWrittenOnATimelineOfItsOwnIsAtRisk although a repository has more of the one that the
// server has left.
func TestWhatIsWrittenOnATimelineOfItsOwnIsAtRisk(t *testing.T) {
	on := func(timeline int) func(*ops.Database) {
		return func(d *ops.Database) { d.WAL.Timeline, d.Cluster.Timeline = timeline, timeline }
	}
	s := newShipping()
	s.writes(0, 5*segment)
	if v := s.has(8); !v.AtRisk.IsZero() || !v.NotKnown.Empty() {
		t.Errorf("on the timeline of the repository: since %s; %s", v.AtRisk, v.NotKnown)
	}
	last := s.now
	s.writes(4*time.Second, 6*segment, on(2))
	s.writes(4*time.Second, 7*segment, on(2))
	if v := s.has(8); !v.AtRisk.Equal(last) || v.AtMost.Known || !v.NotKnown.Empty() {
		t.Errorf("on the next: since %s, at most %v, want since %s; %s", v.AtRisk, v.AtMost, last, v.NotKnown)
	}
}
