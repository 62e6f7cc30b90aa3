package backup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// kept is a lab whose first repository holds three full backups and all WAL from the first
// on: segments 10, 20 and 30 are where they begin.
func kept() (*engine, ops.BackupPlan, ops.Board) {
	e, plan, b := lab()
	e.sets[1] = nil
	for i, label := range []string{"20261110-010000F", "20261117-010000F", "20261117-010000F_20261118-010000I", "20261124-010000F"} {
		s := set(label, 1)
		s.Start, s.Stop = ops.SegmentStart(uint64(10+10*i), 16<<20), ops.SegmentStart(uint64(11+10*i), 16<<20)
		s.Ended = time.Date(2026, 11, 10+7*i, 1, 0, 0, 0, time.UTC)
		e.sets[1] = append([]ops.Backup{s}, e.sets[1]...)
	}
	v := &b.Backups[0].Value
	v.Sets = slices.Clone(e.sets[1])
	v.Repositories[0].WAL = ops.WALListing{SegmentSize: 16 << 20, At: noon, Runs: []ops.WALRun{{Timeline: 1, First: 10, Last: 60}}}
	v.Repositories[1].Empty = true
	*v = judged(*v, b)
	return e, plan, b
}

// expiring are the lines of an expire that removes these backups, and WAL between two
// segments; 0: none.
func expired(prefix string, from, to uint64, labels ...string) (out string) {
	for _, l := range labels {
		out += log("INFO", prefix+"repo1: remove expired backup "+l)
	}
	if to > 0 {
		out += log("INFO", fmt.Sprintf("%srepo1: 15-1 remove archive, start = %s, stop = %s", prefix, ops.WALName(1, from, 16<<20), ops.WALName(1, to, 16<<20)))
	}
	return out
}

const dryRun = "--dry-run --repo=1 expire"

func TestWhatAPruneWouldTakeIsSeenBefore(t *testing.T) {
	first, second, third := "20261110-010000F", "20261117-010000F", "20261117-010000F_20261118-010000I"
	for name, c := range map[string]struct{ said, replaces, note, warning string }{
		"the window shrinks": {expired("[DRY-RUN] ", 10, 19, first), "local: 1 backup removed: " + first + "; WAL of 15-1 removed, 00000001000000000000000A to 000000010000000000000013",
			"local: afterwards 3 backups left, and any moment from 2026-11-17 01:00:00Z until", "the point-in-time window of local shrinks: it began at 2026-11-10 01:00:00Z, and will begin at 2026-11-17 01:00:00Z"},
		"the window ends": {expired("[DRY-RUN] ", 10, 60, first, second, third), "3 backups removed", "afterwards 1 backup left, the newest of 2026-12-01 01:00:00Z",
			"point-in-time recovery from local ends: only the moments of its backups are left"},
		"nothing is left": {expired("[DRY-RUN] ", 10, 60, first, second, third, "20261124-010000F"), "4 backups removed", "0 backups left", "nothing can be restored from local afterwards"},
		"WAL of another cluster": {log("INFO", "[DRY-RUN] repo1: 14-7 remove archive, start = 000000010000000000000001, stop = 0000000100000000000000FF"), "local: WAL of 14-7 removed",
			"afterwards 4 backups left, and any moment from 2026-11-10 01:00:00Z until", ""},
	} {
		e, plan, b := kept()
		e.calls[dryRun] = outcome{out: c.said}
		p, err := actionOf(t, e, plan, "backup.prune").Plan(t.Context(), b, request("backup.prune", "repository=local"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all := func(texts []ops.Text) string { return fmt.Sprint(texts) }
		if held := (family{plan: plan}).drilled(); !slices.Contains(p.Locks, held) || !slices.Contains(p.Locks, target) {
			t.Errorf("%s: it would remove what a drill restores: %v", name, p.Locks)
		}
		if !strings.Contains(all(p.Replaces), c.replaces) || !strings.Contains(all(p.Notes), c.note) || !strings.Contains(all(p.Warnings), c.warning) || c.warning == "" && len(p.Warnings) > 0 {
			t.Errorf("%s: %v\n%v\n%v", name, p.Replaces, p.Notes, p.Warnings)
		}
		if len(p.Steps) != 1 || fmt.Sprint(p.Steps[0].Argv) != "[pgbackrest --stanza=lab --repo=1 expire]" || len(e.said) > 0 {
			t.Errorf("%s: %v, and run: %v", name, p.Steps, e.said)
		}
	}
}

func TestAPruneOfNothingIsNotPlanned(t *testing.T) {
	e, plan, b := kept()
	for name, c := range map[string]struct {
		said outcome
		want string
	}{
		"retention holds all": {outcome{out: log("INFO", "[DRY-RUN] expire command end: completed successfully (13ms)")}, "nothing would go: the retention of local holds all"},
		"it cannot be asked":  {outcome{out: log("ERROR", "[055]: unable to open missing file"), code: 55}, "unable to open missing file"},
	} {
		e.calls[dryRun] = c.said
		_, err := actionOf(t, e, plan, "backup.prune").Plan(t.Context(), b, request("backup.prune", "repository=local"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPruneIsDoneWhenTheRepositorySaysSo(t *testing.T) {
	first := "20261110-010000F"
	for name, c := range map[string]struct {
		left  []string // of the backups
		wal   string   // a segment that is there
		fault string
		want  string
	}{
		"what was planned":     {[]string{"20261117-010000F", "20261117-010000F_20261118-010000I", "20261124-010000F"}, "", "", "succeeded: local: 1 backup removed: " + first},
		"more than planned":    {[]string{"20261124-010000F"}, "", "", "unknown: local: expire ended well; more went than was planned: 20261117-010000F"},
		"nothing":              {[]string{first, "20261117-010000F", "20261117-010000F_20261118-010000I", "20261124-010000F"}, "", "", "unknown: local: expire ended well; still there: " + first},
		"its WAL is there":     {[]string{"20261117-010000F", "20261117-010000F_20261118-010000I", "20261124-010000F"}, "000000010000000000000013", "", "unknown: local: expire ended well; whether the WAL until"},
		"nobody can look then": {nil, "", "missing stanza path", "unknown: local: expire ended well; the repository cannot be read: missing stanza path"},
	} {
		e, plan, b := kept()
		e.calls[dryRun] = outcome{out: expired("[DRY-RUN] ", 10, 19, first)}
		e.wal = map[int]string{1: c.wal}
		e.calls["--repo=1 expire"] = outcome{out: expired("", 10, 19, first), then: func() {
			e.sets[1] = slices.DeleteFunc(e.sets[1], func(s ops.Backup) bool { return !slices.Contains(c.left, s.Label.String()) })
			e.faults[1] = c.fault
		}}
		r, _, err := act(t, e, plan, b, "backup.prune", "repository=local")
		if got := strings.ReplaceAll(ended(r, err), "unknown: unknown", "unknown"); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s\nwant %s", name, got, c.want)
		}
	}
}

// TestAPruneThatFailedInPartsSaysWhy has expire end with the number that a push of WAL has,
// too, over a store that was there when it was planned.
func TestAPruneThatFailedInPartsSaysWhy(t *testing.T) {
	e, plan, b := kept()
	e.calls[dryRun] = outcome{out: expired("[DRY-RUN] ", 10, 19, "20261110-010000F")}
	e.calls["--repo=1 expire"] = outcome{out: log("ERROR", "[049]: unable to connect to 'localhost:1': [111] Connection refused") + log("ERROR", "[104]: expire command encountered 1 error(s), check the log file for details"), code: 104}
	e.faults[2] = "away"
	r, _, err := act(t, e, plan, b, "backup.prune", "repository=local")
	if got := ended(r, err); !strings.HasPrefix(got, "failed: local: unable to connect to 'localhost:1': [111] Connection refused (exit code 104)") {
		t.Error(got)
	}
}
