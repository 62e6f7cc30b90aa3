package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"opsdeck/ops"
)

func (v *dbView) transactions() {
	var longest ops.Session
	idle, waits, roots := 0, 0, 0
	var prepared []ops.Session
	for _, s := range v.d.Sessions {
		if s.Root == s.PID && s.Root != 0 {
			roots++
		}
		if s.Prepared() {
			prepared = append(prepared, s)
			continue
		}
		if s.Own || s.System {
			continue
		}
		if !s.Transaction.IsZero() && (longest.PID == 0 || s.Transaction.Before(longest.Transaction)) {
			longest = s
		}
		if s.State.InTransaction() {
			idle++
		}
		if !s.Waiting.IsZero() {
			waits++
		}
	}
	if longest.PID == 0 {
		v.add("longest transaction", toned("none", ToneOf(worst())), time.Time{}, "")
	} else {
		v.add("longest transaction", toned(SessionName(longest), ToneOf(longest.Verdict.Level)), longest.Transaction, longest.State.String())
		v.rows[len(v.rows)-1].Ref = longest.Ref
	}
	if idle > 0 {
		v.add("idle in transaction", Cell{Text: ops.Count(idle, "session"), Value: idle, Tone: ToneOf(v.d.Levels.Idle)}, time.Time{}, "")
	}
	v.prepared(prepared)
	blocked := toned("none", ToneOf(v.d.Levels.Blocked))
	if waits > 0 {
		blocked = toned(fmt.Sprintf("%d, behind %s", waits, ops.Count(roots, "root")), blocked.Tone)
	}
	v.add("blocked sessions", blocked, time.Time{}, "")
}

// prepared is a row for each prepared transaction, the oldest first.
func (v *dbView) prepared(all []ops.Session) {
	slices.SortStableFunc(all, func(a, b ops.Session) int { return a.Changed.Compare(b.Changed) })
	for i, p := range all {
		if i == 5 {
			v.add("  others", Cell{Text: ops.Count(len(all)-i, "prepared transaction")}, time.Time{}, "")
			break
		}
		v.add("prepared transaction", Cell{Text: "'" + p.GID.String() + "'", Value: p.GID.String(), Tone: ToneOf(p.Verdict.Level)}, p.Changed,
			fmt.Sprintf("of %s in %s, holds %s", p.User, p.Database, ops.Count(p.Locks, "lock")))
		v.rows[len(v.rows)-1].Ref, v.rows[len(v.rows)-1].Next = p.Ref, p.Verdict.Next
	}
}

func (v *dbView) replication() {
	if v.d.Standby {
		v.standby(v.d.Upstream)
	}
	for _, r := range v.d.Replicas {
		if !r.Gone.IsZero() {
			v.add("replica "+r.Name.String(), toned("GONE", ToneOf(r.Level)), r.Gone, join(", ", "was "+r.State.String(), r.Client.String()))
			continue
		}
		if r.Hidden {
			v.add("replica "+r.Name.String(), toned("lag hidden: no pg_monitor", ToneUnknown), time.Time{}, "")
			continue
		}
		cell := Cell{Text: r.Behind.Size() + " behind", Value: r.Behind.Value, Unit: "bytes", Tone: ToneOf(r.Level)}
		if r.Lag.Known {
			cell.Text += ", " + ops.Span(max(0, ops.Seconds(r.Lag.Value)))
		}
		v.add("replica "+r.Name.String(), cell, time.Time{}, join(", ", r.State.String(), r.Sync.String(), r.Client.String(), "not sent "+r.Sent.Size()))
	}
	for _, s := range v.d.Slots {
		more := "inactive"
		switch {
		case s.Active:
			more = "active"
		case s.Synced:
			more = "copied from the primary"
		case !s.Idle.IsZero():
			more = "inactive since " + ops.Clock(s.Idle, v.now)
		}
		if s.Left.Known {
			more += ", " + s.Left.Size() + " until it is lost"
		}
		v.add("slot "+s.Name.String(), Cell{Text: "retains " + s.Retains.Size(), Value: s.Retains.Value, Unit: "bytes", Tone: ToneOf(s.Level)},
			time.Time{}, join(", ", s.Kind.String(), s.Status.String(), more))
	}
	for _, s := range v.d.Subscriptions {
		state := toned("applies", ToneOf(s.Level))
		switch {
		case !s.Enabled:
			state.Text = "DISABLED"
		case !s.Works:
			state.Text = "no worker"
		}
		v.add("subscription "+s.Name.String(), state, s.Gone, "in database "+s.Database.String())
	}
	if len(v.d.Replicas)+len(v.d.Slots) == 0 && !v.d.Standby && !v.d.Lacks("replication") && !v.d.Lacks("replication slots") {
		v.add("replication", toned("no replicas", ToneMuted), time.Time{}, "")
	}
}

// standby says where a standby gets its WAL from.
func (v *dbView) standby(u ops.Upstream) {
	upstream := "primary"
	if u.Cascade {
		upstream = "upstream"
	}
	state, since := "streams from "+cmp.Or(u.Host.String(), "its "+upstream), time.Time{}
	switch {
	case v.d.Lacks("WAL receiver"):
		state = "not known"
	case v.d.Paused:
		state = "replay is paused"
	case !u.Receiving && u.Hidden:
		state = "no WAL receiver, why is hidden"
	case !u.Receiving && u.Told:
		state, since = "CUT OFF from its "+upstream, u.Gone
	case !u.Receiving && u.Archive:
		state = "replays from an archive"
	case !u.Receiving:
		state, since = "gets no WAL", u.Gone
	case !u.Stop.Ref.Zero():
		state, since = "GETS NO NEW WAL", u.Stop.Since
	case u.State.String() != "streaming" && !u.State.Empty():
		state = u.State.String() + ", from " + u.Host.String()
	}
	more := ""
	if !u.Replayed.IsZero() {
		more = "newest transaction of " + ops.Clock(u.Replayed, v.now)
	}
	if u.Waiting.Known {
		more = join(", ", u.Waiting.Size()+" received and not replayed", more)
	}
	v.add("standby", toned(state, ToneOf(v.d.Levels.Replay)), since, join(", ", u.Stop.Why.String(), more))
}

func (v *dbView) wal() {
	w, a := v.d.WAL, v.d.Archiver
	if v.d.Standby {
		v.add("WAL", text(w.Position.String()), time.Time{}, "replayed up to here")
	} else {
		v.add("WAL", Cell{Text: w.Rate.Size() + "/s", Value: w.Rate.Value, Unit: "bytes"}, time.Time{}, join(", ", "pg_wal holds "+w.Size.Size(), "at "+w.Position.String()))
	}
	switch {
	case v.d.Lacks("archiver"): // missing says so
	case !a.On:
		v.add("archiver", toned("off", ToneMuted), time.Time{}, "archive_mode is off: there is no point-in-time recovery")
	case a.Failing():
		v.add("archiver", toned("FAILS", ToneOf(a.Level)), a.LastGood, fmt.Sprintf("%s failed at %s, %s files wait", a.FailedFile, ops.Clock(a.LastFailed, v.now), a.Ready.Whole()))
	case a.LastGood.IsZero():
		v.add("archiver", toned("nothing archived yet", ToneOf(a.Level)), time.Time{}, a.Ready.Whole()+" files wait")
	default:
		v.add("archiver", toned("ok", ToneOf(a.Level)), a.LastGood, fmt.Sprintf("last %s, %s files wait", a.LastFile, a.Ready.Whole()))
	}
	c := v.d.Checkpoints
	v.add("checkpoints", Cell{Text: c.Timed.Whole() + " timed, " + c.Requested.Whole() + " requested", Value: c.Timed.Value}, c.Last,
		"writing took "+c.Write.Span()+", syncing "+c.Sync.Span())
}

func (v *dbView) sizes() {
	for i, s := range v.d.Sizes {
		if i == 5 {
			v.add("  others", Cell{Text: ops.Count(len(v.d.Sizes)-i, "database")}, time.Time{}, "enter shows all")
			break
		}
		more := ""
		if s.Growth.Known {
			more = "grows by " + s.Growth.Size() + " an hour"
		}
		cell := Cell{Text: s.Size.Size(), Value: s.Size.Value, Unit: "bytes"}
		if !s.Size.Known {
			cell = Cell{Text: "hidden: no pg_monitor", Tone: ToneUnknown}
		}
		v.add("size "+s.Name.String(), cell, time.Time{}, more)
	}
}

func (v *dbView) vacuum() {
	f := v.d.Freeze
	if f.Age.Known || f.MultiAge.Known {
		cell := Cell{Text: millions(max(f.Age.Value, f.MultiAge.Value)) + " of 2147M", Value: max(f.Age.Value, f.MultiAge.Value), Tone: ToneOf(f.Level)}
		v.add("transaction ids", cell, time.Time{}, fmt.Sprintf("oldest in %s; autovacuum is forced from %.0fM", f.Database, f.From.Value/1e6))
	}
	for i, t := range v.d.Tables {
		if i == 3 {
			break
		}
		v.add("table "+t.Name.String(), Cell{Text: t.Dead.Whole() + " dead rows", Value: t.Dead.Value}, t.Vacuumed, t.Live.Whole()+" live; SINCE is its last vacuum")
	}
}

// missing says what is not known, and why: a row that is missing would look like a
// thing that is well.
func (v *dbView) missing() {
	for _, m := range v.d.Missing {
		v.add("not known", toned(m.Why.String(), ToneUnknown), time.Time{}, m.What.String())
		v.rows[len(v.rows)-1].Level = unjudged
	}
}

func millions(n float64) string {
	if n < 1e6 {
		return "<1M"
	}
	return fmt.Sprintf("%.0fM", n/1e6)
}
