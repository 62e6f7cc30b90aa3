package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// TestWhyTheCopyWasNotAskedIsTold for a server that runs: it has not ended because a question
// came back without an answer.
func TestWhyTheCopyWasNotAskedIsTold(t *testing.T) {
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel() // nobody waits for what a server says that says nothing
	for name, x := range map[string]struct {
		err    error
		dead   bool
		want   string
		failed bool // it is held against the backup
	}{
		"it takes too long":      {fmt.Errorf("read: %w", context.DeadlineExceeded), false, "the copy did not answer in time: ", false},
		"it refuses":             {fmt.Errorf("dial: %w", syscall.ECONNREFUSED), false, "the copy refuses connections, and its server runs: ", false},
		"its socket is gone":     {fmt.Errorf("dial: %w", syscall.ENOENT), false, "the copy refuses connections, and its server runs: ", false},
		"it speaks another way":  {errors.New("unexpected message from (backend)"), false, "the connection to the copy broke, and its server runs: ", true},
		"it ended without words": {fmt.Errorf("dial: %w", syscall.ECONNREFUSED), true, "the copy's server ended: ", false},
	} {
		v := &server{s: scratch{dir: t.TempDir()}, at: self}
		if x.dead {
			v.at.Start++
		}
		err := v.unasked(over, x.err)
		_, failed := errors.AsType[*failure](err)
		if err == nil || !strings.HasPrefix(err.Error(), x.want) || failed != x.failed {
			t.Errorf("%s: %v, held against the backup: %v", name, err, failed)
		}
		if !failed && ops.AsError(err).Remedy.Empty() {
			t.Errorf("%s: nothing helps: %v", name, err)
		}
	}
	// What it has answered before stands in its log, and is not why this question failed.
	v := &server{s: scratch{dir: t.TempDir()}, at: self}
	log := func(text string) {
		t.Helper()
		f, err := os.OpenFile(v.s.file(logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, err = f.WriteString("2026-11-28 12:00:00.000 UTC [7] FATAL:  " + text + "\n")
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	log(`database "shop" does not exist`)
	if err := v.unasked(over, &pgconn.PgError{Severity: "FATAL", Code: "3D000", Message: `database "shop" does not exist`}); err != nil {
		t.Errorf("an answer is none: %v", err)
	}
	if err := v.unasked(over, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)); err == nil || !strings.HasPrefix(err.Error(), "the copy refuses connections, and its server runs: ") {
		t.Errorf("behind an answer: %v", err)
	}
	log("terminating connection due to a crash")
	if err := v.unasked(over, fmt.Errorf("dial: %w", syscall.ECONNREFUSED)); err == nil || !strings.Contains(err.Error(), "due to a crash") {
		t.Errorf("with words of its own: %v", err)
	}
}
