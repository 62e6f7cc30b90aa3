//go:build lab

package report_test

import (
	"os/exec"
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
