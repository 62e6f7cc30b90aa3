package tui

import (
	"cmp"
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
	screen.Object
	board ops.Verdict // of a container, as the newest board has it
	gone  time.Time   // since when it is not there any more; zero: it is, as far as is known
}

func newDetail(th themes.Theme, serial int, ref ops.Ref) *detail {
	d := &detail{Object: screen.Object{Theme: th, Question: screen.Question{Serial: serial, Ref: ref}}}
	d.Lines = d.lines
	return d
}

// SetBoard takes a container's verdict from the board, so that advice goes with the
// state. When it is another one the container is asked for anew at once.
func (d *detail) SetBoard(p screen.Picture) {
	if c, _, ok := p.Board.Container(d.Ref); ok {
		if !d.board.Word.Empty() && !reflect.DeepEqual(c.Verdict, d.board) {
			d.At, d.Detail.Verdict = time.Time{}, c.Verdict
		}
		d.board = c.Verdict
	}
	d.Object.SetBoard(p)
}

// Take is the agent's answer. Of what is not there any more, as a session that ended and
// whose pid another one may have by now, it is said since when, and nothing is asked for.
func (d *detail) Take(v ops.Detail, err error) {
	another := d.Came && err == nil && v.Ref.Kind == ops.KindSession && !v.Began.Equal(d.Detail.Began)
	switch {
	case another, d.Came && ops.CodeOf(err) == ops.CodeNotFound:
		d.gone = cmp.Or(d.gone, d.Picture.Now)
		d.Lay()
	default:
		if err == nil {
			d.gone = time.Time{}
		}
		d.Object.Take(v, err)
	}
}

// over says of what is not there any more since when; empty: it is there.
func (d *detail) over() string {
	if d.gone.IsZero() {
		return ""
	}
	how := map[ops.Kind]string{ops.KindSession: "ended", ops.KindPrepared: "was committed or rolled back"}[d.Ref.Kind]
	return "it " + cmp.Or(how, "was gone") + " at " + d.gone.UTC().Format("15:04:05Z") + ": this is how it was"
}

func (d *detail) lines() []string {
	if !d.Came {
		return d.Failed()
	}
	lines := d.verdict()
	ends := d.ended()
	if ends { // why it ends is in its last words: they come before what it is
		lines = append(lines, d.lastLines(max(4, d.Height/2))...)
	}
	for _, g := range d.Detail.Groups {
		lines = append(lines, draw.Facts(d.Theme, g, d.Width, draw.Judged(d.Fresh()))...)
	}
	lines = append(lines, d.changes()...)
	if ends {
		return lines
	}
	return append(lines, d.lastLines(len(d.Detail.Lines))...)
}

// ended reports whether it is a container that does not run, or not for long.
func (d *detail) ended() bool {
	return d.Ref.Kind == ops.KindContainer && d.Detail.Verdict.Level.Bad() && len(d.Detail.Lines) > 0
}

func (d *detail) verdict() []string {
	v := d.Detail.Verdict
	var lines []string
	if !v.Word.Empty() {
		text := v.Word.String()
		if !d.Fresh() || !d.gone.IsZero() {
			text = "was " + text
		}
		word := d.Theme.Paint(draw.Judged(d.Fresh())(v.Level), text)
		if !v.Since.IsZero() {
			word += d.Theme.Paint(themes.Muted, "  "+ops.For(ops.Age(v.Since, d.Picture.Now)))
		}
		lines = append(lines, draw.Clip(d.Theme, word, d.Width))
	}
	lines = append(lines, draw.Wrapped(d.Theme, v.Cause.String(), d.Width, 3)...)
	if !d.gone.IsZero() { // there is nothing to do about it
		return lines
	}
	lines = append(lines, draw.Wrapped(d.Theme, report.Spoken(v.Next, d.Picture.Spoken), d.Width, 3)...)
	if !d.Detail.Why.Empty() {
		for _, l := range draw.Wrapped(d.Theme, "not known: "+d.Detail.Why.String(), d.Width, 3) {
			lines = append(lines, d.Theme.Paint(themes.Unknown, l))
		}
	}
	return lines
}

func (d *detail) changes() []string {
	if len(d.Detail.Changes) == 0 {
		return nil
	}
	lines := draw.Heading(d.Theme, "what changed", d.Width)
	for _, e := range report.HistoryEvents(d.Detail.Changes) {
		line := "  " + d.Theme.Paint(themes.Muted, ops.Moment(e.At, d.Picture.Now)+"  ") + e.Text()
		lines = append(lines, draw.Clip(d.Theme, line, d.Width))
	}
	return lines
}

// lastLines are at most so many.
func (d *detail) lastLines(most int) []string {
	if len(d.Detail.Lines) == 0 {
		return nil
	}
	lines := draw.Heading(d.Theme, "last lines", d.Width)
	for _, l := range d.Detail.Lines[max(0, len(d.Detail.Lines)-most):] {
		ink, text := themes.Plain, "  "+report.LogText(l.Text).String()
		if l.Stream == ops.StreamMeta {
			ink = themes.Muted
		} else if said := report.ReadLog(l.Text); said.Word != "" {
			ink = draw.Role(said.Tone())
		}
		lines = append(lines, d.Theme.Paint(ink, draw.Clip(d.Theme, text, d.Width)))
	}
	return lines
}

func (d *detail) Key(k screen.Press) screen.Intent {
	switch {
	case d.Pager.Key(k.ID):
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	case k.ID == keys.Shell:
		return screen.Intent{Kind: screen.IntentShell, Ref: d.Ref}
	case k.ID == keys.Ack:
		return ackMarks(d.Picture.Board, []ops.Ref{d.Ref})
	case k.ID == keys.Logs:
		return screen.Intent{Kind: screen.IntentLogs, Ref: d.Ref}
	}
	return screen.Intent{}
}

func (d *detail) View() []string {
	title := cmp.Or(d.Detail.Title.String(), d.Ref.Kind.String()+" "+d.Ref.ID.String())
	page := d.Page(title, "")
	if over := d.over(); over != "" {
		page[0] = draw.Clip(d.Theme, d.Theme.Paint(themes.Title, title)+"  "+d.Theme.Paint(themes.Info, over), d.Width)
	}
	return page
}

func (d *detail) Keys() []keys.ID {
	if d.Ref.Kind == ops.KindContainer {
		return []keys.ID{keys.Actions, keys.Ack, keys.Logs, keys.Shell, keys.Copy}
	}
	return []keys.ID{keys.Actions, keys.Logs, keys.Copy}
}

func (d *detail) Scope() keys.Scope { return keys.InText }
