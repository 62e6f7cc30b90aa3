package judge

import (
	"slices"
	"time"

	"opsdeck/ops"
)

// Database judges one PostgreSQL server: what asks for attention, worst first, and
// the worst of it as the server's own verdict.
func Database(e ops.Estate, d ops.Database, now time.Time) ops.Database {
	j := dbJudge{l: e.Limits.Database, now: now}
	// Boards already handed out share the slices.
	d.Sessions, d.Replicas, d.Slots, d.Limits = slices.Clone(d.Sessions), slices.Clone(d.Replicas), slices.Clone(d.Slots), slices.Clone(d.Limits)
	d.Subscriptions = slices.Clone(d.Subscriptions)
	j.d = &d
	for i := range d.Sessions {
		d.Sessions[i].Verdict = j.session(d.Sessions[i])
	}
	j.connections()
	j.limits()
	j.blocked()
	j.idleInTransaction()
	j.prepared()
	j.long()
	j.standby()
	j.replicas()
	j.slots()
	j.subscriptions()
	j.archive()
	j.wraparound()
	slices.SortStableFunc(j.found, func(a, b ops.Finding) int { return ops.WorstFirst(a.Level, b.Level) })
	d.Findings, d.Verdict = j.found, j.verdict()
	return d
}

// dbJudge collects what one server asks of the reader, and fills in the level of
// each of its parts: the one that its finding has, where it has one.
type dbJudge struct {
	l     ops.DatabaseLimits
	d     *ops.Database
	now   time.Time
	found []ops.Finding
}

func (j *dbJudge) find(f ops.Finding) { j.found = append(j.found, f) }

func (j *dbJudge) verdict() ops.Verdict {
	if len(j.found) == 0 {
		return ops.Verdict{Level: ops.LevelOK, Word: ops.Lit("ok"), Since: j.d.Started}
	}
	f := j.found[0]
	word := ops.Lit("needs attention")
	if !f.Level.Bad() {
		word = ops.Lit("worth a look")
	}
	return ops.Verdict{Level: f.Level, Word: word, Cause: ops.Textf("%s; %s", f.What, f.Cause), Next: f.Next, Since: f.Since}
}

// connections says who has them all: of one that is exhausted everybody else says
// only that it is down.
func (j *dbJudge) connections() {
	u := &j.d.Use
	u.Level = connectionsLevel(*u, j.l)
	if !u.Level.Bad() {
		return
	}
	f := ops.Finding{Key: ops.Lit("the shortage of connections"), Level: u.Level, Ref: j.d.Ref, What: ops.Textf("connections nearly exhausted %d/%d", u.Used, u.Max)}
	f.Cause = ops.Textf("%d left for ordinary logins (%d are reserved)", u.Free(), u.Reserved)
	if u.Free() == 0 {
		f.What = ops.Textf("connections exhausted %d/%d", u.Used, u.Max)
		f.Cause = ops.Textf("new logins are refused (53300), %d are reserved", u.Reserved)
	}
	if len(u.By) > 0 { // who has them comes first: of a long cause a narrow screen shows the beginning
		top := u.By[0]
		f.Cause = ops.Textf("%d %s from %s; %s", top.Count, stateWord(top.State), top.App.Or(ops.Lit("sessions without a name")), f.Cause)
		switch {
		case top.Own:
			f.Next = words(ops.Lit("end the opsdeck agents that nobody needs"))
		case top.State == ops.SessionIdle:
			f.Next = []ops.Next{endIdle(j.d.Ref, ops.Lit("end its idle sessions"), "idle", time.Minute, top.App), {What: ops.Lit("then make its pool smaller")}}
		default:
			f.Next = []ops.Next{{What: ops.Lit("look what they do")}, by(ops.KeyActions, ops.Lit("then cancel or end them"))}
		}
	}
	j.find(f)
}

func connectionsLevel(u ops.Use, l ops.DatabaseLimits) ops.Level {
	switch {
	case u.Max == 0:
		return ops.LevelUnknown
	case u.Used*100 < (u.Max-u.Reserved)*l.Connections:
		return ops.LevelOK
	case u.Free() == 0:
		return ops.LevelCritical
	}
	return ops.LevelWarning
}

func stateWord(s ops.SessionState) string {
	if s == ops.SessionUnknown {
		return "sessions"
	}
	return s.String()
}
