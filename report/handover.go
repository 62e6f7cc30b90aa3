package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"opsdeck/ops"
)

// Handover is what the next one on call has to know: every finding, whatever it is
// about, what fires, what somebody took or silenced and until when, the incidents, the
// jobs, the indicators, and what happened since. recs are the records since then, in any
// order.
func Handover(b ops.Board, recs []ops.Record, since, now time.Time) Snapshot {
	s := newSnapshot(b, now, "handover")
	alerts := NewAlerts(b, now, BySeverity)
	s.Tables = []Table{
		Findings(b, now),
		alerts.where("firing", "nothing fires that is not handled", func(it *alertItem) bool { return it.standing == 0 }),
		alerts.where("handled", "nothing is acked or silenced", func(it *alertItem) bool { return it.standing == 1 || it.standing == 2 }),
		Incidents(b, now), silencesSince(b, since, now), Indicators(b, now), jobsSince(b, since, now), happened(b, recs, since, now),
	}
	if phrase, fresh := alertsStanding(b, now); !fresh {
		for i := 1; i < 3; i++ { // firing and handled
			s.Tables[i].Note = "not known: " + phrase
		}
	}
	return s
}

// where is the part of the list that passes, as a table of its own.
func (l *AlertList) where(name, none string, pass func(*alertItem) bool) Table {
	all := l.Table()
	t := all
	t.Name, t.Note, t.Rows, t.Groups = name, none, nil, nil
	for i, it := range l.items {
		if pass(it) {
			t.Rows = append(t.Rows, all.Rows[i])
		}
	}
	return t
}

// silencesSince are the silences there are, and those that ended since.
func silencesSince(b ops.Board, since, now time.Time) Table {
	t := Silences(b, now)
	t.Rows = slices.DeleteFunc(t.Rows, func(r Row) bool {
		return r.Group == groupExpired && fmt.Sprint(r.Cells[2].Value) < stamp(since)
	})
	return t
}

// jobsSince are the jobs that run, and those that ended since.
func jobsSince(b ops.Board, since, now time.Time) Table {
	kept := b
	kept.Jobs = slices.DeleteFunc(slices.Clone(b.Jobs), func(j ops.Job) bool { return j.State.Ended() && j.Ended.Before(since) })
	t := Jobs(kept, now)
	if t.Note == "no jobs" {
		t.Note = "no job runs, and none ended since " + ops.Clock(since, now)
	}
	return t
}

// happened is the time line since, the newest first.
func happened(b ops.Board, recs []ops.Record, since, now time.Time) Table {
	kept := slices.DeleteFunc(slices.Clone(recs), func(r ops.Record) bool { return r.At.Before(since) })
	slices.SortStableFunc(kept, func(x, y ops.Record) int { return y.At.Compare(x.At) })
	t := TimeLine(Fold(kept, now.Sub(since)), now)
	t.Name, t.Note = "since "+ops.Clock(since, now), "nothing happened"
	if b.Estate.Agent.Kind == ops.AgentLocal {
		t.Note = NoAgent
	}
	return t
}

// Changed says in a few words what records tell of: "2 alerts began, 1 cleared, 1
// container died, 3 jobs ended". Nothing is "nothing changed".
func Changed(recs []ops.Record) string {
	kinds := []struct {
		one, many string
		is        func(ops.Record) bool
	}{
		{"alert began", "alerts began", func(r ops.Record) bool { return r.Kind == ops.RecordAlert && !r.Level.Good() }},
		{"cleared", "cleared", func(r ops.Record) bool { return r.Kind == ops.RecordAlert }},
		{"container died", "containers died", func(r ops.Record) bool { return r.Kind == ops.RecordContainer && r.Level.Bad() }},
		{"database finding", "database findings", func(r ops.Record) bool { return r.Kind == ops.RecordDatabase && !r.Level.Good() }},
		{"is over", "are over", func(r ops.Record) bool { return r.Kind == ops.RecordDatabase }},
		{"backup made by others", "backups made by others", func(r ops.Record) bool { return r.Kind == ops.RecordBackup }},
		{"change of backups", "changes of backups", func(r ops.Record) bool { return r.Kind == ops.RecordBackups }},
		{"job ended", "jobs ended", func(r ops.Record) bool { return r.Kind == ops.RecordOutcome }},
		{"ack, note or call", "acks, notes and calls", func(r ops.Record) bool {
			return r.Kind == ops.RecordNote || r.Kind == ops.RecordAck || r.Kind == ops.RecordCall
		}},
		{"other change", "other changes", func(r ops.Record) bool { return r.Kind != ops.RecordIntent }},
	}
	died := map[ops.Ref]bool{} // one that died eight times is one
	recs = slices.DeleteFunc(slices.Clone(recs), func(r ops.Record) bool {
		again := kinds[2].is(r) && died[r.Ref]
		died[r.Ref] = died[r.Ref] || kinds[2].is(r)
		return again
	})
	var parts []string
	for _, k := range kinds {
		n := len(recs)
		recs = slices.DeleteFunc(recs, k.is)
		switch n -= len(recs); {
		case n == 1:
			parts = append(parts, "1 "+k.one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, k.many))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing changed")
}
