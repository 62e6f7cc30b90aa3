package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report"
	"opsdeck/themes"
	"opsdeck/tui/keys"
	"opsdeck/tui/screen"
	"opsdeck/tui/table"
)

// historyPage is how many records one page asks for.
const historyPage = 200

// history is the time line of everything, newest first. Older pages are asked
// for as the reader comes near the end of what is there.
type history struct {
	table.Pane
	records []ops.Record
	events  []report.Event // what the rows tell: the records, folded
	ended   bool           // there is nothing older
	serial  int            // of the page under way; 0: none
	err     error
}

// historyPane is the pane's row in the table of panes.
func historyPane() pane {
	return pane{
		digit: 0, name: "history", title: "History",
		make: func(o Options, _ time.Time) screen.Screen { return newHistory(o.Theme) },
		open: map[ops.Kind]func(*Model, ops.Ref) tea.Cmd{
			ops.KindJob: (*Model).openJob,
		},
	}
}

func newHistory(th themes.Theme) *history {
	h := &history{Pane: table.New(th)}
	h.Leads, h.OneOnly = nil, true // a row is the whole record
	return h
}

func (h *history) SetBoard(p screen.Picture) { h.Picture = p; h.lay() }

// gather takes what is new from the board's last hour, so that the time line
// grows at its head without asking.
func (h *history) gather(p screen.Picture) {
	newest := uint64(0)
	if len(h.records) > 0 {
		newest = h.records[0].Seq
		var fresh []ops.Record
		for _, r := range p.Board.Changes {
			if r.Seq > newest {
				fresh = append(fresh, r)
			}
		}
		slices.SortFunc(fresh, func(a, b ops.Record) int { return int(int64(b.Seq) - int64(a.Seq)) })
		h.records = append(fresh, h.records...)
	}
}

func (h *history) lay() {
	h.events = report.HistoryEvents(h.records)
	t := report.TimeLine(h.events, h.Picture.Now)
	switch {
	case h.err != nil:
		t.Note = "history unknown: " + h.err.Error()
	case h.Picture.Known && h.Picture.Board.Estate.Agent.Kind == ops.AgentLocal:
		t.Note = report.NoAgent + ": only an agent keeps a history"
	case h.serial != 0:
		t.Note = "reading the history"
	}
	// Two events may be about one thing: the row's Ref is made its own, so that the
	// selection stays on one of them, also when it happens again.
	for i, e := range h.events {
		t.Rows[i].Ref = recordRef(e.All[len(e.All)-1])
	}
	h.Show(t)
}

func recordRef(r ops.Record) ops.Ref {
	return ops.Ref{Kind: ops.KindAudit, ID: ops.Textf("%d", r.Seq)}
}

func (h *history) empty() bool { return len(h.records) == 0 && h.serial == 0 }

// next returns the page to ask for, and whether one is wanted now.
func (h *history) next() (ops.Query, bool) {
	if h.serial != 0 || h.ended && len(h.records) > 0 {
		return ops.Query{}, false
	}
	q := ops.Query{Limit: historyPage}
	if n := len(h.records); n > 0 {
		q.Before = h.records[n-1].Seq
	}
	return q, true
}

func (h *history) asked(serial int) { h.serial, h.err = serial, nil; h.lay() }

// take adds a page that was asked for; an answer to an older question is dropped.
func (h *history) take(msg historyMsg) {
	if msg.serial != h.serial {
		return
	}
	h.serial, h.err = 0, msg.err
	if msg.err == nil {
		h.records = append(h.records, msg.records...)
		h.ended = len(msg.records) < historyPage
	}
	h.lay()
}

func (h *history) Key(k screen.Press) screen.Intent {
	if h.Move(k.ID) {
		if h.NearEnd() && !h.ended {
			return screen.Intent{Kind: screen.IntentMore}
		}
		return screen.Intent{}
	}
	if e, ok := h.event(); ok {
		switch k.ID {
		case keys.Open, keys.Right:
			if e.Job != 0 {
				return screen.Intent{Kind: screen.IntentOpen, Ref: report.JobRef(e.Job)}
			}
			if k.ID == keys.Open && e.Times == 1 && there(h.Picture.Board, e.Record) {
				return screen.Intent{Kind: screen.IntentOpen, Ref: e.Ref}
			}
			return screen.Intent{Kind: screen.IntentRecord, Event: e}
		case keys.Logs:
			return screen.Intent{Kind: screen.IntentLogs, Ref: h.Selected()}
		}
	}
	return screen.Intent{}
}

// there reports whether what an event happened to is still on the board: that is
// opened, and the record itself where it is gone or somebody's word.
func there(b ops.Board, r ops.Record) bool {
	switch r.Kind {
	case ops.RecordContainer:
		for c := range ops.All(b.Containers) {
			if c.Ref == r.Ref {
				return true
			}
		}
	case ops.RecordAlert:
		for a := range ops.All(b.Alerts) {
			if a.Ref.ID == r.Ref.ID {
				return true
			}
		}
	case ops.RecordBackups, ops.RecordBackup:
		return slices.ContainsFunc(b.Backups, func(g ops.Reading[ops.Backups]) bool { return g.Value.Ref == r.Ref })
	case ops.RecordDatabase:
		return nameOfSession(b, r.Ref) != ""
	}
	return false
}

// openJob follows a job that runs; of one that ended it shows what it was: plan,
// reason, who, times, result, and its last lines.
func (m *Model) openJob(ref ops.Ref) tea.Cmd {
	if j, ok := m.job(ref); ok && !j.State.Ended() {
		return m.openLog([]ops.Ref{ref})
	}
	m.serial++
	cmd := m.push(newDetail(m.th, m.serial, ref))
	return tea.Batch(cmd, m.askAgain())
}

func (h *history) event() (report.Event, bool) {
	i, ok := h.Current()
	if !ok {
		return report.Event{}, false
	}
	return h.events[i], true
}

func (h *history) View() []string {
	state := ""
	switch {
	case h.serial != 0:
		state = "reading"
	case h.err != nil:
		state = "broken off: " + h.err.Error()
	case !h.ended && len(h.records) > 0:
		state = "older ones follow"
	}
	left := h.Theme.Paint(themes.Title, "newest first") + "  " + h.Theme.Paint(themes.Muted, state)
	return h.Draw(h.HeadLine(left))
}

// Selected is what the selected event is about: its job, or its object.
func (h *history) Selected() ops.Ref {
	r, ok := h.event()
	switch {
	case !ok:
		return ops.Ref{}
	case r.Job != 0:
		return report.JobRef(r.Job)
	}
	return r.Ref
}

func (h *history) Keys() []keys.ID {
	return []keys.ID{keys.Filter, keys.Open, keys.Logs, keys.Copy, keys.Sort}
}
