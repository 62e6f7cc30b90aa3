//go:build lab

package store

import (
	"syscall"
	"testing"

	"opsdeck/ops"
)

// A filesystem of 512 KiB that really is full. It needs root, which the lab has.
func TestAFullDiskIsSaidAndOutlived(t *testing.T) {
	mnt := t.TempDir()
	if err := syscall.Mount("tmpfs", mnt, "tmpfs", 0, "size=512k"); err != nil {
		t.Fatalf("mount a tmpfs (the lab runs as root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mnt, syscall.MNT_DETACH) })
	dir := mnt + "/state"
	s := open(t, dir, Options{Now: still})
	first, _, err := s.NewJob(job("first"), intent("x"))
	must(t, err)
	ballast := fill(t, mnt)
	n := 0
	for ; err == nil && n < 10_000; n++ {
		_, err = s.Append(note("a record that needs its room on the disk"))
	}
	full := func(what string, err error) {
		t.Helper()
		e := ops.AsError(err)
		if e.Code != ops.CodeFull || e.What.String() != "no space left for the history on "+s.path() || e.Remedy.Empty() {
			t.Fatalf("%s: %v", what, err)
		}
	}
	full("append", err)
	big := make([]ops.Record, 400) // more than bbolt's own free pages can take
	for i := range big {
		big[i] = intent("restart something")
	}
	_, err = s.Append(big...)
	full("many audited records", err)
	for i := 0; err != nil && i < 1; i++ {
		_, _, err = s.NewJob(ops.Job{Key: ops.Lit("late"), State: ops.JobQueued, Title: ops.CleanLine(long(16000)), Reason: ops.CleanLine(long(16000))}, intent("y"))
		full("new job", err)
	}
	if _, found, err := s.JobByKey("late"); found || err != nil {
		t.Fatalf("a job that was refused is there: %v %v", found, err)
	}
	if j, found, err := s.Job(first.ID); !found || err != nil || j.Key.String() != "first" {
		t.Fatalf("what was there cannot be read: %v %v", found, err)
	}
	must(t, syscall.Unlink(ballast))
	if _, err := s.Append(big...); err != nil {
		t.Fatalf("there is space again: %v", err)
	}
	recs, err := s.History(ops.Query{Limit: 5000})
	must(t, err)
	rep, err := s.VerifyAudit()
	must(t, err)
	if !rep.OK || rep.Entries != 2+400 || len(recs) != 1+(n-1)+400 {
		t.Fatalf("%d records of %d, %+v", len(recs), n, rep)
	}
	must(t, s.Close())
	must(t, Check(s.path()))
}

func long(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return string(b)
}

// fill writes a file until the filesystem takes no more.
func fill(t *testing.T, dir string) string {
	t.Helper()
	path := dir + "/ballast"
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_WRONLY, 0o600)
	must(t, err)
	for err == nil {
		_, err = syscall.Write(fd, make([]byte, 4096))
	}
	if err != syscall.ENOSPC {
		t.Fatal(err)
	}
	must(t, syscall.Close(fd))
	return path
}

// TestLabAFullDiskIsSaidBeforeAnAgentStarts: it could write down neither its history nor why it has none.
func TestLabAFullDiskIsSaidBeforeAnAgentStarts(t *testing.T) {
	mnt := t.TempDir()
	if err := syscall.Mount("tmpfs", mnt, "tmpfs", 0, "size=64k"); err != nil {
		t.Fatalf("mount a tmpfs (the lab runs as root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(mnt, syscall.MNT_DETACH) })
	if err := Room(mnt + "/state"); ops.CodeOf(err) != ops.CodeFull || ops.AsError(err).Remedy.Empty() {
		t.Errorf("a small one: %v", err)
	}
	if err := syscall.Mount("", mnt, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if err := Room(mnt + "/state"); ops.CodeOf(err) != ops.CodeUnavailable || ops.AsError(err).Remedy.Empty() {
		t.Errorf("one that is read only: %v", err)
	}
}
