package engine

import (
	"fmt"
	"slices"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// written is when a server was last seen at a position of its WAL.
type written struct {
	first    time.Time // when it was first seen there
	at       time.Time
	lsn      ops.LSN
	timeline uint32 // that it is on
}

// maxWritten is how many positions of one cluster are remembered: with every fourth
// second, two hours; then every other one is forgotten.
const maxWritten = 2048

// noteWritten remembers where a primary's WAL is.
func (p *picture) noteWritten(d ops.Database, now time.Time) {
	lsn, err := ops.ParseLSN(d.WAL.Position.String())
	if err != nil || d.Standby || d.Cluster.ID.Empty() {
		return
	}
	all, timeline := p.written[d.Cluster.ID], uint32(d.WAL.Timeline)
	p.forgetSighted(d.Cluster.ID, timeline, lsn)
	switch last := len(all) - 1; {
	case last >= 0 && all[last].lsn == lsn && all[last].timeline == timeline:
		all[last].at = now
		return
	case last >= 0 && all[last].lsn > lsn: // restored to an earlier point: what was remembered is of another past
		all = nil
	case len(all) == maxWritten:
		for i := range all[:maxWritten/2] {
			all[i] = all[2*i+1] // the newest stays
		}
		all = all[:maxWritten/2]
	}
	p.written[d.Cluster.ID] = append(all, written{now, now, lsn, timeline})
}

// short is since when a primary was seen beyond what a standby of its cluster has; zero: it
// has all, or nobody saw the primary.
func (p *picture) short(d ops.Database) time.Time {
	if !d.Standby || d.Upstream.Received.Empty() || d.Cluster.ID.Empty() {
		return time.Time{}
	}
	received, err := ops.ParseLSN(d.Upstream.Received.String())
	if err != nil {
		return time.Time{}
	}
	if replayed, err := ops.ParseLSN(d.WAL.Position.String()); err == nil { // from an archive, maybe
		received = max(received, replayed)
	}
	all := p.written[d.Cluster.ID]
	timeline := uint32(max(0, d.Timeline()))
	if i := slices.IndexFunc(all, func(w written) bool { // on an older timeline than its own a position is of another past
		return w.lsn > received && (w.timeline == 0 || w.timeline >= timeline)
	}); i >= 0 {
		return all[i].first
	}
	return time.Time{}
}

// setBackups judges before it compares, as setContainers does.
func (p *picture) setBackups(source ops.Text, v ops.Backups) {
	server, _ := p.board.Primary(v.Database)
	if plan, ok := p.estate.BackupPlan(source); ok {
		v.RPO, v.RTO, v.Drilled = plan.RPO, plan.RTO, plan.Drilled
	}
	v.Drills, v.Verified, v.Ran = p.drills[source.String()], p.verified[source.String()], p.ran[source.String()]
	for i := range v.Repositories {
		v.Repositories[i].Listed = p.onceListed(source, v, v.Repositories[i])
	}
	v = judge.Backups(v, server, p.now())
	for i := range v.Repositories {
		v.Repositories[i].Seen = p.seen(repositoryKey(source, v.Repositories[i]), server.Cluster.ID, v.Repositories[i])
	}
	p.changedIf(ops.SectionBackups, p.board.Backups.Put(source, p.withRisk(v)))
}

func repositoryKey(source ops.Text, r ops.Repository) string {
	return fmt.Sprintf("%s/%d", source, r.Key)
}

// listed are the ends of the newest WAL that a repository was ever seen to hold of a cluster.
type listed struct {
	cluster ops.Text
	ends    []ops.WALPosition
}

// onceListed remembers those of a repository, and returns them: without, the loss of the
// newest WAL would look like WAL that is late.
func (p *picture) onceListed(source ops.Text, v ops.Backups, r ops.Repository) []ops.WALPosition {
	key := repositoryKey(source, r)
	was := p.listed[key]
	if !v.Cluster.Empty() && was.cluster != v.Cluster {
		was = listed{cluster: v.Cluster} // another cluster's WAL says nothing of this one's
	}
	was.ends = r.WAL.Ends(was.ends)
	p.listed[key] = was
	return was.ends
}

// renewRisk works out again what is at risk, after a server was read.
func (p *picture) renewRisk() {
	for _, r := range p.board.Backups {
		if r.Known() {
			p.changedIf(ops.SectionBackups, p.board.Backups.Put(r.Source, p.withRisk(r.Value)))
		}
	}
}

// withRisk says since when something is written that is in no repository.
func (p *picture) withRisk(v ops.Backups) ops.Backups {
	v.AtRisk, v.AtMost, v.NotKnown = time.Time{}, ops.Value{}, ops.Text{}
	if v.Database.Empty() {
		v.NotKnown = ops.Lit("the plan names no PostgreSQL source, which alone tells what was written")
		return v
	}
	server, fresh := p.board.Primary(v.Database)
	if !fresh {
		v.NotKnown = ops.Textf("where %s is with its WAL is not known%s", v.Database, p.lastSeen(v, server))
		return v
	}
	now, err := ops.ParseLSN(server.WAL.Position.String())
	switch {
	case err != nil || server.Cluster.ID.Empty():
		v.NotKnown = ops.Textf("%s does not say where it is with its WAL", v.Database)
		return v
	case server.Standby:
		v.NotKnown = ops.Textf("%s is a standby, and its primary is no source", v.Database)
		return v
	case !v.Cluster.Empty() && v.Cluster != server.Cluster.ID:
		v.NotKnown = ops.Textf("the engine backs up cluster %s, and %s is cluster %s", v.Cluster, v.Database, server.Cluster.ID)
		return v
	}
	safe := v.Safe()
	if safe.LSN == 0 {
		v.NotKnown = ops.Lit("no repository says what WAL it has")
		return v
	}
	if now <= safe.LSN && safe.Timeline >= uint32(server.WAL.Timeline) { // else that is of another past
		return v
	}
	v.AtRisk = p.since(server, safe, v.Receiver == nil)
	if v.Receiver != nil {
		return v
	}
	a, timeout := server.Archiver, server.Cluster.Timeout
	segment := ops.Bytes(max(0, server.Cluster.Segment.Value))
	// With nothing waiting and nothing failing the server has yet to send the segment that
	// it writes, and does so after archive_timeout where anything in it matters.
	if came(server, safe) && a.On && !a.Failing() && a.Ready.Known && a.Ready.Value == 0 && timeout.Known && timeout.Value > 0 && now > safe.LSN && ops.CheckWALSegment(segment) == nil && now.Segment(segment) <= safe.LSN.Segment(segment)+1 {
		v.AtMost = timeout
	}
	return v
}

// lastSeen says how much was at risk when a server that is away was last seen: what is lost
// at the least if it does not come back.
func (p *picture) lastSeen(v ops.Backups, server ops.Database) string {
	all, safe := p.written[server.Cluster.ID], v.Safe()
	if len(all) == 0 || safe.LSN == 0 || !v.Cluster.Empty() && v.Cluster != server.Cluster.ID {
		return ""
	}
	last := all[len(all)-1]
	seen := "; when it was last seen, at " + ops.Moment(last.at, p.now()) + ","
	if last.lsn <= safe.LSN {
		return seen + " all was in a repository"
	}
	return seen + " what was written since " + ops.Moment(p.since(server, safe, v.Receiver == nil), p.now()) + " was in none"
}

// since is when the first position behind safe may have been written: after the last
// look at which all was safe. archived says that the server's archiver brings the WAL.
func (p *picture) since(server ops.Database, safe ops.WALPosition, archived bool) time.Time {
	all := p.written[server.Cluster.ID]
	i := slices.IndexFunc(all, func(w written) bool { return w.lsn > safe.LSN || w.timeline > safe.Timeline })
	switch {
	case i > 0:
		return all[i-1].at
	case archived && !server.Archiver.LastGood.IsZero() && came(server, safe): // before this agent looked: the segment behind the last archived one began about then
		return server.Archiver.LastGood
	case !safe.At.IsZero() && (!archived || !came(server, safe)): // before this agent looked: what is safe was written about then
		return safe.At
	case i == 0:
		return all[0].at
	}
	return p.now()
}

// came reports whether what the server says it has archived is in a repository, as far as
// that is known: an archive_command may say well done and do nothing.
func came(server ops.Database, safe ops.WALPosition) bool {
	size := ops.Bytes(max(0, server.Cluster.Segment.Value))
	if ops.CheckWALSegment(size) != nil {
		return true
	}
	w, err := ops.ParseWALName(server.Archiver.LastFile.String(), size)
	return err != nil || w.Kind != ops.WALSegment || ops.SegmentStart(w.Segment+1, size) <= safe.LSN
}
