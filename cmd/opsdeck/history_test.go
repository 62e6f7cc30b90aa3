package main

import (
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestTheHistoryInTextNamesTheRunbook(t *testing.T) {
	fires := ops.Record{Kind: ops.RecordAlert, What: ops.Lit("critical Down fires"), Facts: []ops.Fact{{Name: ops.FactAlert, Value: ops.Lit("Down")}, {Name: ops.FactRunbook, Value: ops.Lit("down.md")}}}
	plain := ops.Record{Kind: ops.RecordAlert, What: ops.Lit("critical Slow fires")}
	var b strings.Builder
	if err := printRecords(&b, []ops.Record{plain, fires}, false); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if !strings.HasSuffix(lines[0], "critical Down fires  runbook: down.md") || !strings.HasSuffix(lines[1], "critical Slow fires") {
		t.Errorf("%s", b.String())
	}
}
