package judge_test

import (
	"testing"

	"opsdeck/judge"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestWhatWasToldOfBackupsIsNotCountedBesideItsFinding(t *testing.T) {
	e := fixture.BackupEstate()
	posted := func(id, name, estate string) ops.Alert {
		return ops.Alert{Ref: ops.NewRef(ops.KindAlert, "am", id), Name: ops.Clean(name), State: ops.AlertFiring, Level: ops.LevelCritical, Labels: []ops.Label{
			{Name: ops.Lit("alertname"), Value: ops.Clean(name)}, {Name: ops.Clean(ops.PostedEstate), Value: ops.Clean(estate)}, {Name: ops.Clean(ops.PostedPlan), Value: ops.Lit("orders")}}}
	}
	b := fixture.Named("gap")
	b.Alerts = ops.Readings[[]ops.Alert]{{Source: ops.Lit("am"), State: ops.SourceOK, At: fixture.Now, Value: []ops.Alert{
		posted("1", ops.PostedFinding, e.Name.String()), posted("2", ops.PostedBackup, e.Name.String()), posted("3", ops.PostedFinding, "another")}}}
	judge.Board(e, &b, fixture.Now)
	under := map[string]ops.Ref{}
	for _, f := range b.Findings {
		if f.Ref.Kind == ops.KindAlert {
			under[f.Ref.ID.String()] = f.Under
		}
	}
	_, made := under["2"]
	if plan := b.Backups[0].Value.Ref; under["1"] != plan || made || under["3"] != (ops.Ref{}) || len(under) != 2 {
		t.Errorf("%+v", under)
	}
}
