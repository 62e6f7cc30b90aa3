//go:build lab

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
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

// byCron makes a backup of the lab's stanza as a crontab of the server's user does, and
// returns its label.
func byCron(t *testing.T) string {
	t.Helper()
	argv := []string{"pgbackrest", "--config=" + filepath.Join(os.Getenv("OPSDECK_LAB_STATE"), "postgres", "backup", "pgbackrest.conf"), "--stanza=lab",
		"--archive-timeout=120", "--log-level-console=info", "--type=incr", "backup"}
	if os.Geteuid() == 0 {
		argv = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"}, argv...)
	}
	out, err := exec.CommandContext(t.Context(), argv[0], argv[1:]...).CombinedOutput()
	label := regexp.MustCompile(`new backup label = (\S+)`).FindSubmatch(out)
	if err != nil || label == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(label[1])
}

// TestABackupThatCronMakesIsInTheHistoryOnce makes a second one, for which the agent looks again.
func TestABackupThatCronMakesIsInTheHistoryOnce(t *testing.T) {
	w, s := calm(t)
	s.until(`(?m)^  info +backups lab: RPO \S+/15m`) // looked at once: what is there by now is no news
	told := func() []ops.Record {
		return slices.DeleteFunc(w.records("--ref", "backups:lab/lab"), func(r ops.Record) bool { return r.Kind != ops.RecordBackup })
	}
	for n := range 2 {
		label := byCron(t)
		until(t, 2*time.Minute, "the history has the backup", func() bool { return len(told()) > n })
		if recs := told(); len(recs) != n+1 || !slices.ContainsFunc(recs, func(r ops.Record) bool {
			return strings.HasPrefix(r.What.String(), "incr backup "+label+" made in disk by no job of this agent: ")
		}) {
			t.Errorf("behind %s the history has %+v", label, recs)
		}
		s.press("5", `\[5 Backups\]`)
		s.until(regexp.QuoteMeta(label))
		s.press("0", `\[0 History\]`)
		s.until(`backup\s+incr backup ` + label)
	}
}
