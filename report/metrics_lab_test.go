//go:build lab

package report_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/report/testdata/fixture"
)

// promtool comes with Prometheus, which the lab installs.
func TestLabPromtoolTakesTheMetricsAndTheRules(t *testing.T) {
	for _, board := range []string{"backed", "gap", "behind", "hostilebackups"} {
		check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
		check.Stdin = strings.NewReader(exposition(t, fixture.Named(board)))
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", board, err, out)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "check", "rules", "../docs/guide/opsdeck.rules.yml").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// rulesCases are figures of two targets that tell of one plan, and what the rules make of them.
const rulesCases = `
rule_files: [RULES]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'opsdeck_backup_rpo_seconds{instance="a", job="opsdeck", plan="orders"}', values: '900x5'}
      - {series: 'opsdeck_backup_rpo_seconds{instance="b", job="opsdeck", plan="orders"}', values: '60x5'}
      - {series: 'opsdeck_backup_rpo_objective_seconds{instance="a", job="opsdeck", plan="orders"}', values: '900x5'}
      - {series: 'opsdeck_backup_rpo_objective_seconds{instance="b", job="opsdeck", plan="orders"}', values: '900x5'}
      - {series: 'opsdeck_backup_last_run_timestamp_seconds{plan="orders", action="backup.run", state="failed"}', values: '1x5'}
      - {series: 'opsdeck_backup_last_run_timestamp_seconds{plan="orders", action="backup.verify", state="succeeded"}', values: '1x5'}
      - {series: 'opsdeck_backup_last_run_timestamp_seconds{plan="orders", action="backup.failover", state="failed"}', values: '1x5'}
      - {series: 'opsdeck_backup_last_run_timestamp_seconds{plan="orders", action="backup.restore", state="failed"}', values: '1x5'}
    alert_rule_test:
      - eval_time: 2m
        alertname: BackupRPOBroken
        exp_alerts:
          - exp_labels: {severity: critical, instance: a, job: opsdeck, plan: orders}
            exp_annotations: {summary: "orders: more is in no repository than may be lost"}
      - eval_time: 2m
        alertname: BackupJobFailed
        exp_alerts:
          - exp_labels: {severity: high, plan: orders, action: backup.run, state: failed}
            exp_annotations: {summary: "orders: the last backup.run ended failed"}
`

func TestLabPromtoolTheRulesFireForWhatTheySay(t *testing.T) {
	rules, err := filepath.Abs("../docs/guide/opsdeck.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rules_test.yml")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(rulesCases, "RULES", rules)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "promtool", "test", "rules", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
