package report

import (
	"time"

	"opsdeck/ops"
)

// Coverage is a repository on a line of time, from its oldest backup to now, a byte a
// cell: F, D and I where a backup ended, = where any moment can be restored, ! where WAL
// is missing that ought to be there, . where only a backup's own moment can be.
// The worst of a cell is what is shown of it. It is ASCII: it reads the same everywhere.
func Coverage(v ops.Backups, repo ops.Repository, now time.Time, width int) string {
	begin := now
	for _, s := range v.Sets {
		if s.Key == repo.Key && s.Ended.Before(begin) {
			begin = s.Ended
		}
	}
	if width <= 0 || !begin.Before(now) {
		return ""
	}
	cells := make([]byte, width)
	for i := range cells {
		cells[i] = '.'
	}
	at := func(t time.Time) int {
		return int(max(0, min(int64(width-1), int64(t.Sub(begin))*int64(width)/max(1, int64(now.Sub(begin))))))
	}
	for _, i := range repo.Recovery.Intervals {
		if i.Point() || i.From.At.IsZero() || i.To.At.IsZero() {
			continue
		}
		for c := at(i.From.At); c <= at(i.To.At); c++ {
			cells[c] = '='
		}
	}
	for i := len(v.Sets) - 1; i >= 0; i-- { // the newest of a cell, and a full one before all
		s := v.Sets[i]
		if s.Key != repo.Key {
			continue
		}
		if c := at(s.Ended); cells[c] != 'F' {
			cells[c] = typeLetter(s.Type)
		}
	}
	for _, g := range repo.Recovery.Gaps {
		if g.Before.IsZero() || !g.Level.Bad() {
			continue
		}
		after := g.After
		if after.IsZero() {
			after = now
		}
		for c := at(g.Before); c <= at(after); c++ {
			if cells[c] == '=' || cells[c] == '.' || c == at(g.Before) {
				cells[c] = '!'
			}
		}
	}
	return string(cells)
}

func typeLetter(t ops.BackupType) byte {
	switch t {
	case ops.BackupFull:
		return 'F'
	case ops.BackupDifferential:
		return 'D'
	case ops.BackupIncremental:
		return 'I'
	}
	return '?'
}

// calendarDays is how far back the calendar goes.
const calendarDays = 30

// Calendar is the last 30 days, today last: the largest type of a good backup that ended
// on that day in any repository, x where all of that day's cannot be restored, . where
// there is none. Days are UTC.
func Calendar(v ops.Backups, now time.Time) string {
	today := now.UTC().Truncate(24 * time.Hour)
	days := make([]byte, calendarDays)
	best := make([]ops.BackupType, calendarDays)
	for i := range days {
		days[i] = '.'
	}
	for _, s := range v.Sets {
		i := calendarDays - 1 - int(today.Sub(s.Ended.UTC().Truncate(24*time.Hour))/(24*time.Hour))
		switch {
		case i < 0 || i >= calendarDays:
		case s.Verdict.Level.Good() && (best[i] == ops.BackupUnknown || s.Type < best[i]):
			best[i], days[i] = s.Type, typeLetter(s.Type)
		case days[i] == '.':
			days[i] = 'x'
		}
	}
	return string(days)
}
