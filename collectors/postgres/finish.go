package postgres

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"opsdeck/ops"
)

// finish puts the parts of a look together and says what is missing.
func (r *reading) finish() ops.Database {
	d := &r.out
	r.use()
	d.Sessions = order(withPrepared(d.Sessions, r.prepared))
	if n := len(d.Sessions); n > maxSessions {
		d.Sessions, d.Left = d.Sessions[:maxSessions:maxSessions], n-maxSessions
	}
	d.WAL.Rate = r.places.note(r.now, r.lsn)
	r.upstream()
	sent := r.places
	if d.Standby && r.streamed != nil { // it sends what it received, and need not have replayed it
		sent = r.received
	}
	for i := range d.Replicas {
		d.Replicas[i].Lag = sent.lag(r.lags[i], r.now)
	}
	r.workers()
	if r.ext.version == 0 { // it was there a while ago, maybe
		d.Statements = nil
		delete(r.missing, "statements")
		delete(r.asked, "statements")
	}
	if why := r.missing["rights"]; why != "" {
		d.Rights.Why = ops.Textf("what %s may do could not be read: %s", d.Login, why)
	}
	d.Missing, d.NoStatements = r.lacks(), r.noStatements()
	r.look.d = *d
	return *d
}

// lacks says what this login or this server does not show, in the order of a
// person's questions.
func (r *reading) lacks() []ops.Missing {
	var out []ops.Missing
	add := func(what, why string) {
		out = append(out, ops.Missing{What: ops.Clean(what), Why: ops.Clean(why)})
	}
	if !r.sees {
		add("state, transaction, wait and query of other users' sessions", needsMonitor)
		if len(r.out.Replicas) > 0 {
			add("lag of replicas", needsMonitor)
		}
	}
	if !r.tracks {
		add("state and query of sessions", "track_activities is off on the server")
	}
	for _, name := range slices.Sorted(maps.Keys(r.missing)) {
		add(name, r.missing[name])
	}
	if r.notInstalled() {
		add("statements", r.noStatements().String())
	}
	return out
}

func (r *reading) notInstalled() bool {
	return r.ext.version == 0 && r.missing["pg_stat_statements"] == ""
}

// noStatements says why the statements cannot be read; empty: they can.
func (r *reading) noStatements() ops.Text {
	if r.notInstalled() {
		return ops.Lit("pg_stat_statements is not installed in this database")
	}
	return ops.Clean(cmp.Or(r.missing["pg_stat_statements"], r.missing["statements"]))
}

// needsMonitor is why most of what is missing is missing.
const needsMonitor = "the login lacks pg_monitor"

// rightsOf asks what the login of a connection may do.
func rightsOf(ctx context.Context, k conn) (ops.Rights, error) {
	var x ops.Rights
	err := k.QueryRow(ctx, rightsSQL(k.version)).Scan(rightsTo(&x)...)
	return x, err
}
