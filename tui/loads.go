package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/dialog"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// loads is the Load runs pane: what runs above, below it the scenarios and the runs that
// were kept.
type loads struct{ headed }

// loadsPane is the pane's row in the table of panes.
func loadsPane() pane {
	return pane{
		digit: 6, name: "loads", title: "Load runs", kinds: []ops.Kind{ops.KindLoad},
		make: func(o Options, _ time.Time) screen.Screen { return &loads{newHeaded(o)} },
		open: map[ops.Kind]func(*Model, ops.Ref) tea.Cmd{ops.KindLoadRun: (*Model).openLoadRun},
		found: func(p screen.Picture) []dialog.Item {
			var all []dialog.Item
			for _, s := range p.Board.Loads.Scenarios {
				all = append(all, dialog.Opens("load "+s.Name.String(), s.Ref()))
			}
			return all
		},
	}
}

func (p *loads) SetBoard(pic screen.Picture) {
	p.Picture = pic
	p.Show(report.Loads(pic.Board, pic.Now))
	p.lay()
}

// SetSize lets what runs have all but a few lines of the height.
func (p *loads) SetSize(w, h int) {
	p.Pane.SetSize(w, h)
	p.lay()
}

// listLeast is how many lines of the list stay while something runs.
const listLeast = 3

func (p *loads) lay() {
	b := p.Picture.Board
	switch {
	case len(b.Loading) > 0:
		p.top = p.running(b.Loading)
	case len(b.Loads.Scenarios) == 0:
		p.top = p.firstSteps()
	default:
		p.top = []string{p.HeadLine(p.Theme.Paint(themes.Muted, "no load run is under way"))}
	}
	p.Leads = nil
	if len(b.Loading) == 0 {
		p.Leads = func(h int) int { return min(2, h/8) }
	}
	p.Head = max(1, min(len(p.top), p.Height-listLeast))
	p.Fit()
}

// firstSteps says what to write, where the estate has no scenario.
func (p *loads) firstSteps() []string {
	var lines []string
	for _, l := range []string{"The estate has no load scenario. Write one, and start the agent again:", "",
		"loads:", "  evening:", "    target: api", `    allow: ["127.0.0.1:8000"]`, `    targets: [{url: "http://127.0.0.1:8000/health"}]`,
		"    rate: {constant: {rate: 50, for: 5m}}", "    max_rate: 100", "    max_duration: 10m", "    limits: {latency_p95: 500ms, errors: 1%}"} {
		lines = append(lines, draw.Clip(p.Theme, l, p.Width))
	}
	return lines
}

// running says how what runs stands, the newest first. Without the agent that is how it
// stood, and nothing of it looks good. Where there is no room, the longer spans are left out
// first, and then how the target does.
func (p *loads) running(all []ops.LoadLive) []string {
	lines := p.runningWith(all, true, true)
	if len(lines) > p.Height-listLeast {
		lines = p.runningWith(all, true, false)
	}
	if len(lines) > p.Height-listLeast {
		lines = p.runningWith(all, false, false)
	}
	return lines
}

// runningWith leaves out the course of the target, or the longer spans, where these are not to
// be had.
func (p *loads) runningWith(all []ops.LoadLive, target, more bool) []string {
	var lines []string
	for _, l := range all {
		head, said := report.LoadHead(l), report.LiveLines(l, more)
		if p.Picture.Lost {
			head = "last heard: " + head
			for i := range said {
				said[i].Tone = report.ToneUnknown
			}
		}
		lines = append(lines, p.HeadLine(p.Theme.Paint(themes.Title, draw.Clip(p.Theme, head, p.Width))))
		lines = append(lines, trailLines(p.Theme, l.Trail, p.Width, target)...)
		lines = append(lines, toned(p.Theme, said, p.Width)...)
	}
	return lines
}

// chart is one line of the course of a run.
type chart struct {
	name   string
	target bool // how the target itself did, by its own sources
	of     func(ops.LoadPlace) ops.Value
	words  func(float64) string
}

// charts are all of them.
func charts() []chart {
	return []chart{
		{"good/s   ", false, func(p ops.LoadPlace) ops.Value { return ops.Num(p.Good) }, ops.MetricRate.Figure},
		{"p95      ", false, func(p ops.LoadPlace) ops.Value { return ops.Value{Value: p.P95, Known: p.N > 0} }, ops.MetricLatencyP95.Figure},
		{"CPU      ", true, func(p ops.LoadPlace) ops.Value { return p.Target.CPU }, func(v float64) string { return fmt.Sprintf("%.2g cores of the target", v) }},
		{"memory   ", true, func(p ops.LoadPlace) ops.Value { return p.Target.Memory }, func(v float64) string { return ops.Size(v) + " of the target" }},
		{"sessions ", true, func(p ops.LoadPlace) ops.Value { return p.Target.Sessions }, func(v float64) string { return fmt.Sprintf("%.0f of the target", v) }},
	}
}

// trailLines are the course of a run on one axis: what was answered well, the latency, and
// with target how that did as far as it is known.
func trailLines(th themes.Theme, t ops.LoadTrail, w int, target bool) []string {
	const longest = len("  up to 0.99 cores of the target")
	room := min(len(t.Points), w-len("sessions ")-longest)
	var lines []string
	for _, c := range charts() {
		var points []ops.Point
		most := ops.Value{}
		for _, p := range t.Points {
			v := c.of(p)
			if v.Known {
				most = ops.Num(max(most.Value, v.Value))
			}
			points = append(points, ops.Point{Value: v.Value, Known: v.Known})
		}
		if most.Known && (target || !c.target) {
			lines = append(lines, draw.Clip(th, th.Paint(themes.Muted, c.name)+th.Paint(themes.Info, draw.Sparkline(th.Signs, points, room))+th.Paint(themes.Muted, "  up to "+c.words(most.Value)), w))
		}
	}
	return lines
}

// toned paints lines of a report, each to the width.
func toned(th themes.Theme, cells []report.Cell, w int) []string {
	var lines []string
	for _, c := range cells {
		lines = append(lines, draw.Clip(th, th.Paint(draw.Role(c.Tone), c.Text), w))
	}
	return lines
}

// scenario is the one that a key is about: of a kept run, the one that it was a run of.
func (p *loads) scenario() ops.Ref {
	ref := p.Selected()
	if k, ok := p.Picture.Board.LoadRun(ref); ok {
		return ops.Ref{Kind: ops.KindLoad, ID: k.Scenario}
	}
	return ref
}

// Beside is the scenario of a selected run: it is what is run again and stopped.
func (p *loads) Beside() ops.Ref {
	if s := p.scenario(); s != p.Selected() {
		return s
	}
	return ops.Ref{}
}

// Targets is the selected row: marks are for comparing alone.
func (p *loads) Targets() []ops.Ref { return []ops.Ref{p.Selected()} }

func (p *loads) Key(k screen.Press) screen.Intent {
	switch k.ID {
	case keys.MarkAll:
		return screen.Intent{}
	case keys.Mark:
		if _, kept := p.Picture.Board.LoadRun(p.Selected()); !kept {
			return screen.Intent{Kind: screen.IntentSay, Text: "kept runs are marked, to compare two"}
		}
	case keys.LoadCompare:
		ref, why := p.beside()
		if why != "" {
			return screen.Intent{Kind: screen.IntentSay, Text: why}
		}
		return screen.Intent{Kind: screen.IntentOpen, Ref: ref}
	case keys.LoadExport:
		if _, kept := p.Picture.Board.LoadRun(p.Selected()); !kept {
			return screen.Intent{Kind: screen.IntentSay, Text: "select a kept run"}
		}
		return screen.Intent{Kind: screen.IntentExport, Ref: p.Selected()}
	}
	action := map[keys.ID]string{keys.LoadRun: "load.run", keys.LoadStop: "load.stop"}[k.ID]
	if action == "" {
		in, _ := p.Takes(k.ID)
		return in
	}
	ref := p.scenario()
	if all := p.Picture.Board.Loading; k.ID == keys.LoadStop && len(all) == 1 {
		ref = all[0].Scenario.Ref() // what runs is what is meant
	}
	if ref.Zero() {
		return screen.Intent{Kind: screen.IntentSay, Text: "the estate has no load scenario"}
	}
	return screen.Intent{Kind: screen.IntentAct, Action: action, Refs: []ops.Ref{ref}}
}

func (p *loads) View() []string { return p.Draw(p.top[:p.Head]...) }

func (p *loads) Keys() []keys.ID {
	return []keys.ID{keys.LoadRun, keys.LoadStop, keys.LoadCompare, keys.LoadExport, keys.Open, keys.Actions, keys.Filter, keys.Mark, keys.Sort}
}

// Scope is the pane's own.
func (p *loads) Scope() keys.Scope { return keys.InLoads }

// loadRun is a kept run opened: its verdict, its course, its figures, and what got worse.
type loadRun struct{ screen.Object }

func (r *loadRun) lines() []string {
	if !r.Came || r.Detail.Load == nil {
		return r.Failed()
	}
	load := r.Detail.Load
	verdict, said := report.VerdictLines(load.Kept), report.KeptLines(load.Kept)
	var lines []string
	for _, c := range verdict {
		for _, l := range draw.Wrapped(r.Theme, c.Text, r.Width, 3) {
			lines = append(lines, r.Theme.Paint(draw.Role(c.Tone), l))
		}
	}
	lines = append(lines, trailLines(r.Theme, load.Course(), r.Width, true)...)
	lines = append(lines, toned(r.Theme, slices.Concat(report.KindLines(*load), report.BesideLines(*load), said[len(verdict):]), r.Width)...)
	for _, c := range report.CompareLines(load.Compared) {
		for _, l := range draw.Wrapped(r.Theme, strings.TrimLeft(c.Text, " "), r.Width, 6) {
			lines = append(lines, r.Theme.Paint(draw.Role(c.Tone), l))
		}
	}
	return lines
}

func (r *loadRun) Key(k screen.Press) screen.Intent {
	switch {
	case r.Pager.Key(k.ID):
	case k.ID == keys.LoadExport:
		return screen.Intent{Kind: screen.IntentExport, Ref: r.Ref}
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	}
	return screen.Intent{}
}

// Beside is the scenario.
func (r *loadRun) Beside() ops.Ref {
	if r.Detail.Load == nil {
		return ops.Ref{}
	}
	return ops.Ref{Kind: ops.KindLoad, ID: r.Detail.Load.Kept.Scenario}
}

func (r *loadRun) View() []string {
	title := r.Detail.Title.String()
	if title == "" {
		title = "load run " + r.Ref.ID.String()
	}
	return r.Page(title, "")
}

func (r *loadRun) Keys() []keys.ID {
	return []keys.ID{keys.Actions, keys.LoadExport, keys.Copy}
}

func (r *loadRun) Scope() keys.Scope { return keys.InLoadRun }
