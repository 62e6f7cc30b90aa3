package report_test

import (
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// TestWhatOpsdeckToldAnAlertmanagerIsCountedNowhereAgain has alerts that come back which the
// estate's own agent posted, in the frame, the report and for Nagios.
func TestWhatOpsdeckToldAnAlertmanagerIsCountedNowhereAgain(t *testing.T) {
	posted := func(id, name, estate string) ops.Alert {
		a := fixture.Alert(id, name, ops.RankCritical, 0, ops.PostedEstate, estate, ops.PostedPlan, "orders")
		return a
	}
	own, other := fixture.BackupEstate().Name.String(), "another"
	for name, c := range map[string]struct {
		board  string
		alerts []ops.Alert
		crit   string
	}{
		"a finding":                   {"gap", []ops.Alert{posted("1", ops.PostedFinding, own)}, "0"},
		"two of one plan":             {"behind", []ops.Alert{posted("1", ops.PostedFinding, own), posted("2", ops.PostedFinding, own)}, "0"},
		"what is not known":           {"unequipped", []ops.Alert{posted("1", ops.PostedFinding, own)}, "0"},
		"a backup that was made":      {"backed", []ops.Alert{posted("1", ops.PostedBackup, own)}, "0"},
		"another estate's":            {"gap", []ops.Alert{posted("1", ops.PostedFinding, other), posted("2", ops.PostedFinding, own)}, "1"},
		"one whose finding is not so": {"backed", []ops.Alert{posted("1", ops.PostedFinding, own)}, "1"},
	} {
		b := fixture.Named(c.board)
		b.Alerts = ops.Readings[[]ops.Alert]{{Source: ops.Lit("am"), State: ops.SourceOK, At: fixture.Now, Value: c.alerts}}
		b = fixture.JudgedBy(fixture.BackupEstate(), b)
		var out strings.Builder
		shot := report.New(b, fixture.Now, "overview")
		if err := report.Write(&out, shot, "nagios"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), " alerts_critical="+c.crit+";") || !strings.Contains(out.String(), " alerts_info=0;") {
			t.Errorf("%s: Nagios reads %s", name, out.String())
		}
		head := report.NewHead(b, fixture.Now).Firing
		words := ""
		for _, cell := range head {
			words += cell.Text + " "
		}
		if want := map[bool]string{true: "0 alerts ", false: c.crit + " crit "}[c.crit == "0"]; words != want {
			t.Errorf("%s: the frame says %q, want %q", name, words, want)
		}
	}
}
