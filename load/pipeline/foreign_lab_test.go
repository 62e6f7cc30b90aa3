//go:build lab

package pipeline

import (
	"strings"
	"testing"

	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// TestLabWhatIsNotOursRefusesARunAndARemoval puts one thing of somebody into the schema after the other,
// and takes it out again where that can be undone.
func TestLabWhatIsNotOursRefusesARunAndARemoval(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := order(100, 10, 1e6)
	d, scenario := driven(s.Port, o)
	carried(t, t.Context(), d, scenario, nil)
	fits, err := d.PlanClean(t.Context(), scenario)
	if err != nil {
		t.Fatal(err)
	}
	loan := "INSERT INTO S.loans SELECT 1000, product, segment, country, currency, originated, matures, principal, balance, undrawn, rate_bp, collateral, days_past_due, grade_origin, grade, unlikely_to_pay, true_stage, true_pd_ppm, true_lgd_bp, true_ead, true_ecl FROM S.loans WHERE id = 1"
	type thing struct{ does, undo, words string }
	all := []thing{
		{"CREATE VIEW S.ours AS SELECT 1", "DROP VIEW S.ours", "holds view ours"},
		{"CREATE TABLE S.theirs (id int)", "DROP TABLE S.theirs", "holds table theirs"},
		{"CREATE FUNCTION S.loans() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION S.loans()", "holds function"},
		{"CREATE TYPE S.mood AS ENUM ('good')", "DROP TYPE S.mood", "holds type mood"},
		{"CREATE TEXT SEARCH CONFIGURATION S.words (COPY = simple)", "DROP TEXT SEARCH CONFIGURATION S.words", "holds text search configuration words"},
		{"ALTER TABLE S.loans ADD note text", "ALTER TABLE S.loans DROP note", "holds column loans.note (text)"},
		{"CREATE INDEX theirs ON S.ecl (cents)", "DROP INDEX S.theirs", "holds index theirs"},
		{"ALTER TABLE S.ecl ALTER cents SET DEFAULT 7", "ALTER TABLE S.ecl ALTER cents DROP DEFAULT", "holds default value"},
		{"CREATE POLICY theirs ON S.pd USING (true)", "DROP POLICY theirs ON S.pd", "holds policy"},
		{"CREATE RULE theirs AS ON DELETE TO S.pd DO ALSO SELECT 1", "DROP RULE theirs ON S.pd", "holds rule"},
		{"ALTER TABLE S.lgd ADD CONSTRAINT theirs CHECK (bp > 0)", "ALTER TABLE S.lgd DROP CONSTRAINT theirs", "holds table constraint"},
		{"INSERT INTO S.portfolio SELECT * FROM S.portfolio; UPDATE S.portfolio SET rows = 7 WHERE ctid = (SELECT max(ctid) FROM S.portfolio)", "DELETE FROM S.portfolio WHERE rows = 7", "table portfolio of schema opsdeck_load_evening holds 1 row that no run"},
		{"INSERT INTO S.grades VALUES (11, 1, 5)", "DELETE FROM S.grades WHERE grade = 11", "table grades"},
		{"INSERT INTO S.products VALUES ('boat', 1, 1)", "DELETE FROM S.products WHERE product = 'boat'", "table products"},
		{"INSERT INTO S.batches SELECT 99, 991, 10, 0, 0, 0, seconds FROM S.batches WHERE number = 0", "DELETE FROM S.batches WHERE number = 99", "table batches"},
		{loan, "DELETE FROM S.loans WHERE id = 1000", "table loans"},
	}
	for _, table := range []string{"staging", "pd", "lgd", "ead", "ecl"} {
		all = append(all, thing{"INSERT INTO S." + table + " VALUES (1000, 1)", "DELETE FROM S." + table + " WHERE id = 1000", "table " + table})
	}
	refused := func(of thing) {
		t.Helper()
		s.Exec("postgres", o.in(of.does))
		_, run := d.Plan(t.Context(), scenario)
		_, plan := d.PlanClean(t.Context(), scenario)
		for what, err := range map[string]error{"a run": run, "a removal": plan, "a removal that was planned before": d.Clean(t.Context(), scenario, fits.Steps)} {
			if ops.CodeOf(err) != ops.CodeDenied || !strings.Contains(err.Error(), of.words) {
				t.Errorf("%s: %s: %v", of.does, what, err)
			}
		}
	}
	for _, of := range all {
		refused(of)
		s.Exec("postgres", o.in(of.undo))
	}
	if _, err := d.Plan(t.Context(), scenario); err != nil {
		t.Errorf("once all of it is gone: %v", err)
	}
	refused(thing{does: "DELETE FROM S.pd WHERE id = 7; INSERT INTO S.pd VALUES (7, 1)", words: "table pd of schema opsdeck_load_evening holds 1 row that no run"})
	refused(thing{does: "DROP TABLE S.pd; CREATE VIEW S.pd AS SELECT 1", words: "holds view pd"})
	refused(thing{does: "DROP VIEW S.pd; DROP TABLE S.batches", words: ""})
	if rows := s.Value(o.in("SELECT count(*)::text FROM S.loans")); rows != "100" {
		t.Errorf("%s loans are left", rows)
	}
}

// A lock of somebody holds up a run and a removal for a bounded time, and who has it is named.
func TestLabWhoHoldsALockIsNamed(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	o := order(3000, 100, 1000)
	d, scenario := driven(s.Port, o)
	c := s.Login("postgres", "night job")
	locks := func(mode string) {
		if _, err := c.Exec(t.Context(), o.in("BEGIN; LOCK TABLE S.loans IN "+mode+" MODE")); err != nil {
			t.Error(err)
		}
	}
	run := within(t, s, o, func() { locks("SHARE") })
	words := ", application night job, user postgres has it since 2"
	if run.End != ops.LoadEndStopped || !strings.Contains(run.Why.String(), words) {
		t.Errorf("%s: %s", run.End, run.Why)
	}
	if _, err := c.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	p, err := d.PlanClean(t.Context(), scenario)
	if err != nil {
		t.Fatal(err)
	}
	locks("ACCESS SHARE")
	if err := d.Clean(t.Context(), scenario, p.Steps); ops.CodeOf(err) != ops.CodeHeld || !strings.Contains(err.Error(), words) {
		t.Error(err)
	}
}
