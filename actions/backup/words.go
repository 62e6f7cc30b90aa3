package backup

import (
	"context"
	"fmt"
	"strings"

	"opsdeck/ops"
)

// pgBackRest's numbers of errors, which are its exit codes, that have words here.
const (
	exitHeld    = 50
	exitStopped = 62
	exitArchive = 82
	exitPush    = 104
)

// cause is what an exit code means, and what to do.
type cause struct{ what, remedy string }

// causeOf is that of an exit code; the zero value: pgBackRest's own words have to do.
func causeOf(code int) cause {
	return map[int]cause{
		28:          {"the stanza in this repository belongs to another cluster", "compare pg1-path with the server; after an upgrade run pgbackrest stanza-upgrade"},
		37:          {"pgBackRest's configuration lacks something, or has no such stanza", "correct the stanza's name in the estate, or pgBackRest's configuration"},
		51:          {"the server is another cluster than the one that the stanza was made for", "compare pg1-path with the server; after an upgrade run pgbackrest stanza-upgrade"},
		55:          {"a file is missing: there is no stanza in this repository, or the repository is not mounted", "bring the repository back, or run pgbackrest stanza-create"},
		56:          {"PostgreSQL does not let pgBackRest in", "start the server, or correct pg1-path, pg1-port and pg1-socket-path"},
		exitStopped: {"pgBackRest is stopped", "start it first: backup.start"},
		63:          {"a signal ended it", "run it again: a full backup goes on where it was"},
		64:          {"a file cannot be written: the repository's disk may be full", "make room in the repository, then run it again; what is there of this backup goes with the next one"},
		68:          {"the server's archive_command does not call pgBackRest", "set archive_command to pgbackrest archive-push, and reload the server"},
		exitArchive: {"WAL was not archived in time, so the backup is not consistent", "look at the server's log for why archive_command fails"},
		exitPush:    {"WAL cannot be pushed to all repositories", "bring the repository back that is away"},
		137:         {"it was killed", "look in the system's log for who did, the kernel for want of memory among them, then run it again"},
	}[code]
}

// failed is the error of a step's child that ended with a code.
func (f family) failed(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, said string, code int) error {
	if code == exitHeld {
		holder, _ := f.engine.Underway()
		return heldBy(ops.Textf("%s, for pgBackRest,", f.plan.Name), holder)
	}
	own := ops.AsError(f.engine.Why(argvOf(step), said, code))
	c := causeOf(code)
	if code == exitArchive || code == exitPush {
		c = f.archiving(ctx, repo, c)
	}
	if c.what == "" {
		return ops.Errorf(own.Code, "%s (exit code %d)", own.What, code).Help("%s", own.Remedy)
	}
	if strings.Contains(said, "ERROR: ") {
		c.what += ": " + own.What.String()
	}
	return ops.Errorf(ops.CodeUnavailable, "%s (exit code %d)", c.what, code).Help("%s", c.remedy)
}

// archiving names what keeps WAL from being archived, where that can be seen: a stop, or
// another repository, without which no WAL counts as archived.
func (f family) archiving(ctx context.Context, repo ops.RepositoryPlan, c cause) cause {
	if stopped, err := f.engine.Stopped(); err == nil && stopped {
		return cause{"pgBackRest was stopped meanwhile, and archives no WAL", "start it: backup.start; then run this again"}
	}
	for _, other := range f.plan.Repositories {
		if other.Key == repo.Key {
			continue
		}
		_, fault, err := f.engine.Look(ctx, other.Key)
		if err != nil {
			fault = ops.AsError(err).What
		}
		if !fault.Empty() {
			return cause{fmt.Sprintf("%s fails because archiving to %s fails: %s", repo.Name, other.Name, fault),
				fmt.Sprintf("bring %s back; archive-push-queue-max would only drop WAL", other.Name)}
		}
	}
	return c
}
