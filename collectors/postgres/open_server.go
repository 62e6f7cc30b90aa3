package postgres

import (
	"opsdeck/ops"
)

// serverGroups are the facts of one server, in the order in which one asks.
func serverGroups(d ops.Database) []ops.FactGroup {
	role := "primary"
	if d.Standby {
		role = "standby"
	}
	gs := []ops.FactGroup{group("server", factf("version", "PostgreSQL %s", d.Version), factf("role", "%s", role), factf("up since", "%s", ops.Stamp(d.Started)),
		factf("read as", "%s", d.Login)), connectionFacts(d.Use)}
	return append(gs, replicationFacts(d), walFacts(d), sizeFacts(d), careFacts(d), rightFacts(d.Rights), missingFacts(d.Missing))
}

func connectionFacts(u ops.Use) ops.FactGroup {
	g := group("connections", factf("used", "%d of %d, %d reserved, %d free", u.Used, u.Max, u.Reserved, u.Free()))
	for _, by := range u.By {
		g.Facts = append(g.Facts, factf(by.App.Or(ops.Lit("(no name)")).String(), "%d %s", by.Count, by.State))
	}
	return g
}

// unread says of a part that could not be read why; empty where it could.
func unread(d ops.Database, part string) ops.Text {
	for _, m := range d.Missing {
		if m.What.String() == part {
			return ops.Textf("not known: %s", m.Why)
		}
	}
	return ops.Text{}
}

func replicationFacts(d ops.Database) ops.FactGroup {
	g := group("replication")
	for _, part := range []string{"replication", "replication slots"} {
		if why := unread(d, part); !why.Empty() {
			g.Facts = append(g.Facts, fact(part, why))
		}
	}
	if d.Standby {
		g.Facts = append(g.Facts, standbyFacts(d)...)
	}
	for _, r := range d.Replicas {
		g.Facts = append(g.Facts, factf("replica "+r.Name.String(), "%s %s from %s, behind by %s and %s", r.State, r.Sync, r.Client, r.Behind.Size(), r.Lag.Span()))
	}
	for _, s := range d.Slots {
		active := "inactive"
		if s.Active {
			active = "active"
		}
		status := s.Status.String()
		if !s.Lost.Empty() {
			status += ": " + s.Lost.String()
		}
		g.Facts = append(g.Facts, factf("slot "+s.Name.String(), "%s, %s, retains %s, %s", s.Kind, active, s.Retains.Size(), status))
	}
	if len(g.Facts) == 0 {
		g.Facts = append(g.Facts, factf("replicas", "none, and no slots"))
	}
	return g
}

// standbyFacts say where a standby gets its WAL from.
func standbyFacts(d ops.Database) []ops.Fact {
	if why := unread(d, "WAL receiver"); !why.Empty() {
		return []ops.Fact{fact("WAL receiver", why)}
	}
	u := d.Upstream
	receiver := factf("WAL receiver", "none since %s", ops.Stamp(u.Gone))
	if u.Receiving {
		receiver = factf("WAL receiver", "%s, from %s, last message at %s", u.State.Or(ops.Lit("hidden")), u.Host.Or(ops.Lit("hidden")), ops.Stamp(u.Heard))
	}
	from := map[bool]string{true: "set", false: "not set"}
	told := from[u.Told]
	if u.Hidden {
		told = "hidden: " + needsMonitor
	}
	return []ops.Fact{receiver, factf("primary_conninfo", "%s", told), factf("restore_command", "%s", from[u.Archive]),
		factf("received", "up to %s, %s of it not replayed", u.Received.Or(ops.Lit("?")), u.Waiting.Size()), factf("newest transaction", "of %s", ops.Stamp(u.Replayed))}
}

func walFacts(d ops.Database) ops.FactGroup {
	grows := ""
	if d.WAL.Growth.Known && d.WAL.Growth.Value > 0 {
		grows = ", " + d.WAL.Growth.Size() + " more an hour"
	}
	g := group("WAL", factf("position", "%s, wal_level %s", d.WAL.Position, d.WAL.Level), factf("written", "%s/s, pg_wal holds %s%s", d.WAL.Rate.Size(), d.WAL.Size.Size(), grows))
	a := d.Archiver
	switch why := unread(d, "archiver"); {
	case !why.Empty():
		g.Facts = append(g.Facts, fact("archiving", why))
	case !a.On:
		g.Facts = append(g.Facts, factf("archiving", "off"))
	default:
		g.Facts = append(g.Facts, factf("archived", "%s files, last %s at %s", a.Archived.Whole(), a.LastFile.Or(ops.Lit("none")), ops.Stamp(a.LastGood)),
			factf("failed", "%s times, last %s at %s", a.Failed.Whole(), a.FailedFile.Or(ops.Lit("none")), ops.Stamp(a.LastFailed)), factf("waiting", "%s files", a.Ready.Whole()))
	}
	c := d.Checkpoints
	g.Facts = append(g.Facts, factf("checkpoints", "%s by time, %s requested, last at %s; writing took %s, syncing %s",
		c.Timed.Whole(), c.Requested.Whole(), ops.Stamp(c.Last), c.Write.Span(), c.Sync.Span()))
	return g
}

func sizeFacts(d ops.Database) ops.FactGroup {
	g := group("sizes")
	for _, s := range d.Sizes {
		grows := ""
		if s.Growth.Known {
			grows = ", grows by " + s.Growth.Size() + " an hour"
		}
		g.Facts = append(g.Facts, factf(s.Name.String(), "%s%s", s.Size.Size(), grows))
	}
	return g
}

func careFacts(d ops.Database) ops.FactGroup {
	f := d.Freeze
	g := group("vacuum", factf("oldest transaction id", "%s old in %s (autovacuum is forced from %s, wraparound at 2147483648)", f.Age.Whole(), f.Database, f.From.Whole()),
		factf("oldest multixact", "%s old", f.MultiAge.Whole()))
	for _, t := range d.Tables {
		g.Facts = append(g.Facts, factf(t.Name.String(), "%s dead rows, %s live, vacuumed %s, analyzed %s", t.Dead.Whole(), t.Live.Whole(), ops.Stamp(t.Vacuumed), ops.Stamp(t.Analyzed)))
	}
	return g
}

func rightFacts(r ops.Rights) ops.FactGroup {
	may := func(yes bool) string {
		if yes {
			return "yes"
		}
		return "no"
	}
	if !r.Why.Empty() {
		return group("actions", fact("as", r.Login), fact("not known", r.Why))
	}
	return group("actions", fact("as", r.Login), factf("cancel, terminate", "%s", may(r.Signal)), factf("of superusers too", "%s", may(r.Superuser)),
		factf("checkpoint", "%s", may(r.Checkpoint)), factf("switch WAL", "%s", may(r.SwitchWAL)))
}

func missingFacts(ms []ops.Missing) ops.FactGroup {
	g := group("not known")
	for _, m := range ms {
		g.Facts = append(g.Facts, fact(m.What.String(), m.Why))
	}
	if len(ms) == 0 {
		g.Facts = append(g.Facts, factf("nothing", "everything could be read"))
	}
	return g
}
