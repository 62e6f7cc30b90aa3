package ownfile

import (
	"errors"
	"os"
	"syscall"
)

// Lock takes the lock of a file, alone or with others who share it, or says that
// somebody else holds it. It ends with the file, and with the process.
func Lock(f *os.File, shared bool) (held bool, err error) {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// Unlock gives the lock of a file back.
func Unlock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }
