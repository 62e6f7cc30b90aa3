package report

import (
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

var foldStart = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// told are records as the history gives them, from lines of seconds, level, what
// happened to whom, and what: "10 warning container web died, exit 1".
func told(lines ...string) []ops.Record {
	kinds := map[string]ops.RecordKind{"container": ops.RecordContainer, "alert": ops.RecordAlert, "note": ops.RecordNote, "outcome": ops.RecordOutcome, "source": ops.RecordSource, "backups": ops.RecordBackups}
	of := map[string]ops.Kind{"container": ops.KindContainer, "alert": ops.KindAlert, "source": ops.KindSource, "backups": ops.KindBackups}
	levels := map[string]ops.Level{"warning": ops.LevelWarning, "info": ops.LevelInfo, "critical": ops.LevelCritical}
	var recs []ops.Record
	for i, l := range lines {
		f := strings.SplitN(l, " ", 5)
		after, err := time.ParseDuration(f[0])
		if err != nil {
			panic(err)
		}
		recs = append(recs, ops.Record{Seq: uint64(i + 1), At: foldStart.Add(after), Level: levels[f[1]], Kind: kinds[f[2]],
			Ref: ops.NewRef(of[f[2]], "here", f[3]), What: ops.Clean(f[4])})
	}
	slices.Reverse(recs)
	return recs
}

func TestWhatHappensAgainIsOneLineWithItsCount(t *testing.T) {
	for situation, c := range map[string]struct {
		recs []ops.Record
		want []string // the newest first
	}{
		"nothing": {nil, nil},
		"a crash loop": {told(
			"0s warning container web web died, exit 1", "1s info container web web started",
			"10s warning container web web died, exit 1", "12s info container web web started",
			"30s warning container web web died, exit 1", "89s info container web web started"),
			[]string{"web died, exit 1; started: 3x, last 03:00:30Z"}},
		"a crash loop, seen from a start on and down at the end": {told(
			"0s info container web web started", "1s warning container web web died, exit 1",
			"2s info container web web started", "3s warning container web web died, exit 1"),
			[]string{"web died, exit 1: 2x, last 03:00:03Z", "web started"}},
		"a restart that somebody asked for": {told(
			"0s info container web web was sent signal 15", "1s info container web web ended as asked, exit 0", "2s info container web web started"),
			[]string{"web was sent signal 15; ended as asked, exit 0; started"}},
		"two containers that crash by turns": {told(
			"0s warning container web web died, exit 1", "1s warning container db db died, exit 2", "2s info container web web started",
			"3s info container db db started", "4s warning container web web died, exit 1", "5s warning container db db died, exit 2"),
			[]string{"db died, exit 2: 2x, last 03:00:05Z", "web died, exit 1: 2x, last 03:00:04Z"}},
		"a backup plan that comes and goes": {told("0s warning backups o backups o warning, was ok: RPO nearly broken", "5m ok backups o backups o ok, was warning",
			"20m warning backups o backups o warning, was ok: RPO nearly broken", "22m ok backups o backups o ok, was warning"),
			[]string{"backups o ok, was warning: 2x, last 03:22:00Z", "backups o warning, was ok: RPO nearly broken: 2x, last 03:20:00Z"}},
		"another exit code": {told("0s warning container web web died, exit 1", "1s warning container web web died, exit 2"),
			[]string{"web died, exit 2", "web died, exit 1"}},
		"instances of one alert": {told("0s critical alert a1 critical Down fires", "0s critical alert a2 critical Down fires", "9s critical alert a3 critical Down fires"),
			[]string{"critical Down fires: 3x, last 03:00:09Z"}},
		"a source that comes and goes": {told("0s warning source prom prom is silent", "9s info source prom prom answers again", "20s warning source prom prom is silent", "30s info source prom prom answers again"),
			[]string{"prom answers again: 2x, last 03:00:30Z", "prom is silent: 2x, last 03:00:20Z"}},
		"the same on another day": {told("0s critical alert a1 critical Down fires", "26h critical alert a1 critical Down fires"),
			[]string{"critical Down fires", "critical Down fires"}},
		"what people did": {told("0s info note x looked at it", "1s info note x looked at it", "2s info outcome web succeeded: restart web", "3s info outcome web succeeded: restart web"),
			[]string{"succeeded: restart web", "succeeded: restart web", "looked at it", "looked at it"}},
		"a start much later is an event of its own": {told("0s warning container web web died, exit 1", "10m info container web web started"),
			[]string{"web started", "web died, exit 1"}},
		"what would make the line too long": {told("0s info container web web was sent signal 15", "1s info container web web ended as asked, exit 143",
			"2s info container web web was removed", "3s info container web web created from registry.example/shop/web:2", "4s info container web web started"),
			[]string{"web created from registry.example/shop/web:2; started", "web was sent signal 15; ended as asked, exit 143; was removed"}},
	} {
		var got []string
		for _, e := range Fold(c.recs, time.Hour) {
			got = append(got, e.Text())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", situation, got, c.want)
		}
	}
}

func TestTheOutcomeOfAJobStandsForItsIntent(t *testing.T) {
	of := func(at time.Duration, k ops.RecordKind, job ops.JobID, what string) ops.Record {
		return ops.Record{Seq: uint64(at), At: foldStart.Add(at), Kind: k, Job: job, What: ops.Clean(what)}
	}
	recs := []ops.Record{of(4, ops.RecordIntent, 2, "restart db"), of(3, ops.RecordOutcome, 1, "succeeded: restart web"), of(2, ops.RecordIntent, 1, "restart web"), of(1, ops.RecordOutcome, 0, "noted")}
	var got []string
	for _, e := range Fold(recs, time.Hour) {
		got = append(got, e.Text())
	}
	if want := []string{"restart db", "succeeded: restart web", "noted"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Whatever came, no record is lost or told twice, and the events stand by time.
func TestFoldingLosesNoRecord(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	whats := []string{"warning container web web died, exit 1", "info container web web started", "info container db db started", "critical alert a1 high Lag fires",
		"info alert a2 high Lag clears", "info note x x", "warning source prom prom is silent", "critical container db db out of memory (oom)"}
	for range 300 {
		var lines []string
		at := time.Duration(0)
		for range r.Intn(60) {
			at += time.Duration(r.Intn(200)) * time.Second
			lines = append(lines, at.String()+" "+whats[r.Intn(len(whats))])
		}
		recs := told(lines...)
		met, before := map[uint64]int{}, time.Time{}
		for i, e := range Fold(recs, time.Hour) {
			for _, rec := range e.All {
				met[rec.Seq]++
			}
			if i > 0 && e.At.After(before) {
				t.Fatalf("%v: an event at %v stands below one at %v", lines, e.At, before)
			}
			if before = e.At; e.Times > len(e.All) || e.Times < 1 {
				t.Fatalf("%d times, %d records", e.Times, len(e.All))
			}
		}
		for _, rec := range recs {
			if met[rec.Seq] != 1 {
				t.Fatalf("record %d is told %d times: %v", rec.Seq, met[rec.Seq], lines)
			}
		}
	}
}

func TestAnAlertOfTheHistoryGoesByItsNameAndNotByItsFingerprint(t *testing.T) {
	now := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	cleared := ops.Record{At: now, Kind: ops.RecordAlert, Ref: ops.NewRef(ops.KindAlert, "prom", "9a235c"), What: ops.Lit("critical Down has cleared"),
		Facts: []ops.Fact{{Name: ops.FactAlert, Value: ops.Lit("Down")}}}
	before := cleared // of a build that did not keep the name
	before.What, before.Facts, before.Ref.ID = ops.Lit("critical Slow has cleared"), nil, ops.Lit("5b1f00")
	rows := History([]ops.Record{cleared, before}, now).Rows
	if a, b := rows[0].Cells[5].Text, rows[1].Cells[5].Text; a != "alert Down" || b != "alert 5b1f00" {
		t.Errorf("%q, %q", a, b)
	}
}
