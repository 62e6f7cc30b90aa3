package basebackup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"opsdeck/internal/proc"
)

// ReceiveArgv is the call that receives WAL by a slot into a folder, and says to the server
// of each part at once that it is on the disk. It does not try again by itself.
func (o Order) ReceiveArgv(slot, into string) []string {
	return []string{program(o.Programs, "pg_receivewal"), "--directory=" + into, "--slot=" + slot, "--synchronous", "--no-loop", "--no-password", "--dbname=" + o.Connection}
}

// MakeSlot makes a slot, unless it is there. It keeps WAL from the first that is received on.
func (o Order) MakeSlot(ctx context.Context, slot string) error {
	return o.slot(ctx, slot, "--create-slot", "--if-not-exists")
}

// DropSlot drops one that is of no use any more: the server has removed what it should keep.
func (o Order) DropSlot(ctx context.Context, slot string) error {
	return o.slot(ctx, slot, "--drop-slot")
}

func (o Order) slot(ctx context.Context, slot string, what ...string) error {
	argv := append([]string{program(o.Programs, "pg_receivewal"), "--slot=" + slot, "--no-password", "--dbname=" + o.Connection}, what...)
	end, err := proc.Run(ctx, proc.Spec{Argv: argv, Env: english()})
	if err != nil {
		return err
	}
	if end.Code != 0 {
		return toolFailed("pg_receivewal", string(end.Stderr), end.Code)
	}
	return nil
}

// NewestLife is the number of the newest folder of a cluster's WAL, which is made where there is
// none, or where another is to begin.
func (r Repo) NewestLife(cluster string, another bool, now time.Time) (int, error) {
	lives, err := r.Lives(cluster)
	if err != nil {
		return 0, err
	}
	n := 1
	if last := len(lives) - 1; last >= 0 {
		n = lives[last]
		if another {
			n++
		}
	}
	if err := os.MkdirAll(r.Life(cluster, n), 0o700); err != nil {
		return 0, err
	}
	if len(lives) == 0 {
		return n, writeJSON(r.at("wal", cluster, "since"), Made{Began: now.UTC()})
	}
	return n, syncDir(filepath.Dir(r.Life(cluster, n)))
}

// Since is when the WAL of a cluster began to be received; zero: it never did.
func (r Repo) Since(cluster string) time.Time {
	var m Made
	_ = readJSON(r.at("wal", cluster, "since"), &m) // it is not known then, and promises nothing
	return m.Began
}

// Removed reports whether a receiver ended because the server does not have the WAL any
// more that comes next.
func Removed(said string) bool { return strings.Contains(said, "has already been removed") }

// Why is what a receiver said last of its end.
func Why(said string) error { return toolFailed("pg_receivewal", said, 1) }
