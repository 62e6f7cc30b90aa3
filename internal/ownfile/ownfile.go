// Package ownfile opens the files that opsdeck writes.
package ownfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Open opens or makes a file of ours, readable by its owner alone. It never goes through a
// symbolic link and never waits at a pipe: whoever may write into the folder could have
// put one there, to have us write where only we may.
func Open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if errors.Is(err, syscall.ELOOP) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("a symbolic link stands there: remove it")}
	}
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("it is no plain file: remove it")}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Write writes a file anew.
func Write(path string, text []byte) error {
	f, err := Open(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
