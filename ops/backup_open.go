package ops

import (
	"strconv"
	"strings"
	"time"
)

// Open tells everything that is known of a plan, or of one of its backups, as it was read
// at a time; the zero value: it was not read yet.
func (b Backups) Open(plan Text, ref Ref, at time.Time) (Detail, error) {
	if b.Ref.Zero() {
		return Detail{}, Errorf(CodeUnavailable, "%s was not read yet", plan).Help("its source says why")
	}
	switch ref.Kind {
	case KindBackups, KindSource:
		return Detail{Ref: ref, At: at, Title: Textf("backups %s", plan), Groups: b.facts()}, nil
	case KindBackup:
		for _, s := range b.Sets {
			if s.Ref == ref {
				return Detail{Ref: ref, At: at, Title: Textf("%s backup %s", s.Type, s.Label), Groups: []FactGroup{s.facts()}}, nil
			}
		}
		return Detail{}, Errorf(CodeNotFound, "there is no backup %s in the repository now", ref.ID).Help("it may have expired")
	}
	return Detail{}, Errorf(CodeNotFound, "a backup plan has no %s", ref.Kind)
}

func fact(name, value string) Fact {
	return Fact{Name: Clean(name), Value: Clean(value)}
}

func (s Backup) facts() FactGroup {
	g := FactGroup{Title: Lit("backup"), Facts: []Fact{
		fact("label", s.Label.String()), fact("type", s.Type.String()), fact("repository", s.Repository.String()),
		fact("began", Stamp(s.Began)), fact("ended", Stamp(s.Ended)),
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
		g.Facts = append(g.Facts, Fact{Name: Lit("pages"), Value: Lit("some had wrong checksums when it was made"), Level: LevelCritical})
	}
	return g
}

func (b Backups) facts() []FactGroup {
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
	groups := []FactGroup{{Title: Lit("plan"), Facts: []Fact{
		fact("engine", b.Engine.String()), fact("stanza", b.Stanza.String()), fact("database", b.Database.String()), fact("cluster", b.Cluster.String()), fact("lock", lock), fact("stopped", stopped),
	}}}
	for _, r := range b.Repositories {
		g := FactGroup{Title: Textf("repository %s", r.Name), Facts: []Fact{fact("number", strconv.Itoa(r.Key))}}
		for _, f := range []Fact{{Name: Lit("where"), Value: r.Where}, {Name: Lit("region"), Value: r.Region}, {Name: Lit("fault"), Value: r.Fault}, {Name: Lit("WAL not listed"), Value: r.Unlisted}} {
			if !f.Value.Empty() {
				g.Facts = append(g.Facts, f)
			}
		}
		if w := r.WAL; !w.At.IsZero() {
			g.Facts = append(g.Facts, fact("WAL", Count(w.Files, "file")+", "+Size(float64(w.Size))+", listed "+Stamp(w.At)))
			for i, run := range w.Runs {
				if i == runsMost {
					g.Facts = append(g.Facts, fact("and", Count(len(w.Runs)-i, "more run")))
					break
				}
				g.Facts = append(g.Facts, fact("without a gap", WALName(run.Timeline, run.First, w.SegmentSize).String()+" to "+WALName(run.Timeline, run.Last, w.SegmentSize).String()))
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// runsMost is how many runs of WAL an opened plan lists.
const runsMost = 20

func joined(all []Text) string {
	words := make([]string, len(all))
	for i, t := range all {
		words[i] = t.String()
	}
	return strings.Join(words, ", ")
}
