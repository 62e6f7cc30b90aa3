package engine

import (
	"strings"
	"time"

	"opsdeck/ops"
)

// verdictsAfter is how long an agent runs before it tells of verdicts: until then sources
// are read for the first time, receivers begin, and what it finds says nothing of backups.
const verdictsAfter = time.Minute

// tellVerdicts returns what the history keeps of backup plans, and of repositories where a
// plan has several, that stand otherwise than was told last, also by an agent before this
// one. A plan that cannot be read now, or whose server was not read yet, has not changed.
func (p *picture) tellVerdicts(now time.Time) []ops.Record {
	if now.Sub(p.board.Estate.Agent.Started) < verdictsAfter {
		return nil
	}
	var recs []ops.Record
	for _, r := range p.board.Backups {
		if s := p.source(r.Value.Database); !r.Fresh() || s != nil && s.State == ops.SourcePending {
			continue
		}
		v := r.Value
		plan := r.Source.String()
		recs = append(recs, p.tellVerdict(plan, v.Ref, v.Verdict.Level, v.Verdict.Cause, now)...)
		for i := range v.Repositories {
			if len(v.Repositories) > 1 {
				repo := &v.Repositories[i]
				recs = append(recs, p.tellVerdict(plan+"/"+repo.Name.String(), v.Ref, repo.Level, repo.Why, now)...)
			}
		}
	}
	return recs
}

// tellVerdict compares one with what was told of it last. Its sentence has no cause that
// moves: what comes and goes is one line of a time line.
func (p *picture) tellVerdict(name string, ref ops.Ref, level ops.Level, cause ops.Text, now time.Time) []ops.Record {
	if level == ops.LevelInfo { // it asks for nothing
		level = ops.LevelOK
	}
	was, told := p.verdicts[name]
	if level == was {
		return nil
	}
	p.verdicts[name], p.unsaved[keptVerdicts] = level, true
	if !told && level == ops.LevelOK {
		return nil
	}
	rec := ops.Record{At: now, Kind: ops.RecordBackups, Ref: ref, Level: level, What: ops.Textf("backups %s %s", name, level)}
	if told {
		rec.What = ops.Textf("%s, was %s", rec.What, was)
	}
	if level != ops.LevelOK && !cause.Empty() {
		what, _, _ := strings.Cut(cause.String(), "; ")
		plan, _, _ := strings.Cut(name, "/")
		rec.What = ops.Textf("%s: %s", rec.What, strings.TrimPrefix(what, plan+": "))
		rec.Facts = []ops.Fact{{Name: ops.Lit("cause"), Value: cause}}
	}
	return []ops.Record{rec}
}
