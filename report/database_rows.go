package report

import (
	"fmt"
	"time"

	"opsdeck/ops"
)

func (v *dbView) transactions() {
	var longest ops.Session
	sitting, waits, roots := 0, 0, 0
	for _, s := range v.d.Sessions {
		if s.Own || s.System {
			continue
		}
		if !s.Transaction.IsZero() && (longest.PID == 0 || s.Transaction.Before(longest.Transaction)) {
			longest = s
		}
		if s.State.InTransaction() {
			sitting++
		}
		if !s.Waiting.IsZero() {
			waits++
		}
		if s.Root == s.PID && s.Blocks > 0 {
			roots++
		}
	}
	if longest.PID == 0 {
		v.add("longest transaction", toned("none", ToneOf(worst())), time.Time{}, "")
	} else {
		v.add("longest transaction", toned(SessionName(longest), ToneOf(longest.Verdict.Level)), longest.Transaction, longest.State.String())
		v.rows[len(v.rows)-1].Ref = longest.Ref
	}
	if sitting > 0 {
		v.add("idle in transaction", Cell{Text: count(sitting, "session"), Value: sitting, Tone: ToneOf(v.d.Levels.Idle)}, time.Time{}, "")
	}
	blocked := toned("none", ToneOf(v.d.Levels.Blocked))
	if waits > 0 {
		blocked = toned(fmt.Sprintf("%d, behind %s", waits, count(roots, "root")), blocked.Tone)
	}
	v.add("blocked sessions", blocked, time.Time{}, "")
}

func (v *dbView) replication() {
	if v.d.Standby {
		word := "replays"
		if v.d.Paused {
			word = "replay is paused"
		}
		v.add("standby", toned(word, ToneOf(v.d.Levels.Replay)), time.Time{}, "")
	}
	for _, r := range v.d.Replicas {
		if r.Hidden {
			v.add("replica "+r.Name.String(), toned("lag hidden: no pg_monitor", ToneUnknown), time.Time{}, "")
			continue
		}
		lag := "0s"
		if r.Lag.Known && r.Lag.Value > 0 {
			lag = Span(time.Duration(r.Lag.Value) * time.Second)
		}
		cell := Cell{Text: bytesOf(r.Behind) + " behind, " + lag, Value: r.Behind.Value, Unit: "bytes", Tone: ToneOf(r.Level)}
		if !r.Lag.Known {
			cell.Text = bytesOf(r.Behind) + " behind"
		}
		v.add("replica "+r.Name.String(), cell, time.Time{}, join(", ", r.State.String(), r.Sync.String(), r.Client.String(), "not sent "+bytesOf(r.Sent)))
	}
	for _, s := range v.d.Slots {
		more := "inactive"
		if s.Active {
			more = "active"
		}
		if s.Left.Known {
			more += ", " + Size(s.Left.Value) + " until it is lost"
		}
		v.add("slot "+s.Name.String(), Cell{Text: "retains " + bytesOf(s.Retains), Value: s.Retains.Value, Unit: "bytes", Tone: ToneOf(s.Level)},
			time.Time{}, join(", ", s.Kind.String(), s.Status.String(), more))
	}
	if len(v.d.Replicas)+len(v.d.Slots) == 0 && !v.d.Standby && !v.d.Lacks("replication") && !v.d.Lacks("replication slots") {
		v.add("replication", toned("no replicas", ToneMuted), time.Time{}, "")
	}
}

func (v *dbView) wal() {
	w, a := v.d.WAL, v.d.Archiver
	if v.d.Standby {
		v.add("WAL", text(w.Position.String()), time.Time{}, "replayed up to here")
	} else {
		v.add("WAL", Cell{Text: bytesOf(w.Rate) + "/s", Value: w.Rate.Value, Unit: "bytes"}, time.Time{}, join(", ", "pg_wal holds "+bytesOf(w.Size), "at "+w.Position.String()))
	}
	switch {
	case v.d.Lacks("archiver"): // missing says so
	case !a.On:
		v.add("archiver", toned("off", ToneMuted), time.Time{}, "archive_mode is off: there is no point-in-time recovery")
	case a.Failing():
		v.add("archiver", toned("FAILS", ToneOf(a.Level)), a.LastGood, fmt.Sprintf("%s failed at %s, %s files wait", a.FailedFile, Clock(a.LastFailed, v.now), wholeOf(a.Ready)))
	case a.LastGood.IsZero():
		v.add("archiver", toned("nothing archived yet", ToneOf(a.Level)), time.Time{}, wholeOf(a.Ready)+" files wait")
	default:
		v.add("archiver", toned("ok", ToneOf(a.Level)), a.LastGood, fmt.Sprintf("last %s, %s files wait", a.LastFile, wholeOf(a.Ready)))
	}
	c := v.d.Checkpoints
	v.add("checkpoints", Cell{Text: wholeOf(c.Timed) + " timed, " + wholeOf(c.Requested) + " requested", Value: c.Timed.Value}, c.Last,
		"writing took "+seconds(c.Write).Text+", syncing "+seconds(c.Sync).Text)
}

func (v *dbView) sizes() {
	for i, s := range v.d.Sizes {
		if i == 5 {
			v.add("  others", Cell{Text: count(len(v.d.Sizes)-i, "database")}, time.Time{}, "enter shows all")
			break
		}
		more := ""
		if s.Growth.Known {
			more = "grows by " + growth(s.Growth.Value) + " an hour"
		}
		cell := Cell{Text: bytesOf(s.Size), Value: s.Size.Value, Unit: "bytes"}
		if !s.Size.Known {
			cell = Cell{Text: "hidden: no pg_monitor", Tone: ToneUnknown}
		}
		v.add("size "+s.Name.String(), cell, time.Time{}, more)
	}
}

func growth(v float64) string {
	if v < 0 {
		return "-" + Size(-v)
	}
	return Size(v)
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
		v.add("table "+t.Name.String(), Cell{Text: wholeOf(t.Dead) + " dead rows", Value: t.Dead.Value}, t.Vacuumed, wholeOf(t.Live)+" live; SINCE is its last vacuum")
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

func bytesOf(f ops.Value) string {
	if !f.Known {
		return "?"
	}
	return Size(f.Value)
}

func wholeOf(f ops.Value) string {
	if !f.Known {
		return "?"
	}
	return fmt.Sprintf("%.0f", f.Value)
}
