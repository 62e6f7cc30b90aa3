package judge

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// shelf is a repository with backups a, b and c of noon, one and two o'clock, and the WAL of
// segments 2 to 20; segment 12 lies between b and c.
func shelf(change func(*ops.Backups)) ops.Backups {
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	const size = 16 << 20
	v := ops.Backups{Number: 1, Repositories: []ops.Repository{{Name: ops.Lit("local"), Key: 1, WAL: ops.WALListing{SegmentSize: size, At: noon.Add(3 * time.Hour),
		Runs: []ops.WALRun{{Timeline: 1, First: 2, Last: 20, FirstAt: noon, LastAt: noon.Add(150 * time.Minute)}}}}}}
	for i, label := range []string{"c", "b", "a"} {
		at := uint64(16 - 6*i)
		v.Sets = append(v.Sets, ops.Backup{Label: ops.Clean(label), Type: ops.BackupFull, Key: 1, Cluster: 1, Start: ops.LSN(at * size), Stop: ops.LSN(at*size + 0x100),
			LastWAL: ops.WALName(1, at, size), Ended: noon.Add(time.Duration(2-i) * time.Hour)})
	}
	change(&v)
	return Backups(v, ops.Database{}, noon.Add(3*time.Hour))
}

func TestWhereARestoreBegins(t *testing.T) {
	nothing := func(*ops.Backups) {}
	hole := func(v *ops.Backups) {
		w := &v.Repositories[0].WAL
		w.Runs = []ops.WALRun{{Timeline: 1, First: 2, Last: 11, LastAt: w.Runs[0].FirstAt.Add(80 * time.Minute)}, {Timeline: 1, First: 13, Last: 20, LastAt: w.Runs[0].LastAt}}
	}
	forked := func(v *ops.Backups) {
		w := &v.Repositories[0].WAL
		w.Runs = append(w.Runs, ops.WALRun{Timeline: 2, First: 18, Last: 19, LastAt: w.Runs[0].LastAt})
		w.Histories, w.Forks = []uint32{2}, []ops.WALFork{{Timeline: 2, Parent: 1, At: 18<<24 + 8}}
	}
	lost := func(v *ops.Backups) { // the history of timeline 2, whose WAL is there
		forked(v)
		w := &v.Repositories[0].WAL
		w.Histories, w.Forks, w.Runs[1].FirstAt = nil, nil, w.Runs[0].FirstAt.Add(140*time.Minute)
	}
	lsn := func(segment uint64) ops.RestoreTarget {
		return ops.RestoreTarget{Kind: ops.RestoreLSN, LSN: ops.LSN(segment<<24 + 0x80)}
	}
	at := func(hour, minute int) ops.RestoreTarget {
		return ops.RestoreTarget{Kind: ops.RestoreTime, Time: time.Date(2026, 11, 27, hour, minute, 0, 0, time.UTC)}
	}
	from := func(t ops.RestoreTarget, label string) ops.RestoreTarget { t.Backup = ops.Clean(label); return t }
	along := func(t ops.RestoreTarget, timeline uint32) ops.RestoreTarget { t.Timeline = timeline; return t }
	latest := ops.RestoreTarget{}
	for name, x := range map[string]struct {
		change func(*ops.Backups)
		target ops.RestoreTarget
		want   string // the backup, and up to where its interval goes; or the words of the refusal
	}{
		"the latest":                                     {nothing, latest, "c until 0/15000000"},
		"a position":                                     {nothing, lsn(14), "b until 0/15000000"},
		"a position within a backup":                     {nothing, lsn(10), "a until 0/15000000"},
		"a time":                                         {nothing, at(13, 30), "b until 0/15000000"},
		"the moment that a backup ended":                 {nothing, at(13, 0), "a until 0/15000000"},
		"a name: from the oldest on":                     {nothing, ops.RestoreTarget{Kind: ops.RestoreName, Name: ops.Lit("x")}, "a until 0/15000000"},
		"a backup as it is":                              {nothing, from(ops.RestoreTarget{Kind: ops.RestoreBackup}, "b"), "b until 0/0"},
		"the newest backup as it is":                     {nothing, ops.RestoreTarget{Kind: ops.RestoreBackup}, "c until 0/0"},
		"from a backup that is named":                    {nothing, from(lsn(19), "a"), "a until 0/15000000"},
		"before all":                                     {nothing, lsn(2), "lsn 0/2000080 of local cannot be reached; the nearest point after it is 2026-11-27 12:00:00Z (0/4000100, timeline 1), the end of a"},
		"behind all":                                     {nothing, lsn(21), "the nearest point before it is 2026-11-27 14:30:00Z (0/15000000, timeline 1)"},
		"in the second of the last WAL":                  {nothing, ops.RestoreTarget{Kind: ops.RestoreTime, Time: at(14, 30).Time.Add(900 * time.Millisecond)}, "c until 0/15000000"},
		"in the second after it":                         {nothing, ops.RestoreTarget{Kind: ops.RestoreTime, Time: at(14, 30).Time.Add(time.Second)}, "the nearest point before it is 2026-11-27 14:30:00Z"},
		"after the last WAL":                             {nothing, at(15, 0), "the nearest point before it is 2026-11-27 14:30:00Z"},
		"before the backup that is named":                {nothing, from(at(13, 30), "c"), "lies before the end of backup c, which is consistent from 0/10000100 on"},
		"in a hole":                                      {hole, lsn(12), "00000001000000000000000C"},
		"in a hole: both neighbours":                     {hole, lsn(12), "the nearest point before it is 2026-11-27 13:20:00Z (0/C000000, timeline 1); the nearest point after it is 2026-11-27 14:00:00Z (0/10000100, timeline 1), the end of c"},
		"before a hole":                                  {hole, lsn(11), "b until 0/C000000"},
		"the latest behind a hole":                       {hole, latest, "c until 0/15000000"},
		"the latest over a hole":                         {hole, from(latest, "b"), "latest of local cannot be reached"},
		"along the newest timeline":                      {forked, latest, "c until 0/14000000"},
		"along the one before, as far as it goes":        {forked, along(lsn(17), 1), "c until 0/15000000"},
		"the latest, of which the history is lost":       {lost, latest, "latest of local cannot be reached: it has WAL of timeline 2, and nothing that leads there"},
		"a position that may be of the lost timeline":    {lost, lsn(19), "it has WAL of timeline 2, and nothing that leads there"},
		"a time that may be of the lost timeline":        {lost, at(14, 25), "it has WAL of timeline 2, and nothing that leads there"},
		"a position before the lost timeline":            {lost, lsn(17), "c until 0/15000000"},
		"a time before the lost timeline":                {lost, at(14, 10), "c until 0/15000000"},
		"the latest of what was left, where it is asked": {lost, along(latest, 1), "c until 0/15000000"},
		"along one that there is not":                    {nothing, along(lsn(17), 3), "no interval leads along that timeline"},
		"damaged":                                        {func(v *ops.Backups) { v.Sets[0].Damaged = true }, from(latest, "c"), "backup c in local cannot be restored: it is damaged"},
		"another is damaged":                             {func(v *ops.Backups) { v.Sets[0].Damaged = true }, latest, "b until 0/15000000"},
		"no such backup":                                 {nothing, from(latest, "z"), "local has no backup z"},
		"the repository is away":                         {func(v *ops.Backups) { v.Repositories[0].Fault = ops.Lit("gone") }, latest, "local cannot be read: gone"},
		"its WAL was not listed":                         {func(v *ops.Backups) { v.Repositories[0].WAL = ops.WALListing{} }, at(13, 30), "b until 0/0, unsure"},
	} {
		plan := ops.BackupPlan{Name: ops.Lit("orders"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1}}}
		c, err := Restore(shelf(x.change), plan, x.target)
		got := c.Backup.Label.String() + " until " + c.Interval.To.LSN.String()
		if !c.Unsure.Empty() {
			got += ", unsure"
		}
		if err != nil {
			got = err.Error()
		}
		if got != x.want && (err == nil || !strings.Contains(got, x.want)) {
			t.Errorf("%s: %s\nwant %s", name, got, x.want)
		}
	}
}

func TestARestoreStaysInTheRegionsThatAreAllowed(t *testing.T) {
	plan := ops.BackupPlan{Name: ops.Lit("orders"), Regions: []ops.Text{ops.Lit("eu")}, Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1, Region: ops.Lit("us")}}}
	v := shelf(func(*ops.Backups) {})
	if _, err := Restore(v, plan, ops.RestoreTarget{}); ops.CodeOf(err) != ops.CodeDenied {
		t.Errorf("from another region: %v", err)
	}
	plan.Repositories = append(plan.Repositories, ops.RepositoryPlan{Name: ops.Lit("away"), Key: 1, Region: ops.Lit("eu")})
	if c, err := Restore(v, plan, ops.RestoreTarget{}); err != nil || c.Backup.Label.String() != "c" {
		t.Errorf("the next repository serves: %v", err)
	}
	if _, err := Restore(v, plan, ops.RestoreTarget{Repository: ops.Lit("third")}); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("one that there is not: %v", err)
	}
}

// TestARestoreFromARegionTakesWhatLiesThere and no other, however good.
func TestARestoreFromARegionTakesWhatLiesThere(t *testing.T) {
	plan := ops.BackupPlan{Name: ops.Lit("orders"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1, Region: ops.Lit("eu-1")}, {Name: ops.Lit("away"), Key: 2, Region: ops.Lit("eu-2")}, {Name: ops.Lit("vault"), Key: 3, Region: ops.Lit("eu-2")}, {Name: ops.Lit("tape"), Key: 4}}}
	v := shelf(func(v *ops.Backups) {
		first := v.Repositories[0]
		for _, key := range []int{2, 3, 4} {
			r := first
			r.Key, r.Name = key, plan.Repositories[key-1].Name
			if key == 2 {
				r.Fault = ops.Lit("gone")
			}
			v.Repositories = append(v.Repositories, r)
			for _, s := range v.Sets[:3] {
				s.Key = key
				v.Sets = append(v.Sets, s)
			}
		}
	})
	for name, x := range map[string]struct{ region, repository, want string }{
		"any":                           {"", "", "local"},
		"its first that serves":         {"eu-2", "", "vault"},
		"and the repository as well":    {"eu-2", "vault", "vault"},
		"one that there is not":         {"us-1", "", `orders has no repository in region "us-1": it has some in eu-1, eu-2`},
		"of another repository":         {"eu-2", "local", "local is in eu-1, and not in eu-2"},
		"of one that says no region":    {"eu-2", "tape", "tape is in a region that the estate does not say, and not in eu-2"},
		"of a repository there is none": {"eu-2", "third", `orders has no repository "third"`},
	} {
		c, err := Restore(v, plan, ops.RestoreTarget{Region: ops.Clean(x.region), Repository: ops.Clean(x.repository)})
		got := c.Repository.Name.String()
		if err != nil {
			got = ops.AsError(err).What.String()
		}
		if got != x.want {
			t.Errorf("%s: %s\nwant %s", name, got, x.want)
		}
	}
}

// TestWhatARestoreHasToReachIsOnATimeline: the same position is on the one that was left, too.
func TestWhatARestoreHasToReachIsOnATimeline(t *testing.T) {
	v := shelf(func(v *ops.Backups) {
		w := &v.Repositories[0].WAL
		w.Runs = append(w.Runs, ops.WALRun{Timeline: 2, First: 18, Last: 19, LastAt: w.Runs[0].LastAt})
		w.Histories, w.Forks = []uint32{2}, []ops.WALFork{{Timeline: 2, Parent: 1, At: 18<<24 + 0x80}}
	})
	plan := ops.BackupPlan{Name: ops.Lit("orders"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1}}}
	at := func(lsn ops.LSN) ops.RestoreTarget { return ops.RestoreTarget{Kind: ops.RestoreLSN, LSN: lsn} }
	for name, x := range map[string]struct {
		target ops.RestoreTarget
		want   uint32
	}{
		"the latest":                  {ops.RestoreTarget{}, 2},
		"the latest of what was left": {ops.RestoreTarget{Timeline: 1}, 1},
		"a position behind the fork":  {at(18<<24 + 0x81), 2},
		"the fork":                    {at(18<<24 + 0x80), 1},
		"a position before the fork":  {at(17 << 24), 1},
		"a backup as it is":           {ops.RestoreTarget{Kind: ops.RestoreBackup}, 1},
	} {
		if c, err := Restore(v, plan, x.target); err != nil || c.Floor.Timeline != x.want {
			t.Errorf("%s: timeline %d, want %d; %v", name, c.Floor.Timeline, x.want, err)
		}
	}
}

// TestATimeOnALaterTimelineIsReachedAlongThatOne: along the one of the backup the same moment has
// another past, or nothing at all.
func TestATimeOnALaterTimelineIsReachedAlongThatOne(t *testing.T) {
	forked := func(v *ops.Backups) {
		w := &v.Repositories[0].WAL
		noon := w.Runs[0].FirstAt
		w.Runs = append(w.Runs, ops.WALRun{Timeline: 2, First: 18, Last: 22, FirstAt: noon.Add(145 * time.Minute), LastAt: noon.Add(170 * time.Minute)})
		w.Histories, w.Forks = []uint32{2}, []ops.WALFork{{Timeline: 2, Parent: 1, At: 18<<24 + 8}}
	}
	lost := func(v *ops.Backups) {
		forked(v)
		v.Repositories[0].WAL.Histories, v.Repositories[0].WAL.Forks = nil, nil
	}
	plan := ops.BackupPlan{Name: ops.Lit("orders"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("local"), Key: 1}}}
	for name, x := range map[string]struct {
		change   func(*ops.Backups)
		minute   int    // after two o'clock
		timeline uint32 // that is named; 0: none
		want     uint32 // that it goes along; 0: it is refused
	}{
		"on the later one":                       {forked, 28, 0, 2},
		"behind the end of the one before":       {forked, 45, 0, 2},
		"before the fork":                        {forked, 10, 0, 2},
		"behind all":                             {forked, 55, 0, 0},
		"the way to the later one is lost":       {lost, 28, 0, 0},
		"the way is lost, and it is before that": {lost, 10, 0, 1},
		"the one that was left is named":         {forked, 28, 1, 1},
	} {
		target := ops.RestoreTarget{Kind: ops.RestoreTime, Time: time.Date(2026, 11, 27, 14, x.minute, 0, 0, time.UTC), Timeline: x.timeline}
		c, err := Restore(shelf(x.change), plan, target)
		if got := c.Interval.To.Timeline; got != x.want || (err != nil) != (x.want == 0) {
			t.Errorf("%s: it goes along timeline %d, want %d; %v", name, got, x.want, err)
		}
	}
}
