package basebackup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"opsdeck/ops"
)

// Retention is what is kept: so many of the newest good backups, and those from which any
// moment of so long can be restored. What either holds stays. The zero value holds all.
type Retention struct {
	Backups int
	Age     time.Duration
}

// Damaged reports whether something wrong was found in a backup, or is not there any more.
func (s Set) Damaged() bool { return len(s.Checked.Wrong)+len(s.Lost) > 0 }

// good reports whether a backup counts for retention: it has its WAL, and is not damaged.
func (s Set) good() bool { return s.Own && !s.Damaged() }

// Newest sorts backups, the newest first.
func Newest(sets []Set) {
	slices.SortFunc(sets, func(a, b Set) int {
		return cmp.Or(b.Made.Ended.Compare(a.Made.Ended), cmp.Compare(b.Label, a.Label))
	})
}

// Split are the backups that retention holds, and those that it does not; sets are newest
// first. Only good ones of the newest's cluster count; where there are too few, all are held.
func (k Retention) Split(sets []Set, now time.Time) (held, rest []Set) {
	last := len(sets) - 1
	byCount, byAge := last, last
	if k == (Retention{}) || last < 0 {
		return sets, nil
	}
	good := 0
	for i, s := range slices.Backward(sets) { // the oldest first: the newest that fits stays
		if s.good() && s.Cluster == sets[0].Cluster && !s.Made.Ended.After(now.Add(-k.Age)) {
			byAge = i
		}
	}
	for i, s := range sets {
		if s.good() && s.Cluster == sets[0].Cluster {
			if good++; good == k.Backups {
				byCount = i
			}
		}
	}
	switch {
	case k.Age <= 0:
		last = byCount
	case k.Backups <= 0:
		last = byAge
	default:
		last = max(byCount, byAge)
	}
	return sets[:last+1], sets[last+1:]
}

// Needless is WAL of a cluster that no backup needs.
type Needless struct {
	Cluster string
	Whole   bool     // no backup of the cluster is left: all of it goes
	Files   []string // paths, the oldest first
}

// Needless finds the WAL before that of the backups that are held: on every timeline what
// comes before the first segment of the oldest. Histories stay, and what the receiver goes
// on from.
func (r Repo) Needless(held []Set) (all []Needless, err error) {
	first := map[string]Set{} // of each cluster the one that needs the oldest WAL
	mixed := map[string]bool{}
	var began time.Time // of the oldest that is held
	for _, s := range held {
		if err := ops.CheckWALSegment(s.Segment); err != nil {
			return nil, fmt.Errorf("which WAL %s needs is not known: %w", s.Label, err)
		}
		known, found := first[s.Cluster]
		if !found || s.First < known.First {
			first[s.Cluster] = s
		}
		mixed[s.Cluster] = mixed[s.Cluster] || found && s.Segment != known.Segment
		if began.IsZero() || s.Made.Began.Before(began) {
			began = s.Made.Began
		}
	}
	clusters, err := os.ReadDir(r.at("wal"))
	if errors.Is(err, fs.ErrNotExist) || len(held) == 0 {
		return nil, nil
	}
	for _, d := range clusters {
		oldest, needed := first[d.Name()]
		w := Needless{Cluster: d.Name()}
		if since := r.Since(w.Cluster); mixed[w.Cluster] {
			continue // pg_resetwal changed its segments: which position a name means is not known
		} else if needed {
			w.Files, err = r.before(w.Cluster, oldest.First.Segment(oldest.Segment), oldest.Segment)
		} else if w.Whole = !since.IsZero() && since.Before(began); w.Whole { // else it may be of the next one's
			w.Files, err = r.before(w.Cluster, ^uint64(0), held[0].Segment)
		}
		if err != nil {
			return nil, err
		}
		if w.Whole || len(w.Files) > 0 {
			all = append(all, w)
		}
	}
	return all, err
}

// before are the files of a cluster's WAL before a segment.
func (r Repo) before(cluster string, segment uint64, size ops.Bytes) (paths []string, err error) {
	lives, err := r.Lives(cluster)
	if err != nil {
		return nil, err
	}
	for i, life := range lives {
		files, err := os.ReadDir(r.Life(cluster, life))
		if err != nil {
			return nil, err
		}
		newest := map[uint32]uint64{} // by timeline
		numbers := map[string]ops.WALFile{}
		for _, f := range files {
			w, err := ops.ParseWALName(f.Name(), size)
			if err != nil || w.Kind != ops.WALSegment && w.Kind != ops.WALPartial {
				continue
			}
			numbers[f.Name()], newest[w.Timeline] = w, max(newest[w.Timeline], w.Segment)
		}
		var mine []string
		for name, w := range numbers {
			if w.Segment < segment && !(i == len(lives)-1 && w.Segment == newest[w.Timeline]) {
				mine = append(mine, name)
			}
		}
		slices.SortFunc(mine, func(a, b string) int {
			return cmp.Or(cmp.Compare(numbers[a].Segment, numbers[b].Segment), cmp.Compare(a, b))
		})
		for _, name := range mine {
			paths = append(paths, filepath.Join(r.Life(cluster, life), name))
		}
	}
	return paths, nil
}

// Prune removes what retention does not hold, and says each step before it. Wherever it
// ends, what is held is whole, and the next one goes on.
func (r Repo) Prune(ctx context.Context, k Retention, now func() time.Time, out io.Writer) error {
	l, _, err := r.begin(ctx, out) // removes what an earlier one began to
	if err != nil {
		return err
	}
	defer l.release()
	sets, err := r.all()
	if err != nil {
		return err
	}
	held, rest := k.Split(sets, now())
	for _, s := range slices.Backward(rest) {
		fmt.Fprintf(out, "INFO: remove expired backup %s\n", s.Label)
		part := r.Backup(s.Label + partEnd) // it is no backup any more before anything of it goes
		if err := errors.Join(os.Rename(r.Backup(s.Label), part), syncDir(r.at("backups"))); err != nil {
			return err
		}
		fmt.Fprintf(out, "INFO: removing its files\n")
		if err := remove(ctx, part); err != nil {
			return err
		}
	}
	needless, err := r.Needless(held)
	if err != nil {
		return err
	}
	for _, w := range needless {
		if err := r.clean(w, out); err != nil {
			return err
		}
	}
	return nil
}

// clean removes WAL. Of a whole cluster what tells that it is an earlier one goes last.
func (r Repo) clean(w Needless, out io.Writer) error {
	for _, path := range w.Files {
		fmt.Fprintf(out, "INFO: removing %s of cluster %s\n", filepath.Base(path), w.Cluster)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if !w.Whole {
		return nil
	}
	lives, err := r.Lives(w.Cluster)
	for _, life := range lives {
		fmt.Fprintf(out, "INFO: removing the rest of cluster %s\n", w.Cluster)
		err = errors.Join(err, os.RemoveAll(r.Life(w.Cluster, life)))
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(r.at("wal", w.Cluster))
}

// all reads every backup, the newest first. Error: there is one that cannot be read, and
// what WAL it needs is not known.
func (r Repo) all() (sets []Set, err error) {
	labels, _, err := r.Labels()
	if err != nil {
		return nil, err
	}
	for _, label := range labels {
		s, err := r.Read(label)
		if err != nil {
			return nil, failed(ExitCorrupt, "%s cannot be read, and what WAL it needs is not known: %v", label, err)
		}
		s.Checked = r.LastCheck(label)
		sets = append(sets, s)
	}
	Newest(sets)
	return sets, nil
}
