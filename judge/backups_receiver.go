package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// receiver finds what keeps WAL from being received, or will.
func (j *backupJudge) receiver(r ops.WALReceiver) {
	switch {
	case r.Slot.Empty():
		j.find(ops.LevelWarning, ops.Lit("the WAL that nobody keeps"), ops.Lit("no WAL is kept"), ops.Lit("the plan has no slot: what is written after a backup is lost with the server"), time.Time{},
			ops.Next{What: ops.Lit("give the plan a slot, and let a system agent run")})
		return
	case r.Process.PID == 0 && !j.v.Stopped: // a stop is told as that
		j.find(ops.LevelWarning, ops.Lit("the receiver"), ops.Lit("no WAL is received"), j.filling(j.receiverWords()), r.Since,
			ops.Next{What: ops.Lit("look at the system agent, the only one that runs the receiver, and at the server's log")})
	}
	if !j.sure || j.server.Standby || j.server.Lacks("replication slots") {
		return
	}
	down := r.Process.PID == 0
	i := slices.IndexFunc(j.server.Slots, func(s ops.Slot) bool { return s.Name == r.Slot })
	switch {
	case i < 0:
		j.find(ops.LevelCritical, ops.Lit("the missing slot"), ops.Textf("slot %s is not on the server", r.Slot), ops.Lit("nothing keeps the WAL for us there: a failover does not take slots along"), time.Time{},
			ops.Next{What: ops.Lit("start the receiver, which makes it anew; where WAL is gone meanwhile, take a full backup")})
	case j.server.Slots[i].Status.String() == "lost":
		j.find(ops.LevelCritical, ops.Lit("the lost slot"), ops.Textf("slot %s is lost", r.Slot), ops.Lit("the server removed WAL that was not received: max_slot_wal_keep_size was reached"), time.Time{},
			ops.Next{What: ops.Lit("let the receiver run: it makes the slot anew, and goes on behind what is lost")}, backUp(j.v.Ref, ops.Lit("then take a full backup: what is between is lost"), ops.BackupFull, j.v.Repositories[0].Name))
	case !j.server.Slots[i].Left.Known:
		level := ops.LevelInfo
		if down {
			level = ops.LevelWarning
		}
		j.find(level, ops.Lit("the slot without a limit"), ops.Textf("slot %s may fill the server's disk", r.Slot), ops.Lit("max_slot_wal_keep_size is -1: while no WAL is received the server keeps all of it"), time.Time{},
			ops.Next{What: ops.Lit("set it to what the disk has room for, and reload"), SQL: ops.Lit("ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf()")})
	}
}

// receiverWords says how the receiver stands, as a cause.
func (j *backupJudge) receiverWords() ops.Text {
	r := j.v.Receiver
	switch {
	case r.Slot.Empty():
		return ops.Lit("the plan has no slot, so nothing is kept but the backups")
	case j.v.Stopped:
		return ops.Lit("the receiver is stopped")
	case r.Process.PID > 0:
		return ops.Textf("the receiver runs since %s", ops.Moment(r.Since, j.now))
	case r.Since.IsZero():
		return ops.Lit("the receiver has not run yet")
	case r.Why.Empty():
		return ops.Textf("the receiver does not run since %s", ops.Moment(r.Since, j.now))
	}
	return ops.Textf("the receiver ended at %s: %s", ops.Moment(r.Since, j.now), r.Why)
}
