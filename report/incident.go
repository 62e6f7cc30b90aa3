package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"opsdeck/ops"
)

// Incident writes the draft of a post-mortem in Markdown: the times it is
// measured by, its alerts, and everything that the history holds between its first
// sign and its end, oldest first. recs come as the history gives them, newest first;
// cut says in words what of them is left out.
func Incident(w io.Writer, in ops.Incident, recs []ops.Record, cut ops.Text, now time.Time) error {
	end, state := in.Closed, "closed"
	switch {
	case in.Open():
		end, state = now, "open"
	case !in.Unrestored.Empty():
		state = "closed, not restored: " + in.Unrestored.String()
	}
	p := printer{w: w}
	p.line("# Incident %s: %s", md(in.Ref.ID.String()), md(in.Title.String()))
	p.line("")
	p.line("| what | when or how long |")
	p.line("| --- | --- |")
	p.line("| state | %s |", md(state))
	p.line("| condition began | %s |", ops.Stamp(in.Began))
	p.line("| first seen here | %s |", ops.Stamp(in.Seen))
	p.line("| opened by %s | %s |", md(in.By.String()), ops.Stamp(in.Opened))
	p.line("| acknowledged | %s |", ops.Stamp(in.Acked))
	p.line("| closed | %s |", ops.Stamp(in.Closed))
	for _, t := range []struct {
		name string
		of   func() (time.Duration, bool)
	}{{"time to detect", in.TimeToDetect}, {"time to acknowledge", in.TimeToAck}, {"time to restore", in.TimeToRestore}} {
		d, known := t.of()
		text := "not known"
		if known {
			text = ops.Span(d.Round(time.Second))
		}
		p.line("| %s | %s |", t.name, text)
	}
	p.line("")
	p.line("## Cause")
	p.line("")
	p.line("%s", md(in.Cause.Or(ops.Lit("To be written.")).String()))
	p.alerts(in)
	p.timeLine(in, slices.DeleteFunc(slices.Clone(recs), func(r ops.Record) bool { return r.At.After(end) }), cut)
	p.line("")
	p.line("## What we change")
	p.line("")
	p.line("- To be written.")
	return p.err
}

// alerts lists the alerts of an incident with their times.
func (p *printer) alerts(in ops.Incident) {
	p.line("")
	p.line("## Alerts (UTC)")
	p.line("")
	if len(in.Fired) == 0 {
		p.line("None fired when it was opened, and none began while it was open.")
		return
	}
	p.line("| alert | first fired | cleared | times | runbook |")
	p.line("| --- | --- | --- | ---: | --- |")
	for _, a := range in.Fired {
		cleared := ops.Stamp(a.Cleared)
		switch {
		case !a.Cleared.IsZero():
		case in.Open():
			cleared = "it fires"
		default:
			cleared = "not before the close"
		}
		p.line("| %s | %s | %s | %d | %s |", md(a.Name.String()), ops.Stamp(a.Fired), cleared, a.Times, md(a.Runbook.Or(ops.Clean(ops.Never)).String()))
	}
}

// timeLine lists records, oldest first. What happened again and again is one row.
func (p *printer) timeLine(in ops.Incident, recs []ops.Record, cut ops.Text) {
	p.line("")
	p.line("## What happened (UTC)")
	p.line("")
	if !cut.Empty() {
		p.line("%s.", md(cut.String()))
		p.line("")
	}
	p.line("| when | offset | what | who |")
	p.line("| --- | ---: | --- | --- |")
	for _, e := range slices.Backward(Fold(recs, foldWithin)) {
		p.line("| %s | %s | %s | %s |", ops.Moment(e.At, in.Began), ops.Offset(e.At, in.Began), md(e.Text()), md(e.Actor.Name.String()))
	}
}

// printer keeps the first error, so that the page reads as a page.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
