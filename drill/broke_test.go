package drill

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// TestWhatAnEngineDiesOfIsToldFromWhatItFinds has engines that end in ways in which
// pgBackRest was seen to.
func TestWhatAnEngineDiesOfIsToldFromWhatItFinds(t *testing.T) {
	for name, x := range map[string]struct {
		script string
		says   string
		failed bool // the backup is at fault
	}{
		"the scratch fills":     {`echo "ERROR: [064]: unable to write '$PWD/data/base/1/1': [28] No space left on device" >&2; exit 64`, "No space left on device", false},
		"a quota":               {`echo "ERROR: [064]: unable to write '$PWD/data/base/1/1': [122] Disk quota exceeded" >&2; exit 64`, "quota", false},
		"it is killed":          {`kill -9 $$`, "signal 9", false},
		"it is terminated":      {`exit 63`, "[063]", false},
		"its worker is killed":  {`echo "ERROR: [102]: local-1 process terminated unexpectedly on signal 9"; exit 102`, "on signal 9", false},
		"no memory":             {`echo "ERROR: [025]: unable to fork: [11] Resource temporarily unavailable"; exit 25`, "Resource temporarily", false},
		"no files":              {`echo "ERROR: [041]: unable to open '/r/x': [24] Too many open files"; exit 41`, "Too many open", false},
		"its scratch is denied": {`echo "ERROR: [047]: unable to create path '$PWD/data': [13] Permission denied"; exit 47`, "Permission denied", false},
		"its disk is broken":    {`echo "ERROR: [064]: unable to write '$PWD/data/x': [5] Input/output error"; exit 64`, "Input/output", false},
		"the store is away":     {`echo "ERROR: [049]: unable to connect to 's3:443'"; exit 49`, "[049]", false},

		"a corrupt file":                {`echo "ERROR: [029]: error restoring '$PWD/data/base/1/1'"; exit 29`, "restore it: [029]: error restoring", true},
		"a wrong checksum":              {`echo "ERROR: [026]: error restoring '$PWD/data/base/1/1': actual checksum"; exit 26`, "actual checksum", true},
		"a file that is lost":           {`echo "ERROR: [055]: unable to open missing file '/r/backup/t/F/1.gz'"; exit 55`, "missing file", true},
		"the repository is denied":      {`echo "ERROR: [041]: unable to open file '/r/x' for read: [13] Permission denied"; exit 41`, "Permission denied", true},
		"the repository's disk":         {`echo "ERROR: [042]: unable to read '/r/x': [5] Input/output error"; exit 42`, "Input/output", true},
		"the key is lost":               {`echo "ERROR: [095]: unable to flush"; exit 95`, "[095]", true},
		"the worker dies of what it is": {`echo "ERROR: [102]: local-1 process terminated unexpectedly on signal 11"; exit 102`, "on signal 11", true},
		"nobody knows":                  {`exit 7`, "[007]: it does not say why", true},
	} {
		d, err := Run(t.Context(), Order{Restore: []string{"sh", "-c", x.script, "sh"}, Key: 1, Set: "F", Scratch: t.TempDir(), Account: "postgres", Limit: time.Hour}, func(string) {})
		said := d.Failed.String()
		if err != nil {
			said = err.Error()
		}
		if failed := err == nil && !d.Failed.Empty(); failed != x.failed || !strings.Contains(said, x.says) {
			t.Errorf("%s: failed %v, %s", name, failed, said)
		}
	}
}

// TestWhatAServerDiesOfIsToldFromWhatItFinds is the same of the log of the copy's server.
func TestWhatAServerDiesOfIsToldFromWhatItFinds(t *testing.T) {
	const at = "2026-11-27 20:15:04.123 UTC [4711] "
	for name, x := range map[string]struct {
		log    string
		failed bool
	}{
		"killed without a word":         {"", false},
		"killed while it began":         {at + "LOG:  starting PostgreSQL\n", false},
		"told to end":                   {at + "LOG:  received fast shutdown request\n", false},
		"its startup process is killed": {at + "LOG:  startup process (PID 9) was terminated by signal 9: Killed\n" + at + "LOG:  shutting down due to startup process failure\n", false},
		"what fetches WAL is killed":    {at + "FATAL:  could not restore file \"0\" from archive: child process was terminated by signal 15: Terminated\n", false},
		"what fetches WAL is not there": {at + "FATAL:  could not restore file \"0\" from archive: child process exited with exit code 127\n", false},
		"what fetches WAL has no room": {"2026-11-27 20:15:04.123 P00  ERROR: [064]: unable to write '/s/data/pg_wal/RECOVERYXLOG': [28] No space left on device\n" +
			at + "FATAL:  recovery ended before configured recovery target was reached\n", false},
		"what fetches WAL gets no answer": {"ERROR: [049]: unable to connect\n" + at + "FATAL:  recovery ended before configured recovery target was reached\n", false},
		"no room":                         {at + "FATAL:  could not write to file \"pg_wal/xlogtemp.9\": No space left on device\n", false},
		"no memory":                       {at + "FATAL:  could not map anonymous shared memory: Cannot allocate memory\n", false},
		"no process":                      {at + "FATAL:  could not fork startup process: Resource temporarily unavailable\n", false},
		"not its version":                 {at + "FATAL:  database files are incompatible with server\n", false},
		"a library":                       {at + "FATAL:  could not access file \"timescaledb\": No such file or directory\n", false},
		"denied":                          {at + "FATAL:  could not open file \"base/1/2\": Permission denied\n", false},
		"a disk":                          {at + "PANIC:  could not fsync file \"pg_xact/0000\": Input/output error\n" + at + "LOG:  startup process (PID 9) was terminated by signal 6: Aborted\n", false},
		"settings that were raised":       {at + "WARNING:  hot standby is not possible because of insufficient parameter settings\n", false},

		"a gap":               {at + "FATAL:  recovery ended before configured recovery target was reached\n", true},
		"an incomplete one":   {at + "FATAL:  WAL ends before end of online backup\n", true},
		"no checkpoint":       {at + "PANIC:  could not locate a valid checkpoint record\n" + at + "LOG:  startup process (PID 9) was terminated by signal 6: Aborted\n", true},
		"a lost file":         {at + "FATAL:  could not open file \"global/pg_filenode.map\": No such file or directory\n", true},
		"a lost history":      {at + "FATAL:  requested timeline 2 is not a child of this server's history\n", true},
		"damage that crashes": {at + "LOG:  startup process (PID 9) was terminated by signal 11: Segmentation fault\n", true},
		"a question that says it all": {at + "STATEMENT:  SELECT 'received fast shutdown request'\n\tFATAL:  No space left on device\n" +
			at + "FATAL:  recovery ended before configured recovery target was reached\n", true},
	} {
		s := scratch{dir: t.TempDir()}
		if err := os.WriteFile(s.file(logFile), []byte(x.log), 0o600); err != nil {
			t.Fatal(err)
		}
		err := s.blame(serverEnded, (&server{s: s}).last())
		if _, failed := err.(*failure); failed != x.failed {
			t.Errorf("%s: failed %v, %v", name, failed, err)
		}
		if !x.failed && ops.AsError(err).Remedy.Empty() {
			t.Errorf("%s: nothing helps: %v", name, err)
		}
	}
}

func TestAQuestionThatCouldNotBeAskedIsNoWrongAnswer(t *testing.T) {
	for name, x := range map[string]struct {
		code, says string
		broke      bool
	}{
		"no room":                     {"53100", "could not extend file: No space left on device", true},
		"no memory":                   {"53200", "out of memory", true},
		"no connection":               {"53300", "sorry, too many clients already", true},
		"ended from outside":          {"57P01", "terminating connection due to administrator command", true},
		"it takes too long":           {"57014", "canceling statement due to statement timeout", true},
		"the scratch's disk":          {"58030", "could not read block 1: Input/output error", true},
		"the scratch is denied":       {"42501", "could not open file \"base/1/2\": Permission denied", true},
		"no such login":               {"28000", "role \"postgres\" does not exist", true},
		"a library":                   {"58P01", "could not access file \"$libdir/postgis-3\": No such file or directory", true},
		"a library at its start":      {"55000", "pg_stat_statements must be loaded via shared_preload_libraries", true},
		"a lost table":                {"42P01", "relation \"loans\" does not exist", false},
		"a lost file":                 {"58P01", "could not open file \"base/1/2\": No such file or directory", false},
		"a lost database":             {"3D000", "database \"shop\" does not exist", false},
		"a damaged page":              {"XX001", "invalid page in block 0 of relation base/1/2", false},
		"data that quotes the system": {"22P02", "invalid input syntax for type integer: \"No space left on device\"", false},
	} {
		if err := saidBroke(&pgconn.PgError{Code: x.code, Message: x.says}); (err != nil) != x.broke {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACopyHasToReachTheEndOfItsBackupAndWhatWasAskedFor(t *testing.T) {
	for name, x := range map[string]struct {
		stop, target, at ops.LSN
		recovering       bool
		want             string
	}{
		"the end of the backup":        {100, 0, 100, true, ""},
		"behind it":                    {100, 0, 180, true, ""},
		"short of it":                  {100, 0, 99, true, "before the end of its backup"},
		"short of it, with a target":   {100, 200, 99, true, "before the end of its backup"},
		"what was asked for":           {100, 200, 200, true, ""},
		"short of what was asked for":  {100, 200, 199, true, "which is before 0/C8"},
		"nobody knows where it ends":   {0, 0, 1, true, ""},
		"it goes on, and takes writes": {100, 0, 180, false, "has left recovery"},
	} {
		r := drilled{Order: Order{Stop: x.stop, Target: x.target}, result: &ops.Drill{Reached: x.at}}
		err := r.reached(x.recovering)
		if (err == nil) != (x.want == "") || err != nil && !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhatTheSourceLeavesInDoubtIsNotHeldAgainstTheBackup has what a copy may answer to checks
// that the source answered while others committed.
func TestWhatTheSourceLeavesInDoubtIsNotHeldAgainstTheBackup(t *testing.T) {
	sure := ops.RestoreCheck{Name: ops.Lit("sure"), Source: true}
	doubted := ops.RestoreCheck{Name: ops.Lit("doubted"), Source: true, Doubt: doubt(1, 1)}
	for name, x := range map[string]struct {
		checks []ops.RestoreCheck
		ok     bool
		err    error
		want   string
		failed bool // it is held against the backup
	}{
		"it holds in doubt":    {[]ops.RestoreCheck{doubted}, true, nil, "", false},
		"it does not hold":     {[]ops.RestoreCheck{sure}, false, nil, "sure is 4, wanted 3", true},
		"nor does it in doubt": {[]ops.RestoreCheck{doubted}, false, nil, "not proved: doubted is 4, wanted 3; transactions were committing at the point: try again when fewer write, or when the synchronous standby is back; and ask only for what grows or stands still: drill.checks of the plan", false},
		"the copy is damaged":  {[]ops.RestoreCheck{doubted}, false, errors.New("invalid page"), "doubted is 4, wanted 3", true},
		"another one fails":    {[]ops.RestoreCheck{doubted, sure}, false, nil, "sure is 4, wanted 3", true},
	} {
		var u unlike
		for _, q := range x.checks {
			u.adds(q, ops.DrillAnswer{Name: q.Name, Got: ops.Lit("4"), Want: ops.Lit("3"), OK: x.ok}, x.err)
		}
		said, err := "", u.err()
		if err != nil {
			said = err.Error()
		}
		if _, failed := errors.AsType[*failure](err); said != x.want || failed != x.failed {
			t.Errorf("%s: %q, held against the backup: %v", name, said, failed)
		}
	}
	for at, want := range map[[2]int]string{{0, 1}: "", {0, 3}: "transactions ended around the point", {2, 1}: "transactions were committing at the point"} {
		if got := doubt(at[0], at[1]); got.String() != want {
			t.Errorf("%v: %s", at, got)
		}
	}
}
