package tui

import (
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// question is what a screen keeps asking the agent.
type question struct {
	serial int
	ref    ops.Ref
	at     time.Time // when the root last asked
}

func (q *question) asks() *question { return q }

// asker is a screen that shows one object and asks for it again while it is open.
type asker interface {
	asks() *question
	take(ops.Detail, error)
}

// detail is one object opened: verdict, facts in groups, last lines, changes.
type detail struct {
	th themes.Theme
	question
	d     ops.Detail
	came  bool
	err   error // of the last answer; what came before stays on the screen
	p     picture
	w, h  int
	pager pager
}

func newDetail(th themes.Theme, serial int, ref ops.Ref) *detail {
	return &detail{th: th, question: question{serial: serial, ref: ref}}
}

func (d *detail) SetSize(w, h int) { d.w, d.h = w, h; d.lay() }

func (d *detail) SetBoard(p picture) { d.p = p; d.lay() }

// take is the answer of the agent. One that failed leaves the last good one in
// sight, which then shows its age.
func (d *detail) take(v ops.Detail, err error) {
	d.err = err
	if err == nil {
		d.d, d.came = v, true
	}
	d.lay()
}

// detailFresh is how old an opened object may be and still look good. It is
// asked for again with every new board, so an older one means trouble.
const detailFresh = 90 * time.Second

// fresh reports whether what is shown may look good.
func (d *detail) fresh() bool {
	return d.came && d.err == nil && !d.p.lost && d.p.now.Sub(d.d.At) < detailFresh
}

// lay draws the lines once; scrolling only moves the window.
func (d *detail) lay() {
	if d.w <= 0 {
		return
	}
	d.pager.set(d.lines(), max(0, d.h-1))
}

func (d *detail) lines() []string {
	switch {
	case d.err != nil && !d.came:
		e := ops.AsError(d.err)
		lines := wrapped(d.th, "cannot open it: "+e.What.String(), d.w, 5)
		return append(lines, wrapped(d.th, e.Remedy.String(), d.w, 5)...)
	case !d.came:
		return []string{d.th.Paint(themes.Muted, "asking the agent")}
	}
	var lines []string
	lines = append(lines, d.verdict()...)
	for _, g := range d.d.Groups {
		lines = append(lines, factLines(d.th, g, d.w, judged(d.fresh()))...)
	}
	lines = append(lines, d.changes()...)
	return append(lines, d.lastLines()...)
}

func (d *detail) verdict() []string {
	v := d.d.Verdict
	var lines []string
	if !v.Word.Empty() {
		text := v.Word.String()
		if !d.fresh() {
			text = "was " + text
		}
		word := d.th.Paint(judged(d.fresh())(v.Level), text)
		if !v.Since.IsZero() {
			word += d.th.Paint(themes.Muted, "  for "+report.Age(v.Since, d.p.now))
		}
		lines = append(lines, clip(d.th, word, d.w))
	}
	lines = append(lines, wrapped(d.th, v.Cause.String(), d.w, 3)...)
	if !v.Next.Empty() {
		lines = append(lines, wrapped(d.th, "next: "+v.Next.String(), d.w, 3)...)
	}
	if !d.d.Why.Empty() {
		for _, l := range wrapped(d.th, "not known: "+d.d.Why.String(), d.w, 3) {
			lines = append(lines, d.th.Paint(themes.Unknown, l))
		}
	}
	return lines
}

func (d *detail) heading(s string) []string { return heading(d.th, s, d.w) }

func (d *detail) changes() []string {
	if len(d.d.Changes) == 0 {
		return nil
	}
	lines := d.heading("what changed")
	for _, r := range d.d.Changes {
		line := "  " + d.th.Paint(themes.Muted, fit(d.th, report.Clock(r.At, d.p.now), 7, false)) + r.What.String()
		lines = append(lines, clip(d.th, line, d.w))
	}
	return lines
}

func (d *detail) lastLines() []string {
	if len(d.d.Lines) == 0 {
		return nil
	}
	lines := d.heading("last lines")
	for _, l := range d.d.Lines {
		ink, text := themes.Plain, "  "+report.LogText(l.Text).String()
		if l.Stream == ops.StreamMeta {
			ink = themes.Muted
		} else if said := report.ReadLog(l.Text); said.Word != "" {
			ink = role(said.Tone())
		}
		lines = append(lines, d.th.Paint(ink, clip(d.th, text, d.w)))
	}
	return lines
}

func (d *detail) Key(k press) intent {
	switch {
	case d.pager.key(k.id):
	case k.id == keyLeft:
		return intent{kind: intentBack}
	case k.id == keyShell:
		return intent{kind: intentShell, ref: d.ref}
	case k.id == keyAck:
		return ackMarks(d.p.board, []ops.Ref{d.ref})
	case k.id == keyLogs:
		return intent{kind: intentLogs, ref: d.ref}
	}
	return intent{}
}

func (d *detail) View() []string {
	title := d.d.Title.String()
	if title == "" {
		title = d.ref.Kind.String() + " " + d.ref.ID.String()
	}
	title = d.th.Paint(themes.Title, title)
	if d.came && !d.fresh() {
		title += "  " + d.th.Paint(themes.Unknown, "as of "+report.Age(d.d.At, d.p.now)+" ago, cannot be read now")
	}
	head := sides(d.th, title, d.th.Paint(themes.Muted, d.pager.more(d.th)), d.w)
	return append([]string{head}, d.pager.view()...)
}

func (d *detail) Keys() []keyID {
	if d.ref.Kind == ops.KindContainer {
		return []keyID{keyActions, keyAck, keyLogs, keyShell, keyCopy}
	}
	return []keyID{keyActions, keyLogs, keyCopy}
}

func (d *detail) Scope() scope       { return inText }
func (d *detail) Selected() ops.Ref  { return d.ref }
func (d *detail) Visible() []ops.Ref { return []ops.Ref{d.ref} }
