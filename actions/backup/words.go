package backup

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"syscall"

	"opsdeck/ops"
)

// Exit codes that have words here: those of all engines, and two of pgBackRest's.
const (
	exitHeld    = 50
	exitStopped = 62
	exitArchive = 82
	exitPush    = 104
)

// unlocked is what pgBackRest says of a lock that it did not get, with the system's reason: its
// exit code is that of a lock which somebody holds also where there can be none.
var unlocked = regexp.MustCompile(`(?m)unable to acquire lock on file '[^']*': (.*?)\r?$`)

// cause is what an exit code means, and what to do.
type cause struct{ what, remedy string }

// failed is the error of a step's child that ended with a code.
func (f family) failed(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, said string, code int) error {
	own := ops.AsError(f.engine.Why(argvOf(step), said, code))
	var c cause
	if code == exitHeld {
		if why := unlocked.FindStringSubmatch(said); why != nil && !strings.EqualFold(why[1], syscall.EWOULDBLOCK.Error()) {
			return ops.Errorf(ops.CodeDenied, "nothing was done: %s cannot take its lock: %s (exit code %d)", f.engine.Name(), own.What, code).
				Help("let the account of the engine make the folder of its locks (lock-path), and write in it")
		}
		holder, _ := f.engine.Underway()
		return heldBy(ops.Textf("%s, for %s,", f.plan.Name, f.engine.Name()), holder)
	}
	c.what, c.remedy = f.engine.Cause(code)
	switch {
	case code == exitPush && typeIn(step) == ops.BackupUnknown: // its number for a call that failed in parts, too
		c = cause{}
	case code == exitArchive, code == exitPush:
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
		return cause{f.engine.Name().String() + " was stopped meanwhile, and archives no WAL", "start it: backup.start; then run this again"}
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
