package ops

import "time"

// Estate is what opsdeck looks after, without the addresses and secrets of its
// sources, which only the wiring needs.
type Estate struct {
	Name        Text        `json:"name"`
	Environment Environment `json:"environment"`
	// Simulated is true where nothing of it is real: everything that shows the
	// estate says so. No file can set it.
	Simulated bool `json:"simulated,omitzero"`
	// Ranks gives each of the estate's severity words its rank.
	Ranks []SeverityRank `json:"ranks"`
	// SeverityLabel is the alert label that holds the severity.
	SeverityLabel Text `json:"severity_label"`
	// Watchdog is the alert that always fires; empty where the estate has none.
	Watchdog Text `json:"watchdog,omitzero"`
	// Expected are the containers that it names.
	Expected []Expected `json:"expected"`
	Access   Access     `json:"access"`
	Limits   Limits     `json:"limits"`
	// Backups are the backup plans.
	Backups []BackupPlan `json:"backups,omitempty"`
	// Loads are the loads that it can be put under.
	Loads []LoadScenario `json:"loads,omitempty"`
	// Services say what is behind an alert.
	Services []Service `json:"services,omitempty"`
	// Runbooks are what to do, by alert name.
	Runbooks []Runbook `json:"runbooks,omitempty"`
	// Escalation is whom to call, level by level.
	Escalation []Escalation `json:"escalation,omitempty"`
}

// BackupPlan returns the backup plan of a name; false: the estate has none of it.
func (e Estate) BackupPlan(name Text) (BackupPlan, bool) {
	for _, p := range e.Backups {
		if p.Name == name {
			return p, true
		}
	}
	return BackupPlan{}, false
}

// Service maps alerts to the things behind them: an alert belongs to the first
// service whose matchers all select it.
type Service struct {
	Name     Text      `json:"name"`
	Matchers []Matcher `json:"matchers"`
	Behind   []Ref     `json:"behind"` // containers (and databases) that may be the cause
	Runbook  Text      `json:"runbook,omitzero"`
}

// Runbook is one procedure in Markdown, a line a Text.
type Runbook struct {
	Name  Text   `json:"name"`  // "pipeline-failed"
	Alert Text   `json:"alert"` // the alert it is for; empty: only by name
	Lines []Text `json:"lines"`
}

// Escalation is one level of the escalation matrix.
type Escalation struct {
	Level   int           `json:"level"` // from 1
	Name    Text          `json:"name"`
	Who     []Text        `json:"who"`
	Contact Text          `json:"contact,omitzero"`
	For     Text          `json:"for,omitzero"`   // what belongs to this level
	After   time.Duration `json:"after,omitzero"` // without an answer, call the next level
}

// SeverityRank gives one severity word its rank.
type SeverityRank struct {
	Name Text `json:"name"`
	Rank Rank `json:"rank"`
}

// Expected is a container that the estate names.
type Expected struct {
	Name   Text          `json:"name"`
	Source Text          `json:"source"` // the Docker source it runs on
	Port   uint16        `json:"port,omitzero"`
	Duty   ContainerDuty `json:"duty,omitzero"`
}

// Access says who may what. An actor gets the best role of all grants that
// match, or Default where none does.
type Access struct {
	Default Role    `json:"default"`
	Grants  []Grant `json:"grants"`
	// Shared are the unix accounts that several people come in to by ssh keys of
	// their own, and where nothing but opsdeck runs: of those alone the name of a
	// key is believed.
	Shared []Text `json:"shared,omitempty"`
}

// Grant gives a role to a login name, a unix group, or an ssh key of a shared
// account.
type Grant struct {
	User  Text `json:"user,omitzero"`
	Group Text `json:"group,omitzero"`
	Key   Text `json:"key,omitzero"`
	Role  Role `json:"role"`
}

// Login is how somebody came in.
type Login struct {
	User   string   // the unix account
	Groups []string // its groups
	Key    string   // the ssh key's name, where the account is shared; else empty
}

// Limits are the thresholds of judgement.
type Limits struct {
	// StaleAfter is how many missed intervals make a source stale.
	StaleAfter int `json:"stale_after"`
	// CrashLoop is how many deaths within CrashWindow make a crash loop.
	CrashLoop   int           `json:"crash_loop"`
	CrashWindow time.Duration `json:"crash_window"`
	// Starting is how long health checks may fail while a container starts.
	Starting time.Duration `json:"starting"`
	// Mark is how long what happened stays marked at the least, acked or not, and
	// Unacked how long it does at the most while nobody acks it.
	Mark    time.Duration `json:"mark"`
	Unacked time.Duration `json:"unacked"`
	// Unlock is how long production stays unlocked.
	Unlock   time.Duration  `json:"unlock"`
	Database DatabaseLimits `json:"database"`
}

// DatabaseLimits are the thresholds of databases.
type DatabaseLimits struct {
	// Connections is the share of the connections of ordinary logins, in percent,
	// from which they are nearly exhausted.
	Connections int           `json:"connections_percent"`
	Blocked     time.Duration `json:"blocked"`
	IdleInTx    time.Duration `json:"idle_in_transaction"`
	Transaction time.Duration `json:"transaction"`
	ReplicaLag  time.Duration `json:"replica_lag"`
	SlotRetains Bytes         `json:"slot_retains"`
	ArchiveAge  time.Duration `json:"archive_age"`
	FreezeAge   int           `json:"freeze_age"` // transactions
}

// IsShared reports whether several people use a unix account.
func (a Access) IsShared(user string) bool {
	for _, s := range a.Shared {
		if s.String() == user {
			return true
		}
	}
	return false
}

// RankOf returns the severity of an alert that carries the given word.
func (e Estate) RankOf(word Text) Severity {
	for _, r := range e.Ranks {
		if r.Name == word {
			return Severity{Name: word, Rank: r.Rank}
		}
	}
	return Severity{Name: word}
}

// RoleOf returns the best role that a grant gives to the actor, and whether any
// grant matched; Default is what it returns otherwise.
func (a Access) RoleOf(l Login) (Role, bool) {
	best, matched := RoleViewer, false
	for _, g := range a.Grants {
		if g.matches(l) {
			best, matched = max(best, g.Role), true
		}
	}
	if !matched {
		return a.Default, false
	}
	return best, true
}

func (g Grant) matches(l Login) bool {
	if !g.User.Empty() && g.User.String() == l.User || !g.Key.Empty() && g.Key.String() == l.Key {
		return true
	}
	for _, name := range l.Groups {
		if !g.Group.Empty() && g.Group.String() == name {
			return true
		}
	}
	return false
}
