package faults

import (
	"context"
	"errors"
	"os"

	"opsdeck/lab/internal/layout"
)

// brokenRules are wrong in ways that Prometheus loads without a word: a
// template that cannot be filled in (its health stays "ok"), a value that is
// no number (it fires), and an expression that fails when evaluated.
const brokenRules = `groups:
  - name: ifrs9-broken
    rules:
      - alert: IFRS9RuleTemplateBroken
        expr: vector(1)
        labels: {severity: medium, service: ifrs9-reporter, team: data}
        annotations:
          summary: 'The report holds {{ query "ifrs9_report_rows_written" | first | value }} rows'
          description: The summary asks for a metric that does not exist.
      - alert: IFRS9RuleNotANumber
        expr: ifrs9_model_accuracy{model="pd"} * 0 / 0 != 1
        labels: {severity: medium, service: ifrs9-ml-models, team: data}
        annotations:
          summary: The drift of model {{ $labels.model }} is {{ $value }}
          description: The value is divided by zero, so it is no number, and compares as different from anything.
      - alert: IFRS9RuleCannotBeEvaluated
        expr: up{job="ifrs9-services"} + on (job) up{job="ifrs9-services"} > 0
        labels: {severity: medium, service: ifrs9-api, team: data}
        annotations:
          summary: Never seen
          description: Many series on both sides match, so the evaluation fails.
`

func ruleBroken() Fault {
	return Fault{
		Name: "rule-broken",
		Line: "three bad rules are loaded: a template that cannot be filled in, a NaN that fires, an expression that fails",
		Apply: func(ctx context.Context, lab Lab) error {
			if err := os.WriteFile(brokenRulesFile(lab), []byte(brokenRules), 0o644); err != nil {
				return err
			}
			return reloadPrometheus(ctx)
		},
		Heal: func(ctx context.Context, lab Lab) error {
			err := os.Remove(brokenRulesFile(lab))
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := reloadPrometheus(ctx); err != nil {
				return err
			}
			// A rule that is taken away never resolves its alerts; Alertmanager
			// would keep them for four minutes.
			return resolve(ctx, `alertname=~"IFRS9Rule.+"`)
		},
	}
}

func brokenRulesFile(lab Lab) string { return lab.Layout.Path("etc", "fault_rule_broken.yml") }

func reloadPrometheus(ctx context.Context) error {
	return post(ctx, layout.URL(layout.PortPrometheus)+"/-/reload", nil, nil)
}
