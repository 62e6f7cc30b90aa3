package ops

import (
	"slices"
	"strings"
	"time"
)

// BackupPlan is what the estate wants backed up, and what it asks of it. The name is
// that of the source whose reading tells how it stands.
type BackupPlan struct {
	Name     Text         `json:"name"`
	Engine   BackupEngine `json:"engine"`
	Database Text         `json:"database"` // the PostgreSQL source that is backed up
	// RPO is how much may be lost: how long what was written may be in no repository.
	RPO time.Duration `json:"rpo"`
	// Oldest is how old the last good backup may be, by its type; 0: nobody asks. A
	// full one counts as the others too, and a differential as an incremental.
	Oldest       map[BackupType]time.Duration `json:"oldest,omitempty"`
	Repositories []RepositoryPlan             `json:"repositories"`
	// Regions are those that the data may be in; empty: any.
	Regions []Text `json:"regions,omitempty"`
	// Tell is the Alertmanager that a system agent posts the plan's findings to; empty: none.
	Tell Text `json:"tell,omitzero"`
	// RTO is how long a restore may take, and Drilled how old its last proof may be; 0:
	// nobody asks.
	RTO     time.Duration `json:"rto,omitzero"`
	Drilled time.Duration `json:"drilled,omitzero"`
	// Replication is how far one repository may be behind another; 0: nobody asks.
	Replication time.Duration `json:"replication,omitzero"`
}

// RepositoryPlan is a place where the backups of a plan go.
type RepositoryPlan struct {
	Name   Text `json:"name"`
	Key    int  `json:"key"` // the engine's own number of it, from 1
	Where  Text `json:"where,omitzero"`
	Region Text `json:"region,omitzero"`
	// Keys is where its keys are kept besides on the engine's host, in words; empty: nobody says.
	Keys Text `json:"keys,omitzero"`
}

// BackupEngine is what makes backups.
type BackupEngine uint8

// Backup engines.
const (
	EngineUnknown BackupEngine = iota
	EnginePgBackRest
	EngineBaseBackup // PostgreSQL's own tools
)

var backupEngineNames = enumOf[BackupEngine]("backup engine", "unknown", "pgbackrest", "basebackup")

func (e BackupEngine) String() string               { return backupEngineNames.name(e) }
func (e BackupEngine) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText accepts the names that String gives.
func (e *BackupEngine) UnmarshalText(b []byte) error { return backupEngineNames.parse(e, b) }

// BackupType is how much of the database a backup holds by itself.
type BackupType uint8

// Backup types, in pgBackRest's words.
const (
	BackupUnknown      BackupType = iota
	BackupFull                    // all of it
	BackupDifferential            // what changed since the last full one
	BackupIncremental             // what changed since the last of any type
)

var backupTypeNames = enumOf[BackupType]("backup type", "unknown", "full", "diff", "incr")

func (t BackupType) String() string               { return backupTypeNames.name(t) }
func (t BackupType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText accepts the names that String gives.
func (t *BackupType) UnmarshalText(b []byte) error { return backupTypeNames.parse(t, b) }

// Backups are the backups of one plan as its engine tells them: what its repositories
// hold, and whether one is being made. Times are those of the engine's host.
type Backups struct {
	Ref      Ref          `json:"ref"` // id is the plan's name
	Engine   BackupEngine `json:"engine"`
	Database Text         `json:"database"`
	// Stanza is the engine's own name for what it backs up.
	Stanza Text `json:"stanza,omitzero"`
	// Cluster is the system identifier of the newest cluster that it knows, and Number
	// its own number of it.
	Cluster Text `json:"cluster,omitzero"`
	Number  int  `json:"number,omitzero"`
	// Told is how the engine is told which server it backs up, in its own words; empty:
	// there is nothing more to say.
	Told         Text         `json:"told,omitzero"`
	Repositories []Repository `json:"repositories"`
	Sets         []Backup     `json:"backups"`       // newest first, of every repository
	Left         int          `json:"left,omitzero"` // older ones that are not listed
	// Held says that somebody makes a backup, or changes the repositories, now. Holder
	// is the process that does, where it is known, and Progress how far it is, from 0 to 1.
	Held     bool    `json:"held"`
	Holder   Process `json:"holder,omitzero"`
	Dead     bool    `json:"dead,omitzero"` // Holder is gone, and the lock is held all the same
	Progress Value   `json:"progress"`
	// Total is how many bytes that is of, where the engine tells bytes.
	Total Value `json:"total"`
	// Stopped says that the engine was told to do nothing until it is started again.
	Stopped bool `json:"stopped,omitzero"`
	// Receiver is what brings the WAL where the engine does that itself; nil: the server's
	// archiver sends it.
	Receiver *WALReceiver `json:"receiver,omitempty"`
	// Unseen says why Stopped, Holder, Dead and Progress are not known.
	Unseen Text `json:"unseen,omitzero"`
	// RPO is how much may be lost, as the estate says.
	RPO time.Duration `json:"rpo"`
	// RTO is how long a restore may take and Drilled how old its last proof may be, as the
	// estate says; 0: nobody asks. Drills are the newest of each repository.
	RTO     time.Duration `json:"rto,omitzero"`
	Drilled time.Duration `json:"drilled,omitzero"`
	Drills  []Drill       `json:"drills,omitempty"`
	// Verified is what the last verify of each repository found.
	Verified []Verification `json:"verified,omitempty"`
	// Ran is how the last job of each action ended.
	Ran []BackupRun `json:"ran,omitempty"`
	// AtRisk is since when something was written that is safe in no repository; zero:
	// nothing is, or it is not known, and then NotKnown says why. AtMost is how many
	// seconds of it are at risk at the most where the server sends what it has by then.
	AtRisk   time.Time `json:"at_risk,omitzero"`
	AtMost   Value     `json:"at_most"`
	NotKnown Text      `json:"not_known,omitzero"`
	// The rest is filled by judge. Level is of what is at risk.
	Level    Level     `json:"level"`
	Verdict  Verdict   `json:"verdict"`
	Findings []Finding `json:"findings,omitempty"`
}

// Expiry is what a retention does not hold of one repository.
type Expiry struct {
	Backups []Text // labels
	WAL     []ExpiredWAL
}

// ExpiredWAL is WAL from one file name to another, of one cluster.
type ExpiredWAL struct {
	Archive  Text // what the engine calls the place of that cluster's
	Cluster  int  // its number, as that of Backup; 0: no backup there is of it
	From, To Text
}

// None reports whether nothing goes.
func (e Expiry) None() bool { return len(e.Backups)+len(e.WAL) == 0 }

// WALReceiver is the process that takes a plan's WAL from the server, by a slot.
type WALReceiver struct {
	Slot Text `json:"slot,omitzero"` // empty: none is asked for, and no WAL is received
	// Process runs; zero: none does. Since is since when that is so, and Why what the last
	// one said at its end.
	Process Process   `json:"process,omitzero"`
	Since   time.Time `json:"since,omitzero"`
	Why     Text      `json:"why,omitzero"`
}

// Repository is one place that holds backups and WAL.
type Repository struct {
	Name   Text `json:"name"`
	Key    int  `json:"key"`
	Where  Text `json:"where,omitzero"`
	Region Text `json:"region,omitzero"`
	// Fault says what is wrong with it in the engine's own words; empty: nothing.
	Fault Text `json:"fault,omitzero"`
	// Remedy is what is to be done about Fault, where the engine's own reader knows.
	Remedy Text `json:"remedy,omitzero"`
	// Read is when it was read last: what is told of it, and its backups, are of then.
	// Zero: never.
	Read time.Time `json:"read,omitzero"`
	// Code is the engine's own number for Fault, and Empty says that it holds no backup.
	Code   int        `json:"code,omitzero"`
	Empty  bool       `json:"empty,omitzero"`
	Cipher bool       `json:"cipher,omitzero"` // encrypted
	WAL    WALListing `json:"wal"`
	// Promised is the label of the backup from whose start on all WAL is kept; empty: it
	// is not known.
	Promised Text `json:"promised,omitzero"`
	// Seen is the newest position at which the primary itself was seen and that can be
	// recovered from here; the zero value: there is none.
	Seen WALPosition `json:"seen,omitzero"`
	// Received is up to where the segment is there that is being received: behind the
	// whole ones of WAL, in a file that recovery takes once it bears a segment's name.
	Received WALPosition `json:"received,omitzero"`
	// Listed are the ends of the newest segments that were ever seen in WAL, of each timeline:
	// what is not there before is lost, and not late. They are filled by the engine.
	Listed []WALPosition `json:"listed,omitempty"`
	// Unlisted says why WAL is not what the repository holds now.
	Unlisted Text  `json:"unlisted,omitzero"`
	Size     Value `json:"size"` // bytes of all its backups
	// Free is how many bytes there is room for, where a file system of this machine tells.
	Free Value `json:"free"`
	// Damage is what verify found in it and is still there, Recovery what can be recovered,
	// and Level of it all, with Why where that is bad; they are filled by judge.
	Damage Text `json:"damage,omitzero"`
	// Unread says that a job has changed what it holds since it was read: what is not seen
	// there may be there. It is filled by judge.
	Unread Text `json:"unread,omitzero"`
	// Behind is how many seconds of WAL it lacks that another repository has, or how long it
	// was not read where it cannot be; filled by judge.
	Behind   Value    `json:"behind"`
	Recovery Recovery `json:"recovery"`
	Level    Level    `json:"level"`
	Why      Text     `json:"why,omitzero"`
}

// Risk is how long what was written has been safe in no repository; 0: nothing is at
// risk. Whether that is known says NotKnown.
func (b Backups) Risk(now time.Time) time.Duration {
	if b.AtRisk.IsZero() {
		return 0
	}
	at := max(0, now.Sub(b.AtRisk))
	if b.AtMost.Known {
		at = min(at, time.Duration(b.AtMost.Value*float64(time.Second)))
	}
	return at
}

// Backup is one backup in one repository.
type Backup struct {
	Ref        Ref        `json:"ref"` // id is repository/label
	Label      Text       `json:"label"`
	Type       BackupType `json:"type"`
	Repository Text       `json:"repository"`
	Key        int        `json:"key"`
	Began      time.Time  `json:"began"`
	Ended      time.Time  `json:"ended"`
	Start      LSN        `json:"start"`
	Stop       LSN        `json:"stop"`
	// FirstWAL and LastWAL are the segments that it needs to be consistent.
	FirstWAL Text   `json:"first_wal"`
	LastWAL  Text   `json:"last_wal"`
	Own      bool   `json:"own_wal,omitzero"` // it holds these itself
	Prior    Text   `json:"prior,omitzero"`   // the one that it builds on
	Needs    []Text `json:"needs,omitempty"`
	Cluster  int    `json:"cluster,omitzero"` // the engine's number of the cluster
	Size     Value  `json:"size"`             // bytes of the database
	Stored   Value  `json:"stored"`           // bytes that it added to the repository
	// Damaged says that the engine found pages with wrong checksums in it.
	Damaged bool    `json:"damaged,omitzero"`
	Verdict Verdict `json:"verdict"` // filled by judge
}

// CopyBytes is the room that a copy of it takes, WAL that is still to be fetched aside: that of
// the database and, where the backup holds its WAL itself, of this.
func (b Backup) CopyBytes() int64 { return int64(max(b.Size.Value, b.Stored.Value)) }

// Copied is how far a backup is that is being made.
type Copied struct {
	Part  Value // of it, from 0 to 1
	Total Value // bytes, where the engine tells them
}

// BackupLabel is the label in the ref of a backup.
func BackupLabel(ref Ref) Text {
	id := ref.ID.String()
	return Clean(id[strings.LastIndexByte(id, '/')+1:])
}

// BackupRef is what a backup in a repository of a plan is called.
func BackupRef(plan, repository, label Text) Ref {
	return NewRef(KindBackup, plan.String(), repository.String()+"/"+label.String())
}

// Timeline is the one that it was made on, as its WAL says; 0: not known.
func (b Backup) Timeline() uint32 {
	w, err := ParseWALName(b.LastWAL.String(), minWALSegment) // the smallest allows all names
	if err != nil {
		return 0
	}
	return w.Timeline
}

// Serves reports whether a backup counts as one of a type: a full one as any, a
// differential also as an incremental.
func (t BackupType) Serves(as BackupType) bool { return t != BackupUnknown && t <= as }

// LastGood is the newest backup in a repository that can be restored and counts as one
// of a type.
func (b Backups) LastGood(key int, as BackupType) (Backup, bool) {
	for _, s := range b.Sets {
		if s.Key == key && s.Type.Serves(as) && s.Verdict.Level == LevelOK {
			return s, true
		}
	}
	return Backup{}, false
}

// Safe is the newest position that some repository can be restored to; 0: none is known.
func (b Backups) Safe() WALPosition {
	var safe WALPosition
	for _, r := range b.Repositories {
		if to := r.End(); r.Fault.Empty() && r.Unlisted.Empty() && to.LSN > safe.LSN {
			safe = to
		}
	}
	return safe
}

// End is up to where it can be restored, the segment that is being received included where
// it goes on from the last whole one.
func (r Repository) End() WALPosition {
	whole, size := r.Recovery.Safe, r.WAL.SegmentSize
	if CheckWALSegment(size) != nil || r.Received.Timeline != whole.Timeline || r.Received.LSN <= whole.LSN {
		return whole
	}
	// Right behind a backup the rest of its last segment lies between.
	from, to := whole.LSN.Segment(size), r.Received.LSN.Segment(size)
	if from == to || slices.ContainsFunc(r.WAL.Runs, func(w WALRun) bool { return w.Timeline == whole.Timeline && w.First <= from && w.Last+1 >= to }) {
		return r.Received
	}
	return whole
}

// Drill is the newest one from a repository that says whether it can be restored from there
// with its WAL; without a name, the newest that proved it of any. A backup that fails alone
// fails with its WAL too, and one that is good alone says nothing of that.
func (b Backups) Drill(repository Text) (newest Drill, found bool) {
	for _, d := range b.Drills {
		mine := d.Repository == repository || repository.Empty() && d.Failed.Empty()
		if mine && d.Broke.Empty() && (d.Whole() || !d.Failed.Empty()) && d.Ended.After(newest.Ended) {
			newest, found = d, true
		}
	}
	return newest, found
}

// Alone is the drill from a repository that proved a backup and not the WAL behind it, after
// the newest that says something of both.
func (b Backups) Alone(repository Text) (Drill, bool) {
	last, _ := b.Drill(repository)
	for _, d := range b.Drills {
		if d.Repository == repository && !d.Whole() && d.Broke.Empty() && d.Failed.Empty() && d.Ended.After(last.Ended) {
			return d, true
		}
	}
	return Drill{}, false
}

// Broken is the drill from a repository that broke after the newest that came to its end.
func (b Backups) Broken(repository Text) (Drill, bool) {
	last, _ := b.Drill(repository)
	for _, d := range b.Drills {
		if d.Repository == repository && !d.Broke.Empty() && d.Ended.After(last.Ended) {
			return d, true
		}
	}
	return Drill{}, false
}

// ToRestore is what a restore to the latest from a repository has to do now: the size of the
// newest backup's database, and the WAL from there on.
func (b Backups) ToRestore(repository Text) (bytes, wal Value) {
	for _, r := range b.Repositories {
		if s, found := b.LastGood(r.Key, BackupIncremental); r.Name == repository && found && r.Recovery.Safe.LSN > s.Start {
			wal = Num(float64(r.Recovery.Safe.LSN - s.Start))
		}
	}
	for _, s := range b.Sets {
		if s.Repository == repository {
			return s.Size, wal
		}
	}
	return Value{}, wal
}

// Unusable counts the backups in a repository that cannot be restored.
func (b Backups) Unusable(key int) (n int) {
	for _, s := range b.Sets {
		if s.Key == key && s.Verdict.Level == LevelCritical {
			n++
		}
	}
	return n
}

// NotJudged reports whether a repository has a backup that counts as one of a type, and of
// which it is not known whether it can be restored.
func (b Backups) NotJudged(key int, as BackupType) bool {
	return slices.ContainsFunc(b.Sets, func(s Backup) bool {
		return s.Key == key && s.Type.Serves(as) && s.Verdict.Level == LevelUnknown
	})
}
