package pgbackrest

// pgBackRest's numbers of errors about its work, which are its exit codes too.
const (
	errorStopped = 62
	errorArchive = 82
	errorPush    = 104
)

// crashed is what to do about a crash: pgBackRest 2.45 does so now and then where a signal
// comes to it.
const crashed = "run it again; where it crashes without a signal that somebody sent, look in the system's log and for a newer version"

// Cause is what an exit code means, and what to do; empty: its own words have to do.
func (c *Collector) Cause(code int) (what, remedy string) {
	cause := map[int][2]string{
		28:           {"the stanza in this repository belongs to another cluster", "compare pg1-path with the server; after an upgrade run pgbackrest stanza-upgrade"},
		37:           {"pgBackRest's configuration lacks something, or has no such stanza", "correct the stanza's name in the estate, or pgBackRest's configuration"},
		51:           {"the server is another cluster than the one that the stanza was made for", "compare pg1-path with the server; after an upgrade run pgbackrest stanza-upgrade"},
		55:           {"a file is missing: there is no stanza in this repository, or the repository is not mounted", "bring the repository back, or run pgbackrest stanza-create"},
		56:           {"PostgreSQL does not let pgBackRest in", "start the server, or correct pg1-path, pg1-port and pg1-socket-path"},
		errorStopped: {"pgBackRest is stopped", "start it first: backup.start"},
		63:           {"a signal ended it", "run it again: a full backup goes on where it was"},
		64:           {"a file cannot be written: the repository's disk may be full", "make room in the repository, then run it again; what is there of this backup goes with the next one"},
		68:           {"the server's archive_command does not call pgBackRest", "set archive_command to pgbackrest archive-push, and reload the server"},
		errorArchive: {"WAL was not archived in time, so the backup is not consistent", "look at the server's log for why archive_command fails"},
		errorPush:    {"WAL cannot be pushed to all repositories", "bring the repository back that is away"},
		134:          {"it crashed", crashed},
		139:          {"it crashed", crashed},
		137:          {"it was killed", "look in the system's log for who did, the kernel's out-of-memory killer among them, then run it again"}}[code]
	return cause[0], cause[1]
}
