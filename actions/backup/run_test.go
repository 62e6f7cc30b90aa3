package backup

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

const (
	full1 = "--repo=1 --type=full backup"
	full2 = "--repo=2 --type=full backup"
	incr1 = "--repo=1 --type=incr backup"
	one   = "20261127-115800F"
	later = "20261126-010000F_20261127-115800I"
)

// made is a call that makes a backup and says so.
func made(label string, key int) outcome {
	s := set(label, key)
	return outcome{out: log("INFO", "backup start archive = 000000010000000000000007, lsn = 0/7000028") + log("INFO", "new backup label = "+label) +
		log("INFO", "backup command end: completed successfully (15762ms)"), made: &s}
}

func fails(code int, words string) outcome {
	return outcome{out: log("ERROR", "["+words) + "                                    HINT: has it?\n" + log("INFO", "backup command end: aborted with exception"), code: code}
}

// ended63 makes a backup, and is ended by a signal while it removes old ones.
var ended63 = func() outcome { o := made(one, 1); o.code = 63; return o }()

// TestHowABackupEnds has every end that a call may come to, those that lie among them.
func TestHowABackupEnds(t *testing.T) {
	damaged := set(one, 1)
	damaged.Damaged = true
	for name, c := range map[string]struct {
		call   outcome
		change func(*engine)
		want   string
	}{
		"it is there":               {made(one, 1), nil, "succeeded: local: full backup " + one + " of 1.0M, 1.0K stored, in 0s"},
		"exit 0 without a label":    {outcome{out: log("INFO", "backup command end: completed successfully")}, nil, "unknown: local: it ended well and names no backup"},
		"exit 0 and nothing at all": {outcome{}, nil, "unknown: local: it ended well and names no backup"},
		"a label that is not there": {outcome{out: log("INFO", "new backup label = "+one)}, nil, "unknown: local: it says that it made " + one + ", which the repository does not hold"},
		"a label that was there":    {outcome{out: log("INFO", "new backup label = 20261126-010000F")}, nil, "unknown: local: it says that it made 20261126-010000F, which was there before"},
		"a label in other words":    {outcome{out: "new backup label = " + one + "\n"}, nil, "unknown: local: it ended well and names no backup"},
		"a label that is none":      {outcome{out: log("INFO", "new backup label = ../../etc")}, nil, "unknown: local: it ended well and names no backup"},
		"it is there and damaged":   {outcome{out: log("INFO", "new backup label = "+one), made: &damaged}, nil, "unknown: local: " + one + " is there, with pages whose checksums are wrong"},
		"nobody saw the end":        {outcome{err: ops.Errorf(ops.CodeUnanswered, "its keeper was killed")}, nil, "unknown: local: its keeper was killed"},
		"it never ran":              {outcome{err: ops.Errorf(ops.CodeUnavailable, "nothing was done: no such file")}, nil, "failed: local: nothing was done: no such file"},
		"another cluster (28)":      {fails(28, "028]: backup and archive info files mismatch"), nil, "failed: local: the stanza in this repository belongs to another cluster: backup and archive info files mismatch (exit code 28): compare pg1-path"},
		"no such stanza (37)":       {fails(37, "037]: backup command requires option: pg1-path"), nil, "failed: local: pgBackRest's configuration lacks something, or has no such stanza: backup command requires option: pg1-path (exit code 37): correct"},
		"held (50)":                 {fails(50, "050]: unable to acquire lock"), func(e *engine) { e.holder = 99 }, "failed: local: nothing was done: nightly, for pgBackRest, is held by process 99"},
		"held by nobody known (50)": {fails(50, "050]: unable to acquire lock"), nil, "failed: local: nothing was done: nightly, for pgBackRest, is held by somebody else"},
		"no right to the lock (50)": {fails(50, "050]: unable to acquire lock on file '/l/t-backup.lock': Permission denied"), func(e *engine) { e.holder = 99 },
			"failed: local: nothing was done: pgBackRest cannot take its lock: unable to acquire lock on file '/l/t-backup.lock': Permission denied (exit code 50): let the account"},
		"no folder for the lock (50)": {fails(50, "050]: unable to acquire lock on file '/l/t-backup.lock': Not a directory"), nil,
			"failed: local: nothing was done: pgBackRest cannot take its lock: unable to acquire lock on file '/l/t-backup.lock': Not a directory (exit code 50)"},
		"held, in its own words (50)": {fails(50, "050]: unable to acquire lock on file '/l/t-backup.lock': Resource temporarily unavailable"), nil, "failed: local: nothing was done: nightly, for pgBackRest, is held by somebody else"},
		"another server (51)":         {fails(51, "051]: PostgreSQL version 15, system-id 1 do not match"), nil, "failed: local: the server is another cluster than the one that the stanza was made for"},
		"no stanza (55)":              {fails(55, "055]: unable to load info file"), nil, "failed: local: a file is missing: there is no stanza in this repository, or the repository is not mounted: unable to load info file (exit code 55): bring"},
		"the server is down (56)":     {fails(56, "056]: unable to find primary cluster"), nil, "failed: local: PostgreSQL does not let pgBackRest in: unable to find primary cluster (exit code 56): start the server"},
		"stopped (62)":                {fails(62, "062]: stop file exists for stanza lab"), nil, "failed: local: pgBackRest is stopped: stop file exists for stanza lab (exit code 62): start it first: backup.start"},
		"a signal (63)":               {outcome{out: log("INFO", "backup command end: terminated on signal [SIGTERM]"), code: 63}, nil, "failed: local: a signal ended it (exit code 63): run it again"},
		"the disk is full (64)":       {fails(64, "064]: unable to write"), nil, "failed: local: a file cannot be written: the repository's disk may be full: unable to write (exit code 64): make room"},
		"archive_command (68)":        {fails(68, "068]: archive_command 'true' must contain pgbackrest"), nil, "failed: local: the server's archive_command does not call pgBackRest"},
		"no WAL (82)":                 {fails(82, "082]: WAL segment 7 was not archived before the 5000ms timeout"), nil, "failed: local: WAL was not archived in time, so the backup is not consistent: WAL segment 7 was not archived"},
		"another is away (82)":        {fails(82, "082]: WAL segment 7 was not archived"), func(e *engine) { e.faults[2] = "[503] Service Unavailable" }, "failed: local: local fails because archiving to s3 fails: [503] Service Unavailable: WAL segment 7 was not archived (exit code 82): bring s3 back"},
		"stopped while it ran (82)":   {fails(82, "082]: WAL segment 7 was not archived"), func(e *engine) { e.stopped = true }, "failed: local: pgBackRest was stopped meanwhile, and archives no WAL"},
		"a push that failed (104)":    {fails(104, "104]: archive-push command encountered error(s)"), func(e *engine) { e.faults[2] = "away" }, "failed: local: local fails because archiving to s3 fails: away"},
		"a signal behind the backup":  {ended63, nil, "partial: local: full backup " + one + " of 1.0M, 1.0K stored, in 0s; behind it a signal ended it (exit code 63)"},
		"killed behind the backup":    {func() outcome { o := made(one, 1); o.code = 137; return o }(), nil, "partial: local: full backup " + one + " of 1.0M, 1.0K stored, in 0s; behind it it was killed (exit code 137)"},
		"a signal before it counted":  {outcome{out: log("INFO", "new backup label = "+one), code: 63}, nil, "failed: local: a signal ended it (exit code 63): run it again"},
		"a signal, and it is not known": {func() outcome { o := ended63; return o }(), func(e *engine) { e.lookErr = errors.New("away") },
			"failed: local: a signal ended it (exit code 63): run it again"},
		"killed (137)":               {outcome{code: 137}, nil, "failed: local: it was killed (exit code 137): look in the system's log"},
		"it crashed (134)":           {outcome{out: "corrupted double-linked list\n", code: 134}, nil, "failed: local: it crashed (exit code 134): run it again"},
		"another code":               {fails(99, "099]: raised from remote-0"), nil, "failed: local: raised from remote-0 (exit code 99): run it by hand"},
		"its words on the other end": {outcome{errs: "ERROR: [031]: option 'x' not valid\n", code: 31}, nil, "failed: local: option 'x' not valid (exit code 31)"},
	} {
		t.Run(name, func(t *testing.T) {
			e, plan, b := lab()
			e.calls[full1] = c.call
			if c.change != nil {
				c.call.wait = func(context.Context) { e.mu.Lock(); defer e.mu.Unlock(); c.change(e) }
				e.calls[full1] = c.call
			}
			r, j, err := act(t, e, plan, b, "backup.run", "type=full", "repository=local")
			if got := ended(r, err); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if j.process.PID != 4711 {
				t.Error("its process is not written down")
			}
			if err != nil && len(e.said) != 1 {
				t.Errorf("it was run %d times", len(e.said))
			}
		})
	}
}

// TestOnlyWhatIsHeldEverywhereIsHeld: a failure in one repository is one, whoever holds the other.
func TestOnlyWhatIsHeldEverywhereIsHeld(t *testing.T) {
	held := fails(50, "050]: unable to acquire lock")
	for name, x := range map[string]struct {
		first, second outcome
		want          ops.Code
	}{
		"both are held":     {held, held, ops.CodeHeld},
		"the first failed":  {fails(64, "064]: unable to write"), held, ops.CodeUnavailable},
		"the second failed": {held, fails(64, "064]: unable to write"), ops.CodeUnavailable},
	} {
		e, plan, b := lab()
		e.calls[full1], e.calls[full2] = x.first, x.second
		if _, _, err := act(t, e, plan, b, "backup.run", "type=full"); ops.CodeOf(err) != x.want {
			t.Errorf("%s: %v, %v", name, ops.CodeOf(err), err)
		}
	}
}

func TestNothingIsRunWhereTheRepositoryCannotBeAsked(t *testing.T) {
	e, plan, b := lab()
	e.lookErr = ops.Errorf(ops.CodeUnavailable, "no answer within 54s")
	r, _, err := act(t, e, plan, b, "backup.run", "repository=local")
	if got := ended(r, err); got != "failed: local: nothing was done: no answer within 54s" || len(e.said) > 0 {
		t.Errorf("%s, and %q was run", got, e.said)
	}
}

func TestOneRepositoryAfterTheOther(t *testing.T) {
	for name, c := range map[string]struct {
		first, second outcome
		want          string
	}{
		"both":                {made(later, 1), made(one, 2), "succeeded: local: incr backup " + later + " of 1.0M, 1.0K stored, in 0s; s3: full backup " + one},
		"the first alone":     {made(later, 1), fails(55, "055]: no stanza"), "partial: local: incr backup " + later},
		"the second alone":    {fails(64, "064]: full"), made(one, 2), "partial: local: a file cannot be written"},
		"neither":             {fails(64, "064]: full"), fails(55, "055]: no stanza"), "failed: local: a file cannot be written"},
		"nobody knows of one": {fails(64, "064]: full"), outcome{}, "unknown: local: a file cannot be written"},
	} {
		t.Run(name, func(t *testing.T) {
			e, plan, b := lab()
			e.calls[incr1], e.calls[full2] = c.first, c.second
			r, _, err := act(t, e, plan, b, "backup.run")
			if got := ended(r, err); !strings.HasPrefix(got, c.want) || !strings.Contains(got, "; s3: ") {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if strings.Join(e.said, ", ") != incr1+", "+full2 {
				t.Errorf("it ran %q", e.said)
			}
		})
	}
}

func TestACanceledBackup(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		want string
	}{
		"that ended":                     {63, "failed: context canceled"},
		"that ended behind the backup":   {-63, "partial: local: incr backup"},
		"that was done when it was told": {0, "partial: local: incr backup"},
	} {
		t.Run(name, func(t *testing.T) {
			e, plan, b := lab()
			ctx, cancel := context.WithCancel(t.Context())
			o := made(later, 1)
			o.wait, o.code = func(context.Context) { cancel() }, c.code
			if c.code > 0 {
				o.made = nil
			}
			o.code = max(c.code, -c.code)
			e.calls[incr1] = o
			a := actionOf(t, e, plan, "backup.run")
			p, err := a.Plan(ctx, b, request("backup.run"))
			if err != nil {
				t.Fatal(err)
			}
			r, err := a.Run(ctx, p, &job{})
			if got := ended(r, err); !strings.HasPrefix(got, c.want) || c.code > 0 && !errors.Is(err, context.Canceled) || len(e.said) != 1 {
				t.Errorf("%s; it ran %q", got, e.said)
			}
		})
	}
}

func TestWhatIsShownWhileABackupRuns(t *testing.T) {
	t.Run("a share", func(t *testing.T) {
		shown(t, ops.Value{}, ops.Progress{Done: 12.5, Total: 100, Unit: ops.Lit("%")})
	})
	t.Run("bytes, where the engine tells them", func(t *testing.T) {
		shown(t, ops.Num(8<<30), ops.Progress{Done: 1 << 30, Total: 8 << 30, Unit: ops.UnitBytes})
	})
}

func shown(t *testing.T, total ops.Value, want ops.Progress) {
	synctest.Test(t, func(t *testing.T) {
		e, plan, b := lab()
		e.done, e.total = ops.Num(0.125), total
		o := made(one, 1)
		o.wait = func(context.Context) { time.Sleep(10 * time.Second) }
		e.calls[full1] = o
		began := time.Now()
		a := New(e, plan, judged, e.child, func() time.Time { return noon.Add(time.Since(began)) })[0]
		p, err := a.Plan(t.Context(), b, request("backup.run", "type=full", "repository=local"))
		if err != nil {
			t.Fatal(err)
		}
		j := &job{}
		if _, err := a.Run(t.Context(), p, j); err != nil {
			t.Fatal(err)
		}
		want.Note = ops.Textf("local: new backup label = %s; 25s left", one)
		if len(j.progress) < 10 || j.progress[6] != want {
			t.Errorf("%d times, and then %+v", len(j.progress), j.progress[6])
		}
	})
}

func TestWhatWasHeardDoesNotGrow(t *testing.T) {
	h := &heard{}
	for range 100_000 {
		h.line(ops.StreamErr, "no")
		h.line(ops.StreamOut, "ERROR")
		h.line(ops.StreamOut, strings.TrimSuffix(log("ERROR", "[055]: no"), "\n"))
	}
	if len(h.wrong) != wrongMost {
		t.Errorf("%d lines are kept", len(h.wrong))
	}
}

func TestHowLongItMayTake(t *testing.T) {
	h := history{n: 3, quick: 10 * time.Second, slow: 40 * time.Second}
	for gone, want := range map[time.Duration]string{0: "10s to 40s left", 20 * time.Second: "0s to 20s left", time.Minute: "longer than any of the last 3 backups"} {
		if got := h.left(gone); got != want {
			t.Errorf("after %s: %s", gone, got)
		}
	}
	if (history{}).left(0) != "" {
		t.Error("of nothing it is known how long it takes")
	}
}

// TestAJobSaysWhichBackupsItMade has the ends by which the history knows a backup for its own.
func TestAJobSaysWhichBackupsItMade(t *testing.T) {
	for name, c := range map[string]struct {
		call outcome
		away bool
		want bool
	}{
		"it is there":                    {made(one, 1), false, true},
		"a signal behind the backup":     {ended63, false, true},
		"a signal, and nobody can look":  {ended63, true, true},
		"well, and nobody can look":      {made(one, 1), true, true},
		"it failed before there was one": {fails(64, "064]: unable to write"), false, false},
	} {
		e, plan, b := lab()
		if c.away {
			c.call.wait = func(context.Context) { e.mu.Lock(); defer e.mu.Unlock(); e.lookErr = errors.New("away") }
		}
		e.calls[full1] = c.call
		r, _, _ := act(t, e, plan, b, "backup.run", "type=full", "repository=local")
		if want := ops.BackupRef(plan.Name, ops.Lit("local"), ops.Clean(one)); c.want != (len(r.Made) == 1 && r.Made[0] == want) || !c.want && len(r.Made) > 0 {
			t.Errorf("%s: it made %v", name, r.Made)
		}
	}
}
