package store

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"

	"opsdeck/ops"
)

// damage is an error that means that the file itself is not sound. Open moves
// the file aside for it, and for nothing else.
type damage struct{ why ops.Text }

func (d *damage) Error() string { return d.why.String() }

func damaged(format string, args ...any) error { return &damage{ops.Textf(format, args...)} }

func isDamage(err error) bool {
	_, ok := errors.AsType[*damage](err)
	return ok
}

// guarded runs f, which reads bbolt's map, and turns a panic into damage.
// bbolt panics on a page that is not what it should be, and a page number out
// of range is an access outside the map: a fault, which ends the process unless
// this goroutine asks for a panic instead. bbolt's own Check runs in another
// goroutine, so it is for a child process only.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		p := recover()
		if _, fault := p.(interface{ Addr() uintptr }); fault {
			err = damaged("a page cannot be read")
		} else if p != nil {
			err = damaged("%v", p)
		}
	}()
	return f()
}

// fileDamage tells which of bbolt's errors of opening mean a damaged file.
func fileDamage(err error) error {
	for _, e := range []error{bolterrors.ErrInvalid, bolterrors.ErrChecksum, bolterrors.ErrVersionMismatch, bolterrors.ErrInvalidMapping} {
		if errors.Is(err, e) {
			return damaged("%v", err)
		}
	}
	if errors.Is(err, bolterrors.ErrTimeout) || isSystem(err) {
		return err
	}
	if isDamage(err) {
		return err
	}
	// What is left are bbolt's unnamed complaints about the content, such as
	// "file size too small".
	return damaged("%v", err)
}

// isSystem reports whether the system refused, which says nothing of the file.
func isSystem(err error) bool {
	_, path := errors.AsType[*fs.PathError](err)
	_, no := errors.AsType[syscall.Errno](err)
	return path || no
}

// openError says why a history cannot be used at all.
func openError(dir string, err error) error {
	if isFull(err) {
		return fullError(dir)
	}
	if isSystem(err) {
		return ops.Errorf(ops.CodeUnavailable, "history in %s cannot be used: %v", dir, err).
			Help("let the agent's user write there, or name another directory")
	}
	return fmt.Errorf("open history in %s: %w", dir, err)
}

func isFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	// bbolt does not wrap what fails while it grows the file.
	return err != nil && strings.HasSuffix(err.Error(), " error: "+syscall.ENOSPC.Error())
}

func fullError(path string) error {
	return ops.Errorf(ops.CodeFull, "no space left for the history on %s", path).
		Help("free space on that filesystem: the history goes on by itself")
}

func newerVersion(dir string, v int) error {
	return ops.Errorf(ops.CodeVersion, "history in %s has format %d, this opsdeck knows %d", dir, v, formatVersion).
		Help("run the newer opsdeck, or name another directory; nothing was changed")
}
