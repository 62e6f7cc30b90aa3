package report_test

import (
	"testing"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
)

func TestTheWordOfALevelStandsOnceInARow(t *testing.T) {
	alert, container := ops.NewRef(ops.KindAlert, "prom", "f1"), ops.NewRef(ops.KindContainer, "docker", "critical")
	for _, c := range []struct {
		ref   ops.Ref
		level ops.Level
		what  ops.Text
		want  string
	}{
		{alert, ops.LevelCritical, ops.Lit("critical ApiDown"), "ApiDown"},
		{alert, ops.LevelCritical, ops.Lit("Critical ApiDown x12"), "ApiDown x12"},
		{alert, ops.LevelWarning, ops.Lit("warning Slow"), "Slow"},
		{alert, ops.LevelInfo, ops.Lit("critical ApiDown"), "critical ApiDown"}, // somebody took it
		{alert, ops.LevelCritical, ops.Lit("page ApiDown"), "page ApiDown"},
		{alert, ops.LevelCritical, ops.Lit("critical"), "critical"},
		{container, ops.LevelCritical, ops.Lit("critical killed"), "critical killed"}, // a name
	} {
		b := ops.Board{Level: c.level, Findings: []ops.Finding{{Ref: c.ref, Level: c.level, What: c.what}}}
		if got := report.Findings(b, time.Now()).Rows[0].Cells[1].Value; got != c.want {
			t.Errorf("%s %q: %q", c.level, c.what, got)
		}
	}
}
