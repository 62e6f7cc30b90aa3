package tui

import (
	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
)

// record is one entry of the history opened.
type record struct {
	th    themes.Theme
	r     ops.Record
	now   picture
	w, h  int
	pager pager
}

func newRecord(th themes.Theme, r ops.Record) *record { return &record{th: th, r: r} }

func (r *record) SetSize(w, h int)   { r.w, r.h = w, h; r.lay() }
func (r *record) SetBoard(p picture) { r.now = p; r.lay() }

func (r *record) lay() {
	if r.w <= 0 {
		return
	}
	lines := wrapped(r.th, r.r.What.String(), r.w, 6)
	facts := append([]ops.Fact{
		{Name: ops.Lit("at"), Value: ops.Clean(r.r.At.UTC().Format("2006-01-02 15:04:05Z"))},
		{Name: ops.Lit("kind"), Value: ops.Clean(r.r.Kind.String())},
		{Name: ops.Lit("who"), Value: r.r.Actor.Name},
		{Name: ops.Lit("about"), Value: report.RefText(r.r.Ref)},
		{Name: ops.Lit("number"), Value: ops.Textf("%d", r.r.Seq)},
	}, r.r.Facts...)
	lines = append(lines, factLines(r.th, ops.FactGroup{Title: ops.Lit("record"), Facts: facts}, r.w, judged(false))...)
	r.pager.set(lines, r.h)
}

func (r *record) Key(k press) intent {
	switch {
	case r.pager.key(k.id):
	case k.id == keyLeft:
		return intent{kind: intentBack}
	case k.id == keyOpen:
		return intent{kind: intentOpen, ref: r.r.Ref}
	case k.id == keyLogs:
		return intent{kind: intentLogs, ref: r.r.Ref}
	}
	return intent{}
}

func (r *record) View() []string     { return r.pager.view() }
func (r *record) Keys() []keyID      { return []keyID{keyOpen, keyActions, keyCopy} }
func (r *record) Scope() scope       { return inText }
func (r *record) Selected() ops.Ref  { return r.r.Ref }
func (r *record) Visible() []ops.Ref { return nil }
