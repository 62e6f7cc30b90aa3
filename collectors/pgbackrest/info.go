package pgbackrest

import (
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"opsdeck/internal/httpsource"
	"opsdeck/ops"
)

// Status codes of a repository.
const (
	statusOK           = 0
	statusNoStanza     = 1
	statusNoBackup     = 2
	statusNoStanzaData = 3
	statusOther        = 99
)

// The answer's own shapes. What a version does not say stays nil or zero.
type (
	statusAnswer struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Lock    struct {
			Backup struct {
				Held     bool  `json:"held"`
				Size     int64 `json:"size"`      // from 2.48 on
				Complete int64 `json:"size-cplt"` // of Size
			} `json:"backup"`
		} `json:"lock"`
	}
	repoAnswer struct {
		Key    int          `json:"key"`
		Cipher string       `json:"cipher"`
		Status statusAnswer `json:"status"`
	}
	clusterAnswer struct { // of archive and of backup
		ID      int `json:"id"`
		RepoKey int `json:"repo-key"`
	}
	dbAnswer struct {
		clusterAnswer
		SystemID json.Number `json:"system-id"`
	}
	archiveAnswer struct {
		Database clusterAnswer `json:"database"`
		ID       string        `json:"id"`
		Min      string        `json:"min"`
	}
	backupAnswer struct {
		Archive struct {
			Start string `json:"start"`
			Stop  string `json:"stop"`
		} `json:"archive"`
		Database clusterAnswer `json:"database"`
		Error    bool          `json:"error"`
		Info     struct {
			Size       *float64 `json:"size"`
			Repository struct {
				Delta *float64 `json:"delta"`
			} `json:"repository"`
		} `json:"info"`
		Label string `json:"label"`
		LSN   struct {
			Start string `json:"start"`
			Stop  string `json:"stop"`
		} `json:"lsn"`
		Prior     string   `json:"prior"`
		Reference []string `json:"reference"`
		Timestamp struct {
			Start int64 `json:"start"`
			Stop  int64 `json:"stop"`
		} `json:"timestamp"`
		Type string `json:"type"`
	}
)

// told is what pgBackRest tells of one repository.
type told struct {
	code     int
	message  string
	cipher   bool
	held     bool
	progress ops.Value

	sets   []ops.Backup
	left   int // older backups that are not kept
	odd    int // backups that are not what they are meant to be
	size   float64
	sized  bool   // size is of all backups
	oldest string // label

	clusterID int // of the newest cluster
	cluster   ops.Text
	archive   string // the folder of its WAL; empty: none
	first     string // segment in it
}

// infoReader makes that of an answer as it comes.
type infoReader struct {
	plan   string
	repo   ops.RepositoryPlan
	in     *httpsource.Stream
	t      told
	name   string // of the stanza
	status statusAnswer
}

// readInfo reads what `info` says of a stanza in one repository.
func readInfo(in *httpsource.Stream, plan, stanza string, repo ops.RepositoryPlan) (told, error) {
	t := told{code: statusNoStanza, message: "missing stanza path", sized: true}
	err := in.List(func() error {
		r := infoReader{plan: plan, repo: repo, in: in, t: told{code: statusOther, message: "pgBackRest tells nothing of it", sized: true}}
		if err := r.in.Object(r.field); err != nil || r.name != stanza {
			return err
		}
		t = r.t
		t.left += newestFirst(&t.sets)
		l := r.status.Lock.Backup
		if t.held = l.Held; l.Held && l.Size > 0 && l.Complete >= 0 && l.Complete <= l.Size {
			t.progress = ops.Num(float64(l.Complete) / float64(l.Size))
		}
		return nil
	})
	return t, err
}

func (r *infoReader) field(name string) error {
	switch name {
	case "archive":
		return r.in.List(r.takeArchive)
	case "backup":
		return r.in.List(r.takeBackup)
	case "db":
		return r.in.List(r.takeDB)
	case "repo":
		return r.in.List(r.takeRepo)
	}
	return r.in.Field(name, map[string]any{"name": &r.name, "status": &r.status})
}

func (r *infoReader) takeRepo() error {
	var a repoAnswer
	if err := r.in.Decode(&a); err != nil || a.Key != r.repo.Key {
		return err
	}
	r.t.code, r.t.message, r.t.cipher = a.Status.Code, a.Status.Message, a.Cipher != "none" && a.Cipher != ""
	return nil
}

// archiveID is the folder of a cluster's WAL, and comes to be an argument.
var archiveID = regexp.MustCompile(`^\d{1,3}(\.\d{1,2})?-(\d{1,9})$`)

func (r *infoReader) takeArchive() error {
	var a archiveAnswer
	if err := r.in.Decode(&a); err != nil || a.Database.RepoKey != r.repo.Key || !archiveID.MatchString(a.ID) {
		return err
	}
	if r.t.archive == "" || a.Database.ID >= r.t.clusterID {
		r.t.archive, r.t.first = a.ID, a.Min
	}
	r.t.clusterID = max(r.t.clusterID, a.Database.ID)
	return nil
}

func (r *infoReader) takeDB() error {
	var a dbAnswer
	if err := r.in.Decode(&a); err != nil || a.RepoKey != r.repo.Key || a.ID < r.t.clusterID {
		return err
	}
	r.t.clusterID, r.t.cluster = a.ID, ops.Clean(a.SystemID.String())
	return nil
}

// takeBackup keeps the newest backups: they may come in any order.
func (r *infoReader) takeBackup() error {
	var a backupAnswer
	err := r.in.Decode(&a)
	if _, wrong := errors.AsType[*json.UnmarshalTypeError](err); wrong || err == nil && !label.MatchString(a.Label) {
		r.t.odd++
		return nil
	}
	if err != nil || a.Database.RepoKey != r.repo.Key {
		return err
	}
	if r.t.oldest == "" || a.Label < r.t.oldest {
		r.t.oldest = a.Label
	}
	b := r.backup(&a)
	r.t.size += b.Stored.Value
	r.t.sized = r.t.sized && b.Stored.Known
	if r.t.sets = append(r.t.sets, b); len(r.t.sets) == 2*setsMost {
		r.t.left += newestFirst(&r.t.sets)
	}
	return nil
}

// What pgBackRest calls a backup and a segment of WAL.
var (
	label   = regexp.MustCompile(`^\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?$`)
	segment = regexp.MustCompile(`^[0-9A-F]{24}$`)
)

// needsMost is how many other backups are named that one needs. Its prior leads to the
// rest.
const needsMost = 64

func (r *infoReader) backup(a *backupAnswer) ops.Backup {
	b := ops.Backup{
		Ref:        ops.BackupRef(ops.Clean(r.plan), r.repo.Name, ops.Clean(a.Label)),
		Label:      ops.Clean(a.Label),
		Repository: r.repo.Name, Key: r.repo.Key,
		Began: instant(a.Timestamp.Start), Ended: instant(a.Timestamp.Stop),
		Cluster: a.Database.ID, Damaged: a.Error,
		Size: bytesOf(a.Info.Size), Stored: bytesOf(a.Info.Repository.Delta),
	}
	_ = b.Type.UnmarshalText([]byte(a.Type)) // unknown where it is no type
	b.Start, _ = ops.ParseLSN(a.LSN.Start)   // before 2.2x none was told
	b.Stop, _ = ops.ParseLSN(a.LSN.Stop)
	if segment.MatchString(a.Archive.Start) && segment.MatchString(a.Archive.Stop) {
		b.FirstWAL, b.LastWAL = ops.Clean(a.Archive.Start), ops.Clean(a.Archive.Stop)
	}
	if label.MatchString(a.Prior) {
		b.Prior = ops.Clean(a.Prior)
	}
	for _, l := range a.Reference[:min(len(a.Reference), needsMost)] {
		if label.MatchString(l) {
			b.Needs = append(b.Needs, ops.Clean(l))
		}
	}
	return b
}

// lastSecond is the last one of the year 9999: a later time has no form on the wire.
const lastSecond = 253402300799

// instant is a time of the answer; zero where it is none.
func instant(unix int64) time.Time {
	if unix <= 0 || unix > lastSecond {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

func bytesOf(n *float64) ops.Value {
	if n == nil || *n < 0 {
		return ops.Value{}
	}
	return ops.Num(*n)
}

// usualSegment is the size that a cluster has where nobody chose another.
const usualSegment ops.Bytes = 16 << 20

// segmentSize is the size of the newest cluster's segments of WAL. No answer names it,
// but a backup tells the position that it begins at and the segment which that is in.
func (t *told) segmentSize() ops.Bytes {
	for _, b := range t.sets {
		if b.Cluster != t.clusterID || b.Start == 0 || b.FirstWAL.Empty() {
			continue
		}
		var fit []ops.Bytes
		for size := ops.Bytes(1 << 20); size <= 1<<30; size *= 2 {
			if f, err := ops.ParseWALName(b.FirstWAL.String(), size); err == nil && f.Segment == b.Start.Segment(size) {
				fit = append(fit, size)
			}
		}
		if len(fit) == 1 {
			return fit[0]
		}
	}
	return usualSegment
}
