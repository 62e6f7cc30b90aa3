package basebackup

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// programsOf are PostgreSQL's of a version, which only say which that is.
func programsOf(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"pg_basebackup", "pg_receivewal", "pg_verifybackup"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho '"+name+" (PostgreSQL) "+version+"'\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAClientOlderThanTheServerIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		client string
		server int
		says   string // empty: it may copy
	}{
		"older":               {"14.9 (Debian 14.9-1)", 150004, "are of PostgreSQL 14, and the server is 15: older ones cannot copy it"},
		"of the same version": {"15.18", 150004, ""},
		"an older minor one":  {"15.1", 150018, ""},
		"newer":               {"17.2", 150004, ""},
		"a beta":              {"18beta1", 180000, ""},
		"of no version":       {"unknown", 150004, "does not say what version it is"},
	} {
		begun := false
		col := New(Config{Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1}}},
			Folder: t.TempDir(), Slot: "s", Programs: programsOf(t, c.client), Self: "opsdeck", Timeout: time.Minute, Now: time.Now,
			Server: func(context.Context) (basebackup.Server, error) {
				return basebackup.Server{Cluster: "7", Version: c.server}, nil
			},
			Connection: func() (string, error) { return "host=x", nil },
			Alive:      func(ops.Process) bool { return false },
			Receive: func(context.Context, []string, func(ops.Process) error, func(string)) error {
				begun = true
				return nil
			},
		})
		_, _, made := col.Backup(t.Context(), ops.Request{}, 1, ops.BackupFull)
		_, ready := col.Ready(t.Context())
		received := col.Push(t.Context(), func(ops.Observation) {})
		for what, err := range map[string]error{"a backup": made, "the doctor": ready, "the receiver": received} {
			switch {
			case c.says == "" && what != "the receiver" && err != nil:
				t.Errorf("%s: %s: %v", name, what, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if begun == (c.says != "") {
			t.Errorf("%s: the receiver began: %v", name, begun)
		}
	}
}

func TestAPlanWithoutRetentionPrunesNothing(t *testing.T) {
	col := New(Config{Folder: t.TempDir(), Now: time.Now})
	if _, err := col.Expired(t.Context(), 1); ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(err.Error(), "retention") {
		t.Error(err)
	}
}

func TestTheLockIsReadAgain(t *testing.T) {
	folder := t.TempDir()
	col := New(Config{Folder: folder, Now: time.Now})
	if v := col.Locked(ops.Backups{Held: true, Holder: ops.Process{PID: 7}}); v.Held || v.Holder.PID != 0 {
		t.Errorf("ended since: %+v", v)
	}
	f, err := os.Create(filepath.Join(folder, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // with the test
	if _, err := f.WriteString(`{"pid":4711,"done":0.5,"all":2048}`); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if v := col.Locked(ops.Backups{}); !v.Held || v.Holder.PID != 4711 || v.Progress != ops.Num(0.5) || v.Total != ops.Num(2048) {
		t.Errorf("begun since: %+v", v)
	}
}

// TestALockThatCannotBeReadIsNobodys, and is not free either.
func TestALockThatCannotBeReadIsNobodys(t *testing.T) {
	folder := t.TempDir()
	col := New(Config{Folder: folder, Now: time.Now})
	if err := os.Mkdir(filepath.Join(folder, "lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	was := ops.Backups{Held: true, Holder: ops.Process{PID: 7}}
	if v := col.Locked(was); !v.Held || v.Holder.PID != 7 {
		t.Errorf("what was known is %+v", v)
	}
	if _, _, _, err := basebackup.Repo(folder).Held(); err == nil {
		t.Error("it is told as nobody's")
	}
}
