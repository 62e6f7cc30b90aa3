package judge

import (
	"time"

	"opsdeck/ops"
)

// Actions that judgements name, by their IDs.
const (
	actStart     = "container.start"
	actStop      = "container.stop"
	actUnpause   = "container.unpause"
	actAck       = "container.ack"
	actCancel    = "database.cancel"
	actTerminate = "database.terminate"
	actEndIdle   = "database.end-idle"
	actSwitchWAL = "database.switch-wal"
	actExtend    = "silence.extend"
	actBackup    = "backup.run"
	actPrune     = "backup.prune"
	actArchive   = "backup.start"
	actDrill     = "backup.drill"
	actVerify    = "backup.verify"
	actRestore   = "backup.restore"
	actFailover  = "backup.failover"
)

// words is something to do that neither a key nor an action does.
func words(what ops.Text) []ops.Next { return []ops.Next{{What: what}} }

// by is something to do that begins with a key.
func by(k ops.Key, what ops.Text) ops.Next { return ops.Next{What: what, Key: k} }

// do is something that an action does.
func do(action string, ref ops.Ref, what ops.Text) ops.Next {
	return ops.Next{What: what, Key: ops.KeyActions, Action: ops.Clean(action), Ref: ref}
}

// backUp makes a backup of a type in one repository.
func backUp(plan ops.Ref, what ops.Text, t ops.BackupType, repository ops.Text) ops.Next {
	n := do(actBackup, plan, what)
	n.Params = []ops.Param{{Name: ops.Lit("type"), Value: ops.Clean(t.String())}, {Name: ops.Lit("repository"), Value: repository}}
	return n
}

// endIdle ends sessions in this state for longer than a time, of one application or of
// all.
func endIdle(server ops.Ref, what ops.Text, state string, older time.Duration, app ops.Text) ops.Next {
	n := do(actEndIdle, server, what)
	for _, p := range []ops.Param{{Name: ops.Lit("state"), Value: ops.Clean(state)}, {Name: ops.Lit("older"), Value: ops.Clean(ops.Span(older))}, {Name: ops.Lit("app"), Value: app}} {
		if !p.Value.Empty() {
			n.Params = append(n.Params, p)
		}
	}
	return n
}

// thenStart is what to do first about a container that stands, and to start it.
func thenStart(c ops.Container, first ops.Next) []ops.Next {
	return []ops.Next{first, do(actStart, c.Ref, ops.Lit("then start it"))}
}
