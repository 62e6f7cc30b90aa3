//go:build lab

package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/proc"
)

// fromEnvironment is a number that may be set by hand.
func fromEnvironment(t *testing.T, name string, usual int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// sums are the checksums of all files of backups.
func (l *labBackups) sums(labels string) map[string][32]byte {
	l.Helper()
	sums := map[string][32]byte{}
	for _, label := range strings.Fields(labels) {
		err := filepath.WalkDir(filepath.Join(l.Dir, "repo1/backup/t", label), func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			sums[path] = sha256.Sum256(text)
			return err
		})
		if err != nil {
			l.Fatal(err)
		}
	}
	return sums
}

// TestLabBackupsThatAreCutCountForNothing cuts backups at random moments, by signals that
// come to processes: 3 of them, or OPSDECK_CUTS, from OPSDECK_CUT_SEED on.
func TestLabBackupsThatAreCutCountForNothing(t *testing.T) {
	t.Parallel()
	cuts, seed := fromEnvironment(t, "OPSDECK_CUTS", 3), fromEnvironment(t, "OPSDECK_CUT_SEED", time.Now().UnixNano())
	t.Logf("OPSDECK_CUT_SEED=%d OPSDECK_CUTS=%d", seed, cuts)
	l, r := newLabBackups(t), rand.New(rand.NewSource(seed))
	l.Exec("postgres", "CREATE TABLE large AS SELECT i, md5(i::text) || repeat('x', 400) FROM generate_series(1, 40000) i")
	began := time.Now()
	l.does("succeeded: one: full backup ", "backup.run", "type=full")
	takes, missed := time.Since(began), 0
	for n := range cuts {
		kind := []string{"full", "diff", "incr"}[r.Intn(3)]
		signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT}[r.Intn(4)]
		moment := time.Duration(r.Float64() * float64(takes))
		if !l.cut(kind, signal, moment) {
			missed++
		}
		l.Exec("postgres", fmt.Sprintf("UPDATE large SET i = -i WHERE i %% 10 = %d", n%10))
		l.does("succeeded: one: "+kind+" backup ", "backup.run", "type="+kind)
		if t.Failed() {
			t.Fatalf("cut %d: %s by %s after %s", n, kind, signal, moment)
		}
	}
	t.Logf("%d of %d had ended before they were cut", missed, cuts)
	all := len(strings.Fields(l.labels()))
	l.does(fmt.Sprintf("succeeded: one: %d backups of ", all), "backup.verify")
}

// cut cuts a backup, and wants nothing of it to count and all before to be as it was. It
// reports whether it came in time.
func (l *labBackups) cut(kind string, signal syscall.Signal, moment time.Duration) bool {
	l.Helper()
	before := l.labels()
	sums := l.sums(before)
	a, p := l.plan("backup.run", "type="+kind)
	ended := make(chan string, 1)
	go func() {
		r, err := a.Run(context.Background(), p, quiet{})
		if err != nil {
			ended <- "failed: " + err.Error()
			return
		}
		ended <- r.State.String() + ": " + r.What.String()
	}()
	var early string
	l.Until("it is at work", func() bool {
		select {
		case early = <-ended:
			return true
		default:
		}
		at, _ := l.col.Underway()
		_, over := holder(at.PID)
		return at.PID > 0 && !over
	})
	if early != "" {
		return false
	}
	<-time.After(moment)                       // any moment of it
	if at, _ := l.col.Underway(); at.PID > 0 { // 0 would be all of this test's own group
		_ = proc.Signal(at.PID, signal) // it may have ended
	}
	if o, err := l.col.Collect(l.Context()); err != nil || signal == syscall.SIGKILL && o.Backups.Held && !o.Backups.Dead {
		l.Errorf("after %s it is at work: %v, %+v", signal, err, o.Backups.Holder)
	}
	got := <-ended
	l.free()
	if strings.HasPrefix(got, "succeeded") {
		return false
	}
	why := map[bool]string{true: "it was killed (exit code 137)", false: "a signal ended it"}[signal == syscall.SIGKILL]
	if strings.Contains(got, "it crashed") { // its handler of signals does, now and then
		why = "it crashed"
	}
	if left := l.working(); len(left) > 0 {
		l.Errorf("%q go on", left)
	}
	after := l.labels()
	// One that is listed is whole: what was cut is what the engine does behind it.
	behind := strings.HasPrefix(got, "partial: one: "+kind+" backup ") && strings.Contains(got, "; behind it "+why) && strings.HasSuffix(after, " "+before)
	if !behind && !strings.HasPrefix(got, "failed: one: "+why) {
		l.Errorf("it ended %s", got)
	}
	if !behind && after != before {
		l.Errorf("the backups were %s, and are %s", before, after)
	}
	now := l.sums(before)
	for path, sum := range sums {
		if now[path] != sum {
			l.Errorf("%s was changed", path)
		}
	}
	return !behind
}
