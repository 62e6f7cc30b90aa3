package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// lockRetry is how often a held lock is tried again within the timeout.
const lockRetry = 20 * time.Millisecond

// ownerLock is history.lock, held from before the database is looked at until
// after it is closed. bbolt locks the database itself as well, but only once it
// has opened it, and a damaged file has to be examined and moved before that.
type ownerLock struct{ f *os.File }

// takeLock waits at most timeout for the lock. left is what the last owner
// wrote: how it left the database, or its pid where it died.
func takeLock(dir string, timeout time.Duration) (l *ownerLock, left string, err error) {
	path := filepath.Join(dir, lockName)
	f, err := ownfile.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, "", openError(dir, err)
	}
	end := time.NewTimer(timeout)
	defer end.Stop()
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for {
		var held bool
		if held, err = ownfile.Lock(f, false); err == nil && !held {
			break
		}
		if err != nil {
			return nil, "", errors.Join(openError(dir, err), f.Close())
		}
		select {
		case <-tick.C:
		case <-end.C:
			return nil, "", errors.Join(heldError(dir, lockHolder(dir, path)), f.Close())
		}
	}
	b := make([]byte, 256)
	n, _ := f.ReadAt(b, 0) // what cannot be read was not left cleanly
	return &ownerLock{f}, string(b[:n]), nil
}

// write replaces what the file says. It is not synced: after a power cut an old
// or torn text means no more than that the database is examined again.
func (l *ownerLock) write(s string) error {
	if err := l.f.Truncate(0); err != nil {
		return err
	}
	_, err := l.f.WriteAt([]byte(s), 0)
	return err
}

func (l *ownerLock) close() error { return l.f.Close() }

// owned is what the file says while this process owns the history.
func owned() string {
	pid := os.Getpid()
	start, _ := processStart(pid)
	return fmt.Sprintf("pid %d start %d\n", pid, start)
}

// cleanStamp is what the file says after a clean close. Whoever writes to the
// database afterwards changes it.
func cleanStamp(dir string) string {
	st, err := os.Stat(filepath.Join(dir, dbName))
	if err != nil {
		return ""
	}
	return fmt.Sprintf("clean size %d modified %d inode %d\n", st.Size(), st.ModTime().UnixNano(), inode(st))
}

func heldError(dir string, pid int) error {
	who := "another process"
	if pid > 0 {
		who = "pid " + strconv.Itoa(pid)
	}
	return ops.Errorf(ops.CodeHeld, "history is locked by %s", who).
		Help("talk to the agent that owns %s, or stop it", dir)
}

// lockHolder finds who holds the lock: the pid that the owner wrote, if that
// process lives and did not get its number after the owner died, else what the
// kernel says. 0: not found.
func lockHolder(dir, path string) int {
	var p ops.Process
	b, err := os.ReadFile(filepath.Join(dir, lockName))
	if err == nil {
		if n, _ := fmt.Sscanf(string(b), "pid %d start %d", &p.PID, &p.Start); n == 2 {
			if start, err := processStart(p.PID); err == nil && start == p.Start {
				return p.PID
			}
		}
	}
	return kernelHolder(path)
}

// kernelHolder looks path up in /proc/locks. Lines there read
// "1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234567 0 EOF".
func kernelHolder(path string) int {
	st, err := os.Stat(path)
	if err != nil {
		return 0
	}
	b, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	ino := ":" + strconv.FormatUint(inode(st), 10)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) >= 6 && f[1] == "FLOCK" && strings.HasSuffix(f[5], ino) {
			if pid, err := strconv.Atoi(f[4]); err == nil && pid > 0 {
				return pid
			}
		}
	}
	return 0
}

// processStart returns field 22 of /proc/PID/stat. The command name before it
// may hold spaces and parentheses, so fields count from the last one.
func processStart(pid int) (uint64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 20 {
		return 0, fmt.Errorf("read start of pid %d: %s", pid, ops.Count(len(f), "field"))
	}
	return strconv.ParseUint(f[19], 10, 64)
}

// inode tells one file of a name from another; 0: not known.
func inode(st os.FileInfo) uint64 {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		return uint64(sys.Ino) // narrower on some systems
	}
	return 0
}
