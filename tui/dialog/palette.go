package dialog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// Palette finds a pane, an action or an object by a few of its letters.
type Palette struct {
	th      themes.Theme
	Serial  int
	targets []ops.Ref
	about   string // the targets in words
	field   entryField
	items   []Item // what is there from the beginning
	own     []Item // what can be done to targets
	general []Item // what can be done to the estate
	estates []Item // other estates
	found   []Item
	sel     int
}

// Item is one thing the palette can find.
type Item struct {
	Label, Kind string
	blocked     string
	Do          Outcome
}

// NewPalette finds among items; targets are the selected things and about names
// them.
func NewPalette(th themes.Theme, serial int, targets []ops.Ref, about string, items []Item) *Palette {
	p := &Palette{th: th, Serial: serial, field: newField(th, ":"), targets: targets, about: about, items: items}
	p.search()
	return p
}

// Opens is an object that the palette can find, by a name that its users know.
func Opens(label string, ref ops.Ref) Item {
	return Item{Label: label, Kind: ref.Kind.String(), Do: Outcome{Kind: OutcomeOpen, Ref: ref, Close: true}}
}

// AddActions puts what can be done to the selected thing and to the estate among
// the rest.
func (p *Palette) AddActions(actions []ops.ActionInfo, targets []ops.Ref) {
	about, into := p.about, &p.own
	if targets[0].Kind == ops.KindEstate {
		about, into = "for the estate", &p.general
	}
	for _, a := range actions {
		*into = append(*into, Item{
			Label: a.Verb.String() + " " + about, Kind: "action", blocked: a.Blocked.String(),
			Do: Outcome{Kind: OutcomePlan, Action: a, Targets: targets},
		})
	}
	p.search()
}

// AddEstates puts the estates there are among the rest.
func (p *Palette) AddEstates(choices []Choice) {
	for _, c := range choices {
		p.estates = append(p.estates, Item{Label: "estate " + c.words(), Kind: "estate", Do: Outcome{Kind: OutcomeEstate, Choice: c, Close: true}})
	}
	p.search()
}

func (p *Palette) Key(k tea.KeyPressMsg, _ time.Time) Outcome {
	switch k.Keystroke() {
	case "esc", "ctrl+c":
		return Outcome{Close: true}
	case "up", "ctrl+p":
		p.sel = max(0, p.sel-1)
	case "down", "ctrl+n", "tab":
		p.sel = max(0, min(len(p.found)-1, p.sel+1))
	case "enter":
		if p.sel >= len(p.found) {
			return Outcome{}
		}
		if it := p.found[p.sel]; it.blocked != "" {
			return Outcome{Kind: OutcomeSay, Text: it.Label + " cannot run: " + it.blocked}
		}
		return p.found[p.sel].Do
	default:
		p.field.key(k)
		p.sel = 0
		p.search()
	}
	return Outcome{}
}

func (p *Palette) Paste(s string) { p.field.paste(s); p.search() }

// search keeps what holds the typed letters in order, the tightest match first. In
// which order the agent's answers came makes no difference.
func (p *Palette) search() {
	type hit struct {
		Item
		score int
	}
	var hits []hit
	for _, it := range slices.Concat(p.items, p.own, p.general, p.estates) {
		if s, ok := fuzzy(it.Label+" "+it.Kind, p.field.value()); ok {
			hits = append(hits, hit{it, s})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.score, b.score) })
	p.found = p.found[:0]
	for _, h := range hits {
		p.found = append(p.found, h.Item)
	}
	p.sel = max(0, min(p.sel, len(p.found)-1))
}

// fuzzy reports whether the letters of want occur in s in order, and how far
// apart they stand: 0 is a word's beginning without gaps.
func fuzzy(s, want string) (int, bool) {
	s, want = strings.ToLower(s), strings.ToLower(strings.ReplaceAll(want, " ", ""))
	if i := strings.Index(s, want); i >= 0 {
		return min(i, 9), true
	}
	score, at := 10, 0
	for _, r := range want {
		i := strings.IndexRune(s[at:], r)
		if i < 0 {
			return 0, false
		}
		score += i
		at += i + len(string(r))
	}
	return score, true
}

func (p *Palette) View(w, h int) []string {
	var lines []string
	from := max(0, p.sel-(h-1))
	for i := from; i < len(p.found) && len(lines) < h; i++ {
		it, mark, ink := p.found[i], "  ", themes.Plain
		if i == p.sel {
			mark, ink = p.th.Signs.Mark+" ", themes.Selection
		}
		line := p.th.Paint(themes.Muted, draw.Fit(p.th, it.Kind, 10, false)) + p.th.Paint(ink, it.Label)
		if it.blocked != "" {
			line += p.th.Paint(themes.Muted, "  blocked: "+it.blocked)
		}
		lines = append(lines, draw.Clip(p.th, mark+line, w))
	}
	if len(p.found) == 0 {
		lines = []string{p.th.Paint(themes.Muted, "  nothing matches")}
	}
	return lines
}

func (p *Palette) Bottom(w int) string { return p.field.view(p.th, w) }

// Choice is an estate that the console can change to.
type Choice struct {
	Name  string // empty: what the host has
	Where string // the host over ssh; empty: this machine
}

// words name a choice as the palette does.
func (c Choice) words() string {
	switch {
	case c.Where == "":
		return c.Name
	case c.Name == "":
		return "on " + c.Where
	}
	return c.Name + " on " + c.Where
}
