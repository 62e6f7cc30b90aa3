package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

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
}
