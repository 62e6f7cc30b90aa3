package estate

import (
	"fmt"
	"time"

	"opsdeck/ops"
)

// Backup is one backup plan: the engine that makes the backups, and what the estate
// asks of them. Its engine is read as a source of the plan's name.
type Backup struct {
	Source
	Plan    ops.BackupPlan
	Stanza  string // pgBackRest's name of the cluster
	Command string // the engine's program
	Config  string // its configuration file; empty: the engine's default
	RunAs   string // the account that the engine runs as; empty: the agent's own
	Drill   Drill
	Base    BaseBackup
}

// Drill is how restores of a plan are tried.
type Drill struct {
	Scratch  string // the folder below which copies are made; empty: none are
	Programs string // the folder of the server's programs; empty: looked for
	Account  string // a superuser of the copy
	Preload  string // the libraries that the copy may load
	Limit    time.Duration
	Checks   []ops.RestoreCheck
}

// BaseBackup is what a plan says whose engine is PostgreSQL's own tools.
type BaseBackup struct {
	Folder   string // of backups and WAL
	Region   string
	Slot     string // that WAL is received by; empty: none is
	Programs string // the folder of PostgreSQL's programs; empty: to be looked for
	// Keep is how many of the newest backups a prune keeps, and KeepAge that it keeps those
	// from which any moment of so long can be restored; both 0: it keeps all.
	Keep    int
	KeepAge time.Duration
	Login   *Login // who makes the backups; nil: who reads the database
}

// Kind is what sort of source the plan's engine is.
func (b Backup) Kind() ops.SourceKind {
	if b.Plan.Engine == ops.EngineBaseBackup {
		return ops.SourceBaseBackup
	}
	return ops.SourcePgBackRest
}

// complete adds what follows from the rest: the folder of PostgreSQL's own tools is the
// plan's one repository, and who makes the backups logs in where the source does.
func (b *Backup) complete(servers []Postgres) {
	if b.Plan.Engine != ops.EngineBaseBackup {
		return
	}
	b.Plan.Repositories = []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1, Where: ops.Clean(b.Base.Folder), Region: ops.Clean(b.Base.Region)}}
	for _, p := range servers {
		if p.Name == b.Plan.Database.String() {
			b.Base.Login = p.also(b.Base.Login)
		}
	}
}

// planned adds the backup plans to the sources, whose names they share.
func (d *draft) planned() {
	taken := map[string]bool{}
	for _, s := range d.sources {
		taken[s.Name] = true
	}
	for i := range d.Backups {
		b := &d.Backups[i]
		b.under = "backups"
		at := d.of(b)
		d.said[&b.Source] = at
		d.sources = append(d.sources, &b.Source)
		if taken[b.Name] {
			d.tell(at.entry, at.where, fmt.Sprintf("there is a source %q too", b.Name), "give the plan a name of its own")
		}
	}
}

// repositories checks that no two repositories of a plan are the same one.
func (d *draft) repositories(b *Backup) {
	first := map[int]ops.Text{}
	for i := range b.Plan.Repositories {
		r := &b.Plan.Repositories[i]
		n := d.of(&r.Key)
		if n == nil {
			continue
		}
		if other, twice := first[r.Key]; twice {
			d.tell(n.place, n.where, fmt.Sprintf("%d is the number of %s already", r.Key, other), "give each repository its own number")
		}
		first[r.Key] = r.Name
	}
}
