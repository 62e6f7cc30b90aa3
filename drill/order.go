package drill

import (
	"path/filepath"
	"time"

	"opsdeck/ops"
)

// Order is everything that a drill needs to know. It holds no secret.
type Order struct {
	// Restore is pgBackRest's argument list as the drill's own account runs it, without
	// the command and without what leads into the scratch. Folder is the backup of a plan
	// that PostgreSQL's own tools back up.
	Restore []string `json:"restore,omitempty"`
	Folder  *Folder  `json:"folder,omitempty"`
	Key     int      `json:"key"` // the repository's number
	Set     string   `json:"set"` // the backup's label
	// Target is the position that has to be reached; 0: the end of the backup itself.
	Target ops.LSN `json:"target,omitzero"`
	// Exactly has it stop there, and not behind the next record: the source was asked there.
	Exactly bool `json:"exactly,omitzero"`
	// Timeline is the one that this position, or the backup's end, is on; 0: not known.
	Timeline uint32 `json:"timeline,omitzero"`
	// Stop is where the backup itself ends, as its repository says.
	Stop ops.LSN `json:"stop,omitzero"`
	// Cluster is the system identifier that the copy has to have; empty: any.
	Cluster string `json:"cluster,omitzero"`
	// Scratch is the folder below which the drill makes its own.
	Scratch string `json:"scratch"`
	// Programs is the folder of the server's programs; empty: where the usual packages of
	// the copy's version put them.
	Programs string `json:"programs,omitzero"`
	// Account is a superuser of the database.
	Account string `json:"account"`
	// Preload are the libraries that the copy may load at its start.
	Preload string             `json:"preload,omitzero"`
	Checks  []ops.RestoreCheck `json:"checks,omitempty"`
	Bytes   int64              `json:"bytes"` // of the backed up database
	Limit   time.Duration      `json:"limit"` // for all of it
}

// target is how far the restore goes. A position is one of its timeline alone: along another
// the same one may be reached, and has other content.
func (o Order) target() ops.RestoreTarget {
	if o.Target == 0 {
		return ops.RestoreTarget{Kind: ops.RestoreBackup}
	}
	return ops.RestoreTarget{Kind: ops.RestoreLSN, LSN: o.Target, Timeline: o.Timeline, Exclusive: o.Exactly}
}

// check is an error where an order cannot be carried out.
func (o Order) check() error {
	switch {
	case (len(o.Restore) == 0) == (o.Folder == nil) || o.Key < 1 || o.Set == "":
		return invalid("a drill needs a backup and its repository")
	case !filepath.IsAbs(o.Scratch) || filepath.Clean(o.Scratch) != o.Scratch || o.Scratch == "/":
		return invalid("the scratch %q is no absolute path of a folder", o.Scratch)
	case o.Account == "" || o.Limit <= 0:
		return invalid("a drill needs a superuser and a limit of time")
	}
	return nil
}

func invalid(format string, args ...any) error { return ops.Errorf(ops.CodeInvalid, format, args...) }
