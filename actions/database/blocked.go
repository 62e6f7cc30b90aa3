package database

import (
	"opsdeck/ops"
)

// known finds the server on a board, and says why nothing can be done to it now.
func (f family) known(b ops.Board) (ops.Database, ops.Text) {
	if why := b.Unreachable(f.source); !why.Empty() {
		return ops.Database{}, why
	}
	for _, r := range b.Databases {
		if r.Source == f.source && r.Known() {
			return r.Value, r.Value.Rights.Why
		}
	}
	return ops.Database{}, ops.Textf("%s was not read yet", f.source)
}

// maySignal says why a session cannot be ended.
func (f family) maySignal(b ops.Board, ref ops.Ref) ops.Text {
	d, why := f.known(b)
	if !why.Empty() {
		return why
	}
	for _, s := range d.Sessions {
		switch {
		case s.Ref != ref:
		case s.Own:
			return ops.Lit("it is opsdeck's own session")
		case s.Hidden:
			return ops.Lit("what it is is hidden: the login that reads lacks pg_monitor")
		case s.System && s.App.String() == "startup":
			return ops.Lit("it replays the primary's WAL, and cannot be ended")
		case (s.Superuser || s.System && s.User.Empty()) && !d.Rights.Superuser:
			return ops.Textf("%s may not: a superuser has to, as it is a %s", d.Rights.Login, kindOf(s))
		case s.User == d.Rights.Login:
			return ops.Text{} // everybody may end sessions of their own
		}
	}
	if !d.Rights.Signal {
		return ops.Textf("%s may not: GRANT pg_signal_backend TO %s, or give the source a second login (actions)", d.Rights.Login, d.Rights.Login)
	}
	if !d.Rights.Sees {
		return ops.Textf("%s cannot tell sessions apart: GRANT pg_monitor TO %s", d.Rights.Login, d.Rights.Login)
	}
	return ops.Text{}
}

// kindOf is what a session is that an ordinary login may not end.
func kindOf(s ops.Session) string {
	if s.Superuser {
		return "superuser's"
	}
	return "process of the server itself (" + s.App.String() + ")"
}

// Blocked says from the picture alone why no query can be canceled.
func (c *cancel) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if why := c.maySignal(b, ref); !why.Empty() {
		return why
	}
	d, _ := c.known(b)
	for _, s := range d.Sessions {
		if s.Ref == ref && s.State != ops.SessionActive {
			return ops.Textf("it runs no query, it is %s: terminate it", s.State)
		}
	}
	return ops.Text{}
}

// Blocked says from the picture alone why the session cannot be ended.
func (t *terminate) Blocked(b ops.Board, ref ops.Ref) ops.Text { return t.maySignal(b, ref) }

// Blocked says from the picture alone why no sessions can be ended.
func (e *endIdle) Blocked(b ops.Board, ref ops.Ref) ops.Text { return e.maySignal(b, ref) }

// Blocked says from the picture alone why there can be no checkpoint.
func (c *checkpoint) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	d, why := c.known(b)
	if why.Empty() && !d.Rights.Checkpoint {
		return ops.Textf("%s may not: GRANT pg_checkpoint TO %s (15 and later; before that only a superuser may)", d.Rights.Login, d.Rights.Login)
	}
	return why
}

// Blocked says from the picture alone why WAL cannot be switched.
func (s *switchWAL) Blocked(b ops.Board, _ ops.Ref) ops.Text {
	d, why := s.known(b)
	switch {
	case !why.Empty():
	case d.Standby:
		why = ops.Lit("it is a standby, which writes no WAL")
	case !d.Rights.SwitchWAL:
		why = ops.Textf("%s may not: GRANT EXECUTE ON FUNCTION pg_switch_wal() TO %s", d.Rights.Login, d.Rights.Login)
	}
	return why
}
