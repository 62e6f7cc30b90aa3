package pgbackrest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

func TestASlowRepositoryCostsItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		e.info[1], e.info[2] = recorded(t, "info-two-repos.json"), outcome{hangs: true}
		col, _ := collectorOf(t, e, 1, 2)
		began := time.Now()
		b, o := collect(t, col)
		if got := says(b); got != "0: 1 of 13.4M; 99: 0 of ? no answer within 54s" || time.Since(began) != 54*time.Second || o.Version.Empty() {
			t.Errorf("%s after %s", got, time.Since(began))
		}
		if r := b.Repositories[1]; !r.Read.IsZero() || r.Empty || r.Region.String() != "eu-lab-1" || r.Unlisted.Empty() {
			t.Errorf("%+v", r)
		}
	})
}

// What another account runs we cannot end: it is waited for no longer, and not begun
// again beside itself.
func TestACallThatDoesNotEndIsNotMadeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		e.info[1], e.info[2] = recorded(t, "info-two-repos.json"), recorded(t, "info-two-repos.json")
		col, now := collectorOf(t, e, 1, 2)
		collect(t, col)
		good := now.now()
		e.info[2] = outcome{deaf: true}
		for _, why := range []string{"no answer within 54s", "the call before has not ended", "the call before has not ended"} {
			now.pass(time.Minute)
			e.heard()
			b, _ := collect(t, col)
			r := b.Repositories[1]
			if got := says(b); got != "0: 1 of 13.4M; 99: 1 of 13.4M "+why || !r.Read.Equal(good) || runs(r.WAL) != "" || r.Unlisted.Empty() {
				t.Errorf("%s, read %s: %+v", got, r.Read, r)
			}
			if n := strings.Count(strings.Join(e.heard(), " "), "info"); why != "no answer within 54s" && n != 1 {
				t.Errorf("info is asked for %d times", n)
			}
		}
	})
}

func TestABackupOfARepositoryThatIsAwayIsNotForgotten(t *testing.T) {
	e := newEngine(t)
	e.segments(true, 1, 9)
	e.info[1], e.info[2] = recorded(t, "info-two-repos.json"), recorded(t, "info-two-repos.json")
	col, now := collectorOf(t, e, 1, 2)
	collect(t, col)
	good := now.now()
	now.pass(time.Minute)
	e.info[2] = recorded(t, "info-two-repos-second-down.json")
	b, _ := collect(t, col)
	r := b.Repositories[1]
	if got := says(b); got != "0: 1 of 13.4M; 99: 1 of 13.4M unable to connect to 'localhost:19446': [111] Connection refused" ||
		!r.Read.Equal(good) || runs(r.WAL) != "1:1-9" || !r.WAL.At.Equal(good) || r.Unlisted != r.Fault || r.Empty {
		t.Errorf("%s, %+v", got, r)
	}
	if got := r.Remedy.String(); got != "bring it back; archive-push-queue-max would only drop WAL" || !b.Repositories[0].Remedy.Empty() {
		t.Errorf("what to do about it: %q, and about the other: %q", got, b.Repositories[0].Remedy)
	}
	// It was looked into, and there is nothing: then there is nothing.
	e.info[2] = outcome{out: "[]"}
	if b, _ := collect(t, col); says(b) != "0: 1 of 13.4M; 1: 0 of ? empty missing stanza path" || len(b.Repositories[1].WAL.Runs) > 0 ||
		!strings.Contains(b.Repositories[1].Remedy.String(), "run pgbackrest stanza-create") || !strings.Contains(b.Told.String(), "pg1-path") {
		t.Errorf("%s", says(b))
	}
}

// Each repository counts the clusters that it has seen: one that came later counts from 1.
func TestTheNewestClusterHasOneNumberInEveryRepository(t *testing.T) {
	e := newEngine(t)
	one := func(repo, id int, system string) string {
		return fmt.Sprintf(`{"label":"2026112%d-035600F","database":{"id":%d,"repo-key":%d}}],"db":[{"id":%d,"repo-key":%d,"system-id":%s}],"repo":[{"key":%d,"status":{"code":0}}]}]`, repo, id, repo, id, repo, system, repo)
	}
	e.info[1] = outcome{out: `[{"name":"lab","backup":[{"label":"20260101-035600F","database":{"id":1,"repo-key":1}},` + one(1, 2, "7712694881261755899")}
	e.info[2] = outcome{out: `[{"name":"lab","backup":[` + one(2, 1, "7712694881261755899")}
	e.info[3] = outcome{out: `[{"name":"lab","backup":[` + one(3, 1, "1111")}
	col, _ := collectorOf(t, e, 1, 2, 3)
	for range 2 {
		b, _ := collect(t, col)
		got := map[string]int{}
		for _, s := range b.Sets {
			got[s.Label.String()] = s.Cluster
		}
		if want := map[string]int{"20260101-035600F": 1, "20261121-035600F": 2, "20261122-035600F": 2, "20261123-035600F": 1}; !maps.Equal(got, want) || b.Number != 2 {
			t.Errorf("%v of %d", got, b.Number)
		}
	}
}

func TestItFailsOnlyWhereNoRepositoryCouldBeAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		outcome      outcome
		runAs        string
		code         ops.Code
		what, remedy string
	}{
		"no program":               {outcome{err: fmt.Errorf("run it: %w", fs.ErrNotExist)}, "", ops.CodeUnavailable, "pgbackrest is not installed here", "install the package pgbackrest on the agent's machine, or say where it is: the plan's command"},
		"no program for sudo":      {outcome{said: "sudo: pgbackrest: command not found\n", code: 1}, "postgres", ops.CodeUnavailable, "pgbackrest is not installed where sudo looks for it", "install the package pgbackrest"},
		"no more processes":        {outcome{err: errors.New("no more processes")}, "", ops.CodeUnavailable, "pgbackrest cannot be run: no more processes", "install the package pgbackrest"},
		"no sudo":                  {outcome{err: fs.ErrNotExist}, "postgres", ops.CodeUnavailable, "sudo is not installed here", "install sudo, or let the agent run as postgres itself"},
		"sudo asks":                {outcome{said: "sudo: a password is required\n", code: 1}, "postgres", ops.CodeDenied, "sudo does not run pgBackRest as postgres: a password is required", "opsdeck backup sudoers prints the lines that sudo needs (visudo); refused was: pgbackrest --config=CONF --log-level-console=off --log-level-stderr=error --stanza=lab --repo=1 --output=json info"},
		"sudo refuses":             {outcome{said: "ops is not in the sudoers file.\n", code: 1}, "postgres", ops.CodeDenied, "sudo does not run pgBackRest as postgres: ops is not in the sudoers file.", "opsdeck backup sudoers prints the lines that sudo needs (visudo); refused was: pgbackrest "},
		"sudo cannot":              {outcome{said: "sudo: The \"no new privileges\" flag is set, which prevents sudo from running as root.\nsudo: more\n", code: 1}, "postgres", ops.CodeDenied, `sudo does not run pgBackRest as postgres: The "no new privileges" flag is set, which prevents sudo from running as root.`, "let the agent run as postgres itself, or open its unit to sudo: opsdeck agent unit prints a drop-in for either"},
		"sudo has no rights":       {outcome{said: "sudo: unable to change to root gid: Operation not permitted\nsudo: error initializing audit plugin sudoers_audit\n", code: 1}, "postgres", ops.CodeDenied, `sudo does not run pgBackRest as postgres: unable to change to root gid: Operation not permitted`, "let the agent run as postgres itself, or open its unit to sudo: opsdeck agent unit prints a drop-in for either"},
		"no config":                {outcome{said: "ERROR: [055]: unable to open missing file '/x' for read\n", code: 55}, "", ops.CodeUnavailable, "unable to open missing file '/x' for read", "say where pgBackRest's configuration is: the plan's config"},
		"it is locked":             {outcome{said: "ERROR: [041]: unable to open file '/x' for read: [13] Permission denied\n", code: 41}, "", ops.CodeUnavailable, "unable to open file '/x' for read: [13] Permission denied", "let the account that pgBackRest runs as read it, or name another one: the plan's run_as"},
		"a bad line":               {outcome{said: "ERROR: [029]: missing '=' in key/value at line 3: repo1-s3-key hunter2\n", code: 29}, "", ops.CodeUnavailable, "missing '=' in key/value at line 3", "correct pgBackRest's configuration, or what the estate says of it"},
		"as root, newer":           {outcome{said: "2026-11-21 16:09:46.123 P00  ERROR: [031]: running as root is not allowed\n", code: 31}, "", ops.CodeUnavailable, "running as root is not allowed", "correct pgBackRest's configuration, or what the estate says of it"},
		"it says nothing":          {outcome{code: 99}, "", ops.CodeUnavailable, "pgbackrest ends with exit code 99", "run it by hand: pgbackrest --config=CONF"},
		"killed":                   {outcome{code: -1}, "", ops.CodeUnavailable, "a signal ended pgbackrest", "run it by hand: pgbackrest --config=CONF"},
		"no JSON":                  {outcome{out: "Welcome to this machine\n"}, "", ops.CodeUnavailable, "pgbackrest does not answer as pgBackRest does", "run it by hand: pgbackrest --config=CONF"},
		"other JSON":               {outcome{out: `{"error":"no"}`}, "", ops.CodeUnavailable, "pgbackrest does not answer as pgBackRest does", "run it by hand: pgbackrest --config=CONF"},
		"nothing":                  {outcome{}, "", ops.CodeUnavailable, "pgbackrest does not answer as pgBackRest does", "run it by hand: pgbackrest --config=CONF"},
		"cut short":                {outcome{out: `[{"name":"lab","backup":[`}, "", ops.CodeUnavailable, "pgbackrest does not answer as pgBackRest does", "run it by hand: pgbackrest --config=CONF"},
		"more behind it":           {outcome{out: "[]" + strings.Repeat("\x00", 1<<20)}, "", ops.CodeUnavailable, "pgbackrest does not answer as pgBackRest does", "run it by hand: pgbackrest --config=CONF"},
		"a code of 1 without sudo": {outcome{said: "what is this\n", code: 1}, "", ops.CodeUnavailable, "what is this", "run it by hand: pgbackrest --config=CONF"},
	} {
		e := newEngine(t)
		e.every = func([]string) (outcome, bool) { return c.outcome, true }
		col, _ := collectorOf(t, e, 1, 2)
		col.cfg.RunAs = c.runAs
		_, err := col.Collect(t.Context())
		wrong, ok := errors.AsType[*ops.Error](err)
		if !ok || wrong.Code != c.code || wrong.What.String() != c.what ||
			!strings.HasPrefix(strings.ReplaceAll(wrong.Remedy.String(), col.cfg.File, "CONF"), c.remedy) {
			t.Errorf("%s: %v", name, err)
		}
		// Where another one could be asked, it is a fault of this one.
		e.every = nil
		e.info[1], e.info[2] = c.outcome, recorded(t, "info-two-repos.json")
		if c.runAs != "" {
			continue
		}
		if b, _ := collect(t, col); b.Repositories[0].Fault.String() != c.what || says(b) != "99: 0 of ? "+c.what+"; 0: 1 of 13.4M" {
			t.Errorf("%s, of one: %s", name, says(b))
		}
	}
}

func TestNobodyAnswersInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t)
		e.every = func([]string) (outcome, bool) { return outcome{hangs: true}, true }
		col, _ := collectorOf(t, e, 1, 2)
		if _, err := col.Collect(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it says %v", err)
		}
	})
}

// A sudoers file names each list of arguments word by word.
func TestEachCallHasTheSameArgumentsInTheSameOrder(t *testing.T) {
	e := newEngine(t)
	e.info[1] = recorded(t, "info-two-backups.json")
	e.segments(true, 1, 3)
	e.files["00000002.history"] = "1\t0/3000060\n"
	col, now := collectorOf(t, e, 1)
	col.cfg.RunAs, col.cfg.Command = "postgres", "/usr/bin/pgbackrest"
	collect(t, col)
	now.pass(time.Minute)
	collect(t, col)
	seen := map[string]bool{}
	for _, argv := range e.argvs {
		seen[strings.Join(argv, " ")] = true
	}
	prefix := "sudo -n -u postgres -- /usr/bin/pgbackrest "
	logged := "--config=" + col.cfg.File + " --log-level-console=off --log-level-stderr=error --stanza=lab --repo=1 "
	for _, want := range []string{"version", logged + "--output=json info", logged + "--output=json --recurse repo-ls archive/lab/15-1",
		logged + "--output=json repo-ls archive/lab/15-1", logged + "--output=json repo-ls archive/lab/15-1/0000000100000000", logged + "repo-get archive/lab/15-1/00000002.history"} {
		if !seen[prefix+want] {
			t.Errorf("not called: %s%s", prefix, want)
		}
		delete(seen, prefix+want)
	}
	if len(seen) > 0 {
		t.Errorf("called too: %v", seen)
	}
}

func TestTheVersionIsAskedForHourly(t *testing.T) {
	e := newEngine(t)
	e.info[1] = recorded(t, "info-two-backups.json")
	col, now := collectorOf(t, e, 1)
	said := "pgBackRest 2.45\n"
	asked := 0
	e.every = func(argv []string) (outcome, bool) {
		version := argv[len(argv)-1] == "version"
		if version {
			asked++
		}
		return outcome{out: said}, version
	}
	for _, step := range []struct {
		says, want string
		asked      int
	}{{"nonsense", "", 1}, {"pgBackRest 2.45\n", "2.45", 2}, {"pgBackRest 2.59.1\n", "2.45", 2}, {"", "2.59.1", 3}} {
		if step.says == "" {
			now.pass(time.Hour)
		} else {
			said = step.says
		}
		if _, o := collect(t, col); o.Version.String() != step.want || asked != step.asked {
			t.Errorf("it is %s, asked %d times", o.Version, asked)
		}
	}
}

func TestTheNewestBackupsAreKeptAndTheRestIsCounted(t *testing.T) {
	var all []string
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 2500 {
		made := at.Add(time.Duration(i) * time.Minute)
		all = append(all, fmt.Sprintf(`{"label":%q,"type":"full","database":{"id":1,"repo-key":1},"timestamp":{"start":%d,"stop":%d},"info":{"repository":{"delta":10}}}`, made.Format("20060102-150405")+"F", made.Unix(), made.Unix()))
	}
	slices.Reverse(all[:1200]) // in no order
	e := newEngine(t)
	e.info[1] = outcome{out: `[{"name":"lab","backup":[` + strings.Join(all, ",") + `],"repo":[{"key":1,"status":{"code":0}}]}]`}
	col, _ := collectorOf(t, e, 1)
	b, _ := collect(t, col)
	newest := at.Add(2499 * time.Minute)
	if len(b.Sets) != setsMost || b.Left != 1500 || !b.Sets[0].Ended.Equal(newest) || !b.Sets[setsMost-1].Ended.Equal(newest.Add(-999*time.Minute)) || b.Repositories[0].Size != ops.Num(25000) {
		t.Errorf("%d and %d: %v", len(b.Sets), b.Left, b.Sets[0])
	}
}
