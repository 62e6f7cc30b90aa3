package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// menu lists what can be done to a thing. What cannot be done now stays in the
// list with the reason: a missing line would only be looked for elsewhere.
type menu struct {
	th      themes.Theme
	serial  int
	targets []ops.Ref
	about   string // the targets in words
	actions []ops.ActionInfo
	came    bool
	err     error
	sel     int
}

func newMenu(th themes.Theme, serial int, targets []ops.Ref, about string) *menu {
	return &menu{th: th, serial: serial, targets: targets, about: about}
}

// take is the agent's answer; what can run stands first.
func (n *menu) take(actions []ops.ActionInfo, err error) {
	n.came, n.err = true, err
	n.actions = slices.Clone(actions)
	slices.SortStableFunc(n.actions, func(a, b ops.ActionInfo) int {
		return boolInt(!a.Blocked.Empty()) - boolInt(!b.Blocked.Empty())
	})
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (n *menu) Key(k tea.KeyPressMsg, _ time.Time) outcome {
	switch k.Keystroke() {
	case "esc", "q", "x", "ctrl+c", "left":
		return outcome{close: true}
	case "up", "k":
		n.sel = max(0, n.sel-1)
	case "down", "j":
		n.sel = max(0, min(len(n.actions)-1, n.sel+1))
	case "enter", "right":
		return n.choose()
	}
	return outcome{}
}

func (n *menu) choose() outcome {
	if n.sel >= len(n.actions) {
		return outcome{}
	}
	a := n.actions[n.sel]
	if !a.Blocked.Empty() {
		return outcome{kind: outcomeSay, text: a.Verb.String() + " cannot run: " + a.Blocked.String()}
	}
	return outcome{kind: outcomePlan, action: a, targets: n.targets}
}

func (n *menu) Paste(string) {}

func (n *menu) View(w, h int) []string {
	lines := []string{n.th.Paint(themes.Title, draw.Clip(n.th, "what to do with "+n.about, w)), ""}
	switch {
	case n.err != nil:
		return append(lines, draw.Wrapped(n.th, n.err.Error(), w, h-2)...)
	case !n.came:
		return append(lines, n.th.Paint(themes.Muted, "  asking the agent"))
	case len(n.actions) == 0:
		return append(lines, n.th.Paint(themes.Muted, draw.Clip(n.th, "  nothing: there is no action for this kind of thing", w)))
	}
	verbs := 0
	for _, a := range n.actions {
		verbs = max(verbs, draw.Width(a.Verb.String()))
	}
	verbs = min(verbs, 20)
	from := max(0, n.sel-(h-3))
	for i := from; i < len(n.actions) && len(lines) < h; i++ {
		lines = append(lines, n.line(n.actions[i], i == n.sel, verbs, w))
	}
	return lines
}

func (n *menu) line(a ops.ActionInfo, selected bool, verbs, w int) string {
	mark, ink, what := "  ", themes.Plain, a.What.String()
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

func (n *menu) Bottom(w int) string {
	return n.th.Paint(themes.Muted, draw.Clip(n.th, "enter shows the plan; nothing runs yet   esc back", w))
}

// pending stands where an answer of the agent is awaited, and takes the keys
// that were typed ahead for what comes next.
type pending struct {
	th     themes.Theme
	serial int
	what   string
}

func newPending(th themes.Theme, serial int, what string) *pending {
	return &pending{th: th, serial: serial, what: what}
}

func (p *pending) Key(k tea.KeyPressMsg, _ time.Time) outcome {
	return outcome{close: k.Keystroke() == "esc"}
}
func (p *pending) Paste(string) {}
func (p *pending) View(w, _ int) []string {
	return []string{"", "  " + p.th.Paint(themes.Muted, draw.Clip(p.th, p.what, w-2))}
}
func (p *pending) Bottom(int) string { return p.th.Paint(themes.Muted, "esc leave it") }
