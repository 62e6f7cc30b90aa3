package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// maintenanceMark begins the comment of a maintenance window.
const maintenanceMark = "MAINTENANCE"

// expiredShown is how long an expired silence is listed: Alertmanager keeps them
// for days.
const expiredShown = 12 * time.Hour

// Silences returns every silence: those in force first, by their end, then the
// planned ones, then those that expired a short while ago, the last one first.
func Silences(b ops.Board, now time.Time) Table {
	t := Table{Name: "silences", Columns: []Column{
		{Key: "state", Title: "STATE", Priority: 99, Max: 12},
		{Key: "matchers", Title: "MATCHERS", Priority: 60, Min: 24, Max: 70},
		{Key: "ends", Title: "ENDS", Priority: 98},
		{Key: "left", Title: "LEFT", Right: true, Priority: 90},
		{Key: "hits", Title: "HITS", Right: true, Priority: 97},
		{Key: "by", Title: "BY", Priority: 95, Min: 5, Max: 16},
		{Key: "purpose", Title: "PURPOSE", Priority: 40},
		{Key: "comment", Title: "COMMENT", Priority: 50, Min: 12, Max: 80},
	}}
	for from, s := range each(b.Silences) {
		if s.State != ops.SilenceExpired || now.Sub(s.Ends) < expiredShown {
			t.Rows = append(t.Rows, silenceRow(s, from, now))
		}
	}
	order := map[string]int{groupActive: 0, groupPlanned: 1, groupExpired: 2}
	slices.SortStableFunc(t.Rows, func(x, y Row) int {
		byEnd := cmp.Compare(fmt.Sprint(x.Cells[2].Value), fmt.Sprint(y.Cells[2].Value))
		if x.Group == groupExpired { // the last one may be why something fires now
			byEnd = -byEnd
		}
		return cmp.Or(cmp.Compare(order[x.Group], order[y.Group]), byEnd)
	})
	t.Note = silencesNote(b, now)
	return t
}

const (
	groupActive  = "in force"
	groupPlanned = "planned"
	groupExpired = "expired"
)

func silenceRow(s ops.Silence, from Origin, now time.Time) Row {
	group, word := groupActive, s.Verdict.Word.Or(ops.Clean(s.State.String())).String()
	tone := TonePlain
	switch s.State {
	case ops.SilencePending:
		group = groupPlanned
	case ops.SilenceExpired:
		group, tone = groupExpired, ToneMuted
	}
	level := aged(s.Verdict.Level, from.Fresh())
	tone = loud(level, tone)
	if !from.Fresh() && from.State != ops.SourceLying { // what it lacks are alerts
		word = "was " + word
	}
	left := nothing()
	if d := s.Ends.Sub(now); d > 0 && s.State != ops.SilenceExpired {
		left = Cell{Text: leftWord(d), Value: d.Seconds(), Unit: "seconds"}
	}
	hits := Cell{Text: fmt.Sprint(s.Hits), Value: s.Hits}
	if s.State != ops.SilenceActive {
		hits = nothing()
	}
	return Row{
		Ref: s.Ref, Group: group, Level: level, From: from,
		Detail: about(s.By.String(), join("  ", s.Comment.String(), s.Verdict.Cause.String())), Next: s.Verdict.Next,
		Cells: []Cell{
			{Text: word, Tone: tone, Value: s.State.String()}, text(MatcherText(s.Matchers)),
			{Text: ops.Clock(s.Ends, now), Value: stamp(s.Ends)}, left, hits,
			text(s.By.String()), toned(s.Purpose.String(), ToneMuted), text(s.Comment.String()),
		},
	}
}

// leftWord says how long is left, in minutes: what is under one is "<1m".
func leftWord(d time.Duration) string {
	switch {
	case d <= 0:
		return "nothing"
	case d < time.Minute:
		return "<1m"
	}
	return ops.Span(d.Truncate(time.Minute))
}

// MatcherText writes matchers as amtool reads them.
func MatcherText(ms []ops.Matcher) string {
	var out []string
	for _, m := range ms {
		out = append(out, m.String())
	}
	return strings.Join(out, " ")
}

func silencesNote(b ops.Board, now time.Time) string {
	if len(b.Silences) == 0 {
		return "no Alertmanager in this estate"
	}
	return cmp.Or(unread("silences", b.Silences, now), "nothing is silenced")
}

// Maintenance returns the windows in force, in words for the frame: until when,
// and why.
func Maintenance(b ops.Board, now time.Time) []string {
	var out []string
	for from, s := range each(b.Silences) {
		if s.Purpose != ops.PurposeMaintenance || s.State != ops.SilenceActive || !s.Ends.After(now) {
			continue
		}
		line := maintenanceMark + " until " + ops.Clock(s.Ends, now) + about("", maintenanceReason(s.Comment))
		if !from.Fresh() && from.State != ops.SourceLying {
			line += " (as of " + from.standing(now) + ")"
		}
		out = append(out, line)
	}
	return out
}

func maintenanceReason(comment ops.Text) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(comment.String()), maintenanceMark))
}
