package tui

import (
	"slices"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/dialog"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// backups is the Backups pane: of the plan of the selected row what one asks first, a
// line of time for each repository and a calendar; below these the backups.
type backups struct {
	headed
	about ops.Text // the plan that what stands above the list is of
}

// backupsPane is the pane's row in the table of panes.
func backupsPane() pane {
	return pane{
		digit: 5, name: "backups", title: "Backups", kinds: []ops.Kind{ops.KindBackups},
		make: func(o Options, _ time.Time) screen.Screen { return &backups{headed: newHeaded(o)} },
		nameOf: func(b ops.Board, ref ops.Ref) string {
			if s, ok := b.Backup(ref); ok {
				return s.Label.String()
			}
			return ""
		},
		found: func(p screen.Picture) []dialog.Item {
			var all []dialog.Item
			for _, r := range p.Board.Backups {
				all = append(all, dialog.Opens("backups "+r.Source.String(), report.PlanRef(r)))
			}
			return all
		},
	}
}

func (p *backups) SetBoard(pic screen.Picture) {
	same := pic.SameBackups(p.Picture)
	p.Picture = pic
	if !same { // there may be thousands
		p.Show(report.Backups(pic.Board, pic.Now))
	}
	p.lay()
}

// SetSize gives what stands above the list up to half of the height.
func (p *backups) SetSize(w, h int) {
	p.Pane.SetSize(w, h)
	p.lay()
}

// lay makes what stands above the list, of the plan that the selected row is of.
func (p *backups) lay() {
	p.top = []string{p.Theme.Paint(themes.Muted, draw.Clip(p.Theme, "no backup plan", p.Width))}
	r, ok := p.plan()
	if ok {
		p.top = append(p.others(r), p.head(r)...)
	}
	p.about = r.Source
	p.Head = max(1, min(len(p.top), p.Height/2))
	p.Fit()
}

// plan is the one that the selected row is of, else the one that stands worst.
func (p *backups) plan() (ops.Reading[ops.Backups], bool) {
	all := report.PlansWorstFirst(p.Picture.Board)
	for _, r := range all {
		if r.Source == p.Pane.Selected().Source {
			return r, true
		}
	}
	if len(all) == 0 {
		return ops.Reading[ops.Backups]{}, false
	}
	return all[0], true
}

// Selected is the backup of the selected row; where there is none, the plan.
func (p *backups) Selected() ops.Ref {
	if ref := p.Pane.Selected(); !ref.Zero() {
		return ref
	}
	r, ok := p.plan()
	if !ok {
		return ops.Ref{}
	}
	return report.PlanRef(r)
}

// Beside is the plan of the selected backup: what is done is done to it.
func (p *backups) Beside() ops.Ref {
	if r, ok := p.plan(); ok && report.PlanRef(r) != p.Selected() {
		return report.PlanRef(r)
	}
	return ops.Ref{}
}

func (p *backups) Key(k screen.Press) screen.Intent {
	if k.ID == keys.Drill {
		return p.drill()
	}
	in, _ := p.Takes(k.ID)
	return in
}

// drill asks for a restore that is tried, of the plan of the selected row.
func (p *backups) drill() screen.Intent {
	r, ok := p.plan()
	if !ok || r.Value.Ref.Zero() {
		return screen.Intent{Kind: screen.IntentSay, Text: "no backup plan of the estate is about this"}
	}
	return screen.Intent{Kind: screen.IntentAct, Action: "backup.drill", Refs: []ops.Ref{r.Value.Ref}}
}

func (p *backups) View() []string {
	if r, _ := p.plan(); r.Source != p.about { // a key or a filter selected a row of another
		p.lay()
	}
	return p.Draw(p.top[:p.Head]...)
}

// mostOthers is how many plans beside the selected one have a line.
const mostOthers = 3

// others has a line for each other plan that is not well, the worst first: what is above
// the list is of one plan alone, and must not stand for all.
func (p *backups) others(of ops.Reading[ops.Backups]) (lines []string) {
	all := slices.DeleteFunc(report.PlansWorstFirst(p.Picture.Board), func(r ops.Reading[ops.Backups]) bool {
		return r.Source == of.Source || !report.PlanAmiss(r)
	})
	shown := all[:min(len(all), mostOthers)]
	for _, r := range shown {
		cell := report.BackupLine(r, p.Picture.Now)
		lines = append(lines, draw.Behind(p.Theme, draw.Role(cell.Tone), cell.Text, title(r), p.Width, 1)...)
	}
	if left := len(all) - len(shown); left > 0 {
		lines = append(lines, p.Theme.Paint(themes.Warning, draw.Clip(p.Theme, "not well either: "+ops.Count(left, "more plan"), p.Width)))
	}
	return lines
}

// title is the name of a plan, with its level where that is not well.
func title(r ops.Reading[ops.Backups]) string {
	t := r.Source.String() + "  "
	if l := r.Value.Verdict.Level; r.Fresh() && l != ops.LevelOK { // colour alone says nothing
		t += report.LevelWord(l) + "  "
	}
	return t
}

// mostAnswers is how many lines the answers about a plan take, and its worst cause.
const mostAnswers = 2

// head says how the plan stands: the answers first, then the worst cause, then each
// repository and the calendar.
func (p *backups) head(r ops.Reading[ops.Backups]) []string {
	cell := report.BackupLine(r, p.Picture.Now)
	lines := draw.Behind(p.Theme, draw.Role(cell.Tone), cell.Text, title(r), p.Width, mostAnswers)
	if !r.Known() {
		if s, ok := p.Picture.Board.Source(r.Source); ok && !s.Why.Empty() {
			lines = append(lines, draw.Wrapped(p.Theme, s.Why.String(), p.Width, mostAnswers)...)
		}
		return lines
	}
	if cause := r.Value.Verdict.Cause.String(); cause != "" {
		lines = append(lines, draw.Wrapped(p.Theme, cause, p.Width, mostAnswers)...)
	}
	for _, w := range report.BackupWork(p.Picture.Board, r, p.Picture.Now) {
		lines = append(lines, draw.Behind(p.Theme, draw.Role(w.Tone), w.Text, "", p.Width, mostAnswers)...)
	}
	name := report.Width("30 days")
	for _, repo := range r.Value.Repositories {
		name = max(name, report.Width(repo.Name.String()))
	}
	name = min(name, 16)
	for _, repo := range r.Value.Repositories {
		lines = append(lines, p.repository(r, repo, name))
	}
	days := draw.Fit(p.Theme, "30 days", name, false) + "  " + report.Calendar(r.Value, p.Picture.Now) + "  F full D diff I incr x unusable = any moment ! lost"
	return append(lines, draw.Sides(p.Theme, p.Theme.Paint(themes.Muted, days), p.Theme.Paint(themes.Muted, p.Position()), p.Width))
}

// repository is one repository: its name, its line of time, and what it holds.
func (p *backups) repository(r ops.Reading[ops.Backups], repo ops.Repository, name int) string {
	cell := report.RepositoryLine(r, repo, p.Picture.Now)
	line := report.Coverage(r.Value, repo, p.Picture.Now, max(10, min(60, p.Width*2/5)))
	s := p.Theme.Paint(themes.Title, draw.Fit(p.Theme, repo.Name.String(), name, false)) + "  " + p.Theme.Paint(draw.Role(cell.Tone), line) + "  " + p.Theme.Paint(draw.Role(cell.Tone), cell.Text)
	return draw.Sides(p.Theme, s, "", p.Width)
}

func (p *backups) Keys() []keys.ID {
	return []keys.ID{keys.Open, keys.Backups, keys.Restore, keys.Drill, keys.Actions, keys.Filter, keys.Sort}
}

// Scope says which keys are alive here.
func (p *backups) Scope() keys.Scope { return keys.InBackups }
