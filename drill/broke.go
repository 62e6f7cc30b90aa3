package drill

import (
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/ops"
)

// sign is a way in which a drill breaks on the machine that it runs on, whatever the backup
// is like: what is said then, and what helps.
type sign struct {
	said *regexp.Regexp
	help string
}

// What can be done about each kind.
const (
	moreRoom    = "make room there, or name another folder: drill.scratch of the plan, or to of the restore"
	moreMemory  = "try again when the machine has memory, processes and open files to spare"
	whoEnded    = "look who ended it (the kernel's journal names what was killed as memory ran out), then try again"
	notHere     = "install here what the server has: its version, its libraries (drill.preload) and its locales"
	mayNot      = "let the account of the engine have the folder for itself, on a disk that works: drill.scratch of the plan, or to of the restore"
	notAnswered = "try again when the repository answers; how it stands is told beside its name"
)

// missing is said where something is not installed on the drill's machine.
var missing = regexp.MustCompile(`^could not (access|load) (file|library) "|was initialized by PostgreSQL version|^database files are incompatible with|^database locale is incompatible|must be loaded via|exit code 127|child process exited with exit code 12[67]`)

// signs are in the words of the server (LC_ALL=C) and of pgBackRest. What is not among them
// is held against the backup: a new word may be a false alarm, and is no false all-clear.
// Paths in the scratch read (scratch). Damage ends a process by other signals than people,
// the system and its out-of-memory killer do.
var signs = []sign{
	{regexp.MustCompile(`No space left on device|Disk quota exceeded|File too large`), moreRoom},
	{regexp.MustCompile(`Cannot allocate memory|(?i:out of memory)|Resource temporarily unavailable|Too many open files|could not fork|could not create semaphores|could not (map|create|resize) .*shared memory`), moreMemory},
	{regexp.MustCompile(`(by|on) signal (1|2|3|9|15)\b|on signal \[?SIG(HUP|INT|TERM|QUIT|KILL)|received (smart|fast|immediate) shutdown request|due to administrator command`), whoEnded},
	{missing, notHere},
	{regexp.MustCompile(`insufficient parameter settings`), "take a backup and try again: max_connections or its like were raised after this one"},
	{regexp.MustCompile(`[^]] (Permission denied|Read-only file system|Input/output error)|\(scratch\)[^;]* \[(1|5|13|30)\] |Unix-domain socket path .* too long|could not create .*(socket|lock file)`), mayNot},
}

// states are the beginnings of SQLSTATEs that say nothing of the copy: resources, an end from
// outside, files that may not be touched, no such login, and a question that takes too long.
var states = map[string]string{"53": moreMemory, "53100": moreRoom, "57P": whoEnded, "58030": mayNot, "42501": mayNot,
	"28000": "name a superuser of the database: drill.account of the plan", "57014": "ask less of the copy, or let it have a faster disk: drill.checks of the plan"}

// saidBroke is the error of a question to the copy that an error answered which is none of
// the copy's content; nil: it is. What an error quotes is no sign of anything.
func saidBroke(said *pgconn.PgError) error {
	for n := len(said.Code); n > 1; n-- {
		if help := states[said.Code[:n]]; help != "" {
			return broke("the copy could not be asked", said.Message, help)
		}
	}
	if (said.Code == "58P01" || said.Code == "55000") && missing.MatchString(said.Message) {
		return broke("the copy could not be asked", said.Message, notHere)
	}
	return nil
}

// codes are pgBackRest's exit codes that say nothing of the backup.
var codes = map[string]string{"049": notAnswered, "062": "start the engine: backup.start; then try again", "063": whoEnded, "094": moreMemory, "100": moreMemory, "101": notAnswered,
	"106": "set the machine's clock right, then try again"}

// engineCode is where pgBackRest's words have the code: "ERROR: [049]:".
var engineCode = regexp.MustCompile(`\[(\d{3})\]`)

// blame is the error of what ended with these words. By the words of the machine that it ran
// on the drill broke; else it is a failure of the backup. Without a word it was ended from
// outside, and on a full disk nobody can say why: the log lies there too.
func (s scratch) blame(what, said string) error {
	said = ops.MaskSecrets(ops.Clean(strings.ReplaceAll(said, s.dir, "(scratch)")).String())
	i := slices.IndexFunc(signs, func(b sign) bool { return b.said.MatchString(said) })
	switch {
	case i >= 0:
		return broke(what, said, signs[i].help)
	case (said == "" || shortOfWAL.MatchString(said)) && s.full():
		return broke(what, "the scratch is full", moreRoom)
	case said == "":
		return broke(what, "it was ended, and could not say why", whoEnded)
	}
	for _, m := range engineCode.FindAllStringSubmatch(said, -1) {
		if help := codes[m[1]]; help != "" {
			return broke(what, said, help)
		}
	}
	return wrong("%s: %s", what, said)
}

// shortOfWAL is what a server says that was handed no more WAL: where it had no room, too.
var shortOfWAL = regexp.MustCompile(`^recovery ended before|^WAL ends before`)

func broke(what, why, help string) error {
	return ops.Errorf(ops.CodeUnavailable, "%s: %s", what, why).Help("%s", help)
}

// fullAt is so little that a segment of WAL may not have had room.
const fullAt = 64 << 20

// full reports whether the scratch has no room, for bytes or for files.
func (s scratch) full() bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &fs); err != nil {
		return false
	}
	return int64(fs.Bavail)*int64(fs.Bsize) < fullAt || fs.Files > 0 && fs.Ffree == 0
}
