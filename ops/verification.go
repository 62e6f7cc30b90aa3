package ops

import "time"

// Verification is what a verify of a repository found that came to its end: all of it
// whole, or damage.
type Verification struct {
	Ended      time.Time `json:"ended"`
	Repository Text      `json:"repository"`
	Whole      bool      `json:"whole,omitzero"`
	// Backups and WAL are the labels and the segments that were named as damaged, the first
	// of them; Unnamed says that more is.
	Backups []Text `json:"backups,omitempty"`
	WAL     []Text `json:"wal,omitempty"`
	Unnamed bool   `json:"unnamed,omitzero"`
	What    Text   `json:"what,omitzero"` // the damage in words
}

// BackupRun is how the last job of an action on a plan's backups ended.
type BackupRun struct {
	Action Text      `json:"action"`
	State  JobState  `json:"state"`
	Ended  time.Time `json:"ended"`
}

// Verification is the last of a repository that came to its end.
func (b Backups) Verification(repository Text) (Verification, bool) {
	return named(b.Verified, func(v Verification) bool { return v.Repository == repository })
}
