package pgbackrest

import (
	"context"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// Open tells everything that is known of the plan, or of one backup.
func (c *Collector) Open(_ context.Context, ref ops.Ref, _ time.Duration) (ops.Detail, error) {
	c.mu.Lock()
	b, at := c.newest, c.newestAt
	c.mu.Unlock()
	if b.Ref.Zero() {
		return ops.Detail{}, ops.Errorf(ops.CodeUnavailable, "%s was not read yet", c.cfg.Plan.Name).Help("its source says why")
	}
	switch ref.Kind {
	case ops.KindBackups, ops.KindSource:
		return ops.Detail{Ref: ref, At: at, Title: ops.Textf("backups %s", c.cfg.Plan.Name), Groups: planGroups(b)}, nil
	case ops.KindBackup:
		for _, s := range b.Sets {
			if s.Ref == ref {
				return ops.Detail{Ref: ref, At: at, Title: ops.Textf("%s backup %s", s.Type, s.Label), Groups: []ops.FactGroup{setGroup(s)}}, nil
			}
		}
		return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "there is no backup %s in the repository now", ref.ID).Help("it may have expired")
	}
	return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "a backup plan has no %s", ref.Kind)
}

func fact(name, value string) ops.Fact {
	return ops.Fact{Name: ops.Clean(name), Value: ops.Clean(value)}
}

func setGroup(s ops.Backup) ops.FactGroup {
	g := ops.FactGroup{Title: ops.Lit("backup"), Facts: []ops.Fact{
		fact("label", s.Label.String()), fact("type", s.Type.String()), fact("repository", s.Repository.String()),
		fact("began", ops.Stamp(s.Began)), fact("ended", ops.Stamp(s.Ended)),
		fact("positions", s.Start.String()+" to "+s.Stop.String()), fact("its WAL", s.FirstWAL.String()+" to "+s.LastWAL.String()),
		fact("database", s.Size.Size()), fact("added to the repository", s.Stored.Size()),
	}}
	if !s.Prior.Empty() {
		g.Facts = append(g.Facts, fact("builds on", s.Prior.String()))
	}
	if len(s.Needs) > 0 {
		g.Facts = append(g.Facts, fact("needs", joined(s.Needs)))
	}
	if s.Damaged {
		g.Facts = append(g.Facts, ops.Fact{Name: ops.Lit("pages"), Value: ops.Lit("some had wrong checksums when it was made"), Level: ops.LevelCritical})
	}
	return g
}

func planGroups(b ops.Backups) []ops.FactGroup {
	lock, stopped := "free", "no"
	switch {
	case b.Stopped:
		stopped = "yes: nothing is archived and no backup made"
	case !b.Unseen.Empty():
		stopped = "not known: " + b.Unseen.String()
	}
	switch {
	case b.Held && b.Holder.PID > 0:
		lock = "held by process " + strconv.Itoa(b.Holder.PID)
	case b.Held:
		lock = "held"
	}
	groups := []ops.FactGroup{{Title: ops.Lit("plan"), Facts: []ops.Fact{
		fact("engine", b.Engine.String()), fact("stanza", b.Stanza.String()), fact("database", b.Database.String()), fact("cluster", b.Cluster.String()), fact("lock", lock), fact("stopped", stopped),
	}}}
	for _, r := range b.Repositories {
		g := ops.FactGroup{Title: ops.Textf("repository %s", r.Name), Facts: []ops.Fact{fact("number", strconv.Itoa(r.Key))}}
		for _, f := range []ops.Fact{{Name: ops.Lit("where"), Value: r.Where}, {Name: ops.Lit("region"), Value: r.Region}, {Name: ops.Lit("fault"), Value: r.Fault}, {Name: ops.Lit("WAL not listed"), Value: r.Unlisted}} {
			if !f.Value.Empty() {
				g.Facts = append(g.Facts, f)
			}
		}
		if w := r.WAL; !w.At.IsZero() {
			g.Facts = append(g.Facts, fact("WAL", ops.Count(w.Files, "file")+", "+ops.Size(float64(w.Size))+", listed "+ops.Stamp(w.At)))
			for i, run := range w.Runs {
				if i == runsMost {
					g.Facts = append(g.Facts, fact("and", ops.Count(len(w.Runs)-i, "more run")))
					break
				}
				g.Facts = append(g.Facts, fact("without a gap", ops.WALName(run.Timeline, run.First, w.SegmentSize).String()+" to "+ops.WALName(run.Timeline, run.Last, w.SegmentSize).String()))
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// runsMost is how many runs of WAL an opened plan lists.
const runsMost = 20

func joined(all []ops.Text) string {
	words := make([]string, len(all))
	for i, t := range all {
		words[i] = t.String()
	}
	return strings.Join(words, ", ")
}
