package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockedByte is far beyond the content: a range that is locked cannot be read by
// others on this system.
const lockedByte = ^uint32(0)

// tryLock takes the lock of a file, or says that another process holds it.
func tryLock(f *os.File) (held bool, err error) {
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{Offset: lockedByte, OffsetHigh: lockedByte})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return true, nil
	}
	return false, err
}

func unlock(f *os.File) error {
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &windows.Overlapped{Offset: lockedByte, OffsetHigh: lockedByte})
}

// inode is not told by this system's os.FileInfo.
func inode(os.FileInfo) uint64 { return 0 }
