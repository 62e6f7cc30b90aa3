package report

import (
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func hours(n float64) time.Time { return noon.Add(-time.Duration(n * float64(time.Hour))) }

func TestARepositoryOnALineOfTime(t *testing.T) {
	set := func(kind ops.BackupType, h float64) ops.Backup {
		return ops.Backup{Key: 1, Type: kind, Ended: hours(h), Verdict: ops.Verdict{Level: ops.LevelOK}}
	}
	interval := func(from, to float64) ops.RecoveryInterval {
		return ops.RecoveryInterval{From: ops.WALPosition{Timeline: 1, LSN: ops.LSN(1000 - from), At: hours(from)}, To: ops.WALPosition{Timeline: 1, LSN: ops.LSN(1000 - to), At: hours(to)}}
	}
	gap := func(before, after float64) ops.WALGap {
		return ops.WALGap{Before: hours(before), After: hours(after), Level: ops.LevelCritical}
	}
	for name, x := range map[string]struct {
		sets      []ops.Backup
		intervals []ops.RecoveryInterval
		gaps      []ops.WALGap
		want      string
	}{
		"nothing":                         {nil, nil, nil, ""},
		"whole":                           {[]ops.Backup{set(ops.BackupIncremental, 4), set(ops.BackupFull, 10)}, []ops.RecoveryInterval{interval(10, 0)}, nil, "F=====I==="},
		"only points":                     {[]ops.Backup{set(ops.BackupFull, 4), set(ops.BackupFull, 10)}, []ops.RecoveryInterval{interval(10, 10), interval(4, 4)}, nil, "F.....F..."},
		"a gap, and safe again":           {[]ops.Backup{set(ops.BackupFull, 3), set(ops.BackupFull, 10)}, []ops.RecoveryInterval{interval(10, 7), interval(3, 0)}, []ops.WALGap{gap(6.9, 5)}, "F==!!!.F=="},
		"a gap shorter than a cell":       {[]ops.Backup{set(ops.BackupFull, 10)}, []ops.RecoveryInterval{interval(10, 5.51), interval(5.5, 0)}, []ops.WALGap{gap(5.51, 5.5)}, "F===!====="},
		"a gap of which no end is known":  {[]ops.Backup{set(ops.BackupFull, 10)}, []ops.RecoveryInterval{interval(10, 3)}, []ops.WALGap{{Before: hours(2.9), Level: ops.LevelCritical}}, "F======!!!"},
		"what retention may have removed": {[]ops.Backup{set(ops.BackupFull, 10)}, []ops.RecoveryInterval{interval(2, 0)}, []ops.WALGap{{Before: hours(9), After: hours(2)}}, "F.......=="},
		"a full one covers others":        {[]ops.Backup{set(ops.BackupIncremental, 9.9), set(ops.BackupFull, 9.95), set(ops.BackupDifferential, 10)}, nil, nil, "F........."},
	} {
		t.Run(name, func(t *testing.T) {
			repo := ops.Repository{Key: 1, Recovery: ops.Recovery{Intervals: x.intervals, Gaps: x.gaps}}
			if got := Coverage(ops.Backups{Sets: x.sets}, repo, noon, 10); got != x.want {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
}

// FuzzCoverage holds what must be whatever a repository says of times.
func FuzzCoverage(f *testing.F) {
	f.Add(int64(0), int64(1), int64(2), int64(3), 10)
	f.Add(int64(-1)<<62, int64(1)<<62, int64(0), int64(-5), 200)
	f.Fuzz(func(t *testing.T, a, b, c, d int64, width int) {
		at := func(n int64) time.Time { return time.Unix(n%(1<<40), 0) }
		width %= 300
		repo := ops.Repository{Key: 1, Recovery: ops.Recovery{
			Intervals: []ops.RecoveryInterval{{Backup: ops.Lit("F"), From: ops.WALPosition{LSN: 1, At: at(a)}, To: ops.WALPosition{LSN: 2, At: at(b)}}},
			Gaps:      []ops.WALGap{{Before: at(c), After: at(d), Level: ops.LevelCritical}}}}
		v := ops.Backups{Sets: []ops.Backup{{Key: 1, Type: ops.BackupFull, Ended: at(a)}, {Key: 1, Ended: at(d)}}, Repositories: []ops.Repository{repo}}
		if got := Coverage(v, repo, noon, width); got != "" && len(got) != width {
			t.Errorf("%d cells of %d", len(got), width)
		}
		if got := Calendar(v, noon); len(got) != calendarDays {
			t.Errorf("%d days", len(got))
		}
	})
}

func TestTheCalendarShowsTheBestOfEachDay(t *testing.T) {
	good, bad := ops.Verdict{Level: ops.LevelOK}, ops.Verdict{Level: ops.LevelCritical}
	day := func(n float64, kind ops.BackupType, v ops.Verdict) ops.Backup {
		return ops.Backup{Type: kind, Ended: hours(24 * n), Verdict: v}
	}
	got := Calendar(ops.Backups{Sets: []ops.Backup{
		day(0, ops.BackupIncremental, good), day(1, ops.BackupFull, bad), day(2, ops.BackupFull, bad), day(2, ops.BackupDifferential, good),
		day(3, ops.BackupIncremental, good), day(3.1, ops.BackupFull, good), day(29, ops.BackupFull, good), day(30, ops.BackupFull, good), day(-2, ops.BackupFull, good),
	}}, noon)
	if want := "F" + strings.Repeat(".", 25) + "FDxI"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWhatAPlanHasAtRisk(t *testing.T) {
	for want, v := range map[string]ops.Backups{
		"RPO 0m/15m":        {RPO: 15 * time.Minute},
		"RPO not known/15m": {RPO: 15 * time.Minute, NotKnown: ops.Lit("why")},
		"RPO <1m/15m":       {RPO: 15 * time.Minute, AtRisk: noon.Add(-40 * time.Second)},
		"RPO 5m/15m":        {RPO: 15 * time.Minute, AtRisk: noon.Add(-3 * time.Hour), AtMost: ops.Num(300)},
		"RPO 3h/15m":        {RPO: 15 * time.Minute, AtRisk: noon.Add(-3 * time.Hour)},
	} {
		if got := RiskWords(v, noon); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
