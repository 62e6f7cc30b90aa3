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
	"opsdeck/tui/keys"
)

// Names of parameters that a form treats in a way of their own.
const (
	paramDuration = "duration" // + and - go through steps
	paramBy       = "by"       // by how much longer: the same
	paramMatchers = "matchers" // each target's own where there are several
)

// Form asks for the parameters of an action and shows what they would do: the
// plan is the agent's and is made again after each change.
type Form struct {
	th      themes.Theme
	info    ops.ActionInfo
	targets []ops.Ref
	about   string // the targets in words
	fields  []paramField
	at      int
	open    time.Time // until then keys are ignored
	Serial  int       // of the plan under way or shown
	plans   []ops.Plan
	left    []LeftOut // what there is no plan for
	err     error
	stale   bool // something changed since it was asked for
	asked   bool // an answer is under way
	going   bool // enter was pressed before the plan came
	pager   draw.Pager
	// Explained stands above the fields: what their user may choose between.
	Explained []string
}

type paramField struct {
	info  ops.ParamInfo
	field entryField
}

// steps reports whether + and - go through durations here.
func (p paramField) steps() bool {
	_, ok := ops.ParseDuration(p.info.Default.String())
	return ok && (p.info.Name.String() == paramDuration || p.info.Name.String() == paramBy)
}

// NewForm returns the form of an action on targets, which about names; given fills
// some of its fields in.
func NewForm(th themes.Theme, info ops.ActionInfo, targets []ops.Ref, about string, given []ops.Param, now time.Time) *Form {
	f := &Form{th: th, info: info, targets: targets, about: about, open: now.Add(grace), stale: true}
	for _, p := range info.Params {
		if p.Name.String() == paramMatchers && len(targets) > 1 {
			continue
		}
		field := newField(th, "")
		field.set(p.Default.String())
		for _, g := range given {
			if g.Name == p.Name {
				field.set(g.Value.String())
			}
		}
		f.fields = append(f.fields, paramField{p, field})
	}
	for i := range f.fields { // what has no value yet is what is waited for
		if f.fields[i].field.value() == "" {
			f.at = i
			break
		}
	}
	f.move(0)
	return f
}

// params are what the fields say now; an empty field is left to the action.
func (f *Form) params() []ops.Param {
	var out []ops.Param
	for i := range f.fields {
		if v := strings.TrimSpace(f.fields[i].field.value()); v != "" {
			out = append(out, ops.Param{Name: f.fields[i].info.Name, Value: ops.Clean(v)})
		}
	}
	return out
}

// Requests ask for what the fields say, of each target.
func (f *Form) Requests() []ops.Request { return Requests(f.info.ID, f.targets, f.params()) }

// Requests asks for one action on each target.
func Requests(action ops.Text, targets []ops.Ref, params []ops.Param) []ops.Request {
	var out []ops.Request
	for _, t := range targets {
		out = append(out, ops.Request{Action: action, Target: t, Params: params})
	}
	return out
}

// Asking says that what the fields say now is being planned, under this serial.
func (f *Form) Asking(serial int) { f.Serial, f.stale, f.asked = serial, false, true }

// Resting says that it will be planned under this serial once the hand rests: an
// answer under way is about what stood there before.
func (f *Form) Resting(serial int) { f.Serial, f.asked = serial, false }

// GoOn remembers that its user wants to go on, and reports whether the fields have
// to be planned first.
func (f *Form) GoOn() (ask bool) {
	f.going = f.asked || f.stale
	return f.stale && !f.asked
}

// Planned are the plans of what the fields say; false: they are not there, or
// cannot be made.
func (f *Form) Planned() (plans []ops.Plan, left []LeftOut, ready bool) {
	return f.plans, f.left, !f.asked && !f.stale && f.err == nil
}

// Take is the agent's answer; it reports whether the form is to go on at once.
func (f *Form) Take(plans []ops.Plan, left []LeftOut, err error) bool {
	f.plans, f.left, f.err = plans, left, err
	f.asked = false
	going := f.going && err == nil
	f.going = false
	return going
}

func (f *Form) move(d int) {
	if n := len(f.fields); n > 0 {
		f.at = (f.at + d + n) % n
	}
	for i := range f.fields {
		f.fields[i].field.focus(i == f.at)
	}
}

func (f *Form) Key(k tea.KeyPressMsg, now time.Time) Outcome {
	name := k.Keystroke()
	switch {
	case name == "esc", name == "ctrl+c":
		return Outcome{Close: true}
	case now.Before(f.open):
		f.open = now.Add(grace)
	case name == "tab", name == "down":
		f.move(1)
	case name == "shift+tab", name == "up":
		f.move(-1)
	case name == "pgup":
		f.pager.Key(keys.PageUp)
	case name == "pgdown":
		f.pager.Key(keys.PageDown)
	case name == "enter":
		return Outcome{Kind: OutcomeGo}
	case len(f.fields) > 0:
		return f.edit(k)
	}
	return Outcome{}
}

func (f *Form) edit(k tea.KeyPressMsg) Outcome {
	p := &f.fields[f.at]
	before := p.field.value()
	if p.steps() && (k.Text == "+" || k.Text == "-") {
		p.field.set(stepped(before, k.Text == "+"))
	} else {
		p.field.key(k)
	}
	return f.edited(before)
}

func (f *Form) edited(before string) Outcome {
	if f.fields[f.at].field.value() == before {
		return Outcome{}
	}
	f.stale, f.going = true, false
	return Outcome{Kind: OutcomePreview}
}

func (f *Form) Paste(s string) {
	if len(f.fields) > 0 {
		f.fields[f.at].field.paste(s)
		f.stale, f.going = true, false
	}
}

// explainedMost is how many lines one explanation takes.
const explainedMost = 2

// View shows the fields, and below them what they would do.
func (f *Form) View(w, h int) []string {
	title := f.info.Verb.String() + " " + f.about
	lines := []string{draw.Clip(f.th, f.th.Paint(themes.Title, title)+"  "+f.th.Paint(themes.Muted, f.info.What.String()), w)}
	for _, e := range f.Explained {
		lines = append(lines, draw.Wrapped(f.th, e, w, explainedMost)...)
	}
	label := 0
	for _, p := range f.fields {
		label = max(label, draw.Width(p.info.Name.String()))
	}
	label = min(label, max(6, w/4))
	for i := range f.fields {
		lines = append(lines, f.fieldLine(i, label, w))
	}
	lines = append(lines, f.th.Paint(themes.Muted, ansiCut(strings.Repeat(f.th.Signs.Rule, w), w)))
	f.pager.Set(f.previewLines(w), max(0, h-len(lines)))
	return append(lines, f.pager.View()...)
}

func (f *Form) fieldLine(i, label, w int) string {
	p, mark := &f.fields[i], "  "
	if i == f.at {
		mark = f.th.Signs.Mark + " "
	}
	name := f.th.Paint(themes.Key, draw.Fit(f.th, p.info.Name.String(), label, false)) + "  "
	value := p.field.view(f.th, w-label-4)
	if hint := p.info.What.String(); p.field.value() == "" && w-label-8 > 10 {
		value += f.th.Paint(themes.Muted, draw.Clip(f.th, "  "+hint, w-label-8))
	}
	return draw.Clip(f.th, mark+name+value, w)
}

func (f *Form) previewLines(w int) []string {
	switch {
	case f.err != nil:
		e := ops.AsError(f.err)
		lines := draw.Labelled(f.th, themes.Critical, e.What.String(), "", w)
		return append(lines, draw.Labelled(f.th, themes.Muted, e.Remedy.String(), "", w)...)
	case len(f.plans) == 0:
		return []string{f.th.Paint(themes.Muted, "asking the agent what this would do")}
	}
	var lines []string
	for _, p := range f.plans {
		// What a parameter changes stands before the calls that do it: on a small
		// screen it has to be in sight while it is typed.
		lines = append(lines, draw.Clip(f.th, f.th.Paint(themes.Title, p.Title.String())+"  "+f.th.Paint(classRole(p.Class), strings.ToUpper(p.Class.String())), w))
		lines = append(lines, mindLines(f.th, p, w)...)
		lines = append(lines, stepLines(f.th, p, w)...)
	}
	lines = append(lines, leftLines(f.th, f.left, w)...)
	if f.stale || f.asked {
		lines[0] = draw.Clip(f.th, f.th.Paint(themes.Unknown, "planning again  ")+lines[0], w)
	}
	return lines
}

func (f *Form) Bottom(w int) string {
	hint := "enter go on   esc leave it"
	if len(f.fields) > 1 {
		hint = "tab next field   " + hint
	}
	if f.at < len(f.fields) && f.fields[f.at].steps() {
		hint = "+ - longer, shorter   " + hint
	}
	if more := f.pager.More(f.th); more != "" {
		hint += "   " + more + " (pgdn)"
	}
	return f.th.Paint(themes.Muted, draw.Clip(f.th, hint, w))
}

// durationSteps are what + and - go through.
func durationSteps() []string { return []string{"15m", "1h", "2h", "4h", "8h", "1d", "3d", "7d"} }

// stepped returns the next step up or down; a duration between two steps goes to
// the nearer one in that direction.
func stepped(now string, up bool) string {
	steps := durationSteps()
	at, ok := ops.ParseDuration(now)
	if !ok {
		return steps[2]
	}
	i, exact := slices.BinarySearchFunc(steps, at, func(s string, at time.Duration) int {
		d, _ := ops.ParseDuration(s)
		return cmp.Compare(d, at)
	})
	switch {
	case !up:
		i--
	case exact:
		i++
	}
	return steps[max(0, min(i, len(steps)-1))]
}
