//go:build lab

package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/internal/postgrestest"
	"opsdeck/internal/proc"
	"opsdeck/judge"
	"opsdeck/load"
	"opsdeck/load/loans"
	"opsdeck/ops"
)

// role makes this test binary the child of a run, or an agent that starts one on the
// server of a port.
const role = "OPSDECK_PIPELINE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch is, port, _ := strings.Cut(os.Getenv(role), " "); is {
	case "child":
		if err := Work(connect).Child(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(3) }); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	case "agent":
		d, s := driven(port, slow())
		p, err := d.Plan(context.Background(), s)
		if err == nil {
			first := true
			var pid int
			_, err = d.Run(context.Background(), s, p.Steps, func(p ops.Process) { pid = p.PID }, func(t ops.LoadTick) {
				if t.Run.Done > 0 && first {
					first = false
					fmt.Println(pid)
				}
			})
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// connect takes a DSN for a login.
var connect = By(func(dsn string) (*pgx.ConnConfig, error) { return pgx.ParseConfig(dsn) })

// driven is a driver of one scenario on the server of a port, and that scenario.
func driven(port string, o Order) (Driver, ops.LoadScenario) {
	argv := []string{os.Args[0]}
	s := ops.LoadScenario{Name: ops.Clean(o.Scenario), Driver: ops.DriverLoans, Target: ops.Lit("db"), Allow: []ops.Text{ops.Clean("127.0.0.1:" + port)}, Stages: o.Stages,
		MaxRate: int(o.MaxRate), MaxDuration: o.MaxDuration, Limits: o.Limits}
	return Driver{Connect: connect, Sources: []Source{{Scenario: s.Name, Login: dsn(port), Database: "postgres", Portfolio: o.Portfolio, Pipelines: o.Pipelines}},
		Children: load.Children{Argv: argv, Secret: []byte("s"), LastWords: load.LastWords, Start: func() (load.Process, error) {
			return proc.Talk(proc.Spec{Argv: argv, Env: append(os.Environ(), role+"=child")}, io.Discard, false)
		}}}, s
}

func dsn(port string) string {
	return "postgres://postgres@127.0.0.1:" + port + "/template1?sslmode=disable"
}

// order is one of so many loans in batches, at a rate.
func order(rows, batch int64, rate float64) Order {
	return Order{Database: "postgres", Scenario: "evening", Portfolio: Portfolio{Rows: rows, Batch: batch, Preset: "normal", Seed: 42}, Pipelines: 2, MaxRate: 1e6, MaxDuration: time.Hour,
		Stages: []ops.LoadStage{{From: rate, To: rate, For: ops.Seconds(float64(rows) / rate), Records: true}}}
}

// slow is an order that takes some seconds.
func slow() Order { return order(40_000, 1000, 10_000) }

// at has an order go to a server, as it is found there.
func at(t *testing.T, s *postgrestest.Server, o Order) Order {
	t.Helper()
	o.Login, _ = json.Marshal(dsn(s.Port))
	o.Allow = []string{"127.0.0.1:" + s.Port}
	cfg, _, err := o.config(connect)
	if err == nil {
		err = o.connected(t.Context(), cfg, func(c *pgx.Conn) error { o.Found, err = o.look(t.Context(), c); return err })
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// whole checks that a server has each loan of an order once, as it was made, and its results.
func whole(t *testing.T, s *postgrestest.Server, o Order) {
	t.Helper()
	preset, _ := loans.PresetOf(o.Preset)
	made := loans.New(o.Seed, preset)
	want := sha256.New()
	if err := made.Write(context.Background(), want, o.Rows, 2); err != nil {
		t.Fatal(err)
	}
	got := sha256.New()
	columns := strings.Join(loans.Columns(), ", ")
	c := s.Login("postgres", "reads back")
	_, err := c.PgConn().CopyTo(t.Context(), got, o.in("COPY (SELECT "+strings.Replace(columns, "unlikely_to_pay", "unlikely_to_pay::text", 1)+" FROM S.loans ORDER BY id) TO STDOUT (FORMAT csv, HEADER)"))
	if err != nil || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
		t.Errorf("the loans are not those that were made: %s, %s, %v", hex.EncodeToString(got.Sum(nil)), hex.EncodeToString(want.Sum(nil)), err)
	}
	var ead, ecl int64
	for i := range o.Rows {
		l := made.At(i)
		ead, ecl = ead+l.Truth.EAD, ecl+l.Truth.ECL
	}
	said := s.Value(o.in(`SELECT concat_ws(' ', (SELECT count(*) FROM S.loans), (SELECT count(DISTINCT id) FROM S.loans), (SELECT count(*) FROM S.staging), (SELECT count(*) FROM S.pd), (SELECT count(*) FROM S.lgd),
		(SELECT sum(cents) FROM S.ead), (SELECT sum(cents) FROM S.ecl), (SELECT sum(rows) FROM S.batches), (SELECT sum(ead) FROM S.batches), (SELECT sum(wrong) FROM S.batches))`))
	n := strconv.FormatInt(o.Rows, 10)
	if asked := fmt.Sprint(n, " ", n, " ", n, " ", n, " ", n, " ", ead, " ", ecl, " ", n, " ", ead, " 0"); said != asked {
		t.Errorf("%s\nand not %s", said, asked)
	}
}

// OPSDECK_TEST_LOANS is how many loans are loaded, where more than 100,000.
func TestLabLoansComeBackAsTheyWereMade(t *testing.T) {
	t.Parallel()
	rows := int64(100_000)
	if n, err := strconv.ParseInt(os.Getenv("OPSDECK_TEST_LOANS"), 10, 64); err == nil {
		rows = n
	}
	s := postgrestest.Start(t)
	o := at(t, s, order(rows, min(rows/10, 50_000), 1e6))
	began := time.Now()
	run, err := Run(t.Context(), o, connect, func(ops.LoadTick) {})
	if err != nil || run.End != ops.LoadEndPlanned {
		t.Fatalf("%v, %+v", err, run.Why)
	}
	whole(t, s, o)
	c := run.Run.LoadCount
	if c.Planned != rows || c.Sent != rows || c.Done != rows || c.Failed+c.Dropped+c.Cut != 0 || run.Run.Service.N != o.batches() || run.Total != rows || len(run.Parts) != len(Parts()) {
		t.Errorf("%+v of %d batches", c, run.Run.Service.N)
	}
	for _, p := range run.Parts {
		if p.Times.N != o.batches() || p.Times.P50 <= 0 {
			t.Errorf("%s: %+v", p.Name, p.Times)
		}
		t.Logf("%-8s p50 %s p95 %s", p.Name, p.Times.P50, p.Times.P95)
	}
	t.Logf("%d loans in %s: %.0f a second, batches p95 %s", rows, time.Since(began), run.Run.Value(ops.MetricRate).Value, run.Run.Service.P95)
}

func TestLabARunGoesOnThroughLostConnections(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*postgrestest.Server){
		"sessions ended by somebody": func(s *postgrestest.Server) {
			s.Exec("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'opsdeck load %'")
		},
		"a restart of the server": (*postgrestest.Server).Restart,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := postgrestest.Start(t)
			o := at(t, s, slow())
			harmed := make(chan bool, 1)
			run, err := Run(t.Context(), o, connect, func(tick ops.LoadTick) {
				if tick.Run.Done > 0 && len(harmed) == 0 {
					harmed <- true
					harm(s)
				}
			})
			if err != nil || run.End != ops.LoadEndPlanned || len(harmed) == 0 {
				t.Fatalf("%v, %s %s", err, run.End, run.Why)
			}
			whole(t, s, o)
			if c := run.Run.LoadCount; c.Done != o.Rows || c.Failed != 0 {
				t.Errorf("%+v, %+v", c, run.Errors)
			}
		})
	}
}

func TestLabANextRunGoesOnBehindTheLastBatch(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	d, scenario := driven(s.Port, slow())
	// Somebody stops it, its child is killed, its agent is killed, and then nothing happens.
	ctx, stop := context.WithCancelCause(t.Context())
	run := carried(t, ctx, d, scenario, func(ops.Process) { stop(errors.New("enough")) })
	if c := run.Run.LoadCount; run.End != ops.LoadEndStopped || run.Why.String() != "enough" || c.Planned != c.Sent+c.Dropped || c.Sent != c.Done+c.Cut || c.Done == 0 {
		t.Errorf("%s %s: %+v", run.End, run.Why, c)
	}
	first := at(t, s, slow()).Found
	if first.Batches == 0 || first.Records != run.Run.Done || first.Left != slow().Rows-first.Records {
		t.Errorf("%+v behind %+v", first, run.Run.LoadCount)
	}
	carried(t, t.Context(), d, scenario, func(p ops.Process) { _ = proc.Signal(p.PID, 9) })
	second := at(t, s, slow()).Found
	if second.Batches <= first.Batches {
		t.Errorf("%+v behind %+v", second, first)
	}
	killAgent(t, s)
	third := at(t, s, slow()).Found
	if third.Batches <= second.Batches || third.Left == 0 {
		t.Fatalf("%+v behind %+v", third, second)
	}
	p, err := d.Plan(t.Context(), scenario)
	if err != nil || !strings.Contains(fmt.Sprint(p.Notes), fmt.Sprintf("goes on behind batch %d of 40", third.Batches)) {
		t.Errorf("%v %v", err, p.Notes)
	}
	run = carried(t, t.Context(), d, scenario, nil)
	if v := judge.Load(run, []ops.LoadLimit{{Metric: ops.MetricErrors, Limit: 0.01}}); run.Before != third.Records || v.Outcome != ops.LoadDegraded || !strings.Contains(v.Why.String(), "no verdict over the whole") {
		t.Errorf("a run behind %d records: %d, %s %s", third.Records, run.Before, v.Outcome, v.Why)
	}
	if run.End != ops.LoadEndPlanned || run.Total != third.Left || run.Run.Done != third.Left {
		t.Errorf("%s %s: %+v of %d", run.End, run.Why, run.Run.LoadCount, run.Total)
	}
	whole(t, s, slow())
	// What is complete is loaded anew, and says so before.
	if p, err := d.Plan(t.Context(), scenario); err != nil || !strings.Contains(fmt.Sprint(p.Replaces), "the 40000 records of an earlier run") {
		t.Errorf("%v %v", err, p.Replaces)
	}
}

// carried carries out what is planned; harm is done to it once batches are committed.
func carried(t *testing.T, ctx context.Context, d Driver, s ops.LoadScenario, harm func(ops.Process)) ops.LoadRun {
	t.Helper()
	p, err := d.Plan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var child ops.Process
	run, err := d.Run(ctx, s, p.Steps, func(p ops.Process) { child = p }, func(tick ops.LoadTick) {
		if tick.Run.Done > 0 && harm != nil {
			harm(child)
			harm = nil
		}
	})
	if err != nil && !errors.Is(err, load.ErrNoResult) {
		t.Fatal(err)
	}
	return run
}

// killAgent lets an agent of its own load the server, and kills it.
func killAgent(t *testing.T, s *postgrestest.Server) {
	t.Helper()
	agent := exec.Command(os.Args[0])
	agent.Env, agent.Stderr = append(os.Environ(), role+"=agent "+s.Port), os.Stderr
	out, err := agent.StdoutPipe()
	if err == nil {
		err = agent.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(line)
	}
	child, err := proc.Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	_ = agent.Process.Kill()
	_ = agent.Wait() // it was killed
	killed := time.Now()
	s.Until("no load is left", func() bool {
		return !proc.Alive(child) && s.Value("SELECT count(*)::text FROM pg_stat_activity WHERE application_name LIKE 'opsdeck load %'") == "0"
	})
	if took := time.Since(killed); took > 6*time.Second {
		t.Errorf("the load went on for %s", took)
	}
}

func TestLabAStopNeedsNoAnswerOfTheServer(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := at(t, s, order(20_000, 100, 500)) // its connections are idle between batches
	ctx, stop := context.WithCancel(t.Context())
	var stopped time.Time
	run, err := Run(ctx, o, connect, func(tick ops.LoadTick) {
		if tick.Run.Done > 0 && stopped.IsZero() {
			s.Signal(syscall.SIGSTOP)
			stopped = time.Now()
			stop()
		}
	})
	took := time.Since(stopped)
	s.Signal(syscall.SIGCONT)
	if c := run.Run.LoadCount; err != nil || run.End != ops.LoadEndStopped || took > 1500*time.Millisecond || c.Planned != c.Sent+c.Dropped || c.Sent != c.Done+c.Cut {
		t.Errorf("%v, %s after %s: %+v", err, run.End, took, c)
	}
}

func TestLabNothingForeignIsTouched(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := at(t, s, order(100, 10, 1e6))
	o.Pipelines = 1
	schema := `"opsdeck_load_evening"`
	refused := func(situation string, code ops.Code, words string) {
		t.Helper()
		d, scenario := driven(s.Port, o)
		_, err := d.Plan(t.Context(), scenario)
		_, rerr := Run(t.Context(), o, connect, func(ops.LoadTick) {})
		if ops.CodeOf(err) != code || ops.CodeOf(rerr) != code || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v; %v", situation, err, rerr)
		}
	}
	s.Exec("postgres", "CREATE SCHEMA "+schema+"; CREATE TABLE "+schema+".loans (id int); INSERT INTO "+schema+".loans VALUES (1)")
	refused("a schema of somebody", ops.CodeDenied, "not marked")
	s.Exec("postgres", "COMMENT ON SCHEMA "+schema+" IS 'opsdeck: synthetic loans of load scenario other'")
	refused("of another scenario", ops.CodeDenied, "not marked")
	if s.Value("SELECT count(*)::text FROM "+schema+".loans") != "1" {
		t.Error("it was touched")
	}
	s.Exec("postgres", "DROP SCHEMA "+schema+" CASCADE")
	if _, err := Run(t.Context(), o, connect, func(ops.LoadTick) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), o, connect, func(ops.LoadTick) {}); ops.CodeOf(err) != ops.CodeChanged {
		t.Errorf("what was planned on an empty database: %v", err)
	}
	o.Allow = []string{"127.0.0.1:1"}
	if _, err := Run(t.Context(), o, connect, func(ops.LoadTick) {}); ops.CodeOf(err) != ops.CodeDenied {
		t.Errorf("a server that is not on the list: %v", err)
	}
}

// A row of somebody is where a batch has to go: no attempt will do.
func TestLabARowOfSomebodyEndsTheRunAtItsBatch(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := at(t, s, slow())
	wrote := false
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	run, err := Run(ctx, o, connect, func(tick ops.LoadTick) {
		if tick.Run.Done > 0 && !wrote {
			wrote = true
			s.Exec("postgres", o.in("INSERT INTO S.loans SELECT 39500, product, segment, country, currency, originated, matures, principal, balance, undrawn, rate_bp, collateral, days_past_due, grade_origin, grade, unlikely_to_pay, true_stage, true_pd_ppm, true_lgd_bp, true_ead, true_ecl FROM S.loans WHERE id = 1"))
		}
	})
	if err != nil || ctx.Err() != nil || run.End != ops.LoadEndStopped || !strings.Contains(run.Why.String(), "batch 39: ") {
		t.Errorf("%v, %s: %s", err, run.End, run.Why)
	}
}

func TestLabAnyNameOfAScenarioMakesASchemaThatIsKnownAgain(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := order(100, 10, 1e6)
	o.Scenario = "US.loans.S.x"
	d, scenario := driven(s.Port, o)
	carried(t, t.Context(), d, scenario, nil)
	s.Exec("postgres", at(t, s, o).in("DROP TABLE S.ecl, S.grades")) // half of it is gone
	p, err := d.PlanClean(t.Context(), scenario)
	if err == nil {
		err = d.Clean(t.Context(), scenario, p.Steps)
	}
	if left := s.Value("SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'opsdeck%'"); err != nil || left != "0" {
		t.Errorf("%v, %s schemas are left", err, left)
	}
}

func TestLabWhatALoadLeftIsRemovedAndNothingElse(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	d, scenario := driven(s.Port, order(100, 10, 1e6))
	if _, err := d.PlanClean(t.Context(), scenario); ops.CodeOf(err) != ops.CodeNotFound {
		t.Errorf("of nothing: %v", err)
	}
	carried(t, t.Context(), d, scenario, nil)
	p, err := d.PlanClean(t.Context(), scenario)
	if err != nil || !strings.Contains(fmt.Sprint(p.Replaces), "100 synthetic loans") {
		t.Fatalf("%v %v", err, p.Replaces)
	}
	s.Exec("postgres", `CREATE VIEW public.theirs AS SELECT id FROM "opsdeck_load_evening".loans`)
	if err := d.Clean(t.Context(), scenario, p.Steps); err == nil || s.Value(`SELECT count(*)::text FROM public.theirs`) != "100" {
		t.Errorf("a view of somebody elsewhere: %v", err)
	}
	s.Exec("postgres", "DROP VIEW public.theirs")
	if err := d.Clean(t.Context(), scenario, nil); ops.CodeOf(err) != ops.CodeChanged {
		t.Errorf("what was not planned: %v", err)
	}
	if err := d.Clean(t.Context(), scenario, p.Steps); err != nil {
		t.Error(err)
	}
	if left := s.Value("SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'opsdeck%'"); left != "0" || s.Value("SELECT count(*)::text FROM public.loans") != "100" {
		t.Errorf("%s schemas are left", left)
	}
}
