package ops

import (
	"cmp"
	"slices"
	"time"
)

// Database is one PostgreSQL server as its last answer tells it. Times are by our
// clock. What the login may not see stands in Missing, and its Value is not known.
type Database struct {
	Ref     Ref       `json:"ref"` // id is the source's name
	Version Text      `json:"version,omitzero"`
	Started time.Time `json:"started,omitzero"`
	Standby bool      `json:"standby"`         // in recovery: a replica
	Paused  bool      `json:"paused,omitzero"` // a standby whose replay somebody paused
	Cluster Cluster   `json:"cluster,omitzero"`
	// Addresses are those by which others may know it, host:port: the one that we reached
	// it at, and the one that it has itself.
	Addresses []Text `json:"addresses,omitempty"`
	Login     Text   `json:"login,omitzero"` // who reads
	Rights    Rights `json:"rights"`         // of the actions role
	Use       Use    `json:"use"`
	// Limits are the connection limits of roles and databases, the fullest first.
	Limits []ConnectionLimit `json:"limits,omitempty"`
	// Sessions are the sessions worth a line: blocking trees root first, then what
	// has been in a transaction longest, idle ones last. Left counts the rest.
	Sessions []Session `json:"sessions"`
	Left     int       `json:"left,omitzero"`
	Upstream Upstream  `json:"upstream,omitzero"` // of a standby
	Replicas []Replica `json:"replicas,omitempty"`
	Slots    []Slot    `json:"slots,omitempty"`
	// Subscriptions are those of logical replication to this server, of all its databases.
	Subscriptions []Subscription `json:"subscriptions,omitempty"`
	WAL           WAL            `json:"wal"`
	Archiver      Archiver       `json:"archiver"`
	Checkpoints   Checkpoints    `json:"checkpoints"`
	Sizes         []DatabaseSize `json:"sizes,omitempty"`  // largest first
	Freeze        Freeze         `json:"freeze"`           // of the database nearest to wraparound
	Tables        []TableVacuum  `json:"tables,omitempty"` // of the login's own database, most dead rows first
	Statements    []Statement    `json:"statements,omitempty"`
	NoStatements  Text           `json:"no_statements,omitzero"` // why they cannot be read
	Missing       []Missing      `json:"missing,omitempty"`
	// Verdict is the worst of Findings. These, and the Level of each part below, are
	// filled by judge.
	Verdict  Verdict        `json:"verdict"`
	Findings []Finding      `json:"findings,omitempty"`
	Levels   DatabaseLevels `json:"levels"`
}

// Timeline is the one that a primary writes, or that a server wrote or replayed at its last
// checkpoint; 0: not known.
func (d Database) Timeline() int { return cmp.Or(d.WAL.Timeline, d.Cluster.Timeline) }

// DatabaseLevels are the levels of what several sessions make together, and of a
// standby's replay.
type DatabaseLevels struct {
	Blocked Level `json:"blocked"` // of the sessions that wait for locks
	Idle    Level `json:"idle"`    // of those idle in transaction
	Replay  Level `json:"replay"`
}

// Cluster is what a server and its standbys have in common, and their backups.
type Cluster struct {
	ID       Text  `json:"id"`       // the system identifier
	Timeline int   `json:"timeline"` // of its last checkpoint
	Segment  Value `json:"segment"`  // bytes of a WAL segment
	// Timeout is after how many seconds a WAL segment is archived that is not full, where
	// something was written; 0: never.
	Timeout Value `json:"archive_timeout"`
}

// Rights are what the actions role may do.
type Rights struct {
	Login  Text `json:"login,omitzero"`
	Signal bool `json:"signal"` // cancel and terminate sessions of others
	// Sees says that it sees when sessions of others began, without which it cannot
	// tell one from the next that has its pid.
	Sees       bool `json:"sees"`
	Superuser  bool `json:"superuser"`  // those of superusers too
	Checkpoint bool `json:"checkpoint"` // CHECKPOINT
	SwitchWAL  bool `json:"switch_wal"`
	Why        Text `json:"why,omitzero"` // why nothing is known: the actions role cannot connect
}

// Use is how the connections are taken.
type Use struct {
	Used     int          `json:"used"`
	Max      int          `json:"max"`      // max_connections
	Reserved int          `json:"reserved"` // of those, for superusers and reserved logins
	By       []UsedBy     `json:"by,omitempty"`
	States   []StateCount `json:"states,omitempty"`
	Level    Level        `json:"level"`
}

// Free is how many connections an ordinary login still gets.
func (u Use) Free() int { return max(0, u.Max-u.Reserved-u.Used) }

// UsedBy is how many connections one application has in one state.
type UsedBy struct {
	App   Text         `json:"app"`
	State SessionState `json:"state"`
	Count int          `json:"count"`
	Own   bool         `json:"own,omitzero"` // opsdeck's
}

// StateCount is how many connections are in one state.
type StateCount struct {
	State SessionState `json:"state"`
	Count int          `json:"count"`
}

// ConnectionLimit is how many connections one role or one database may have, where it
// may not have any number. Superusers are bound by neither.
type ConnectionLimit struct {
	Of    LimitOf `json:"of"`
	Name  Text    `json:"name"`
	Limit int     `json:"limit"`
	Used  int     `json:"used"`
	Level Level   `json:"level"`
}

// LimitOf says whose limit it is.
type LimitOf uint8

// What has limits of connections.
const (
	LimitUnknown LimitOf = iota
	LimitRole
	LimitDatabase
)

var limitOfNames = enumOf[LimitOf]("limit", "unknown", "role", "database")

func (l LimitOf) String() string               { return limitOfNames.name(l) }
func (l LimitOf) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText accepts the names that String gives.
func (l *LimitOf) UnmarshalText(b []byte) error { return limitOfNames.parse(l, b) }

// SessionState is what a session does, in PostgreSQL's words.
type SessionState uint8

// Backend states. Unknown is what a login without pg_monitor sees of others.
const (
	SessionUnknown SessionState = iota
	SessionActive
	SessionIdle
	SessionIdleInTx
	SessionAborted // idle in a transaction that has failed
	SessionFastpath
	SessionDisabled // track_activities is off for it
	SessionPrepared // no session at all: a prepared transaction
)

var sessionStateNames = enumOf[SessionState]("session state", "unknown", "active", "idle", "idle in transaction", "idle in transaction (aborted)", "fastpath function call", "disabled", "prepared")

func (s SessionState) String() string               { return sessionStateNames.name(s) }
func (s SessionState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the names that String gives, which are PostgreSQL's own.
func (s *SessionState) UnmarshalText(b []byte) error { return sessionStateNames.parse(s, b) }

// Prepared reports whether it is a prepared transaction.
func (s Session) Prepared() bool { return s.State == SessionPrepared }

// InTransaction reports whether it sits in a transaction and does nothing.
func (s SessionState) InTransaction() bool { return s == SessionIdleInTx || s == SessionAborted }

// Session is one session of a server, or a prepared transaction: that holds locks and
// keeps vacuum back as a session does, without one, until somebody ends it, and over
// restarts of the server too.
type Session struct {
	Ref   Ref       `json:"ref"` // id is the pid; PostgreSQL uses pids again, so Began tells two apart
	PID   int       `json:"pid"`
	Began time.Time `json:"began,omitzero"`
	// Start and QueryStart are backend_start and query_start as the server writes
	// them: with the pid they name this session, and this query, and no other.
	Start       Text         `json:"start,omitzero"`
	QueryStart  Text         `json:"query_start,omitzero"`
	User        Text         `json:"user,omitzero"`
	App         Text         `json:"app,omitzero"`
	Database    Text         `json:"database,omitzero"`
	Client      Text         `json:"client,omitzero"` // address, or local
	State       SessionState `json:"state"`
	Transaction time.Time    `json:"transaction,omitzero"` // when it began
	Query       time.Time    `json:"query,omitzero"`       // when the present or last one began
	Changed     time.Time    `json:"changed,omitzero"`     // when State began
	Wait        Text         `json:"wait,omitzero"`        // "Lock: transactionid"
	// Waiting is since when it waits for a lock; before PostgreSQL 14 since when its
	// query runs, which is no later.
	Waiting time.Time `json:"waiting,omitzero"`
	SQL     Text      `json:"sql,omitzero"` // shortened, literals of passwords hidden
	Hidden  bool      `json:"hidden,omitzero"`
	Own     bool      `json:"own,omitzero"`    // opsdeck's: of this agent, of one before it, of any with the same logins
	System  bool      `json:"system,omitzero"` // no client: autovacuum, a walsender; App says which
	// Superuser says that its user is one: only another superuser ends it.
	Superuser bool `json:"superuser,omitzero"`
	// Locks are those it holds, without the one on its own virtual transaction.
	Locks int `json:"locks,omitzero"`
	// Horizon says that vacuum has to keep what died since its transaction began.
	Horizon bool `json:"horizon,omitzero"`
	// GID names a prepared transaction, as it can be shown, and Literal is it in SQL;
	// empty where it cannot be written down exactly. Its PID is its transaction id
	// below 0, its User the owner, and Changed when it was prepared.
	GID     Text `json:"gid,omitzero"`
	Literal Text `json:"literal,omitzero"`
	// BlockedBy are pids, below 0 those of prepared transactions; 0 is one of these
	// that was not found.
	BlockedBy []int `json:"blocked_by,omitempty"`
	Depth     int   `json:"depth,omitzero"`  // below its root in the blocking tree
	Blocks    int   `json:"blocks,omitzero"` // how many wait for it, directly or not
	// Root is the pid at the root of its tree; 0: it is in none.
	Root    int     `json:"root,omitzero"`
	Verdict Verdict `json:"verdict"` // filled by judge
}

// Upstream is where a standby gets its WAL from, which may be a standby itself.
type Upstream struct {
	Hidden  bool `json:"hidden,omitzero"` // whether it is told to stream, the login may not see
	Told    bool `json:"told"`            // to stream: primary_conninfo is set
	Archive bool `json:"archive"`         // to fetch from an archive: restore_command is set
	// Receiving says that there is a WAL receiver. State, Host and Heard are of it, Slot and
	// From of the last one that there was.
	Receiving bool      `json:"receiving"`
	State     Text      `json:"state,omitzero"` // "streaming"
	Host      Text      `json:"host,omitzero"`
	Slot      Text      `json:"slot,omitzero"`
	Heard     time.Time `json:"heard,omitzero"` // when its last message came
	// Gone is since when we see no receiver; zero: there is one.
	Gone     time.Time `json:"gone,omitzero"`
	Received Text      `json:"received,omitzero"` // LSN up to which WAL was streamed
	Waiting  Value     `json:"waiting"`           // bytes that are received and not replayed
	Lag      Value     `json:"lag"`               // how long the oldest of them wait, in seconds
	Replayed time.Time `json:"replayed,omitzero"` // when the newest transaction that it has was committed on the primary
	From     Text      `json:"from,omitzero"`     // host:port
	// Source is the server there, where the estate has it, and Cascade says that it is a
	// standby itself. Stop is where the WAL stops on its way down to that one. They are
	// filled by judge.
	Source  Text    `json:"source,omitzero"`
	Cascade bool    `json:"cascade,omitzero"`
	Stop    WALStop `json:"stop,omitzero"`
	// Short is since when its cluster's primary was seen beyond what this standby has;
	// zero: it has all, or nobody saw the primary, or that says itself how far behind it is.
	Short time.Time `json:"short,omitzero"`
}

// WALStop is a standby that gets no WAL, as those below it see it.
type WALStop struct {
	Ref   Ref       `json:"ref"`
	Why   Text      `json:"why"`
	Since time.Time `json:"since,omitzero"`
}

// Replica is one standby or receiver that streams from the server, or did.
type Replica struct {
	Name   Text  `json:"name"`
	Client Text  `json:"client,omitzero"`
	State  Text  `json:"state,omitzero"` // "streaming"
	Sync   Text  `json:"sync,omitzero"`
	Behind Value `json:"behind"` // bytes that it has not replayed
	Sent   Value `json:"sent"`   // bytes that were not even sent
	// Lag is how long ago the server wrote what the replica replays now, in seconds.
	// It is measured by us: the server's own replay_lag stands still when replay does.
	Lag    Value `json:"lag"`
	Slot   Text  `json:"slot,omitzero"` // that it streams by
	Hidden bool  `json:"hidden,omitzero"`
	// Gone is when it was there last; the rest is how it was then. Zero: it is there.
	Gone  time.Time `json:"gone,omitzero"`
	Level Level     `json:"level"`
}

// Slot is one replication slot and the WAL that it keeps.
type Slot struct {
	Name     Text      `json:"name"`
	Kind     Text      `json:"kind,omitzero"` // physical or logical
	Database Text      `json:"database,omitzero"`
	Active   bool      `json:"active"`
	Synced   bool      `json:"synced,omitzero"` // a standby's copy of one of its primary's, which nobody reads (17 and later)
	Idle     time.Time `json:"idle,omitzero"`   // since when nobody reads it, where the server says it (17 and later)
	Retains  Value     `json:"retains"`         // bytes
	Status   Text      `json:"status,omitzero"` // wal_status: reserved, extended, unreserved, lost
	Left     Value     `json:"left"`            // bytes until it is lost, where there is a limit
	Lost     Text      `json:"lost,omitzero"`   // invalidation_reason, where the server says it (17 and later); conflict (16)
	Level    Level     `json:"level"`
}

// Subscription is one subscription of logical replication.
type Subscription struct {
	Name     Text `json:"name"`
	Database Text `json:"database"`
	Enabled  bool `json:"enabled"`
	Works    bool `json:"works"` // it has a worker that applies what comes
	// Gone is since when we see no worker, though it is enabled; zero: there is one.
	Gone  time.Time `json:"gone,omitzero"`
	Level Level     `json:"level"`
}

// WAL is the write-ahead log.
type WAL struct {
	Position Text  `json:"position,omitzero"` // LSN
	Timeline int   `json:"timeline,omitzero"` // that a primary's Position is on
	Rate     Value `json:"rate"`              // bytes a second, between the last two answers
	Size     Value `json:"size"`              // bytes in pg_wal
	Growth   Value `json:"growth"`            // of Size, in bytes an hour, over the last ten minutes at the most
	Level    Text  `json:"level,omitzero"`
}

// Archiver is what archives WAL files.
type Archiver struct {
	On         bool      `json:"on"`
	Archived   Value     `json:"archived"` // since the statistics were reset
	Failed     Value     `json:"failed"`
	LastGood   time.Time `json:"last_good,omitzero"`
	LastFile   Text      `json:"last_file,omitzero"`
	LastFailed time.Time `json:"last_failed,omitzero"`
	FailedFile Text      `json:"failed_file,omitzero"`
	Ready      Value     `json:"ready"` // files that wait
	Level      Level     `json:"level"`
}

// Failing reports whether the last try failed.
func (a Archiver) Failing() bool { return a.On && a.LastFailed.After(a.LastGood) }

// Checkpoints are those since the statistics were reset.
type Checkpoints struct {
	Last      time.Time `json:"last,omitzero"`
	Timed     Value     `json:"timed"`
	Requested Value     `json:"requested"` // by WAL volume, a backup or somebody
	Write     Value     `json:"write"`     // seconds spent
	Sync      Value     `json:"sync"`      // seconds spent
}

// DatabaseSize is one database of a server and how it grows.
type DatabaseSize struct {
	Name   Text  `json:"name"`
	Size   Value `json:"size"`   // bytes
	Growth Value `json:"growth"` // bytes an hour, as far back as this agent looked, a day at most
}

// Freeze is how near transaction ids are to wraparound.
type Freeze struct {
	Database Text  `json:"database,omitzero"`
	Age      Value `json:"age"`       // of the oldest transaction id that was not frozen
	MultiAge Value `json:"multi_age"` // of the oldest multixact
	From     Value `json:"from"`      // autovacuum_freeze_max_age: autovacuum is forced from there
	Level    Level `json:"level"`
}

// TableVacuum is one table and how well autovacuum keeps up with it.
type TableVacuum struct {
	Name     Text      `json:"name"` // schema.table
	Dead     Value     `json:"dead"` // rows
	Live     Value     `json:"live"`
	Vacuumed time.Time `json:"vacuumed,omitzero"`
	Analyzed time.Time `json:"analyzed,omitzero"`
}

// Statement is one normalised statement of pg_stat_statements, since its reset.
type Statement struct {
	SQL   Text  `json:"sql"`
	User  Text  `json:"user,omitzero"`
	Calls Value `json:"calls"`
	Total Value `json:"total"` // seconds
	Mean  Value `json:"mean"`  // seconds
	Rows  Value `json:"rows"`
}

// Lacks reports whether a part of the server could not be read, by its name in
// Missing: nothing can be said of it then, not even that there is none.
func (d Database) Lacks(part string) bool {
	return slices.ContainsFunc(d.Missing, func(m Missing) bool { return m.What.String() == part })
}

// Missing is what could not be read, and why.
type Missing struct {
	What Text `json:"what"`
	Why  Text `json:"why"`
}
