package report_test

import (
	"fmt"
	"strings"
	"testing"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/report/testdata/fixture"
)

// pagedAs is the quiet board on which one critical alert fires and stands so with its
// Alertmanager.
func pagedAs(p ops.Paging) ops.Board {
	b := fixture.Quiet()
	a := fixture.Alert("m1", "Down", ops.RankCritical, 12*60e9)
	if a.Paging = p; p.State != ops.PagingAbsent && p.State != ops.PagingDropped {
		a.Paging.Source = ops.Lit("alertmgr")
	}
	b.Alerts[0].Value = append(b.Alerts[0].Value, a)
	return fixture.Judged(b)
}

func TestMutedDroppedNotKnownAndNotPagedAreFourWordsEverywhere(t *testing.T) {
	to := []ops.Text{ops.Lit("night-team"), ops.Lit("mail")}
	by := []ops.Text{ops.Lit("night")}
	type said struct{ state, head, opened, paging, notTold, nagios string }
	for situation, c := range map[string]struct {
		p    ops.Paging
		want said
	}{
		"everybody is told": {ops.Paging{State: ops.PagingActive, Receivers: to},
			said{"firing", "1 firing", "goes to night-team, mail", "active", "-", "alerts_muted=0 alerts_not_paged=0"}},
		"nobody is told: a time interval": {ops.Paging{State: ops.PagingMuted, Receivers: to, MutedBy: by, NotTold: to},
			said{"firing, muted", "1 firing, 1 muted", "muted by night: night-team, mail not told", "muted", "night-team mail", "alerts_muted=1 alerts_not_paged=0"}},
		"one of two is not told": {ops.Paging{State: ops.PagingActive, Receivers: to, MutedBy: by, NotTold: to[:1]},
			said{"firing, partly muted", "1 firing", "muted by night: night-team not told; goes to mail", "active", "night-team", "alerts_muted=0 alerts_not_paged=0"}},
		"muted, and no more is known": {ops.Paging{State: ops.PagingMuted},
			said{"firing, muted", "1 firing, 1 muted", "muted by a time interval of its route", "muted", "-", "alerts_muted=1 alerts_not_paged=0"}},
		"dropped on purpose": {ops.Paging{State: ops.PagingDropped},
			said{"firing, dropped on purpose", "1 firing, 1 dropped on purpose", "dropped on purpose: alert_relabel_configs of prom keep it from Alertmanager, so nobody is told", "dropped", "-", "alerts_muted=0 alerts_not_paged=0"}},
		"whether it is muted is not known": {ops.Paging{State: ops.PagingActive, Receivers: to[:1], MutingUnknown: ops.Lit("not known below Alertmanager 0.28")},
			said{"firing, paging unknown", "1 firing, 1 paging unknown", "goes to night-team, unless a time interval mutes its route now; muting: not known below Alertmanager 0.28", "unknown", "-", "alerts_muted=U alerts_not_paged=U"}},
		"not paged": {ops.Paging{State: ops.PagingAbsent},
			said{"NOT PAGED", "1 firing, 1 NOT PAGED", "NOT PAGED: Alertmanager does not have it, 11m after it fired", "absent", "-", "alerts_muted=0 alerts_not_paged=1"}},
	} {
		b := pagedAs(c.p)
		l := report.NewAlerts(b, fixture.Now, report.BySeverity)
		tr, _ := report.NewTriage(b, ops.NewRef(ops.KindAlert, "prom", "m1"), fixture.Now)
		var opened []string
		for _, cell := range tr.Paging {
			opened = append(opened, cell.Text)
		}
		row, cols := l.Table().Rows[0], l.Table().Columns
		at := func(key string) string {
			for i, col := range cols {
				if col.Key == key {
					return row.Cells[i].Text
				}
			}
			return "no column " + key
		}
		got := said{l.Row(0).Cells[2].Text, l.Head()[0].Text, strings.Join(opened, "; "), at("paging"), at("not_told"), perfdata(t, b, "alerts_muted", "alerts_not_paged")}
		if got != c.want {
			t.Errorf("%s:\n%+v, want\n%+v", situation, got, c.want)
		}
	}
}

// perfdata picks figures out of the line for Nagios.
func perfdata(t *testing.T, b ops.Board, names ...string) string {
	t.Helper()
	var line strings.Builder
	if err := report.Write(&line, report.New(b, fixture.Now, "overview"), "nagios"); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		_, rest, _ := strings.Cut(line.String(), " "+name+"=")
		value, _, _ := strings.Cut(rest, ";")
		out = append(out, fmt.Sprintf("%s=%s", name, value))
	}
	return strings.Join(out, " ")
}

func TestWhatATimeIntervalMutesBurnsInEveryCount(t *testing.T) {
	b := pagedAs(ops.Paging{State: ops.PagingMuted, MutedBy: []ops.Text{ops.Lit("night")}, NotTold: []ops.Text{ops.Lit("night-team")}})
	h := report.NewHead(b, fixture.Now)
	if h.Firing[0].Text != "1 crit" || h.Firing[0].Tone != report.ToneCritical || h.Handled.Text != "" {
		t.Errorf("%+v %+v", h.Firing, h.Handled)
	}
	if b.Level != ops.LevelCritical || b.Findings[0].Cause.String() != "muted by night: night-team not told" {
		t.Errorf("%s %+v", b.Level, b.Findings)
	}
}
