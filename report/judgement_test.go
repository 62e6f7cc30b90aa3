package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// limitCase is one limit of the estate, set to something unlike its default, a fact
// a little below it, at it and far beyond it, and where that fact is painted.
type limitCase struct {
	limit   func(*ops.Estate)
	facts   []func(*ops.Database) // harmless, then ever worse
	row     string                // of the Database pane
	finding string                // what its finding is called by the engine
}

func waiting(since time.Duration) func(*ops.Database) {
	return func(d *ops.Database) {
		at := fixture.Now.Add(-since)
		d.Sessions = []ops.Session{
			{PID: 7, App: ops.Lit("root"), State: ops.SessionActive, Transaction: at, Changed: at, Root: 7, Blocks: 1, Ref: ops.NewRef(ops.KindSession, "pg", "7")},
			{PID: 8, App: ops.Lit("waiter"), State: ops.SessionActive, Transaction: at, Changed: at, Root: 7, Depth: 1, BlockedBy: []int{7}, Waiting: at, Ref: ops.NewRef(ops.KindSession, "pg", "8")},
		}
	}
}

func inTransaction(s ops.SessionState, since time.Duration) func(*ops.Database) {
	return func(d *ops.Database) {
		at := fixture.Now.Add(-since)
		d.Sessions = []ops.Session{{PID: 7, App: ops.Lit("etl"), State: s, Transaction: at, Changed: at, Ref: ops.NewRef(ops.KindSession, "pg", "7")}}
	}
}

func used(n int) func(*ops.Database) { return func(d *ops.Database) { d.Use.Used = n } }

// lag is that of the second replica: the name of the first begins with the second's.
func lag(seconds float64) func(*ops.Database) {
	return func(d *ops.Database) {
		d.Replicas = []ops.Replica{{Name: ops.Lit("r10"), Behind: ops.Num(9), Lag: ops.Num(0)}, {Name: ops.Lit("r1"), Behind: ops.Num(9), Lag: ops.Num(seconds)}}
	}
}

func retains(bytes float64) func(*ops.Database) {
	return func(d *ops.Database) {
		d.Slots = []ops.Slot{{Name: ops.Lit("s10"), Retains: ops.Num(0)}, {Name: ops.Lit("s1"), Retains: ops.Num(bytes)}}
	}
}

func archived(good, failed time.Duration) func(*ops.Database) {
	return func(d *ops.Database) {
		d.Archiver = ops.Archiver{On: true, LastGood: fixture.Now.Add(-good), LastFailed: fixture.Now.Add(-failed)}
	}
}

func frozen(age, multi ops.Value) func(*ops.Database) {
	return func(d *ops.Database) { d.Freeze = ops.Freeze{Age: age, MultiAge: multi} }
}

func limitCases() map[string]limitCase {
	facts := func(fs ...func(*ops.Database)) []func(*ops.Database) { return fs }
	db := func(set func(*ops.DatabaseLimits)) func(*ops.Estate) {
		return func(e *ops.Estate) { set(&e.Limits.Database) }
	}
	return map[string]limitCase{
		"connections_percent low": {db(func(l *ops.DatabaseLimits) { l.Connections = 50 }),
			facts(used(48), used(49), used(60), used(96), used(97), used(100)), "connections", "the shortage of connections"},
		"connections_percent high": {db(func(l *ops.DatabaseLimits) { l.Connections = 95 }),
			facts(used(92), used(93), used(97)), "connections", "the shortage of connections"},
		"blocked": {db(func(l *ops.DatabaseLimits) { l.Blocked = time.Minute }),
			facts(waiting(59*time.Second), waiting(time.Minute), waiting(10*time.Minute)), "blocked sessions", "the wait for root"},
		"idle_in_transaction": {db(func(l *ops.DatabaseLimits) { l.IdleInTx = time.Minute }),
			facts(inTransaction(ops.SessionIdleInTx, 59*time.Second), inTransaction(ops.SessionIdleInTx, time.Minute), inTransaction(ops.SessionAborted, time.Hour)), "idle in transaction", "idling in transactions"},
		"transaction": {db(func(l *ops.DatabaseLimits) { l.Transaction = time.Minute }),
			facts(inTransaction(ops.SessionActive, 59*time.Second), inTransaction(ops.SessionActive, time.Minute)), "longest transaction", "the long transaction"},
		"replica_lag": {db(func(l *ops.DatabaseLimits) { l.ReplicaLag = 10 * time.Second }),
			facts(lag(9), lag(10), lag(100)), "replica r1", "the lag of replica r1"},
		"slot_retains": {db(func(l *ops.DatabaseLimits) { l.SlotRetains = 1000 }),
			facts(retains(999), retains(1000)), "slot s1", "the backlog of slot s1"},
		"archive_age": {db(func(l *ops.DatabaseLimits) { l.ArchiveAge = time.Minute }),
			facts(archived(time.Second, time.Minute), archived(59*time.Second, time.Second), archived(time.Minute, time.Second)), "archiver", "the failure of WAL archiving"},
		"freeze_age": {db(func(l *ops.DatabaseLimits) { l.FreezeAge = 1000 }),
			facts(frozen(ops.Num(999), ops.Num(1)), frozen(ops.Num(1000), ops.Num(1)), frozen(ops.Num(1.6e9), ops.Num(1))), "transaction ids", "the age of transaction ids"},
		"freeze_age of multixacts alone": {db(func(l *ops.DatabaseLimits) { l.FreezeAge = 1000 }),
			facts(frozen(ops.Value{}, ops.Num(999)), frozen(ops.Value{}, ops.Num(1000)), frozen(ops.Num(1), ops.Num(1.6e9))), "transaction ids", "the age of multixacts"},
	}
}

func databaseBoard(e ops.Estate, change func(*ops.Database)) ops.Board {
	d := ops.Database{Ref: ops.NewRef(ops.KindDatabase, "pg", "pg"), Use: ops.Use{Used: 1, Max: 100, Reserved: 3}, Archiver: ops.Archiver{On: true, LastGood: fixture.Now}}
	change(&d)
	b := ops.Board{At: fixture.Now, Databases: ops.Readings[ops.Database]{{Source: ops.Lit("pg"), Value: d}},
		Sources: []ops.Source{{Ref: ops.NewRef(ops.KindSource, "", "pg"), Name: ops.Lit("pg"), Kind: ops.SourcePostgres, State: ops.SourceOK, Required: true, LastGood: fixture.Now}}}
	b.Stamp()
	return fixture.JudgedBy(e, b)
}

func TestARowIsAsBadAsItsFindingAroundEveryLimit(t *testing.T) {
	for limit, c := range limitCases() {
		e := fixture.Estate()
		c.limit(&e)
		for i, change := range c.facts {
			b := databaseBoard(e, change)
			want := ops.LevelUnknown // there is no finding
			for _, f := range b.Databases[0].Value.Findings {
				if f.Key.String() == c.finding {
					want = f.Level
				}
			}
			if found := want != ops.LevelUnknown; found != (i > 0) {
				t.Errorf("%s, fact %d: finding %s of %+v", limit, i, want, b.Findings)
			}
			row := rowOf(report.Databases(b, fixture.Now), c.row)
			if row == nil {
				t.Errorf("%s, fact %d: there is no row %q", limit, i, c.row)
				continue
			}
			calm := row.Level == ops.LevelOK || row.Level == ops.LevelInfo
			if i == 0 && !calm || i > 0 && row.Level != want || row.Cells[1].Tone != report.ToneOf(row.Level) {
				t.Errorf("%s, fact %d: the row says %s (tone %d), the finding %s", limit, i, row.Level, row.Cells[1].Tone, want)
			}
			wholeBoardAgrees(t, limit, b)
		}
	}
}

func rowOf(t report.Table, what string) *report.Row {
	i := slices.IndexFunc(t.Rows, func(r report.Row) bool { return r.Cells[0].Text == what })
	if i < 0 {
		return nil
	}
	return &t.Rows[i]
}

// wholeBoardAgrees checks that nothing painted is worse than the worst finding, and
// that the Overview, the exit code and the word for a monitoring system all say that.
func wholeBoardAgrees(t *testing.T, situation string, b ops.Board) {
	t.Helper()
	worst := ops.LevelOK
	if len(b.Sources) == 0 {
		worst = ops.LevelUnknown
	}
	for _, f := range b.Findings {
		if f.Level.Worse(worst) {
			worst = f.Level
		}
	}
	for _, view := range report.Views() {
		s := report.New(b, fixture.Now, view)
		if s.Level != worst {
			t.Errorf("%s: the snapshot says %s, the worst finding %s", situation, s.Level, worst)
		}
		if view == "history" || view == "jobs" { // of what is over
			continue
		}
		for _, table := range s.Tables {
			for _, r := range table.Rows {
				if r.Level.Bad() && r.Level.Worse(worst) {
					t.Errorf("%s: in %s the row %q is %s, the worst finding %s", situation, table.Name, r.Cells[0].Text, r.Level, worst)
				}
				for i, c := range r.Cells {
					if (c.Tone == report.ToneWarning || c.Tone == report.ToneCritical) && report.ToneOf(worst) != report.ToneUnknown && c.Tone > report.ToneOf(worst) {
						t.Errorf("%s: %s %q is painted %d, the worst finding is %s", situation, table.Columns[i].Key, c.Text, c.Tone, worst)
					}
				}
			}
		}
	}
	word := map[int]string{report.ExitOK: "OK", report.ExitWarning: "WARNING", report.ExitCritical: "CRITICAL", report.ExitUnknown: "UNKNOWN"}[report.New(b, fixture.Now, "overview").Exit()]
	if line := inFormat(t, report.New(b, fixture.Now, "overview"), "nagios"); !strings.HasPrefix(line, "OPSDECK "+word+" - ") {
		t.Errorf("%s: %q, the worst finding %s", situation, line, worst)
	}
	if got := report.NewHead(b, fixture.Now).Level; got != worst {
		t.Errorf("%s: the frame says %s, the worst finding %s", situation, got, worst)
	}
}

func TestNothingPaintedIsWorseThanTheWorstFinding(t *testing.T) {
	for _, name := range append(fixture.Names(), "marked", "simulated") {
		wholeBoardAgrees(t, name, fixture.Named(name))
	}
}

func TestAnOptionalSourceThatIsDownIsInformationEverywhere(t *testing.T) {
	b := fixture.Good()
	b.Sources[1].State, b.Sources[1].Why, b.Sources[1].Required = ops.SourceRefused, ops.Lit("connection refused"), false
	b.Stamp()
	b = fixture.Judged(b)
	if s := rowOf(report.Sources(b, fixture.Now), "prom"); s.Level != ops.LevelInfo || s.Cells[1].Tone != report.ToneInfo {
		t.Errorf("the table of sources says %s", s.Level)
	}
	for _, r := range report.Overview(b, fixture.Now, report.Shown{}).Rows {
		if strings.HasPrefix(r.Cells[1].Text, "sources: ") && (r.Level != ops.LevelInfo || r.Cells[1].Text != "sources: 1/2 fresh") {
			t.Errorf("the state row says %s: %q", r.Level, r.Cells[1].Text)
		}
	}
	if s := report.New(b, fixture.Now, "overview"); s.Exit() != report.ExitOK {
		t.Errorf("exit %d", s.Exit())
	}
	wholeBoardAgrees(t, "an optional source", b)
}

func TestAJobThatFailedIsAsBadOnTheScreenAsInTheHistory(t *testing.T) {
	for s := ops.JobUnknown; s <= ops.JobLost; s++ {
		b := fixture.Good()
		b.Jobs = []ops.Job{{ID: 1, State: s, Title: ops.Lit("restart")}}
		b = fixture.Judged(b)
		row := report.Jobs(b, fixture.Now).Rows[0]
		if row.Level != b.Jobs[0].Level || row.Level == ops.LevelCritical || row.Level == ops.LevelUnknown {
			t.Errorf("%s: the row says %s, judge %s", s, row.Level, b.Jobs[0].Level)
		}
		for _, f := range b.Findings {
			if f.Level != row.Level {
				t.Errorf("%s: the row says %s, the finding %s", s, row.Level, f.Level)
			}
		}
	}
}

func TestMemoryIsPaintedAsItWasJudged(t *testing.T) {
	for level, want := range map[ops.Level]report.Tone{ops.LevelOK: report.TonePlain, ops.LevelWarning: report.ToneWarning} {
		b := fixture.Good()
		b.Stats[0].MemoryLevel = level
		table := report.Containers(b, fixture.Now)
		i := slices.IndexFunc(table.Columns, func(c report.Column) bool { return c.Key == "memory" })
		for _, r := range table.Rows {
			if r.Ref == b.Stats[0].Ref && r.Cells[i].Tone != want {
				t.Errorf("%s: tone %d", level, r.Cells[i].Tone)
			}
		}
	}
}

// A part that could not be read is told as that; that there is none, or that it is
// off, is said only of what was read.
func TestNothingIsSaidOfAPartOfADatabaseThatWasNotRead(t *testing.T) {
	said := map[string]string{"replication": "replication", "replication slots": "replication", "archiver": "archiver"}
	for part, row := range said {
		d := func(missing ...ops.Missing) ops.Board {
			return databaseBoard(fixture.Estate(), func(d *ops.Database) { d.Archiver, d.Missing = ops.Archiver{}, missing })
		}
		if rowOf(report.Databases(d(), fixture.Now), row) == nil {
			t.Errorf("%s was read, and nothing is said of it", part)
		}
		table := report.Databases(d(ops.Missing{What: ops.Clean(part), Why: ops.Lit("permission denied")}), fixture.Now)
		if r := rowOf(table, row); r != nil {
			t.Errorf("%s was not read, and it is said to be %q", part, r.Cells[1].Text)
		}
		if r := rowOf(table, "not known"); r == nil || r.Cells[3].Text != part {
			t.Errorf("%s was not read, and nobody is told: %+v", part, r)
		}
	}
}
