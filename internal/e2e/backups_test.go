//go:build lab

package e2e

import (
	"testing"
	"time"
)

// TestWhatBreaksBackupsIsOnTheirPaneWhateverTheEngineSays has two faults of which pgBackRest's
// info says ok.
func TestWhatBreaksBackupsIsOnTheirPaneWhateverTheEngineSays(t *testing.T) {
	w, s := calm(t)
	s.until(`(?m)^  info +backups lab: RPO \S+/15m`)
	for _, c := range []struct {
		fault, finding string
		pane           []string // what stands on the pane, beside the plan's row
	}{
		{"archiver-stopped", `CRITICAL\s+lab: the engine is stopped`, []string{`a stop file is there: no WAL is archived`}},
		{"wal-missing", `CRITICAL\s+lab: 1 segment of WAL lost in disk`, []string{`disk +.*!`, `1 gap`, `[0-9A-F]{24} missing`}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			s := s.in(t)
			at, heal := breakLab(t, c.fault)
			seen(s, at, c.fault, c.finding)
			s.until(`(?m)^  CRITICAL +backups lab: `)
			s.press("5", `\[5 Backups\]`)
			for _, re := range append(c.pane, `(?m)^lab +CRITICAL`) {
				s.until(re)
			}
			view, code := w.snapshot("backups")
			if level, cells := view.row(t, "backup plans", "backups:lab/lab"); code != 2 || level != "critical" {
				t.Errorf("the snapshot: exit %d, %s, %+v", code, level, cells)
			}
			heal()
			s.within(2*time.Minute, `(?m)^lab +info`)
			s.press("1", `\[1 Overview\]`)
			s.free(2*time.Minute, attention, c.finding)
		})
	}
}
