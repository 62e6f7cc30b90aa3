//go:build lab

package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"opsdeck/drill"
	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
)

// smallScratch is a scratch of so many megabytes of its own, until the test ends.
func smallScratch(t *testing.T, dir string, megabytes int) string {
	t.Helper()
	at := filepath.Join(dir, "small-"+strconv.Itoa(megabytes))
	u, err := user.Lookup("postgres")
	if err == nil {
		err = os.Mkdir(at, 0o700)
	}
	if err == nil {
		err = syscall.Mount("tmpfs", at, "tmpfs", 0, "mode=0700,uid="+u.Uid+",gid="+u.Gid+",size="+strconv.Itoa(megabytes)+"m")
	}
	if err != nil {
		t.Fatalf("mount a tmpfs (the lab runs as root): %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(at, syscall.MNT_DETACH) })
	return at
}

// promoted lets a server begin a new timeline, as a failover does.
func promoted(t *testing.T, s *postgrestest.Server, settings ...string) {
	t.Helper()
	s.Stop()
	if out, err := s.Command(t.Context(), "touch", filepath.Join(s.Dir, "data", "standby.signal")).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	s.Again(append([]string{"fsync=off", "shared_buffers=8MB", "max_connections=16"}, settings...)...)
	if s.Value("SELECT pg_promote()::text") != "true" {
		t.Fatal("it was not promoted")
	}
}

// leavesATimeline has a server go on, and brings it back to before that, as a restore in place does.
func (l *labDrills) leavesATimeline(goesOn func()) {
	l.Helper()
	data := filepath.Join(l.Dir, "data")
	does := func(argv ...string) {
		if out, err := l.Command(l.Context(), argv[0], argv[1:]...).CombinedOutput(); err != nil {
			l.Fatal(err, string(out))
		}
	}
	l.Server.Stop()
	does("cp", "-a", data, data+".then")
	l.Again("fsync=off", "shared_buffers=8MB", "max_connections=16", "archive_mode=on", "wal_level=replica")
	goesOn()
	l.Server.Stop()
	does("mv", data, data+".left")
	does("mv", data+".then", data)
}

// spoiled changes a file (nil: takes it away), has something done, and brings it back.
func spoiled(t *testing.T, path string, change func([]byte) []byte, do func()) {
	t.Helper()
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if now := change(bytes.Clone(was)); now != nil {
		err = os.WriteFile(path, now, 0o600) // its owner stays
	} else {
		err = os.Rename(path, path+".away")
	}
	if err != nil {
		t.Fatal(err)
	}
	do()
	if _, err := os.Stat(path); err != nil {
		err = os.Rename(path+".away", path)
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(path, was, 0o600); err != nil {
		t.Fatal(err)
	}
}

func halved(b []byte) []byte { return b[:len(b)/2] }
func gone([]byte) []byte     { return nil }
func over(b []byte) []byte {
	copy(b, strings.Repeat("damage", 20))
	return b
}
func midst(b []byte) []byte {
	over(b[len(b)/2:])
	return b
}

// doubled has something done while a segment is there with two checksums, as of a server that
// archived it twice with different content.
func doubled(t *testing.T, path string, do func()) {
	t.Helper()
	name, _, _ := strings.Cut(filepath.Base(path), "-")
	second := filepath.Join(filepath.Dir(path), name+"-"+strings.Repeat("0", 40)+filepath.Ext(path))
	if err := os.Link(path, second); err != nil { // a link has the owner of the first
		t.Fatal(err)
	}
	do()
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
}

// onlyFile is the one file of a pattern.
func onlyFile(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) != 1 {
		t.Fatal(pattern, found, err)
	}
	return found[0]
}

const (
	tooEarly   = "recovery ended before configured recovery target was reached"
	noTimeline = "recovery target timeline 2 does not exist"
)

// TestLabADrillCatchesWhatIsLostAfterItsBackup: a segment that is cut, written over or there twice,
// and the file that leads to the next timeline, where the one that was left comes to the same
// position; the backup that the newest builds on; and no room to find out.
func TestLabADrillCatchesWhatIsLostAfterItsBackup(t *testing.T) {
	t.Parallel()
	l := newLabDrills(t)
	l.Exec("postgres", "CREATE TABLE commits (n int)")
	l.does("succeeded: one: full backup ", "backup.run")
	fails := func(what, says string) {
		t.Helper()
		if d := l.drills(t.Context(), "failed: one: the restore of ", quiet{}); !strings.Contains(d.Failed.String(), says) {
			t.Errorf("%s: it failed: %s", what, d.Failed)
		}
	}
	l.Exec("postgres", "INSERT INTO commits VALUES (1)")
	l.position()
	l.leavesATimeline(func() {
		for range 3 { // the old timeline goes on, past every position that the new one comes to here
			l.Exec("postgres", "INSERT INTO commits VALUES (3)")
			l.position()
		}
	})
	promoted(t, l.Server, "archive_mode=on", "wal_level=replica")
	l.Exec("postgres", "INSERT INTO commits VALUES (2)")
	l.seen, l.on = l.position(), 2
	segment := l.Value("SELECT pg_walfile_name('" + l.seen.String() + "')")
	l.checks = []ops.RestoreCheck{{Name: ops.Lit("commits"), Database: "postgres", SQL: "SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits", Want: ops.Lit("1 2")}}
	if d := l.drills(t.Context(), "succeeded: one: ", quiet{}); d.Timeline != 2 {
		t.Errorf("it came to timeline %d", d.Timeline)
	}

	l.checks = nil // where it stands has to be enough
	archive := l.Dir + "/repo1/archive/t/15-1/"
	spoiled(t, onlyFile(t, archive+"00000002.history"), gone, func() { fails("no history", noTimeline) })
	file := onlyFile(t, archive+"*/"+segment+"-*")
	spoiled(t, file, halved, func() { fails("half a segment", "the copy stands on timeline 1, at ") })
	spoiled(t, file, over, func() { fails("a segment that was written over", "the engine said [042]: unable to get "+segment) })
	doubled(t, file, func() { fails("a doubled segment", "the engine said [045]: duplicates found for WAL segment "+segment) })
	for megabytes, says := range map[int]string{4: "the scratch has room for 4.0M, and the copy needs ", 40: "the scratch is full|No space left on device"} {
		l.scratch = smallScratch(t, l.Dir, megabytes)
		if d := l.drills(t.Context(), "failed: one: ", quiet{}); !regexp.MustCompile(says).MatchString(d.Broke.String()) || !d.Failed.Empty() || d.Remedy.Empty() {
			t.Errorf("in %d MB: %+v", megabytes, d)
		}
	}
	l.scratch = filepath.Join(l.Dir, "drills")
	l.chainOf(func() { fails("a chain without its full backup", "the engine could not restore it: [055]: ") })
}

// chainOf makes a backup that builds on the one there is, and has something done without that.
func (l *labDrills) chainOf(do func()) {
	l.Helper()
	full := filepath.Join(l.Dir, "repo1/backup/t", l.labels())
	l.does("succeeded: one: incr backup ", "backup.run", "type=incr")
	if err := os.Rename(full, full+".away"); err != nil {
		l.Fatal(err)
	}
	do()
	if err := os.Rename(full+".away", full); err != nil {
		l.Fatal(err)
	}
}

func TestLabADrillOfAFolderCatchesWhatIsLostAfterItsBackup(t *testing.T) {
	t.Parallel()
	l := newFolderDrills(t)
	end := l.receives()
	defer func() { end() }()
	l.Until("the receiver runs", func() bool { return l.look().Receiver.Process.PID > 0 })
	l.Exec("postgres", "CREATE TABLE there (n int)")
	l.does("succeeded: folder: full backup ", "backup.run")
	l.Exec("postgres", "INSERT INTO there VALUES (1)")
	l.safe()
	promoted(t, l.Server)
	l.Exec("postgres", "INSERT INTO there VALUES (2)")
	at, err := ops.ParseLSN(l.Value("SELECT pg_current_wal_lsn()::text"))
	if err != nil {
		t.Fatal(err)
	}
	l.seen, l.on, l.rows = at, 2, "2"
	segment := l.Value("SELECT pg_walfile_name(pg_switch_wal())")
	var history, whole []string
	l.Until("the new timeline is received", func() bool {
		in := os.DirFS(l.folder) // its own path is none of a pattern
		history, _ = fs.Glob(in, "wal/*/*/00000002.history")
		whole, _ = fs.Glob(in, "wal/*/*/"+segment)
		return len(history) == 1 && len(whole) == 1
	})
	end()
	l.drills("succeeded: folder: ", "")
	spoiled(t, filepath.Join(l.folder, history[0]), gone, func() { l.drills("failed: folder: the restore of ", noTimeline) })
	spoiled(t, filepath.Join(l.folder, whole[0]), halved, func() { l.drills("failed: folder: the restore of ", "has wrong size") })
	spoiled(t, filepath.Join(l.folder, whole[0]), over, func() { l.drills("failed: folder: the restore of ", tooEarly) })
	// Received twice, as by a receiver that began anew: the newer one is taken, and has to be good.
	dir := filepath.Dir(filepath.Join(l.folder, whole[0]))
	life, err := strconv.Atoi(filepath.Base(dir))
	if err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(filepath.Dir(dir), strconv.Itoa(life+1), segment)
	if out, err := l.Command(t.Context(), "cp", "-r", dir, filepath.Dir(newer)).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	l.drills("succeeded: folder: ", "")
	spoiled(t, newer, over, func() { l.drills("failed: folder: the restore of ", tooEarly) })
	spoiled(t, filepath.Join(dir, segment), over, func() { l.drills("succeeded: folder: ", "") })
	// Who is first to find no room is one time the server, and one time who fetches for it: neither is held against the backup.
	for megabytes, says := range map[int]string{4: "failed: folder: the scratch has room for 4.0M, and the copy needs ", int(drill.Need(l.look().Sets[0].CopyBytes())>>20) + 4: "failed: folder: the copy"} {
		l.scratch = smallScratch(t, l.Dir, megabytes)
		l.drills(says, "")
	}
}
