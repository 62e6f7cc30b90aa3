package basebackup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// How work on the repository fails, which is the exit code of the process that did it.
const (
	ExitFailed  = 1
	ExitHeld    = 50 // somebody else is at work
	ExitAway    = 55 // the folder is not there
	ExitServer  = 56 // the server does not let us in
	ExitVersion = 57 // the programs are older than the server
	ExitStopped = 62
	ExitSignal  = 63
	ExitFull    = 74 // the disk is full
	ExitCorrupt = 65 // what was copied does not hold together
)

// Failure is why work failed.
type Failure struct {
	Code int
	What string
}

func (f Failure) Error() string { return f.What }

func failed(code int, format string, args ...any) error {
	return Failure{code, fmt.Sprintf(format, args...)}
}

// CodeOf is the exit code of work that ended with an error; 0: it did not fail.
func CodeOf(err error) int {
	var f Failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &f):
		return f.Code
	case errors.Is(err, errHeld):
		return ExitHeld
	case errors.Is(err, context.Canceled):
		return ExitSignal
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return ExitFull
	case errors.Is(err, fs.ErrNotExist):
		return ExitAway
	}
	return ExitFailed
}

// background is how pg_basebackup says that its part which receives WAL has failed. That part
// has said why before.
const background = "background process terminated unexpectedly"

// toolFailed is why one of PostgreSQL's programs failed, from its own words and the code
// it ended with. English is what it was told to speak.
func toolFailed(program, said string, code int) error {
	var last string
	for line := range strings.Lines(said) {
		if _, words, found := strings.Cut(line, "error: "); found && (last == "" || !strings.HasPrefix(words, background)) {
			last = strings.TrimSpace(words)
		}
	}
	last = cmp.Or(last, strings.TrimSpace(said[strings.LastIndexByte(strings.TrimSpace(said), '\n')+1:]), fmt.Sprintf("exit code %d", code))
	kind := ExitFailed
	switch {
	case strings.Contains(said, "No space left on device"), strings.Contains(said, "Disk quota exceeded"):
		kind = ExitFull
	case strings.Contains(said, "incompatible server version"):
		kind = ExitVersion
	case strings.Contains(said, "connection to server"), strings.Contains(said, "server closed the connection"), strings.Contains(said, "terminating connection"), strings.Contains(said, "could not translate host name"):
		kind = ExitServer
	}
	return failed(kind, "%s: %s", program, last)
}
