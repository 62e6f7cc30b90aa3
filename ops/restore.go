package ops

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// RestoreKind is what a restore goes to.
type RestoreKind uint8

// What a restore goes to.
const (
	RestoreLatest RestoreKind = iota // as far as the WAL goes
	RestoreTime                      // a time, by the clock of the server that was backed up
	RestoreName                      // a restore point, by its name
	RestoreLSN                       // a position of the WAL
	RestoreBackup                    // the end of the backup itself
)

var restoreKindNames = enumOf[RestoreKind]("restore target", "latest", "time", "name", "lsn", "backup")

func (k RestoreKind) String() string               { return restoreKindNames.name(k) }
func (k RestoreKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText accepts the names that String gives.
func (k *RestoreKind) UnmarshalText(b []byte) error { return restoreKindNames.parse(k, b) }

// RestoreTarget is how far a restore goes, and what it begins with.
type RestoreTarget struct {
	Kind      RestoreKind `json:"kind"`
	Time      time.Time   `json:"time,omitzero"` // UTC, whole microseconds
	Name      Text        `json:"name,omitzero"`
	LSN       LSN         `json:"lsn,omitzero"`
	Exclusive bool        `json:"exclusive,omitzero"` // what lies at a time or position itself stays out
	// Timeline is the one to go along; 0: the newest that the backup leads to.
	Timeline uint32 `json:"timeline,omitzero"`
	// Backup is the label of the backup to begin with, and Repository the name of where it
	// is; Region is that of the repositories to choose among. Empty: what serves best.
	Backup     Text `json:"backup,omitzero"`
	Repository Text `json:"repository,omitzero"`
	Region     Text `json:"region,omitzero"`
}

// RestoreChoice is what a restore to a target begins with, and what leads there.
type RestoreChoice struct {
	Repository Repository
	Backup     Backup
	// Interval is the one that the target lies in; the zero value: the backup itself is the
	// target, or the WAL is not known, and Unsure says why.
	Interval RecoveryInterval
	Unsure   Text
	// Floor is the position that has to be reached at the least, on its timeline or one that
	// came of it.
	Floor WALPosition
}

// Restored is what came of a restore whose copy stays.
type Restored struct {
	Reached  LSN       `json:"reached"`
	Timeline uint32    `json:"timeline,omitzero"` // of the segment that it stands in
	Last     time.Time `json:"last,omitzero"`     // of the last transaction that it has; zero: none was replayed
	Stop     Text      `json:"stop,omitzero"`     // why its server stopped there, in its own words
	Promoted bool      `json:"promoted,omitzero"` // it takes writes
	Aside    Text      `json:"aside,omitzero"`    // where the data are whose place it has taken; empty: it has taken none
	// LookBy, PromoteBy and EndBy are the command lines for that, for a shell of the account
	// that the copy belongs to.
	LookBy    Text `json:"look_by"`
	PromoteBy Text `json:"promote_by"`
	EndBy     Text `json:"end_by"`
	// Took is in seconds, from the order to a copy that answers.
	Took float64 `json:"took"`
}

// WriteCheckSQL is one statement that writes and takes it back: it fails where a server takes
// no writes, whatever else it says of itself.
const WriteCheckSQL = "DO $$ BEGIN BEGIN CREATE TEMPORARY TABLE opsdeck_writes (n int); INSERT INTO opsdeck_writes VALUES (1); RAISE EXCEPTION USING ERRCODE = 'OD001'; EXCEPTION WHEN SQLSTATE 'OD001' THEN NULL; END; END $$"

// restoreTimes are the forms in which a time is taken. Each has its zone.
var restoreTimes = []string{"2006-01-02 15:04:05.999999Z07:00", "2006-01-02 15:04:05.999999Z07", "2006-01-02 15:04:05.999999 Z07:00", "2006-01-02 15:04:05.999999 UTC", time.RFC3339Nano}

// ParseRestoreTime reads a time to restore to. Error: it is none, or bears no zone; half a
// day lies between what two people mean by such a time.
func ParseRestoreTime(s string) (time.Time, error) {
	for _, form := range restoreTimes {
		if at, err := time.Parse(form, s); err == nil {
			if at.Nanosecond()%1000 != 0 {
				break
			}
			return at.UTC(), nil
		}
	}
	return time.Time{}, Errorf(CodeInvalid, "%q is no time with its zone", Clean(s)).Help("write it as 2026-11-27 14:30:00+01, or 2026-11-27 13:30:00 UTC, with at most six digits of a second")
}

// RestoreTargetOf reads the parameters of a request to restore. Error: CodeInvalid, for what
// makes no sense together.
func RestoreTargetOf(req Request) (t RestoreTarget, err error) {
	invalid := func(format string, args ...any) (RestoreTarget, error) {
		return RestoreTarget{}, Errorf(CodeInvalid, format, args...)
	}
	word := cmp.Or(req.Value("target", ""), RestoreLatest.String())
	if t.Kind.UnmarshalText([]byte(word)) != nil {
		return invalid("there is no target %q: it is latest, time, name, lsn or backup", Clean(word))
	}
	at := req.Value("at", "")
	switch {
	case at == "" && (t.Kind == RestoreTime || t.Kind == RestoreName || t.Kind == RestoreLSN):
		return invalid("which %s? at is empty", t.Kind)
	case t.Kind == RestoreTime:
		t.Time, err = ParseRestoreTime(at)
	case t.Kind == RestoreLSN:
		if t.LSN, err = ParseLSN(at); err != nil || t.LSN == 0 {
			err = Errorf(CodeInvalid, "%q is no position", Clean(at)).Help("write it as PostgreSQL does: 0/3000060")
		}
	case t.Kind == RestoreName && len(at) > 63:
		return invalid("a restore point's name has at most 63 characters")
	case t.Kind == RestoreName:
		t.Name = Clean(at)
	case at != "":
		return invalid("at %q belongs to a time, a name or an LSN, and the target is %s", Clean(at), t.Kind)
	}
	if err != nil {
		return RestoreTarget{}, err
	}
	switch edge := req.Value("edge", ""); {
	case edge == "exclusive" && (t.Kind == RestoreTime || t.Kind == RestoreLSN):
		t.Exclusive = true
	case edge != "" && edge != "inclusive":
		return invalid("edge is inclusive, or of a time or LSN exclusive")
	}
	if word := req.Value("timeline", ""); word != "" && word != "latest" {
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil || n == 0 || t.Kind == RestoreBackup {
			return invalid("there is no timeline %q to go along: it is latest or a number, and a backup as it is has its own", Clean(word))
		}
		t.Timeline = uint32(n)
	}
	t.Backup, t.Repository, t.Region = Clean(req.Value("backup", "")), Clean(req.Value("repository", "")), Clean(req.Value("region", ""))
	return t, nil
}

// Words say the target: "time 2026-11-27 13:30:00.5+00, exclusive".
func (t RestoreTarget) Words() string {
	words := t.Kind.String()
	if at := t.Value(); at != "" {
		words += " " + at
	}
	if t.Exclusive {
		words += ", exclusive"
	}
	if t.Timeline > 0 {
		words += ", timeline " + strconv.FormatUint(uint64(t.Timeline), 10)
	}
	return words
}

// Value is the time, name or position as PostgreSQL takes it; empty: there is none.
func (t RestoreTarget) Value() string {
	switch t.Kind {
	case RestoreTime:
		return strings.TrimSuffix(t.Time.Format("2006-01-02 15:04:05.000000"), ".000000") + "+00"
	case RestoreName:
		return t.Name.String()
	case RestoreLSN:
		return t.LSN.String()
	}
	return ""
}
