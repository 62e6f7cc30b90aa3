package tui

import (
	"reflect"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// detail is one object opened: verdict, facts in groups, last lines, changes.
type detail struct {
	th themes.Theme
	screen.Question
	d     ops.Detail
	came  bool
	err   error // of the last answer; what came before stays on the screen
	p     screen.Picture
	board ops.Verdict // of a container, as the newest board has it
	w, h  int
	pager draw.Pager
}

func newDetail(th themes.Theme, serial int, ref ops.Ref) *detail {
	return &detail{th: th, Question: screen.Question{Serial: serial, Ref: ref}}
}

func (d *detail) SetSize(w, h int) { d.w, d.h = w, h; d.lay() }

// SetBoard takes a container's verdict from the board, so that advice goes with the
// state. When it is another one the container is asked for anew at once.
func (d *detail) SetBoard(p screen.Picture) {
	d.p = p
	for c := range ops.All(p.Board.Containers) {
		if c.Ref != d.Ref {
			continue
		}
		if !d.board.Word.Empty() && !reflect.DeepEqual(c.Verdict, d.board) {
			d.At, d.d.Verdict = time.Time{}, c.Verdict
		}
		d.board = c.Verdict
	}
	d.lay()
}

// take is the answer of the agent. One that failed leaves the last good one in
// sight, which then shows its age.
func (d *detail) Take(v ops.Detail, err error) {
	d.err = err
	if err == nil {
		d.d, d.came = v, true
	}
	d.lay()
}

// fresh reports whether what is shown may look good.
func (d *detail) fresh() bool {
	return d.came && d.err == nil && !d.p.Lost && d.p.Now.Sub(d.d.At) < screen.Fresh
}

// lay draws the lines once; scrolling only moves the window.
func (d *detail) lay() {
	if d.w <= 0 {
		return
	}
	d.pager.Set(d.lines(), max(0, d.h-1))
}

func (d *detail) lines() []string {
	switch {
	case d.err != nil && !d.came:
		e := ops.AsError(d.err)
		lines := draw.Wrapped(d.th, "cannot open it: "+e.What.String(), d.w, 5)
		return append(lines, draw.Wrapped(d.th, e.Remedy.String(), d.w, 5)...)
	case !d.came:
		return []string{d.th.Paint(themes.Muted, "asking the agent")}
	}
	var lines []string
	lines = append(lines, d.verdict()...)
	for _, g := range d.d.Groups {
		lines = append(lines, draw.Facts(d.th, g, d.w, draw.Judged(d.fresh()))...)
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
		word := d.th.Paint(draw.Judged(d.fresh())(v.Level), text)
		if !v.Since.IsZero() {
			word += d.th.Paint(themes.Muted, "  for "+report.Age(v.Since, d.p.Now))
		}
		lines = append(lines, draw.Clip(d.th, word, d.w))
	}
	lines = append(lines, draw.Wrapped(d.th, v.Cause.String(), d.w, 3)...)
	lines = append(lines, draw.Wrapped(d.th, report.Spoken(v.Next, d.p.Spoken), d.w, 3)...)
	if !d.d.Why.Empty() {
		for _, l := range draw.Wrapped(d.th, "not known: "+d.d.Why.String(), d.w, 3) {
			lines = append(lines, d.th.Paint(themes.Unknown, l))
		}
	}
	return lines
}

func (d *detail) heading(s string) []string { return draw.Heading(d.th, s, d.w) }

func (d *detail) changes() []string {
	if len(d.d.Changes) == 0 {
		return nil
	}
	lines := d.heading("what changed")
	for _, e := range report.HistoryEvents(d.d.Changes) {
		line := "  " + d.th.Paint(themes.Muted, report.Moment(e.At, d.p.Now)+"  ") + e.Text()
		lines = append(lines, draw.Clip(d.th, line, d.w))
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
			ink = draw.Role(said.Tone())
		}
		lines = append(lines, d.th.Paint(ink, draw.Clip(d.th, text, d.w)))
	}
	return lines
}

func (d *detail) Key(k screen.Press) screen.Intent {
	switch {
	case d.pager.Key(k.ID):
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	case k.ID == keys.Shell:
		return screen.Intent{Kind: screen.IntentShell, Ref: d.Ref}
	case k.ID == keys.Ack:
		return ackMarks(d.p.Board, []ops.Ref{d.Ref})
	case k.ID == keys.Logs:
		return screen.Intent{Kind: screen.IntentLogs, Ref: d.Ref}
	}
	return screen.Intent{}
}

func (d *detail) View() []string {
	title := d.d.Title.String()
	if title == "" {
		title = d.Ref.Kind.String() + " " + d.Ref.ID.String()
	}
	title = d.th.Paint(themes.Title, title)
	if d.came && !d.fresh() {
		title += "  " + d.th.Paint(themes.Unknown, "as of "+report.Age(d.d.At, d.p.Now)+" ago, cannot be read now")
	}
	head := draw.Sides(d.th, title, d.th.Paint(themes.Muted, d.pager.More(d.th)), d.w)
	return append([]string{head}, d.pager.View()...)
}

func (d *detail) Keys() []keys.ID {
	if d.Ref.Kind == ops.KindContainer {
		return []keys.ID{keys.Actions, keys.Ack, keys.Logs, keys.Shell, keys.Copy}
	}
	return []keys.ID{keys.Actions, keys.Logs, keys.Copy}
}

func (d *detail) Scope() keys.Scope  { return keys.InText }
func (d *detail) Selected() ops.Ref  { return d.Ref }
func (d *detail) Visible() []ops.Ref { return []ops.Ref{d.Ref} }
