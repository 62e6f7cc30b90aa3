package screen

import (
	"time"

	"opsdeck/ops"
	"opsdeck/themes"
	"opsdeck/tui/draw"
)

// Object is what the screens of one object opened are made of: what the agent said of
// it, how good that still is, and lines to scroll through. A screen embeds it, sets
// Lines, and adds its keys and what stands above them.
type Object struct {
	Theme themes.Theme
	Question
	Detail        ops.Detail
	Came          bool  // there is a Detail
	Err           error // of the last answer; what came before stays on the screen
	Picture       Picture
	Width, Height int
	Pager         draw.Pager
	Lines         func() []string // draws it, in Width
}

// SetSize takes the rectangle.
func (o *Object) SetSize(w, h int) { o.Width, o.Height = w, h; o.Lay() }

// SetBoard takes the picture that the object is a part of.
func (o *Object) SetBoard(p Picture) { o.Picture = p; o.Lay() }

// Take is the agent's answer. One that failed leaves the last good one in sight,
// which then shows its age.
func (o *Object) Take(d ops.Detail, err error) {
	if o.Err = err; err == nil {
		o.Detail, o.Came = d, true
	}
	o.Lay()
}

// Lay draws the lines once; scrolling only moves the window.
func (o *Object) Lay() {
	if o.Width > 0 {
		o.Pager.Set(o.Lines(), max(0, o.Height-1))
	}
}

// Fresh reports whether what is shown may look good.
func (o *Object) Fresh() bool {
	return o.Came && o.Err == nil && !o.Picture.Lost && o.Picture.Now.Sub(o.Detail.At) <= fresh
}

// Page is the screen: what it is, with what is wrong with it, else with what may be
// known beside, and the lines in sight.
func (o *Object) Page(what, beside string) []string {
	left := o.Theme.Paint(themes.Title, what)
	switch {
	case !o.Came && o.Err == nil:
		left += "  " + o.Theme.Paint(themes.Muted, "asking the agent")
	case o.Came && !o.Fresh():
		left += "  " + o.Theme.Paint(themes.Unknown, "as of "+ops.Ago(o.Detail.At, o.Picture.Now)+", cannot be read now")
	case o.Came && beside != "":
		left += "  " + o.Theme.Paint(themes.Info, beside)
	}
	head := draw.Sides(o.Theme, left, o.Theme.Paint(themes.Muted, o.Pager.More(o.Theme)), o.Width)
	return append([]string{head}, o.Pager.View()...)
}

// Failed is what stands where the agent had nothing to say.
func (o *Object) Failed() []string {
	if o.Err == nil {
		return nil
	}
	e := ops.AsError(o.Err)
	lines := draw.Labelled(o.Theme, themes.Unknown, "not known: "+e.What.String(), "", o.Width)
	return append(lines, draw.Labelled(o.Theme, themes.Muted, e.Remedy.String(), "", o.Width)...)
}

// Selected and Visible are the object.
func (o *Object) Selected() ops.Ref  { return o.Ref }
func (o *Object) Visible() []ops.Ref { return []ops.Ref{o.Ref} }

// Question is what a screen keeps asking the agent.
type Question struct {
	Serial int
	Ref    ops.Ref
	At     time.Time // when the root last asked
}

// Asks makes whatever embeds a question an Asker, but for its answer.
func (q *Question) Asks() *Question { return q }

// Asker is a screen that shows one object and asks for it again while it is open.
type Asker interface {
	Asks() *Question
	Take(ops.Detail, error)
}

// fresh is how old an opened object may be and still look good. It is asked for again
// with every new board, so an older one means trouble.
const fresh = 90 * time.Second
