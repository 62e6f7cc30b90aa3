//go:build lab

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
	"opsdeck/report"
)

// TestLabLoansFromTheEstateToTheirVerdictAndAway runs a scenario through an agent, as the
// command does, and cleans up behind it.
func TestLabLoansFromTheEstateToTheirVerdictAndAway(t *testing.T) {
	t.Parallel()
	s := postgrestest.Start(t)
	path := filepath.Join(t.TempDir(), "estate.yaml")
	text := fmt.Sprintf(`estate: loads
environment: development
sources: {pg: {kind: postgres, dsn: "postgres://reader@127.0.0.1:%[1]s/template1?sslmode=disable"}}
access: {default: admin}
loads:
  evening: {driver: loans, target: db, source: pg, database: postgres, login: {user: postgres}, allow: ["127.0.0.1:%[1]s"], rows: 3000, batch: 1000, rate: 1500, max_rate: 9000, max_duration: 1m, limits: {rate: 1000, service_p95: 30s, errors: 0.1%%, window: 1m}}
`, s.Port)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, end, err := loadAgent(context.Background(), path, filepath.Join(t.TempDir(), "history"))
	if err != nil {
		t.Fatal(err)
	}
	defer end() //nolint:errcheck // what it did is known
	id, o, out := startLoad(t, c, "evening")
	if strings.Contains(out.String(), "r34d3r") || !strings.Contains(out.String(), `CREATE SCHEMA "opsdeck_load_evening"`) {
		t.Errorf("the plan:\n%s", out)
	}
	if !strings.Contains(out.String(), "AND $2) l JOIN (SELECT * FROM") {
		t.Errorf("the plan's SQL is not in lines:\n%s", out)
	}
	if err := o.followLoad(t.Context(), nil, c, id, nil); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d, err := c.Detail(t.Context(), ops.NewRef(ops.KindLoadRun, "", fmt.Sprint(id)), 0)
	if err != nil || d.Load == nil {
		t.Fatal(err)
	}
	k := d.Load.Kept
	if k.Run.Done != 3000 || k.Run.Service.N != 3 || len(k.Parts) != 7 {
		t.Errorf("%+v", k)
	}
	said := ""
	for _, l := range report.KeptLines(k) {
		said += l.Text + "\n"
	}
	for _, want := range []string{"pass", "1500 records a second for 2s", "parts   p95  copy ", "window"} {
		if !strings.Contains(said, want) {
			t.Errorf("it lacks %q:\n%s", want, said)
		}
	}
	if p, err := c.Plan(t.Context(), ops.Request{Action: ops.Lit("load.run"), Target: ops.NewRef(ops.KindLoad, "", "evening")}); err != nil || len(p.Replaces) != 1 || !strings.HasPrefix(p.Replaces[0].String(), "the 3000 records of an earlier run") {
		t.Errorf("a next run: %v, replaces %v", err, p.Replaces)
	}
	clean, out := loadOrder("evening")
	clean.action, clean.confirm = "load.clean", "evening"
	req, err := clean.request()
	if err != nil {
		t.Fatal(err)
	}
	job, err := clean.start(t.Context(), c, req)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := clean.follow(t.Context(), nil, c, job); err != nil || !strings.Contains(out.String(), "3000 synthetic loans") {
		t.Errorf("%v\n%s", err, out)
	}
	if left := s.Value("SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'opsdeck%'"); left != "0" {
		t.Errorf("%s schemas are left", left)
	}
}
