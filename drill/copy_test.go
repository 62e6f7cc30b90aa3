package drill

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"opsdeck/ops"
)

func TestACopyIsOnlyMadeWhereNothingIs(t *testing.T) {
	dir := t.TempDir()
	put := func(name string) string {
		to := filepath.Join(dir, strings.ReplaceAll(name, "/", "-"))
		at := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return to
	}
	hollow := filepath.Join(dir, "hollow")
	if err := os.Mkdir(hollow, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		to, want string
		bytes    int64
	}{
		"nothing there":         {filepath.Join(dir, "new", "deep"), "", 1},
		"an empty folder":       {hollow, "", 1},
		"a file in it":          {put("a file"), "is not empty: a file is in it", 1},
		"a running cluster":     {put("postmaster.pid"), "a server runs in", 1},
		"a copy that runs":      {put("data/postmaster.pid"), "a server runs in", 1},
		"an earlier restore":    {put(copyMark), "holds an earlier restore of ours", 1},
		"a file":                {filepath.Join(put("x"), "x"), "is no folder", 1},
		"too little room":       {filepath.Join(dir, "big"), "the copy needs", 1 << 60},
		"too long for a socket": {filepath.Join(dir, strings.Repeat("x", 120)), "too long for the server's socket", 1},
	} {
		_, err := Place(x.to, 0, x.bytes)
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
}

// TestARestoreThatIsStoppedSaysWhatIsLeft has an engine that would go on for a minute.
func TestARestoreThatIsStoppedSaysWhatIsLeft(t *testing.T) {
	to := filepath.Join(t.TempDir(), "a copy")
	ctx, cancel := context.WithCancel(t.Context())
	o := CopyOrder{To: to, Set: "F", Key: 1, Restore: []string{"sh", "-c", "sleep 60"}, Account: "postgres"}
	_, err := Copy(ctx, o, func(what string) {
		if strings.HasPrefix(what, "restoring") {
			cancel()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "it was stopped") || !strings.Contains(err.Error(), "rm -r '"+to+"'") {
		t.Errorf("it ends with %v", err)
	}
	if _, err := os.Stat(filepath.Join(to, copyMark)); err != nil {
		t.Errorf("what is left is not marked: %v", err)
	}
	if at, err := workingIn(to); err != nil || len(at) > 0 {
		t.Errorf("at work are %v, %v", at, err)
	}
	if _, err := Copy(t.Context(), o, func(string) {}); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("again into the same folder: %v", err)
	}
}

// TestACopyThatStandsElsewhereIsNone has every way in which a server may stand somewhere.
func TestACopyThatStandsElsewhereIsNone(t *testing.T) {
	at, err := ops.ParseRestoreTime("2026-11-27 14:00:00+01")
	if err != nil {
		t.Fatal(err)
	}
	time, name, lsn := ops.RestoreTarget{Kind: ops.RestoreTime, Time: at}, ops.RestoreTarget{Kind: ops.RestoreName, Name: ops.Lit("x")}, ops.RestoreTarget{Kind: ops.RestoreLSN, LSN: 0x500}
	before := time
	before.Exclusive = true
	fetched := func(name string) string {
		return `LOG:  restored log file "` + name + "\" from archive\n2026-11-27 13:00:00.000 UTC [7] "
	}
	const after = `LOG:  recovery stopping after WAL location (LSN) "0/500"`
	commit := `LOG:  recovery stopping before commit of transaction 740, time 2026-11-27 13:00:00.1+00`
	for what, x := range map[string]struct {
		target  ops.RestoreTarget
		stands  standing
		log     string
		halted  bool
		correct bool
		reach   uint32 // the timeline that has to be reached
	}{
		"before the time":                             {time, standing{at: 0x600, last: at}, commit, false, true, 1},
		"no transaction was replayed":                 {time, standing{at: 0x600}, commit, false, true, 1},
		"a transaction after the time":                {time, standing{at: 0x600, last: at.Add(1)}, commit, false, false, 1},
		"the very time is to stay out":                {before, standing{at: 0x600, last: at}, commit, false, false, 1},
		"it does not say why":                         {time, standing{at: 0x600, last: at}, "LOG:  recovery has paused", false, false, 1},
		"for want of parameters":                      {name, standing{at: 0x600}, "WARNING:  hot standby is not possible because of insufficient parameter settings", false, false, 1},
		"the name":                                    {name, standing{at: 0x600}, `LOG:  recovery stopping at restore point "x", time 2026-11-27 13:00:00+00`, false, true, 1},
		"another name":                                {name, standing{at: 0x600}, `LOG:  recovery stopping at restore point "xx", time 2026-11-27 13:00:00+00`, false, false, 1},
		"the position":                                {lsn, standing{at: 0x600}, `LOG:  recovery stopping after WAL location (LSN) "0/500"`, false, true, 1},
		"a position before":                           {lsn, standing{at: 0x480}, `LOG:  recovery stopping after WAL location (LSN) "0/480"`, false, false, 1},
		"the end of the WAL":                          {ops.RestoreTarget{}, standing{at: 0x600}, "", true, true, 1},
		"paused before the end of it":                 {ops.RestoreTarget{}, standing{at: 0x600}, "", false, false, 1},
		"consistent":                                  {ops.RestoreTarget{Kind: ops.RestoreBackup}, standing{at: 0x600}, "LOG:  recovery stopping after reaching consistency", false, true, 1},
		"before what has to be reached":               {ops.RestoreTarget{Kind: ops.RestoreBackup}, standing{at: 0x300}, "LOG:  recovery stopping after reaching consistency", false, false, 1},
		"stopped for a time, not a point":             {name, standing{at: 0x600}, commit, false, false, 1},
		"the position, of the timeline that was left": {lsn, standing{at: 0x600}, fetched("000000010000000000000000") + after, false, false, 2},
		"the position, with the next segment fetched": {lsn, standing{at: 0x600}, fetched("000000010000000000000000") + fetched("000000020000000000000001") + after, false, false, 2},
		"the position on a later timeline":            {lsn, standing{at: 0x600}, fetched("000000010000000000000000") + fetched("000000020000000000000000") + after, false, true, 2},
		"the end of the timeline that was left":       {ops.RestoreTarget{}, standing{at: 0x600}, fetched("000000010000000000000000"), true, false, 2},
		"the time, on the timeline that was left":     {time, standing{at: 0x600, last: at}, fetched("000000010000000000000000") + commit, false, false, 2},
	} {
		s := scratch{dir: t.TempDir()}
		if err := os.WriteFile(s.file(logFile), []byte("2026-11-27 13:00:00.000 UTC [7] "+x.log+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		stop, err := (&server{s: s, control: control{timeline: 1, segment: 16 << 20}}).stopped(x.stands.at)
		if err != nil {
			t.Fatal(err)
		}
		c := &copying{CopyOrder: CopyOrder{Target: x.target, Reach: ops.WALPosition{Timeline: x.reach, LSN: 0x400}}, s: s, halted: x.halted}
		if err := c.compare(x.stands, stop); (err == nil) != x.correct {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestASegmentThatWasNotYetThereIsNotFetched: a receiver that ended while it made room for a
// segment leaves a short one, which the server would call damaged. One that is whole and short is.
func TestASegmentThatWasNotYetThereIsNotFetched(t *testing.T) {
	dir := t.TempDir()
	const name = "000000010000000000000004"
	for what, x := range map[string]struct {
		file    string
		size    int64
		fetched bool
	}{
		"nothing":                     {"other", 16 << 20, false},
		"whole":                       {name, 16 << 20, true},
		"whole by its name and short": {name, 3162112, true},
		"being received":              {name + ".partial", 16 << 20, true},
		"of small segments":           {name + ".partial", 1 << 20, true},
		"being made":                  {name + ".partial", 3162112, false},
		"just begun":                  {name + ".partial", 8192, false},
		"empty":                       {name + ".partial", 0, false},
	} {
		in, to := filepath.Join(dir, what), filepath.Join(dir, what+" fetched")
		err := os.Mkdir(in, 0o700)
		if err == nil {
			err = os.WriteFile(filepath.Join(in, x.file), make([]byte, x.size), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		words := strings.NewReplacer("%f", name, "%p", to, "%%", "%").Replace(FetchWords([]string{in}))
		code := exec.Command("sh", "-c", words).Run()
		if _, err := os.Stat(to); (err == nil) != x.fetched || (code == nil) != x.fetched {
			t.Errorf("%s: %v, %v", what, err, code)
		}
	}
}

// TestADrillStandsWhereItWasToStand has every way in which a drill's copy may stand.
func TestADrillStandsWhereItWasToStand(t *testing.T) {
	for what, x := range map[string]struct {
		reached    ops.LSN
		timeline   uint32
		recovering bool
		correct    bool
	}{
		"there":                     {0x500, 2, true, true},
		"past it":                   {0x600, 3, true, true},
		"before it":                 {0x480, 2, true, false},
		"before the backup's end":   {0x300, 2, true, false},
		"on the timeline before":    {0x600, 1, true, false},
		"no more in recovery there": {0x500, 2, false, false},
	} {
		r := &drilled{Order: Order{Target: 0x500, Timeline: 2, Stop: 0x400}, result: &ops.Drill{Reached: x.reached, Timeline: x.timeline}}
		if err := r.reached(x.recovering); (err == nil) != x.correct {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestARestoreNamesItsTimeline, so that no other is taken where what leads to it is lost.
func TestARestoreNamesItsTimeline(t *testing.T) {
	for what, x := range map[string]struct {
		target         ops.RestoreTarget
		server, engine string
	}{
		"a drill's position":   {Order{Target: 0x500, Timeline: 2}.target(), "recovery_target_timeline = '2'", "--type=lsn --target=0/500 --target-action=pause --target-timeline=2"},
		"a drill's backup":     {Order{Timeline: 2}.target(), "recovery_target_timeline = 'current'", "--type=immediate --target-action=pause"},
		"the latest of one":    {ops.RestoreTarget{Timeline: 3}, "recovery_target_timeline = '3'", "--type=standby --target-timeline=3"},
		"the latest of unread": {ops.RestoreTarget{}, "recovery_target_timeline = 'latest'", "--type=standby"},
	} {
		if got := (Folder{}).recovery(x.target); !strings.Contains(got, x.server+"\n") {
			t.Errorf("%s: %s", what, got)
		}
		if got := strings.Join(TargetWords(x.target), " "); got != x.engine {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// TestWhatCannotBeTakenIsNotHeld: only what somebody has is told as somebody's.
func TestWhatCannotBeTakenIsNotHeld(t *testing.T) {
	for what, x := range map[string]struct {
		err  error
		want ops.Code
		says string
	}{
		"a mark that is there":      {notMarked("/r", os.ErrExist), ops.CodeHeld, "another restore may have begun there"},
		"a mark without the right":  {notMarked("/r", syscall.EACCES), ops.CodeDenied, "permission denied"},
		"a mark on a full disk":     {notMarked("/r", syscall.ENOSPC), ops.CodeDenied, "no space left"},
		"a port that somebody has":  {notListening(5433, syscall.EADDRINUSE), ops.CodeHeld, "port 5433 is taken"},
		"a port without the right":  {notListening(1024, syscall.EACCES), ops.CodeUnavailable, "port 1024 cannot be had on 127.0.0.1: permission denied"},
		"a port without an address": {notListening(5433, syscall.EADDRNOTAVAIL), ops.CodeUnavailable, "cannot be had"},
	} {
		if got := x.err.Error(); ops.CodeOf(x.err) != x.want || !strings.Contains(got, x.says) {
			t.Errorf("%s: %s, %s", what, ops.CodeOf(x.err), got)
		}
	}
}
