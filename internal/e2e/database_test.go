//go:build lab

package e2e

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// database opens a console whose databases are fresh, on the Database pane.
func database(t *testing.T) (*world, *screen) {
	t.Helper()
	whole(t)
	w := newWorld(t)
	s := w.console()
	s.tall()
	s.within(young, `(?m)^ +(?:ok|info|warning|CRITICAL) +database postgres: \d+/60 connections`) // read freshly, whatever the others take of the line of sources
	s.press("4", `\[4 Database\]`)
	return w, s
}

// login tries to log in as an application would.
func login(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cfg, err := pgx.ParseConfig(os.Getenv("OPSDECK_LAB_POSTGRES_DSN"))
	must(t, err)
	password, err := os.ReadFile(os.Getenv("OPSDECK_LAB_STATE") + "/opsdeck.password")
	must(t, err)
	cfg.User, cfg.Password = "opsdeck", strings.TrimSpace(string(password))
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err == nil {
		_ = c.Close(ctx)
	}
	return err
}

// act goes through the menu's first line and the plan to the job's end.
func (s *screen) act(plan, reason, done string) {
	s.Helper()
	s.keys("Enter")
	s.until(plan)
	s.confirm(reason)
	s.yes(done)
}

func TestTheRightRootOfABlockingTreeIsTerminated(t *testing.T) {
	w, s := database(t)
	at, heal := breakLab(t, "lock-chain")
	seen(s, at, "lock-chain", `blocking  2 trees, 7 sessions, 4 deep`)
	text := s.until(`nightly-close\s+idle in tx .*blocks 4`)
	tree := regexp.MustCompile(`(?m)^[> ] \d+ nightly-close .*blocks 4.*\n  +\\_ \d+ (stage|scenario)-writer(?s:.*)^  +\\_ \d+ ecl-writer .*\n  +\\_ \d+ report-reader .*waits(?s:.*)^  \d+ psql-by-hand .*blocks 1.*\n  \\_ \d+ limits-writer`)
	if !tree.MatchString(text) {
		t.Errorf("the trees:\n%s", text)
	}
	s.keys("1")
	s.within(time.Minute, `4 sessions wait for \d+ \(nightly-close\)`)
	view, code := w.snapshot("databases")
	if code < 1 || view.Level == "ok" {
		t.Errorf("the snapshot: exit %d, %s", code, view.Verdict)
	}
	s.unlock()
	s.press("4", `\[4 Database\]`)
	s.filter("nightly-close")
	root := regexp.MustCompile(`(?m)^> (\d+) nightly-close`).FindStringSubmatch(s.until(`(?m)^> \d+ nightly-close`))[1]
	s.keys("Enter")
	s.until(`session ` + root + ` of postgres(?s:.*)this session: ending it frees all that wait below(?s:.*)waits for this\s+\d+ stage-writer`)
	s.back(`(?m)^> ` + root)
	s.keys("x")
	s.until(`(?m)^> terminate\s+disruptive(?s:.*)cancel\s+disruptive\s+blocked: it runs no query, it is idle in transaction`)
	s.act(`terminate session `+root+` \(nightly-close\) on postgres\s+DISRUPTIVE(?s:.*)SELECT pid, pg_terminate_backend\(pid\)(?s:.*)4 sessions wait for it`,
		"forgotten close", `terminate session `+root+` \(nightly-close\) on postgres: (done|started)`)
	s.back(`(?m)^> \d+ psql-by-hand`)
	s.within(30*time.Second, `blocking  1 tree, 2 sessions, 2 deep`) // the other one is not ours to end
	s.until(`\d+ psql-by-hand\s+idle in tx .*blocks 1`)
	s.keys("0")
	s.until(`outcome\s+succeeded: terminate session ` + root + ` \(nightly-close\) on postgres`)
	if recs := w.records("--ref", "backend:postgres/"+root); len(recs) < 2 {
		t.Errorf("the history has %+v", recs)
	}
	heal()
	s.press("4", `\[4 Database\]`)
	s.untitled(`^blocking  `)
}

func TestExhaustionIsDiagnosedAndMendedFromTheConsoleWhileNewLoginsFail(t *testing.T) {
	w, s := database(t)
	s.keys("1")
	at, heal := breakLab(t, "connections-exhausted")
	seen(s, at, "connections-exhausted", `CRITICAL\s+connections exhausted \d\d/60\s.*\d+ idle from ifrs9-reporter`)
	if err := login(t); err == nil || !strings.Contains(err.Error(), "53300") {
		t.Fatalf("new logins do not fail: %v", err)
	}
	if view, code := w.snapshot("databases"); code != 2 {
		t.Errorf("the snapshot: exit %d, %s", code, view.Verdict)
	}
	s.unlock()
	s.servers()
	s.until(`(?m)^> connections\s+\d\d/60`)
	s.keys("x")
	s.until(`(?m)^> end idle\s+disruptive`)
	s.keys("Enter")
	s.until(`state\s+in transaction`)
	s.enter(`> app\s+`, "ifrs9-reporter") // the field that is empty is the one that is asked for
	s.keys("Tab")
	s.until(`> state`)
	for range len("in transaction") {
		s.keys("BSpace")
	}
	s.write("idle")
	s.keys("Tab", "BSpace", "BSpace")
	s.write("1s")
	s.until(`end \d+ sessions on postgres: idle for more than 1s from ifrs9-reporter\s+DISRUPTIVE`)
	if err := login(t); err == nil {
		t.Error("new logins work before anything was done")
	}
	s.act(`SELECT pid, pg_terminate_backend`, "pool leaks", `end \d+ sessions on postgres.*: (done|started)`)
	until(t, patience, "logins work again", func() bool { return login(t) == nil })
	s.keys("1")
	s.free(patience, attention, `connections exhausted`)
	s.keys("0")
	s.until(`outcome\s+succeeded: end \d+ sessions on postgres: idle for more than 1s from ifrs9-reporter`)
	heal()
}

// wellAgain is what no screen may say while the server cannot be read.
const wellAgain = `(?m)^(ok|info)\s+|sources .*postgres ok|sources: 5/5 fresh`

func TestWhatADatabaseDoesIsSaidAndNothingIsFalselyGood(t *testing.T) {
	w, s := database(t)
	s.press("1", `\[1 Overview\]`)
	for _, c := range []sight{
		{fault: "idle-in-transaction", wants: []string{`3 sessions idle in transaction for more than 20s`}, exit: 1},
		{fault: "slow-query", wants: []string{`1 transaction longer than 30s`, `\(ifrs9-integrator\)`}, exit: 1},
		{fault: "archive-failing", wants: []string{`archiving of WAL fails`, `was not archived; (the last good one was|none ever was)`}, exit: 1, more: archiverFails},
		{fault: "replica-paused", wants: []string{`replica \S+ is behind by [\d.]+[KM]`}, exit: 1, more: replicaBehind},
		{fault: "postgres-down", wants: []string{`sources  .*postgres REFUSED`, `UNKNOWN\s+database postgres: \d+/60 connections.* as of \S+ ago, postgres REFUSED`}, never: wellAgain, exit: 2},
		{fault: "postgres-frozen", wants: []string{`sources  .*postgres SILENT`, `UNKNOWN\s+database postgres: \d+/60 connections.* as of \S+ ago, postgres SILENT`}, never: wellAgain, exit: 2},
	} {
		t.Run(c.fault, func(t *testing.T) {
			if c.never == "" {
				c.never = `(?m)^(ok|info)\s+`
			}
			s := s.in(t)
			at, heal := breaking(t, c.fault)
			s.watch(c, at)
			view, code := w.snapshot("databases")
			if unread := c.never == wellAgain; code < c.exit || unread != strings.Contains(strings.Join(view.Unknowns, "\n"), "postgres ") {
				t.Errorf("the snapshot: exit %d, %s, unknown %q", code, view.Verdict, view.Unknowns) // an alert may outrank what is unknown
			}
			if c.more != nil {
				c.more(s)
				s.press("1", `\[1 Overview\]`)
			}
			heal()
			s.within(2*time.Minute, `sources: 5/5 fresh`)
			s.free(2*time.Minute, attention, c.wants[0])
			s.headFree(c.wants[0])
		})
	}
}

// servers opens the view of the Database pane that tells how servers stand.
func (s *screen) servers() {
	s.Helper()
	s.press("4", `\[4 Database\]`)
	view := regexp.MustCompile(`(sessions|servers|statements)  \d`)
	for at := view.FindString(s.until(view.String())); !strings.HasPrefix(at, "servers"); {
		before := strings.Fields(at)[0]
		s.keys("v") // one at a time, else it may be one too many
		at = view.FindString(s.where(patience, "the next view", func(text string) bool {
			return view.MatchString(text) && !strings.HasPrefix(view.FindString(text), before)
		}))
	}
}

func archiverFails(s *screen) {
	s.servers()
	s.until(`archiver\s+FAILS .*failed at \d\d:\d\dZ, \d+ files wait`)
}

func replicaBehind(s *screen) {
	s.servers()
	s.until(`replica \S+\s+[\d.]+[KM] behind, \d+`)
	s.until(`slot opsdeck_lab_replica\s+retains `)
}
