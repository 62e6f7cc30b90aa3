package report

import (
	"fmt"
	"strings"
	"time"

	"opsdeck/ops"
)

// BackupWork says what is done to a plan's backups now, by whoever does it, and how the last
// job on them ended where that was not well. Empty: nothing, and well.
func BackupWork(b ops.Board, r ops.Reading[ops.Backups], now time.Time) []Cell {
	var out []Cell
	running := false
	for _, j := range b.Jobs { // newest first
		switch {
		case j.Target != r.Value.Ref || r.Value.Ref.Zero():
		case !j.State.Ended():
			running = true
			out = append(out, toned(join("  ", fmt.Sprintf("job %d %s", j.ID, backupVerb(j)), JobProgress(j)), ToneInfo))
		case running: // what came before is being seen to
			return out
		default:
			if j.State != ops.JobSucceeded {
				out = append(out, toned(fmt.Sprintf("%s %s %s ago: %s", backupVerb(j), strings.ToUpper(j.State.String()), ops.Age(j.Ended, now), j.End()), ToneOf(j.Level)))
			}
			return append(out, holderCell(r, running)...)
		}
	}
	return append(out, holderCell(r, running)...)
}

// backupVerb is what a job does to backups, in a word.
func backupVerb(j ops.Job) string {
	if verb := strings.TrimPrefix(j.Action.String(), "backup."); verb != "run" {
		return verb
	}
	return "backup"
}

// holderCell names who holds the engine's lock, where no job of ours is known to.
func holderCell(r ops.Reading[ops.Backups], ours bool) []Cell {
	v := r.Value
	if ours || !v.Held || v.Dead || !r.Fresh() { // a dead holder is found
		return nil
	}
	s := "held by somebody else"
	if v.Holder.PID > 0 {
		s = fmt.Sprintf("held by process %d", v.Holder.PID)
	}
	switch {
	case v.Progress.Known && v.Total.Known && v.Total.Value > 0:
		s += ": " + copied(v.Progress.Value*v.Total.Value, v.Total.Value)
	case v.Progress.Known:
		s += ": " + ops.Percent(v.Progress.Value)
	}
	return []Cell{toned("the engine is at work, "+s, ToneInfo)}
}
