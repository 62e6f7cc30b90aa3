package judge

import "opsdeck/ops"

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
)

// words is something to do that neither a key nor an action does.
func words(what ops.Text) []ops.Next { return []ops.Next{{What: what}} }

// by is something to do that begins with a key.
func by(k ops.Key, what ops.Text) ops.Next { return ops.Next{What: what, Key: k} }

// do is something that an action does.
func do(action string, ref ops.Ref, what ops.Text) ops.Next {
	return ops.Next{What: what, Key: ops.KeyActions, Action: ops.Clean(action), Ref: ref}
}

// endRoot is what to do about a session that others wait for.
func endRoot(s ops.Session) []ops.Next {
	if s.State != ops.SessionActive {
		return askOrTerminate(s)
	}
	return []ops.Next{do(actCancel, s.Ref, ops.Textf("cancel the query of %d", s.PID)), do(actTerminate, s.Ref, ops.Lit("or terminate it"))}
}

// askOrTerminate is what to do about a session that runs no query: there is none to
// cancel.
func askOrTerminate(s ops.Session) []ops.Next {
	return []ops.Next{{What: ops.Lit("ask who runs it")}, do(actTerminate, s.Ref, ops.Textf("or terminate %d", s.PID))}
}

func cancelUnneeded(s ops.Session) ops.Next {
	return do(actCancel, s.Ref, ops.Lit("cancel it where nobody needs it"))
}

// thenStart is what to do first about a container that stands, and to start it.
func thenStart(c ops.Container, first ops.Next) []ops.Next {
	return []ops.Next{first, do(actStart, c.Ref, ops.Lit("then start it"))}
}
