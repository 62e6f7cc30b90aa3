package dialog

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// ansiCut cuts without a mark, for rules and other ornament.
func ansiCut(s string, w int) string { return ansi.Truncate(s, w, "") }

// planLines is the plan itself: title, class, steps, what is lost, warnings.
func (d *Confirm) planLines() []string {
	var lines []string
	if d.Note != "" {
		lines = append(lines, d.paintAll(themes.Warning, d.Note, "")...)
	}
	for i, p := range d.plans {
		if i > 0 {
			lines = append(lines, "")
		}
		nth := ""
		if d.total > 1 && len(d.queue) > 0 || d.total > len(d.plans) {
			nth = fmt.Sprintf("  %d of %d", d.total-len(d.queue), d.total)
		}
		lines = append(lines, planLines(d.th, p, nth, d.w)...)
	}
	return append(lines, leftLines(d.th, d.Left, d.w)...)
}

// planLines draws one plan in w cells.
func planLines(th themes.Theme, p ops.Plan, nth string, w int) []string {
	class := strings.ToUpper(p.Class.String())
	head := th.Paint(themes.Title, p.Title.String()) + "  " + th.Paint(classRole(p.Class), class) + th.Paint(themes.Muted, nth)
	lines := append([]string{draw.Clip(th, head, w)}, stepLines(th, p, w)...)
	return append(lines, mindLines(th, p, w)...)
}

// stepLines are the calls of a plan and what there is to know of them, mindLines what
// they cost and what to mind.
func stepLines(th themes.Theme, p ops.Plan, w int) []string {
	var lines []string
	for _, s := range p.Steps {
		lines = append(lines, draw.Labelled(th, themes.Plain, s.Text().String(), fmt.Sprintf("  %-5s", s.How), w)...)
	}
	for _, t := range p.Notes {
		lines = append(lines, draw.Labelled(th, themes.Plain, t.String(), "  note: ", w)...)
	}
	return lines
}

func mindLines(th themes.Theme, p ops.Plan, w int) []string {
	var lines []string
	for _, r := range p.Replaces {
		lines = append(lines, draw.Labelled(th, themes.Warning, r.String(), "  lost: ", w)...)
	}
	for _, t := range p.Warnings {
		lines = append(lines, draw.Labelled(th, themes.Warning, t.String(), "  mind: ", w)...)
	}
	return lines
}

func (d *Confirm) paintAll(r themes.Role, text, label string) []string {
	return draw.Labelled(d.th, r, text, label, d.w)
}

func (d *Confirm) question() []string {
	var lines []string
	switch d.stage {
	case stageLocked:
		lines = d.paintAll(themes.Critical, "production is read-only", "")
		lines = append(lines, draw.Clip(d.th, d.th.Paint(themes.Key, d.Unlock[0])+" unlock it for this console, and come back to this plan", d.w))
	case stageReason:
		lines = d.paintAll(themes.Title, "Why? It goes into the audit. Enter goes on.", "")
		lines = append(lines, d.reason.view(d.th, d.w))
	case stageName:
		lines = d.paintAll(themes.Critical, fmt.Sprintf("Type %s and press enter to do it.", d.plans[0].Ask.Type), "")
		lines = append(lines, d.name.view(d.th, d.w))
	case stageYes:
		lines = append(lines, draw.Clip(d.th, d.doIt()+" "+d.th.Paint(themes.Key, "y")+" yes   "+d.th.Paint(themes.Key, "N")+" no, the default", d.w))
	case stageSent:
		lines = append(lines, "asking the agent to start it")
	}
	if d.wrong != "" {
		lines = append(lines, d.th.Paint(themes.Critical, draw.Clip(d.th, d.wrong, d.w)))
	}
	return lines
}

// doIt asks for the yes. What is left out is named here, too: the list of it may lie
// below the screen.
func (d *Confirm) doIt() string {
	switch {
	case len(d.Left) > 0:
		return fmt.Sprintf("Do it for %d, and leave %d out?", len(d.plans), len(d.Left))
	case len(d.plans) > 1:
		return fmt.Sprintf("Do it all %d?", len(d.plans))
	}
	return "Do it?"
}

// Fault says what was turned down, why, and what can be done.
type Fault struct {
	th   themes.Theme
	what string
	rest string    // what became of the others
	Left []LeftOut // every one of many that could not be planned
	err  *ops.Error
}

// NewFault says that what was turned down, and err.
func NewFault(th themes.Theme, what string, err error) *Fault {
	return &Fault{th: th, what: what, err: ops.AsError(err)}
}

// Among says what became of the other plans: so many began before the one that
// was turned down, and the ones behind it were not tried.
func (f *Fault) Among(begun, left int) *Fault {
	if begun+left > 1 {
		f.rest = fmt.Sprintf("%d of %d started before it", begun, begun+left)
		if left > 1 {
			f.rest += fmt.Sprintf(", %d not tried", left-1)
		}
	}
	return f
}

func (f *Fault) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	switch k.Keystroke() {
	case "esc", "enter", "q", "ctrl+c", "space":
		return Outcome{Close: true}
	}
	return Outcome{}
}

func (f *Fault) Paste(string) {}

func (f *Fault) View(w, h int) []string {
	w = min(w, 100)
	lines := []string{f.th.Paint(themes.Critical, draw.Clip(f.th, f.what, w)), ""}
	if len(f.Left) == 0 {
		lines = append(lines, draw.Wrapped(f.th, f.err.What.String(), w, 6)...)
	}
	for i, l := range f.Left {
		if left := len(f.Left) - i; left > 1 && len(lines) >= h-3 { // what helps stands below
			lines = append(lines, fmt.Sprintf("  and %d more", left))
			break
		}
		lines = append(lines, draw.Labelled(f.th, themes.Plain, l.words(), "  ", w)...)
	}
	lines = append(lines, draw.Wrapped(f.th, f.rest, w, 2)...)
	if !f.err.Remedy.Empty() {
		lines = append(lines, "")
		lines = append(lines, draw.Wrapped(f.th, "what helps: "+f.err.Remedy.String(), w, 6)...)
	}
	return draw.Filled(lines, h)
}

func (f *Fault) Bottom(int) string { return f.th.Paint(themes.Muted, "esc back") }

// quitting asks once before leaving while jobs run.
type quitting struct {
	th   themes.Theme
	jobs int
}

// NewQuit asks whether to leave while so many jobs run.
func NewQuit(th themes.Theme, jobs int) Overlay { return &quitting{th, jobs} }

func (q *quitting) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	switch k.Keystroke() {
	case "q", "y", "enter", "ctrl+c":
		return Outcome{Kind: OutcomeQuit, Close: true}
	}
	return Outcome{Close: true}
}

func (q *quitting) Paste(string)           {}
func (q *quitting) View(int, int) []string { return nil }
func (q *quitting) Bottom(w int) string {
	word := "1 job runs and goes on"
	if q.jobs > 1 {
		word = fmt.Sprintf("%d jobs run and go on", q.jobs)
	}
	return draw.Clip(q.th, q.th.Paint(themes.Warning, word+" in the agent.")+" q leave   esc stay", w)
}
