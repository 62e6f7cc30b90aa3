package dialog

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// Menu lists what can be done to a thing. What cannot be done now stays in the
// list with the reason: a missing line would only be looked for elsewhere.
type Menu struct {
	th      themes.Theme
	Serial  int
	targets []ops.Ref
	about   string // the targets in words
	lines   []menuLine
	came    bool
	err     error
	sel     int
	// Spread makes the lines of the actions that came; nil: a line each.
	Spread func([]ops.ActionInfo) []ops.ActionInfo
}

// NewMenu returns a menu that waits for the actions on targets, which about names.
func NewMenu(th themes.Theme, serial int, targets []ops.Ref, about string) *Menu {
	return &Menu{th: th, Serial: serial, targets: targets, about: about}
}

// Take is the agent's answer about some targets; what can run stands first. What is
// about others than the menu stands below and names them.
func (n *Menu) Take(actions []ops.ActionInfo, targets []ops.Ref, about string, err error) {
	own := slices.Equal(targets, n.targets)
	if own {
		n.came, n.err, about = true, err, ""
	}
	if n.Spread != nil {
		actions = n.Spread(actions)
	}
	lines := slices.DeleteFunc(n.lines, func(l menuLine) bool { return (l.about == "") == own })
	for _, a := range actions {
		lines = append(lines, menuLine{a, targets, about})
	}
	slices.SortStableFunc(lines, func(a, b menuLine) int {
		return 2*(boolInt(a.about != "")-boolInt(b.about != "")) + boolInt(!a.Blocked.Empty()) - boolInt(!b.Blocked.Empty())
	})
	n.lines = lines
}

// menuLine is an action and what it is for; about names that where it is not what the
// menu is about.
type menuLine struct {
	ops.ActionInfo
	targets []ops.Ref
	about   string
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (n *Menu) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	switch k.Keystroke() {
	case "esc", "q", "x", "b", "ctrl+c", "left":
		return Outcome{Close: true}
	case "up", "k":
		n.sel = max(0, n.sel-1)
	case "down", "j":
		n.sel = max(0, min(len(n.lines)-1, n.sel+1))
	case "enter", "right":
		return n.choose()
	}
	return Outcome{}
}

func (n *Menu) choose() Outcome {
	if n.sel >= len(n.lines) {
		return Outcome{}
	}
	a := n.lines[n.sel]
	if !a.Blocked.Empty() {
		return Outcome{Kind: OutcomeSay, Text: a.Verb.String() + " cannot run: " + a.Blocked.String()}
	}
	return Outcome{Kind: OutcomePlan, Action: a.ActionInfo, Targets: a.targets}
}

func (n *Menu) Paste(string) {}

func (n *Menu) View(w, h int) []string {
	lines := []string{n.th.Paint(themes.Title, draw.Clip(n.th, "what to do with "+n.about, w)), ""}
	switch {
	case n.err != nil:
		return append(lines, draw.Wrapped(n.th, n.err.Error(), w, h-2)...)
	case !n.came:
		return append(lines, n.th.Paint(themes.Muted, "  asking the agent"))
	case len(n.lines) == 0:
		return append(lines, n.th.Paint(themes.Muted, draw.Clip(n.th, "  nothing: there is no action for this kind of thing", w)))
	}
	verbs := 0
	for _, a := range n.lines {
		verbs = max(verbs, draw.Width(a.Verb.String()))
	}
	verbs = min(verbs, 20)
	from := max(0, n.sel-(h-3))
	for i := from; i < len(n.lines) && len(lines) < h; i++ {
		lines = append(lines, n.line(n.lines[i], i == n.sel, verbs, w))
	}
	return lines
}

func (n *Menu) line(a menuLine, selected bool, verbs, w int) string {
	mark, ink, what := "  ", themes.Plain, a.What.String()
	if a.about != "" {
		what = a.about + ": " + what
	}
	if selected {
		mark, ink = n.th.Signs.Mark+" ", themes.Selection
	}
	class := draw.Fit(n.th, a.Class.String(), len("destructive"), false)
	tail := n.th.Paint(classRole(a.Class), class) + "  " + what
	if !a.Blocked.Empty() {
		tail = n.th.Paint(themes.Muted, class+"  blocked: "+a.Blocked.String())
	}
	verb := draw.Clip(n.th, a.Verb.String(), verbs)
	return draw.Clip(n.th, mark+n.th.Paint(ink, verb)+draw.Spaces(verbs-draw.Width(verb)+2)+tail, w)
}

func classRole(c ops.Class) themes.Role {
	switch c {
	case ops.ClassDestructive:
		return themes.Critical
	case ops.ClassDisruptive:
		return themes.Warning
	}
	return themes.Info
}

func (n *Menu) Bottom(w int) string {
	return n.th.Paint(themes.Muted, draw.Clip(n.th, "enter shows the plan; nothing runs yet   esc back", w))
}

// Pending stands where an answer of the agent is awaited, and takes the keys
// that were typed ahead for what comes next.
type Pending struct {
	th     themes.Theme
	Serial int
	what   string
}

// NewPending waits for the answer to a serial, and says for what.
func NewPending(th themes.Theme, serial int, what string) *Pending {
	return &Pending{th: th, Serial: serial, what: what}
}

func (p *Pending) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	return Outcome{Close: k.Keystroke() == "esc" || k.Keystroke() == "q"}
}
func (p *Pending) Paste(string) {}
func (p *Pending) View(w, _ int) []string {
	return []string{"", "  " + p.th.Paint(themes.Muted, draw.Clip(p.th, p.what, w-2))}
}
func (p *Pending) Bottom(int) string { return p.th.Paint(themes.Muted, "esc leave it") }
