package pgbackrest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// archive is what is known of the WAL in one repository, from one collection to the next.
type archive struct {
	id      string // its folder, "15-1"
	segment ops.Bytes
	files   *ops.WALFiles // nil: not listed yet
	folders []string      // in it, sorted
	at      time.Time     // when it was looked into last

	whole  time.Time // when all of it was listed
	again  time.Time // when that may be tried after it failed
	failed error     // that
	mark   mark      // what was told of the backups then

	unread map[uint32]string // histories that cannot be read, and why
}

// mark changes when backups or WAL go.
type mark struct {
	backups int
	oldest  string
	first   string
}

// wholeEvery is how often all of an archive is listed. Between, what changes by itself is.
const wholeEvery = time.Hour

// list brings what is known of the WAL up to date.
func (r *repository) list(ctx context.Context, t *told) error {
	w, now := &r.wal, r.col.cfg.Now()
	if size := t.segmentSize(); w.id != t.archive || w.segment != size {
		*w = archive{id: t.archive, segment: size}
	}
	if w.id == "" {
		return nil
	}
	seen := mark{len(t.sets) + t.left, t.oldest, t.first}
	went := seen.backups < w.mark.backups || seen.oldest != w.mark.oldest || seen.first != w.mark.first
	w.mark.backups = max(w.mark.backups, seen.backups)
	due := w.files == nil || went || w.failed != nil || now.Sub(w.whole) >= wholeEvery
	switch {
	case due && r.tryWhole(ctx, now):
		if w.failed != nil {
			return w.failed
		}
		w.mark = seen
	case w.files == nil:
		return w.failed
	default:
		if err := r.listNewest(ctx, now); err != nil {
			return err
		}
	}
	return cmp.Or(r.readHistories(ctx), w.failed)
}

// tryWhole reads all of the archive, unless that failed just now: what took long and
// failed is not tried all the time. It reports whether it tried.
func (r *repository) tryWhole(ctx context.Context, now time.Time) bool {
	w := &r.wal
	if now.Before(w.again) {
		return false
	}
	if w.failed = r.listWhole(ctx, now); w.failed != nil {
		end := r.col.cfg.Now()
		w.again = end.Add(5 * end.Sub(now))
	}
	return true
}

// listWhole reads all of the archive.
func (r *repository) listWhole(ctx context.Context, now time.Time) error {
	w := &r.wal
	files, err := ops.NewWALFiles(w.segment)
	if err != nil {
		return err
	}
	folders, err := r.ls(ctx, files, "", "--recurse")
	if err != nil {
		return err
	}
	if w.files == nil {
		w.files = files
	} else {
		w.files.ReplaceAll(files)
	}
	w.folders, w.at, w.whole, w.unread = folders, now, now, map[uint32]string{}
	return nil
}

// newestMost is how many folders are read one by one; where more are new, all is read.
const newestMost = 6

// listNewest reads the folders that WAL comes into: the two newest, those that were
// so, and those that are new. A segment may come late into the one before.
func (r *repository) listNewest(ctx context.Context, now time.Time) error {
	w := &r.wal
	files, err := ops.NewWALFiles(w.segment)
	if err != nil {
		return err
	}
	folders, err := r.ls(ctx, files, "")
	if err != nil {
		return err
	}
	again := map[string]bool{"": true}
	for _, f := range folders {
		again[f] = !slices.Contains(w.folders, f)
	}
	for _, list := range [][]string{folders, w.folders} {
		for _, f := range list[max(0, len(list)-2):] {
			again[f] = true
		}
	}
	maps.DeleteFunc(again, func(_ string, read bool) bool { return !read })
	if len(again) > newestMost+1 {
		r.tryWhole(ctx, now)
		return w.failed
	}
	for f := range again {
		if slices.Contains(folders, f) {
			if _, err := r.ls(ctx, files, f); err != nil {
				return err
			}
		}
	}
	for _, f := range w.folders {
		if !slices.Contains(folders, f) {
			again[f] = true // it went
		}
	}
	w.files.Replace(files, slices.Collect(maps.Keys(again))...)
	w.folders, w.at = folders, now
	return nil
}

// filesMost is how many files of one listing are read.
const filesMost = 2_000_000

// folder is what pgBackRest sorts segments into: timeline and log.
var folder = regexp.MustCompile(`^[0-9A-F]{16}$`)

// ls lists a folder below the archive's own into files, and returns the folders in it.
func (r *repository) ls(ctx context.Context, files *ops.WALFiles, below string, options ...string) ([]string, error) {
	words := append(append([]string{"--output=json"}, options...), "repo-ls", r.path(below))
	var folders []string
	n := 0
	err := r.col.json(ctx, r.col.command(r.plan.Key, words...), listMost, func(in *httpsource.Stream) error {
		return in.Object(func(name string) error {
			var e struct {
				Type string `json:"type"`
				Size int64  `json:"size"`
				Time int64  `json:"time"`
			}
			if err := in.Decode(&e); err != nil {
				return err
			}
			switch n++; {
			case n > filesMost:
				return fmt.Errorf("more than %d files", filesMost)
			case e.Type != "path":
				if below != "" {
					name = below + "/" + name
				}
				files.Add(name, ops.Bytes(max(0, e.Size)), instant(e.Time))
			case folder.MatchString(name):
				folders = append(folders, name)
			}
			return nil
		})
	})
	slices.Sort(folders)
	return folders, err
}

// path is where something in the archive is.
func (r *repository) path(below string) string {
	return path.Join("archive", r.col.cfg.Stanza, r.wal.id, below)
}

// historiesMost is how many histories are read in one collection.
const historiesMost = 8

// readHistories reads how the timelines came about that are new. One that says nonsense
// is not read again until all is.
func (r *repository) readHistories(ctx context.Context) error {
	w, read := &r.wal, 0
	for _, timeline := range w.files.Unread() {
		if _, nonsense := w.unread[timeline]; nonsense {
			continue
		}
		if read++; read > historiesMost {
			break
		}
		text, err := r.col.words(ctx, r.col.command(r.plan.Key, "repo-get", r.path(fmt.Sprintf("%08X.history", timeline))))
		if err != nil {
			return ops.Errorf(ops.CodeUnavailable, "the history of timeline %d: %s", timeline, r.col.cause(err))
		}
		if err := w.files.AddHistory(timeline, text); err != nil {
			w.unread[timeline] = err.Error()
		}
	}
	return nil
}

// listing is what is known.
func (w *archive) listing() ops.WALListing {
	if w.files == nil {
		return ops.WALListing{SegmentSize: w.segment}
	}
	return w.files.Listing(w.at)
}

// notes say which histories cannot be read.
func (w *archive) notes(name ops.Text) []ops.Text {
	var out []ops.Text
	for _, timeline := range slices.Sorted(maps.Keys(w.unread)) {
		out = append(out, ops.Textf("%s: %s", name, w.unread[timeline]))
	}
	return out
}
