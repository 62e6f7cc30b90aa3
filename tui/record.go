package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
)

// record is an event of the history opened: the record of when it happened last, and
// when it happened before.
type record struct {
	th    themes.Theme
	r     report.Event
	now   screen.Picture
	w, h  int
	pager draw.Pager
}

func newRecord(th themes.Theme, r report.Event) *record { return &record{th: th, r: r} }

func (r *record) SetSize(w, h int)          { r.w, r.h = w, h; r.lay() }
func (r *record) SetBoard(p screen.Picture) { r.now = p; r.lay() }

func (r *record) lay() {
	if r.w <= 0 {
		return
	}
	lines := draw.Wrapped(r.th, r.r.Text(), r.w, 6)
	facts := append([]ops.Fact{
		{Name: ops.Lit("at"), Value: ops.Clean(ops.Stamp(r.r.At))},
		{Name: ops.Lit("kind"), Value: ops.Clean(r.r.Kind.String())},
		{Name: ops.Lit("who"), Value: r.r.Actor.Name},
		{Name: ops.Lit("about"), Value: report.RefText(r.r.Ref)},
		{Name: ops.Lit("number"), Value: ops.Textf("%d", r.r.Seq)},
	}, r.r.Told()...)
	lines = append(lines, draw.Facts(r.th, ops.FactGroup{Title: ops.Lit("record"), Facts: facts}, r.w, draw.Judged(false))...)
	if len(r.r.All) > 1 {
		lines = append(lines, draw.Facts(r.th, r.times(), r.w, draw.Judged(false))...)
	}
	r.pager.Set(lines, r.h)
}

// times are all the records behind the event, the newest first.
func (r *record) times() ops.FactGroup {
	g := ops.FactGroup{Title: ops.Lit("every time")}
	for _, one := range r.r.All {
		said := one.What.String()
		for _, f := range one.Facts {
			said += "  " + f.Value.String()
		}
		g.Facts = append(g.Facts, ops.Fact{Name: ops.Clean(one.At.UTC().Format("2006-01-02 15:04:05Z")), Value: ops.Clean(said)})
	}
	return g
}

func (r *record) Key(k screen.Press) screen.Intent {
	switch {
	case r.pager.Key(k.ID):
	case k.ID == keys.Left:
		return screen.Intent{Kind: screen.IntentLeave}
	case k.ID == keys.Open:
		return screen.Intent{Kind: screen.IntentOpen, Ref: r.r.Ref}
	case k.ID == keys.Logs:
		return screen.Intent{Kind: screen.IntentLogs, Ref: r.r.Ref}
	}
	return screen.Intent{}
}

func (r *record) View() []string     { return r.pager.View() }
func (r *record) Keys() []keys.ID    { return []keys.ID{keys.Open, keys.Actions, keys.Copy} }
func (r *record) Scope() keys.Scope  { return keys.InText }
func (r *record) Selected() ops.Ref  { return r.r.Ref }
func (r *record) Visible() []ops.Ref { return nil }
