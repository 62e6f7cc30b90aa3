package tui

import (
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/draw"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
	"opsdeck/tui/table"
)

// overview answers, without a key, whether anything is wrong, since when, and
// what to do next. Every line opens what it is about.
type overview struct {
	table.Pane
	verdict report.Cell
	welcome []string
	looked  time.Time
	opened  time.Time    // when this console began
	past    []ops.Record // since looked, where that is longer ago than the board holds
	pastErr error
	all     bool             // every cause, however many
	open    map[ops.Ref]bool // causes whose parts are rows, too
}

// overviewPane is the Overview's row in the table of panes.
func overviewPane() pane {
	return pane{digit: 1, name: "overview", title: "Overview", make: func(o Options, now time.Time) screen.Screen {
		return newOverview(o.Theme, o.Welcome, o.LastLooked, now)
	}}
}

func newOverview(th themes.Theme, welcome []string, looked, now time.Time) *overview {
	o := &overview{Pane: table.New(th), welcome: welcome, looked: looked, opened: now, open: map[ops.Ref]bool{}}
	o.Leads, o.OneOnly = wideLeads, true
	return o
}

func (o *overview) SetSize(w, h int) {
	again := h != o.Height
	o.Width, o.Height = w, h
	o.Head = len(o.top())
	o.Fit()
	if again { // how many findings are rows depends on the height
		o.lay()
	}
}

func (o *overview) SetBoard(p screen.Picture) { o.Picture = p; o.lay() }

func (o *overview) lay() {
	shown := report.Shown{Causes: max(4, o.Height/2-2), Folded: func(cause ops.Ref) bool { return !o.open[cause] }}
	if o.all {
		shown.Causes = 0
	}
	o.verdict = report.Verdict(o.Picture.Board, o.Picture.Now)
	o.Head = len(o.top())
	o.Show(report.Overview(o.Picture.Board, o.Picture.Now, shown))
}

// wideLeads keeps every line for rows where there are few.
func wideLeads(h int) int {
	if h >= 14 {
		return 2
	}
	return 0
}

// top is the verdict, and what happened since this user last looked.
func (o *overview) top() []string {
	lines := []string{draw.Clip(o.Theme, o.Theme.Paint(draw.Role(o.verdict.Tone), o.verdict.Text), o.Width)}
	if n, ok := o.since(); ok {
		lines = append(lines, o.Theme.Paint(themes.Muted, draw.Clip(o.Theme, n, o.Width)))
	}
	return lines
}

// since says what changed after the last look. The board holds one hour; beyond
// that the history is asked, once.
func (o *overview) since() (string, bool) {
	if o.looked.IsZero() || o.Height < 14 || o.Picture.Board.Estate.Agent.Kind == ops.AgentLocal {
		return "", false
	}
	lead := "since you last looked " + ops.Ago(o.looked, o.Picture.Now) + ": "
	var recs []ops.Record
	for _, r := range o.Picture.Board.Changes {
		if r.At.After(o.looked) {
			recs = append(recs, r)
		}
	}
	if o.opened.Sub(o.looked) <= time.Hour {
		return lead + report.Changed(recs), true
	}
	switch {
	case o.pastErr != nil:
		return lead + "not known, " + o.pastErr.Error(), true
	case o.past == nil:
		return lead + "asking the history", true
	}
	newest := uint64(0)
	for _, r := range o.past {
		newest = max(newest, r.Seq)
	}
	recs = slices.DeleteFunc(recs, func(r ops.Record) bool { return r.Seq <= newest })
	words := report.Changed(append(recs, o.past...))
	if len(o.past) == sinceMost {
		words = "more than " + fmt.Sprint(sinceMost) + " records; of the last ones " + words
	}
	return lead + words, true
}

// sinceMost is how many records are read for what happened since the last look.
const sinceMost = 1000

// heard takes the history since the last look.
func (o *overview) heard(recs []ops.Record, err error) {
	o.past, o.pastErr = recs, err
	if o.past == nil {
		o.past = []ops.Record{}
	}
}

func (o *overview) Key(k screen.Press) screen.Intent {
	if o.Move(k.ID) {
		return screen.Intent{}
	}
	r, ok := o.Row()
	switch {
	case !ok:
	case k.ID == keys.Open && r.Ref.Zero():
		o.all = !o.all // the only line without an object that opens: "n more findings"
		o.lay()
	case k.ID == keys.Right && report.Makes(o.Picture.Board, r.Ref) && !o.open[r.Ref], k.ID == keys.Left && o.open[r.Ref]:
		o.open[r.Ref] = k.ID == keys.Right
		o.lay()
	case k.ID == keys.Open || k.ID == keys.Right:
		return screen.Intent{Kind: screen.IntentOpen, Ref: r.Ref}
	case k.ID == keys.Ack:
		return ackFinding(o.Picture.Board, r)
	case k.ID == keys.Logs:
		return screen.Intent{Kind: screen.IntentLogs, Ref: r.Ref}
	}
	return screen.Intent{}
}

func (o *overview) View() []string {
	if len(o.Picture.Board.Sources) == 0 {
		return o.first()
	}
	return o.Draw(o.top()...)
}

// first is the screen of somebody who has no estate yet.
func (o *overview) first() []string {
	lines := []string{o.Theme.Paint(themes.Title, "No sources: there is nothing to look after yet."), ""}
	if len(o.welcome) == 0 {
		lines = append(lines, "  opsdeck init    looks around on this machine and writes a first estate file")
	}
	for _, s := range o.welcome {
		lines = append(lines, draw.Wrapped(o.Theme, s, o.Width, 4)...)
		if s == "" {
			lines = append(lines, "")
		}
	}
	for i := range lines {
		lines[i] = draw.Clip(o.Theme, lines[i], o.Width)
	}
	return lines
}

func (o *overview) Keys() []keys.ID {
	ids := []keys.ID{keys.Open, keys.Actions, keys.Ack, keys.Logs, keys.Filter}
	if report.Makes(o.Picture.Board, o.Selected()) {
		ids = slices.Insert(ids, 1, keys.Right)
	}
	return ids
}
