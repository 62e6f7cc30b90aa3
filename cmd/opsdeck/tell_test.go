package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestFindingsOfBackupsAreToldUntilTheyAreOverAndOnceThen(t *testing.T) {
	e := fixture.BackupEstate()
	e.SeverityLabel, e.Ranks = ops.Lit("severity"), []ops.SeverityRank{{Name: ops.Lit("critical"), Rank: ops.RankCritical}, {Name: ops.Lit("info"), Rank: ops.RankInfo}}
	b := fixture.Named("gap")
	var sent [][]ops.PostedAlert
	var fail error
	tell := &teller{plan: e.Backups[0], told: map[string]ops.PostedAlert{}, log: slog.New(slog.DiscardHandler),
		board: func(context.Context) (ops.Board, error) { return b, nil },
		post:  func(_ context.Context, all []ops.PostedAlert) error { sent = append(sent, all); return fail }}
	now := fixture.Now
	// minute tells after a minute, and returns the findings that stand and those that are over.
	minute := func() (stands, over int) {
		now = now.Add(time.Minute)
		before := len(sent)
		err := tell.tell(t.Context(), e, now)
		if !errors.Is(err, fail) {
			t.Error(err)
		}
		if len(sent) == before {
			return 0, 0
		}
		for _, a := range sent[before] {
			switch {
			case a.Labels["alertname"] != ops.PostedFinding:
			case a.Ends.After(now):
				stands++
			default:
				over++
			}
		}
		return stands, over
	}
	want := func(when string, stands, over int) {
		t.Helper()
		if s, o := minute(); s != stands || o != over {
			t.Errorf("%s: %d stand and %d are over, want %d and %d", when, s, o, stands, over)
		}
	}
	want("a gap", 1, 0)
	want("a gap, a minute later", 1, 0)
	a := sent[0][0]
	if a.Labels["finding"] != "the gap in local" || a.Labels["plan"] != "orders" || a.Labels[ops.PostedEstate] != e.Name.String() || a.Labels["severity"] != "critical" || a.Annotations["summary"] == "" || a.Ends.Sub(fixture.Now) != 5*time.Minute {
		t.Errorf("%+v", a)
	}
	b.Backups[0].State = ops.SourceSilent
	want("it cannot be read: that too", 2, 0)
	b = fixture.Named("backed")
	fail = errors.New("refused")
	want("both are over, and that is not taken", 0, 2)
	fail = nil
	want("it is told again", 0, 2)
	want("and not once more", 0, 0)
	b.Sources = []ops.Source{{Name: ops.Lit("orders"), State: ops.SourcePending}}
	n := len(sent)
	if want("not read yet", 0, 0); len(sent) != n {
		t.Errorf("it tells %+v", sent[n:])
	}
	made := 0
	for _, a := range sent[0] {
		if a.Labels["alertname"] == ops.PostedBackup && a.Labels["severity"] == "info" && a.Ends.Sub(a.Starts) == time.Hour {
			made++
		}
	}
	if made != 2 { // 10 minutes ago, in both
		t.Errorf("%d backups are told as made: %+v", made, sent[0])
	}
}

// TestTheAgentTellsOnlyThePlansThatSayWho starts what the system agent starts, with an estate
// of which one plan names an Alertmanager, one another and one none.
func TestTheAgentTellsOnlyThePlansThatSayWho(t *testing.T) {
	posted := make(chan string, 100)
	serves := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var all []ops.PostedAlert
			if err := json.NewDecoder(r.Body).Decode(&all); err != nil || r.URL.Path != "/api/v2/alerts" {
				t.Errorf("%s: %v", r.URL, err)
			}
			for _, a := range all {
				posted <- name + " " + a.Labels[ops.PostedPlan] + " " + a.Labels["finding"]
			}
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	path := filepath.Join(t.TempDir(), "estate.yaml")
	plan := "  %s: {engine: pgbackrest, stanza: s, %srpo: 15m, repositories: {one: {number: 1}}}\n"
	text := fmt.Sprintf("estate: told\nsources:\n  one: {kind: alertmanager, url: %q}\n  other: {kind: alertmanager, url: %q}\nbackups:\n", serves("one"), serves("other")) +
		fmt.Sprintf(plan, "orders", "tell: one, ") + fmt.Sprintf(plan, "stock", "tell: other, ") + fmt.Sprintf(plan, "quiet", "")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Load(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	b := ops.Board{}
	for _, name := range []string{"orders", "stock", "quiet"} {
		b.Sources = append(b.Sources, ops.Source{Name: ops.Clean(name), State: ops.SourceOK})
		b.Backups = append(b.Backups, ops.Reading[ops.Backups]{Source: ops.Clean(name), State: ops.SourceOK, At: fixture.Now, Value: ops.Backups{
			Findings: []ops.Finding{{Level: ops.LevelCritical, Key: ops.Lit("a gap"), What: ops.Lit("WAL is lost")}}}})
	}
	ctx, stop := context.WithCancel(t.Context())
	tellBackups(ctx, f, func(context.Context) (ops.Board, error) { return b, nil }, slog.New(slog.DiscardHandler))
	got := []string{<-posted, <-posted}
	slices.Sort(got)
	stop()
	if want := []string{"one orders a gap", "other stock a gap"}; !slices.Equal(got, want) || len(posted) > 0 {
		t.Errorf("%q were posted, and %d more; want %q", got, len(posted), want)
	}
}
