//go:build lab

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/actions/backup"
	"opsdeck/drill"
	"opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// folderDrills are drills of a folder of base backups, as the server's user.
type folderDrills struct {
	*labBase
	scratch string
	argv    []string
	rows    string             // what the table of the tablespace has to hold
	slow    string             // what its check does besides
	checks  []ops.RestoreCheck // in the place of that one
	asked   func()             // is called when the source was asked
	seen    ops.LSN
	on      uint32 // the timeline of that; 0: the first
}

func newFolderDrills(t *testing.T) *folderDrills {
	l := &folderDrills{labBase: newLabBase(t)}
	l.folder, l.scratch = filepath.Join(l.Dir, `it's 5% of a \backup`), filepath.Join(l.Dir, "drills") // what shells and settings read otherwise
	if err := os.Mkdir(l.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	l.agent()
	l.argv = drillProgram(t, l.Dir)
	return l
}

func (l *folderDrills) try(ctx context.Context, c backup.Copy, doing func(string)) (ops.Drill, error) {
	folder, err := folderOf(basebackup.Repo(l.folder), c)
	if err != nil {
		return ops.Drill{}, err
	}
	checks := asked(l.checks, c.Marked)
	if len(checks) == 0 {
		checks = []ops.RestoreCheck{{Name: ops.Lit("rows"), Database: "postgres", SQL: "SELECT count(*) FROM there" + l.slow, Want: ops.Clean(l.rows)}}
	}
	return drillBy(ctx, l.argv, drill.Order{Folder: folder, Key: c.Key, Set: c.Set, Target: c.Target, Timeline: c.Timeline, Stop: c.Stop, Cluster: c.Cluster, Bytes: c.Bytes,
		Scratch: l.scratch, Account: "postgres", Checks: checks, Exactly: c.Marked != nil, Limit: 5 * time.Minute}, doing)
}

// drills tries a restore, and wants an end that begins like this and says that.
func (l *folderDrills) drills(want, says string) {
	l.Helper()
	d := l.tries(l.Context(), want, quiet{})
	if !strings.Contains(d.Failed.String(), says) || strings.HasPrefix(want, "succeeded") && (d.Reached < l.seen || !d.WAL.Known) {
		l.Errorf("%+v\nwant %s", d, says)
	}
}

func (l *folderDrills) tries(ctx context.Context, want string, out ops.Progresser) ops.Drill {
	l.Helper()
	l.owned()
	v := l.look()
	v.Repositories[0].Seen = ops.WALPosition{Timeline: max(1, l.on), LSN: l.seen, At: time.Now()}
	call := func(_ int, set string) []string {
		return drill.CopyWords(basebackup.Repo(l.folder).Backup(set), l.scratch)
	}
	plan := ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{{Name: ops.Lit("folder"), Key: 1}}}
	d := tried(ctx, l.T, backup.NewDrill(l.col, plan, labTries(l.Server, l.checks, l.asked, l.col, backup.Tries{Try: l.try, Call: call, Beside: besideNothing}), time.Now), v, want, out)
	nothingLeft(l.T, l.scratch)
	return d
}

// owned gives the folder to the server's user, as whom the drills run.
func (l *folderDrills) owned() {
	l.Helper()
	info, err := os.Stat(l.Dir)
	if err != nil {
		l.Fatal(err)
	}
	if err := filepath.WalkDir(l.folder, func(path string, _ os.DirEntry, err error) error {
		if err == nil {
			like := info.Sys().(*syscall.Stat_t)
			err = os.Lchown(path, int(like.Uid), int(like.Gid))
		}
		if errors.Is(err, fs.ErrNotExist) { // a segment that became whole has another name
			return nil
		}
		return err
	}); err != nil {
		l.Fatal(err)
	}
}

// changed has something changed in the folder for one drill.
func (l *folderDrills) changed(path, says string, change func(was []byte) []byte) {
	l.Helper()
	was, err := os.ReadFile(path)
	if err != nil {
		l.Fatal(err)
	}
	write := func(text []byte) {
		if err := os.Remove(path); err != nil {
			l.Fatal(err)
		}
		if text == nil {
			return
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			l.Fatal(err)
		}
	}
	write(change(append([]byte{}, was...)))
	l.drills("failed: folder: the restore of ", says)
	if _, err := os.Stat(path); err != nil {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			l.Fatal(err)
		}
	}
	write(was)
}

func TestLabDrillsOfAFolderOfBaseBackups(t *testing.T) {
	t.Parallel()
	l := newFolderDrills(t)
	end := l.receives()
	l.Until("the receiver runs", func() bool { w := l.look().Receiver; return w.Process.PID > 0 })
	space := filepath.Join(l.Dir, "space")
	if out, err := l.Command(t.Context(), "mkdir", space).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	l.Exec("postgres", "CREATE TABLESPACE elsewhere LOCATION '"+space+"'")
	l.Exec("postgres", "CREATE TABLE there TABLESPACE elsewhere AS SELECT generate_series(1, 1000) i")
	l.does("succeeded: folder: full backup ", "backup.run")
	l.rows = "1000"
	l.drills("succeeded: folder: ", "")

	l.Exec("postgres", "INSERT INTO there SELECT generate_series(1, 3)")
	segment := l.Value("SELECT pg_walfile_name(pg_switch_wal())")
	l.Exec("postgres", "INSERT INTO there VALUES (4), (5)")
	at, err := ops.ParseLSN(l.Value("SELECT pg_current_wal_lsn()::text"))
	if err != nil {
		t.Fatal(err)
	}
	l.Exec("postgres", "INSERT INTO there VALUES (6)")
	l.safe() // in the segment that is being received
	end()
	l.seen, l.rows = at, "1005"
	l.drills("succeeded: folder: ", "")

	set := basebackup.Repo(l.folder).Backup(l.look().Sets[0].Label.String())
	l.changed(filepath.Join(set, "data", "global", "pg_filenode.map"), "checksum mismatch", func(b []byte) []byte { b[20] ^= 1; return b })
	lost := filepath.Join(set, "data", "PG_VERSION")
	for _, c := range []struct{ from, to string }{{lost, l.folder + "/kept"}, {l.folder + "/kept", lost}} { // seen without a drill
		if err := os.Rename(c.from, c.to); err != nil {
			t.Fatal(err)
		}
		if s := l.look().Sets[0]; s.Damaged != (c.from == lost) {
			t.Errorf("after %s became %s: %+v", c.from, c.to, s)
		}
	}
	found, err := fs.Glob(os.DirFS(l.folder), "wal/*/*/"+segment)
	if err != nil || len(found) != 1 {
		t.Fatal(segment, found, err)
	}
	found[0] = filepath.Join(l.folder, found[0])
	l.changed(found[0], "recovery ended before configured recovery target was reached", func([]byte) []byte { return nil })
	l.changed(found[0], "has wrong size", func(b []byte) []byte { return b[:len(b)/2] })
	link := filepath.Join(set, "data", "base", "link")
	if err := os.Symlink("/etc", link); err != nil {
		t.Fatal(err)
	}
	l.drills("failed: folder: the restore of ", "base/link is a link in the backup")
}

// TestLabADrillOfAFolderThatIsBrokenOffLeavesNothing, stopped and killed at each of its stages:
// no process, no folder, no port, and no slot in the server.
func TestLabADrillOfAFolderThatIsBrokenOffLeavesNothing(t *testing.T) {
	t.Parallel()
	l := newFolderDrills(t)
	l.Exec("postgres", "CREATE TABLE there (n int)")
	l.does("succeeded: folder: full backup ", "backup.run")
	const inServer = "SELECT (SELECT count(*) FROM pg_replication_slots) || ' ' || (SELECT count(*) FROM pg_stat_replication)"
	before := l.Value(inServer)
	l.rows, l.slow = "0", ", pg_sleep(1)"
	v := l.look()
	brokenOff(t, l.scratch, []string{ops.StageRestore, ops.StageReplay, ops.StageChecks}, func(ctx context.Context, want string, out ops.Progresser) {
		l.tries(ctx, want, out)
	}, func(doing func(string)) error {
		_, err := l.try(t.Context(), backup.Copy{Key: 1, Set: v.Sets[0].Label.String(), Cluster: v.Cluster.String()}, func(what string) {
			doing(what)
			for _, pid := range workingBelow(l.scratch) {
				if ports := listening(pid); len(ports) > 0 {
					t.Errorf("at %q process %d of it listens on TCP: %v", what, pid, ports)
				}
			}
		})
		return err
	})
	if after := l.Value(inServer); after != before {
		t.Errorf("slots and streams of the server were %q, and are %q", before, after)
	}
}

// workingBelow are the processes that work in a folder.
func workingBelow(dir string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range all {
		if at, err := os.Readlink(link); err == nil && strings.HasPrefix(at, dir) {
			pids = append(pids, number(strings.Split(link, "/")[2]))
		}
	}
	return pids
}

// listening are the sockets of a process on which TCP listens.
func listening(pid int) (found []string) {
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" {
				sockets["socket:["+f[9]+"]"] = true
			}
		}
	}
	all, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
	for _, fd := range all {
		if to, err := os.Readlink(fd); err == nil && sockets[to] {
			found = append(found, to)
		}
	}
	return found
}
