package ops

import (
	"errors"
	"fmt"
)

// Code says what kind of error it is, for callers that act on it.
type Code uint8

// Codes. Internal is everything a person cannot act on; its detail is in the
// agent's log.
const (
	CodeInternal    Code = iota
	CodeInvalid          // the request makes no sense
	CodeNotFound         // there is no such thing
	CodeDenied           // this caller may not
	CodeLocked           // production is read-only: unlock first
	CodeConfirm          // the confirmation is missing or wrong
	CodeHeld             // another job holds the target
	CodeChanged          // the plan no longer describes what would happen
	CodeExpired          // the plan is older than two minutes, or was used
	CodeUnavailable      // the source or the history cannot be reached now
	CodeFull             // no space left for the record that has to come first
	CodeUnanswered       // the call went out and its answer did not come back
	CodeVersion          // console and agent do not speak the same version
)

var codeNames = enumOf[Code]("code", "internal", "invalid", "not-found", "denied", "locked", "confirm", "held",
	"changed", "expired", "unavailable", "full", "unanswered", "version")

func (c Code) String() string               { return codeNames.name(c) }
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText accepts the names that String gives.
func (c *Code) UnmarshalText(b []byte) error { return codeNames.parse(c, b) }

// Error is an error a person can act on: what went wrong, and what to do.
type Error struct {
	Code   Code `json:"code"`
	What   Text `json:"what"`
	Remedy Text `json:"remedy,omitzero"`
}

// Errorf returns an Error whose text is cleaned.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, What: Clean(fmt.Sprintf(format, args...))}
}

// Help sets the remedy and returns e.
func (e *Error) Help(format string, args ...any) *Error {
	e.Remedy = Clean(fmt.Sprintf(format, args...))
	return e
}

// Error returns what went wrong, and the remedy behind a colon.
func (e *Error) Error() string {
	if e.Remedy.Empty() {
		return e.What.String()
	}
	return e.What.String() + ": " + e.Remedy.String()
}

// Is makes errors.Is(err, &Error{Code: c}) ask for the code alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.What.Empty()
}

// CodeOf returns the code of the first Error in err's chain, else internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// AsError returns err as an Error; one that is not becomes internal.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Errorf(CodeInternal, "%v", err)
}
