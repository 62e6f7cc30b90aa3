package main

import (
	"errors"
	"fmt"
	"io"

	"opsdeck/estate"
	"opsdeck/ops"
)

// Exit codes. The first four are those of a monitoring plug-in; the others are
// sysexits(3)'s.
const (
	exitOK          = 0
	exitWarning     = 1
	exitCritical    = 2
	exitUnknown     = 3
	exitUsage       = 64
	exitUnavailable = 69
	exitTempFail    = 75
	exitNoPerm      = 77
	exitConfig      = 78
)

// exitError ends the process with a code and says nothing more.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// usageError is a command line that makes no sense.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitOf maps an error to the code that scripts act on.
func exitOf(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[exitError](err); ok {
		return e.code
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*estate.Faults](err); ok {
		return exitConfig
	}
	e, ok := errors.AsType[*ops.Error](err)
	if !ok {
		return exitWarning
	}
	switch e.Code {
	case ops.CodeInvalid, ops.CodeNotFound, ops.CodeConfirm:
		return exitUsage
	case ops.CodeDenied, ops.CodeLocked:
		return exitNoPerm
	case ops.CodeHeld, ops.CodeChanged, ops.CodeExpired, ops.CodeFull:
		return exitTempFail
	case ops.CodeUnavailable, ops.CodeVersion:
		return exitUnavailable
	case ops.CodeUnanswered:
		return exitUnknown
	}
	return exitWarning
}

// explain writes an error for a person: what is wrong, then what to do.
func explain(w io.Writer, err error) {
	if _, ok := errors.AsType[exitError](err); ok {
		return
	}
	if e, ok := errors.AsType[*ops.Error](err); ok {
		fmt.Fprintf(w, "opsdeck: %s\n", e.What)
		if !e.Remedy.Empty() {
			fmt.Fprintf(w, "         %s\n", e.Remedy)
		}
		return
	}
	if f, ok := errors.AsType[*estate.Faults](err); ok {
		fmt.Fprintln(w, f.Error())
		return
	}
	fmt.Fprintf(w, "opsdeck: %v\n", ops.Clean(err.Error()))
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(w, "         opsdeck --help shows what there is")
	}
}
