package engine

import (
	"maps"
	"slices"
	"strings"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// toldBackups are the backups of one repository that the history has nothing more to hear
// of: it was told of them, a job of this agent made them, or they were there at the first look.
type toldBackups struct {
	// Since is when the newest ended of those that are not named any more. Known are those
	// that ended after it: a clock that was wrong cannot hide what comes behind.
	Since time.Time            `json:"since,omitzero"`
	Known map[string]time.Time `json:"known,omitempty"`
}

// knownMost is how many are named of a repository.
const knownMost = 100

// has reports whether nothing more is to be told of a backup.
func (t toldBackups) has(label ops.Text, ended time.Time) bool {
	_, known := t.Known[label.String()]
	return known || !ended.After(t.Since)
}

// with adds one. What was handed out before does not change: it may be being written down.
func (t toldBackups) with(label ops.Text, ended time.Time) toldBackups {
	t.Known = maps.Clone(t.Known)
	if t.Known == nil {
		t.Known = map[string]time.Time{}
	}
	t.Known[label.String()] = ended
	if len(t.Known) > knownMost {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(t.Known)), func(a, b string) int { return t.Known[a].Compare(t.Known[b]) })
		t.Since = t.Known[oldest]
		delete(t.Known, oldest)
	}
	return t
}

// tellBackups returns what the history keeps of the backups that others made, right after
// a plan's repositories were read. What its first look finds there is no news.
func (p *picture) tellBackups(plan ops.Text, now time.Time) []ops.Record {
	i := slices.IndexFunc(p.board.Backups, func(r ops.Reading[ops.Backups]) bool { return r.Source == plan })
	if i < 0 {
		return nil
	}
	v := p.board.Backups[i].Value
	var recs []ops.Record
	for _, r := range v.Repositories {
		if !r.Fault.Empty() || r.Read.IsZero() {
			continue
		}
		key := toldKey(plan, r.Name)
		told, looked := p.told[key]
		changed := !looked
		for _, s := range slices.Backward(v.Sets) { // the oldest first
			if s.Key != r.Key || told.has(s.Label, s.Ended) {
				continue
			}
			open, lost := judge.BackupJob(p.board.Jobs, v.Ref, s)
			if looked && open {
				continue
			}
			told, changed = told.with(s.Label, s.Ended), true
			if looked && !lost {
				recs = append(recs, madeByOthers(v, s, now))
			}
		}
		if changed {
			p.told[key], p.unsaved[keptTold] = told, true
		}
	}
	return recs
}

func toldKey(plan, repository ops.Text) string { return plan.String() + "/" + repository.String() }

// noteMade remembers the backups that a job says it has made: they are no news.
func (p *picture) noteMade(j ops.Job) {
	for _, ref := range j.Made {
		repository, _ := strings.CutSuffix(ref.ID.String(), "/"+ops.BackupLabel(ref).String())
		key := toldKey(ref.Source, ops.Clean(repository))
		if told, looked := p.told[key]; looked && !told.has(ops.BackupLabel(ref), j.Ended) {
			p.told[key], p.unsaved[keptTold] = told.with(ops.BackupLabel(ref), j.Ended), true
		}
	}
}

func restoreTold(p *picture, kept map[string]toldBackups) {
	maps.Copy(p.told, kept)
	for _, j := range p.board.Jobs { // one may have ended as the last agent died
		p.noteMade(j)
	}
}

// madeByOthers tells of a backup all that is known: no engine says who made it.
func madeByOthers(v ops.Backups, s ops.Backup, now time.Time) ops.Record {
	what := s.Size.Size()
	if s.Stored.Known {
		what += ", " + s.Stored.Size() + " stored"
	}
	rec := ops.Record{At: now, Kind: ops.RecordBackup, Ref: v.Ref, Level: ops.LevelInfo,
		What: ops.Textf("%s backup %s made in %s by no job of this agent: %s, ended at %s", s.Type, s.Label, s.Repository, what, ops.Moment(s.Ended, now)),
		Facts: []ops.Fact{
			{Name: ops.Lit("label"), Value: s.Label}, {Name: ops.Lit("type"), Value: ops.Clean(s.Type.String())}, {Name: ops.Lit("repository"), Value: s.Repository},
			{Name: ops.Lit("size"), Value: ops.Clean(s.Size.Size())}, {Name: ops.Lit("stored"), Value: ops.Clean(s.Stored.Size())},
			{Name: ops.Lit("began"), Value: ops.Clean(ops.Stamp(s.Began))}, {Name: ops.Lit("ended"), Value: ops.Clean(ops.Stamp(s.Ended))},
		}}
	if s.Verdict.Level.Bad() {
		rec.Level, rec.What = s.Verdict.Level, ops.Textf("%s; %s: %s", rec.What, s.Verdict.Word, s.Verdict.Cause)
	}
	return rec
}
