package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"opsdeck/internal/bench/terminal"
)

// fault is one of the lab's, and how a screen has to look while it is on.
type fault struct {
	name string
	// shown is how long the screen may take to know: the next poll, its timeout,
	// the deaths that make a loop, or how long an alert's rule waits.
	shown time.Duration
	// words stand together in one line of each of these panes.
	words []string
	panes string
	// green is what would be a lie there: words that stand together in one line.
	green [][]string
}

// quiet is what the Overview says where nothing is wrong.
var quiet = []string{"nothing needs attention"}

// faults are the lab's. Not among them: docker-denied, which root does not meet,
// and postanswer-cut, which waits for a silence.
func faults(expected int) []fault {
	all := fmt.Sprintf("%d/%d running", expected, expected)
	return append(append(containerFaults(all), alertFaults()...), databaseFaults()...)
}

// containerFaults happen to Docker and its containers; all is what the count says
// where every expected one runs.
func containerFaults(all string) []fault {
	return []fault{
		{name: "container-killed", shown: 5 * time.Second, panes: "13", words: []string{"ifrs9-api", "killed"},
			green: [][]string{{all}, quiet, {"> ifrs9-api ", "running"}}},
		{name: "crash-loop", shown: 25 * time.Second, panes: "13", words: []string{"ifrs9-validator", "crash-looping"},
			green: [][]string{quiet, {"ok", "ifrs9-validator"}}},
		{name: "oom", shown: 45 * time.Second, panes: "1", words: []string{"ifrs9-ml-models", "out of memory"},
			green: [][]string{quiet, {"ok", "ifrs9-ml-models"}}},
		{name: "port-clash", shown: 15 * time.Second, panes: "13", words: []string{"ifrs9-api-canary", "port clash"},
			green: [][]string{quiet, {"ok", "ifrs9-api-canary"}}},
		{name: "unhealthy", shown: 50 * time.Second, panes: "13", words: []string{"ifrs9-integrator", "unhealthy"},
			green: [][]string{quiet, {"ok", "ifrs9-integrator"}}},
		{name: "event-flood", shown: 45 * time.Second, panes: "13", words: []string{"ifrs9-batch-", "crash-looping"},
			green: [][]string{quiet}},
		// Nothing is wrong but the log's length.
		{name: "log-flood", shown: 5 * time.Second, panes: "13"},
		{name: "docker-restarted", shown: 45 * time.Second, panes: "1", words: []string{"container events between"}},
	}
}

// alertFaults happen to Prometheus, Alertmanager and what they look after.
func alertFaults() []fault {
	stale := func(name string) [][]string {
		return [][]string{quiet, {"sources  ", name + " ok"}, {"ok ", "sources:", "fresh"}, {"alerts firing: none"}}
	}
	return []fault{
		{name: "prometheus-frozen", shown: 20 * time.Second, panes: "130", words: []string{"prometheus", "SILENT"}, green: stale("prometheus")},
		{name: "prometheus-slow", shown: 40 * time.Second, panes: "12", words: []string{"which targets are down is not known"}, green: [][]string{quiet}},
		{name: "sources-frozen", shown: 20 * time.Second, panes: "12", words: []string{"alertmanager SILENT", "prometheus SILENT"}, green: stale("prometheus")},
		// It is over when the lab's command is.
		{name: "prometheus-restarted", shown: 45 * time.Second, panes: "0", words: []string{"prometheus was restarted, up since"}},
		{name: "alertmanager-down", shown: 15 * time.Second, panes: "12", words: []string{"alertmanager REFUSED"}, green: stale("alertmanager")},
		{name: "alertmanager-restarted", shown: 15 * time.Second, panes: "12", words: []string{"up less than two minutes"}, green: [][]string{quiet}},
		{name: "clock-skew", shown: 20 * time.Second, panes: "12", words: []string{"its clock is"}, green: [][]string{quiet}},
		{name: "target-down", shown: 50 * time.Second, panes: "12", words: []string{"IFRS9ServiceDown"}, green: [][]string{quiet}},
		{name: "alert-flood", shown: 40 * time.Second, panes: "12", words: []string{"IFRS9LoanBatchRejected"}, green: [][]string{quiet, {"alerts firing: none"}}},
		{name: "rule-broken", shown: 40 * time.Second, panes: "12", words: []string{"IFRS9RuleTemplateBroken"}, green: [][]string{quiet}},
		{name: "silence-ending", shown: 50 * time.Second, panes: "1", words: []string{"silence of opsdeck-lab ends soon"}, green: [][]string{quiet}},
		{name: "certificate-ending", shown: 55 * time.Second, panes: "12", words: []string{"CertificateEnding"}, green: [][]string{quiet}},
		// Its rule waits for a minute.
		{name: "disk-filling", shown: 85 * time.Second, panes: "12", words: []string{"HostDiskLow"}, green: [][]string{quiet}},
	}
}

// databaseFaults happen to PostgreSQL.
func databaseFaults() []fault {
	away := [][]string{quiet, {"sources  ", "postgres ok"}, {"ok ", "sources:", "fresh"}}
	return []fault{
		{name: "postgres-frozen", shown: 25 * time.Second, panes: "14", words: []string{"postgres SILENT"}, green: away},
		{name: "postgres-down", shown: 20 * time.Second, panes: "14", words: []string{"postgres REFUSED"}, green: away},
		{name: "lock-chain", shown: 40 * time.Second, panes: "1", words: []string{"sessions wait for", "nightly-close"}, green: [][]string{quiet}},
		{name: "idle-in-transaction", shown: 45 * time.Second, panes: "1", words: []string{"3 sessions idle in transaction"}, green: [][]string{quiet}},
		{name: "connections-exhausted", shown: 20 * time.Second, panes: "1", words: []string{"connections exhausted"}, green: [][]string{quiet}},
		{name: "slow-query", shown: 55 * time.Second, panes: "1", words: []string{"1 transaction longer than 30s"}, green: [][]string{quiet}},
		{name: "archive-failing", shown: 45 * time.Second, panes: "1", words: []string{"archiving of WAL fails"}, green: [][]string{quiet}},
		{name: "replica-paused", shown: 55 * time.Second, panes: "1", words: []string{"replica", "is behind by"}, green: [][]string{quiet}},
	}
}

// judge says what a screen that was taken while the fault was on shows as good
// and is not, and which cause it leaves out; empty where nothing is wrong.
func (f fault) judge(pane string, lines []string) (green, silent string) {
	if !strings.Contains(f.panes, pane) {
		return "", ""
	}
	for _, g := range f.green {
		if terminal.Has(lines, g...) {
			green = fmt.Sprintf("says %q", strings.Join(g, " "))
		}
	}
	if !terminal.Has(lines, f.words...) {
		silent = fmt.Sprintf("does not say %q", strings.Join(f.words, " "))
	}
	return green, silent
}

// callLab calls the lab's program.
func (s settings) callLab(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, s.lab, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("lab %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
