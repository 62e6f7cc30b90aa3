package report_test

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

func TestBehindAnAlertOfADatabaseStandsItsLastGoodBackup(t *testing.T) {
	db, box := ops.NewRef(ops.KindDatabase, "orders-db", "orders-db"), ops.NewRef(ops.KindContainer, "docker", "web")
	of := func(board string, suspect ops.Ref, change func(*ops.Board)) string {
		b := fixture.Named(board)
		b.Alerts = ops.Readings[[]ops.Alert]{{Source: ops.Lit("prom"), At: fixture.Now, State: ops.SourceOK, Value: []ops.Alert{{Ref: ops.NewRef(ops.KindAlert, "prom", "a"), State: ops.AlertFiring,
			Suspects: []ops.Suspect{{Ref: suspect}}}}}}
		if change != nil {
			change(&b)
		}
		tr, found := report.NewTriage(b, ops.NewRef(ops.KindAlert, "prom", "a"), fixture.Now)
		if !found {
			t.Fatal("the alert is not there")
		}
		var said []string
		for _, c := range tr.LastGood {
			said = append(said, c.Text)
		}
		return strings.Join(said, "|")
	}
	for name, c := range map[string]struct {
		board   string
		suspect ops.Ref
		change  func(*ops.Board)
		want    string
	}{
		"all well":        {"backed", db, nil, "orders: incr 10m ago in away; restorable from 2026-11-08 02:04Z until 02:10Z"},
		"damage":          {"damaged", db, nil, "orders: incr 10m ago in away; restorable from 2026-11-08 02:04Z until 02:10Z: verify found damage in local"},
		"never backed up": {"unbacked", db, nil, "orders: none that can be restored"},
		"no engine":       {"unequipped", db, nil, "orders: not known, orders FAILING"},
		"silent":          {"backed", db, func(b *ops.Board) { b.Backups[0].State = ops.SourceSilent }, "orders: as of "},
		"a container":     {"backed", box, nil, ""},
		"a standby of it": {"backed", ops.NewRef(ops.KindDatabase, "standby", "standby"), func(b *ops.Board) {
			d := b.Databases[0]
			d.Source, d.Value.Ref, d.Value.Standby = ops.Lit("standby"), ops.NewRef(ops.KindDatabase, "standby", "standby"), true
			b.Databases = append(b.Databases, d)
		}, "orders: incr 10m ago in away"},
		"of another plan": {"backed", db, func(b *ops.Board) { v := &b.Backups[0].Value; v.Database, v.Cluster = ops.Lit("other"), ops.Lit("1") }, ""},
	} {
		if got := of(c.board, c.suspect, c.change); c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
