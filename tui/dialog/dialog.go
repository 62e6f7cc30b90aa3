package dialog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
)

// grace is how long a dialog ignores keys after it appeared, and after each key
// it ignored: what was typed ahead comes in one burst, however slow the line.
const grace = 300 * time.Millisecond

// stage is what a dialog asks for now.
type stage uint8

const (
	stageLocked stage = iota // nothing can be answered: production is read-only
	stageReason              // why, in words
	stageName                // the name of the target
	stageYes                 // y
	stageSent                // the answer is under way
)

// Confirm shows exactly what would be done, and asks what the agent asks. Its
// default is no: every key but the right one leaves things as they are.
type Confirm struct {
	th     themes.Theme
	plans  []ops.Plan // shown and started together
	queue  []ops.Plan // asked for after these, one by one
	total  int        // how many there were, for "2 of 3"
	Left   []LeftOut  // what there is no plan for
	Note   string
	Unlock []string // the keys that unlock production
	stage  stage
	open   time.Time // until then keys are ignored
	reason entryField
	name   entryField
	wrong  string
	pager  draw.Pager
	w, h   int
}

// NewConfirm returns the dialog for plans of one action. Plans that ask for a
// typed name are asked for one by one.
func NewConfirm(th themes.Theme, plans []ops.Plan, now time.Time) *Confirm {
	d := &Confirm{th: th, plans: plans, total: len(plans), open: now.Add(grace)}
	for _, p := range plans {
		if !p.Ask.Type.Empty() {
			d.plans, d.queue = plans[:1], plans[1:]
			break
		}
	}
	d.reason, d.name = newField(th, "reason: "), newField(th, "name: ")
	d.stage = d.after(stageLocked)
	if d.asks(func(a ops.Ask) bool { return a.Unlock }) {
		d.stage = stageLocked
	}
	return d
}

// Following returns the dialog for the next plan in the queue, or nil.
func (d *Confirm) Following(now time.Time) Overlay {
	if len(d.queue) == 0 {
		return nil
	}
	next := NewConfirm(d.th, d.queue, now)
	next.total, next.Unlock, next.Left = d.total, d.Unlock, d.Left
	return next
}

func (d *Confirm) asks(what func(ops.Ask) bool) bool {
	for _, p := range d.plans {
		if what(p.Ask) {
			return true
		}
	}
	return false
}

// after returns the next thing to ask for.
func (d *Confirm) after(s stage) stage {
	switch {
	case s < stageReason && d.asks(func(a ops.Ask) bool { return a.Reason }):
		return stageReason
	case s < stageName && !d.plans[0].Ask.Type.Empty():
		return stageName
	case s < stageName:
		return stageYes
	}
	return stageSent
}

// Key answers, scrolls, or leaves. A key inside the grace period is not an
// answer, and starts the period again.
func (d *Confirm) Key(k tea.KeyPressMsg, now time.Time) Outcome {
	name := k.Keystroke()
	if now.Before(d.open) && name != "esc" {
		d.open = now.Add(grace)
		return Outcome{}
	}
	if name == "esc" || name == "ctrl+c" {
		return Outcome{Close: true}
	}
	if d.scrolled(name) {
		return Outcome{}
	}
	switch d.stage {
	case stageReason, stageName:
		return d.typed(k, name, now)
	case stageYes:
		if k.Text == "y" || k.Text == "Y" {
			return d.send()
		}
		return Outcome{Close: k.Text == "n" || k.Text == "N" || k.Text == "q"}
	case stageLocked:
		if slices.Contains(d.Unlock, k.Text) {
			return Outcome{Kind: OutcomeUnlock, Plans: append(slices.Clone(d.plans), d.queue...), Left: d.Left}
		}
		return Outcome{Close: k.Text == "q"}
	}
	return Outcome{}
}

// scrolled moves through a plan that is longer than the screen. Letters belong
// to the answer, so only the keys without letters scroll.
func (d *Confirm) scrolled(name string) bool {
	ids := map[string]keys.ID{"up": keys.Up, "down": keys.Down, "pgup": keys.PageUp, "pgdown": keys.PageDown}
	return d.pager.Key(ids[name])
}

func (d *Confirm) typed(k tea.KeyPressMsg, name string, now time.Time) Outcome {
	field := &d.reason
	if d.stage == stageName {
		field = &d.name
	}
	if name != "enter" {
		field.key(k)
		d.wrong = ""
		return Outcome{}
	}
	switch {
	case d.stage == stageReason && field.value() == "":
		d.wrong = "a reason is needed: it goes into the audit"
	case d.stage == stageName && field.value() != d.plans[0].Ask.Type.String():
		d.wrong = fmt.Sprintf("that is not %q", d.plans[0].Ask.Type)
	default:
		d.stage = d.after(d.stage)
		d.open = now.Add(grace) // the enter may be held down
		if d.stage == stageSent {
			return d.send()
		}
	}
	return Outcome{}
}

func (d *Confirm) send() Outcome {
	d.stage = stageSent
	return Outcome{
		Kind: OutcomeStart, Plans: d.plans, Close: len(d.queue) == 0,
		Answer: ops.Confirmation{
			Yes: true, Typed: ops.Clean(d.name.value()), Reason: ops.Clean(d.reason.value()),
		},
	}
}

// Paste goes into the reason; a name has to be typed, or the question is moot.
func (d *Confirm) Paste(s string) {
	if d.stage == stageReason {
		d.reason.paste(s)
	}
}

// View draws the plan in a width that the eye can follow, and below it, always
// in sight, what is asked.
func (d *Confirm) View(w, h int) []string {
	d.w, d.h = min(w, 100), h
	ask := d.question()
	d.pager.Set(d.planLines(), max(1, h-len(ask)-1))
	lines := d.pager.View()
	lines = lines[:min(len(lines), len(d.pager.Lines))]
	rule := strings.Repeat(d.th.Signs.Rule, d.w)
	if more := d.pager.More(d.th); more != "" {
		rule = more + " (arrows) " + rule
	}
	lines = append(lines, d.th.Paint(themes.Muted, ansiCut(rule, d.w)))
	return append(lines, ask...)
}

func (d *Confirm) Bottom(w int) string {
	return d.th.Paint(themes.Muted, draw.Clip(d.th, "esc leave it as it is", w))
}
