package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Backups returns every backup, newest first, by plan: the plan that stands worst first. One
// without a backup, or that is not known, has a row of its own: no plan is left out.
func Backups(b ops.Board, now time.Time) Table {
	t := Table{Name: "backups", Groups: map[string]string{}, Columns: []Column{
		{Key: "ended", Title: "ENDED", Right: true, Priority: 100},
		{Key: "type", Title: "TYPE", Priority: 98},
		{Key: "repository", Title: "REPOSITORY", Priority: 90, Min: 8, Max: 20},
		{Key: "state", Title: "STATE", Priority: 99},
		{Key: "took", Title: "TOOK", Right: true, Priority: 60},
		{Key: "size", Title: "SIZE", Right: true, Priority: 70},
		{Key: "added", Title: "ADDED", Right: true, Priority: 55},
		{Key: "why", Title: "WHY", Priority: 80, Min: 12, Max: 80},
		{Key: "label", Title: "LABEL", Priority: 50, Min: 16, Max: 40},
	}}
	for _, r := range PlansWorstFirst(b) {
		from := originOf(r)
		plan := r.Source.String()
		t.Groups[plan] = setsTitle(r)
		for _, s := range r.Value.Sets {
			t.Rows = append(t.Rows, backupRow(s, plan, from, now))
		}
		if len(r.Value.Sets) == 0 {
			t.Rows = append(t.Rows, noBackupRow(r, now))
		}
	}
	if len(b.Backups) == 0 {
		t.Note = "the estate has no backup plan: add one under backups"
	}
	return t
}

// PlansWorstFirst are the plans, that which stands worst first.
func PlansWorstFirst(b ops.Board) []ops.Reading[ops.Backups] {
	return slices.SortedStableFunc(slices.Values(b.Backups), func(x, y ops.Reading[ops.Backups]) int {
		return ops.WorstFirst(planLevel(x), planLevel(y))
	})
}

// PlanRef leads to a plan, also to one that was never read.
func PlanRef(r ops.Reading[ops.Backups]) ops.Ref {
	if !r.Value.Ref.Zero() {
		return r.Value.Ref
	}
	return ops.NewRef(ops.KindBackups, r.Source.String(), r.Source.String())
}

// noBackupRow is a plan that has no backup, or of which nobody knows whether it has one.
func noBackupRow(r ops.Reading[ops.Backups], now time.Time) Row {
	level, from := planLevel(r), originOf(r)
	state, cause := toned(LevelWord(level), ToneOf(level)), cmp.Or(r.Value.Verdict.Cause.String(), "no backup in any repository")
	if !r.Known() {
		cause = "not known: " + from.standing(now) + why(r.Why)
	}
	return Row{Ref: PlanRef(r), Group: r.Source.String(), Level: level, From: from, Next: r.Value.Verdict.Next, Detail: cause, Cells: []Cell{
		nothing(), nothing(), nothing(), state, nothing(), nothing(), nothing(), toned(cause, ToneMuted), nothing(),
	}}
}

func setsTitle(r ops.Reading[ops.Backups]) string {
	if !r.Known() {
		return "not known"
	}
	n := len(r.Value.Sets) + r.Value.Left
	words := r.Value.Engine.String() + ", "
	if PlanAmiss(r) {
		words = LevelWord(planLevel(r)) + ", " + words
	}
	if !r.Value.Stanza.Empty() {
		words += "stanza " + r.Value.Stanza.String() + ", "
	}
	words += ops.Count(n, "backup")
	if r.Value.Left > 0 {
		words += fmt.Sprintf(", the newest %d listed", len(r.Value.Sets))
	}
	return words
}

func backupRow(s ops.Backup, plan string, from Origin, now time.Time) Row {
	level := aged(s.Verdict.Level, from.Fresh())
	state := toned(s.Verdict.Word.String(), ToneOf(level))
	if !from.Fresh() {
		state = toned("was "+s.Verdict.Word.String(), ToneUnknown)
	}
	took := nothing()
	if d := s.Ended.Sub(s.Began); !s.Began.IsZero() && d >= 0 {
		took = Cell{Text: ops.Span(d), Value: d.Seconds(), Unit: "seconds"}
	}
	return Row{Ref: s.Ref, Group: plan, Level: level, From: from, Detail: about(s.Label.String(), s.Verdict.Cause.String()), Cells: []Cell{
		moment(s.Ended, now), text(s.Type.String()), text(s.Repository.String()), state, took,
		bytesCell(s.Size), bytesCell(s.Stored), toned(s.Verdict.Cause.String(), ToneMuted), text(s.Label.String()),
	}}
}

func bytesCell(v ops.Value) Cell {
	if !v.Known {
		return nothing()
	}
	return Cell{Text: v.Size(), Value: v.Value, Unit: "bytes"}
}

// BackupPlans returns how every plan and each of its repositories stands.
func BackupPlans(b ops.Board, now time.Time) Table {
	t := Table{Name: "backup plans", Note: "the estate has no backup plan", Columns: []Column{
		{Key: "plan", Title: "PLAN", Priority: 100, Min: 10, Max: 30},
		{Key: "state", Title: "STATE", Priority: 99},
		{Key: "newest", Title: "NEWEST", Right: true, Priority: 80},
		{Key: "what", Title: "WHAT", Priority: 90, Min: 20, Max: 160},
	}}
	for _, r := range b.Backups {
		from := originOf(r)
		line := BackupLine(r, now)
		t.Rows = append(t.Rows, Row{Ref: r.Value.Ref, Level: levelOf(line.Tone), From: from, Next: r.Value.Verdict.Next, Detail: about(r.Source.String(), r.Value.Verdict.Cause.String()),
			Cells: []Cell{text(r.Source.String()), toned(LevelWord(levelOf(line.Tone)), line.Tone), moment(newest(r.Value, 0), now), line}})
		for _, work := range BackupWork(b, r, now) {
			t.Rows = append(t.Rows, Row{Ref: r.Value.Ref, Level: levelOf(work.Tone), From: from, Cells: []Cell{text("  work"), nothing(), nothing(), work}})
		}
		for _, repo := range r.Value.Repositories {
			level := aged(repo.Level, r.Fresh())
			t.Rows = append(t.Rows, Row{Ref: r.Value.Ref, Level: level, From: from, Detail: about(repo.Name.String(), repo.Fault.String()), Cells: []Cell{
				text("  " + repo.Name.String()), toned(LevelWord(level), ToneOf(level)), moment(newest(r.Value, repo.Key), now), RepositoryLine(r, repo, now)}})
		}
	}
	return t
}

// newest is when the newest backup in a repository ended, 0: in any.
func newest(v ops.Backups, key int) time.Time {
	for _, s := range v.Sets {
		if key == 0 || s.Key == key {
			return s.Ended
		}
	}
	return time.Time{}
}

// BackupLine answers what one asks of a plan: can it be restored, to when, how fast, and
// when was that proved. What was never proved is said to be so.
func BackupLine(r ops.Reading[ops.Backups], now time.Time) Cell {
	return backupCell(r, now, join("; ", RiskWords(r.Value, now), restoreWords(r.Value, now)))
}

// backupCell is a plan's words in the tone of its verdict, with their age where they are old.
func backupCell(r ops.Reading[ops.Backups], now time.Time, words string) Cell {
	switch {
	case !r.Known():
		return toned("unknown, "+originOf(r).standing(now), ToneUnknown)
	case !r.Fresh():
		return toned("as of "+originOf(r).standing(now)+": "+words, ToneUnknown)
	}
	return toned(words, ToneOf(r.Value.Verdict.Level))
}

func restoreWords(v ops.Backups, now time.Time) string {
	return join("; ", restorable(v, now), rtoWords(v, now))
}

// RiskWords is what is at risk of what may be: "RPO 40s/15m".
func RiskWords(v ops.Backups, now time.Time) string {
	switch {
	case !v.NotKnown.Empty():
		return "RPO not known/" + ops.Span(v.RPO)
	case v.AtRisk.IsZero():
		return "RPO 0m/" + ops.Span(v.RPO)
	}
	return "RPO " + ops.Age(now.Add(-v.Risk(now)), now) + "/" + ops.Span(v.RPO)
}

// rtoWords is how long a restore takes, by the last that was tried: "RTO 14m (drill 2d
// ago, 41.0G) of 4h". A drill that is older than it may be is stale.
func rtoWords(v ops.Backups, now time.Time) string {
	d, proved := v.Drill(ops.Text{})
	if !proved {
		words := "RTO never proved"
		for _, d := range v.Drills {
			switch _, alone := v.Alone(d.Repository); {
			case !d.Failed.Empty():
				return "RTO not proved: the last restore failed"
			case alone:
				words = "RTO not proved: the backup alone was, not the WAL behind it"
			}
		}
		return words
	}
	quick, slow := d.Span(v.ToRestore(d.Repository))
	words := "RTO " + ops.Span(quick)
	if slow > quick+quick/10 {
		words += " to " + ops.Span(slow)
	}
	stale := ""
	if d.Stale(v.Drilled, now) {
		stale = "stale: "
	}
	words += fmt.Sprintf(" (%sdrill %s, %s)", stale, ops.Ago(d.Ended, now), d.Bytes.Size())
	if v.RTO > 0 {
		words += " of " + ops.Span(v.RTO)
	}
	return words
}

// riskCells are what the plans have at risk, for the frame.
func riskCells(b ops.Board, now time.Time) []Cell {
	var out []Cell
	for _, r := range b.Backups {
		if !r.Known() {
			continue
		}
		// Of a plan that was never proved nothing stands in green, however little is at risk.
		cell := toned(RiskWords(r.Value, now), ToneOf(aged(ops.Worst(r.Value.Level, r.Value.Verdict.Level), r.Fresh())))
		if !r.Fresh() {
			cell.Text = "RPO not known/" + ops.Span(r.Value.RPO)
		}
		out = append(out, cell)
	}
	return out
}

// restorable says from when until when the database can be restored, by the repository
// that reaches furthest.
func restorable(v ops.Backups, now time.Time) string {
	var best ops.RecoveryInterval
	damage := "" // of where it is
	for _, repo := range v.Repositories {
		for _, i := range repo.Recovery.Intervals {
			if best.To.LSN < i.To.LSN || best.To.LSN == i.To.LSN && i.From.LSN < best.From.LSN {
				best, damage = i, why(repo.Damage)
			}
		}
	}
	switch {
	case best.Backup.Empty() && slices.ContainsFunc(v.Repositories, func(r ops.Repository) bool { return !r.Unread.Empty() }):
		return "what can be restored is not read yet"
	case best.Backup.Empty():
		return "cannot be restored"
	case best.Point():
		return "restorable to " + ops.Clock(best.From.At, now) + " only" + damage
	}
	return "restorable from " + ops.Clock(best.From.At, now) + " until " + ops.Clock(best.To.At, now) + damage
}

// RepositoryLine is one repository in a line, what is lost first: the end of it may be cut.
func RepositoryLine(r ops.Reading[ops.Backups], repo ops.Repository, now time.Time) Cell {
	var parts []string
	if !repo.Damage.Empty() {
		parts = append(parts, "damaged")
	}
	gaps := len(repo.Recovery.Gaps) + repo.Recovery.MoreGaps
	if gaps > 0 {
		parts = append(parts, ops.Count(gaps, "gap"))
	}
	if !repo.Region.Empty() {
		parts = append(parts, repo.Region.String())
	}
	n := 0
	for _, s := range r.Value.Sets {
		if s.Key == repo.Key {
			n++
		}
	}
	switch {
	case !repo.Fault.Empty():
		parts = append(parts, repo.Fault.String())
	default:
		parts = append(parts, ops.Count(n, "backup"))
	}
	if !repo.Unread.Empty() {
		parts = append(parts, "not read yet: "+repo.Unread.String())
	}
	if repo.Size.Known {
		parts = append(parts, repo.Size.Size())
	}
	if read, was := r.Value.Verification(repo.Name); was {
		parts = append(parts, "verified "+ops.Ago(read.Ended, now))
	} else if n > 0 {
		parts = append(parts, "never verified")
	}
	if repo.Free.Known && repo.Fault.Empty() {
		parts = append(parts, repo.Free.Size()+" free")
	}
	if repo.Fault.Empty() && repo.Behind.Known && repo.Behind.Value > 0 {
		parts = append(parts, repo.Behind.Span()+" behind")
	}
	if repo.WAL.At.IsZero() {
		parts = append(parts, "its WAL was never listed"+why(repo.Unlisted))
	} else {
		parts = append(parts, fmt.Sprintf("%s of WAL, %s", ops.Count(repo.WAL.Files, "file"), ops.Size(float64(repo.WAL.Size))))
		if !repo.Unlisted.Empty() {
			parts = append(parts, "listed "+ops.Ago(repo.WAL.At, now)+why(repo.Unlisted))
		}
	}
	if gaps > 0 {
		parts = append(parts, repo.Recovery.Gaps[0].What.String())
	}
	return toned(strings.Join(parts, ", "), ToneOf(aged(repo.Level, r.Fresh())))
}

// backupRows are the plans on the Overview.
func backupRows(b ops.Board, now time.Time) []Row {
	var rows []Row
	for _, r := range b.Backups {
		why := r.Value.Verdict.Cause.String()
		if r.Known() {
			why = join("; ", why, restoreWords(r.Value, now))
		}
		rows = append(rows, stateRow("backups "+r.Source.String(), backupCell(r, now, RiskWords(r.Value, now)), ops.Ref{Kind: ops.KindBackups}, why, originOf(r)))
	}
	return rows
}
