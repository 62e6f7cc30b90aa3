//go:build !unix

package proc

import (
	"errors"
	"os/exec"
	"syscall"
)

// Without process groups a child alone is ended, and not its children.
func ownGroup(*exec.Cmd) {}

func ownSession(*exec.Cmd) {}

func endedBy(*exec.ExitError) syscall.Signal { return 0 }

// Signal cannot be sent on this system.
func Signal(int, syscall.Signal) error { return errors.ErrUnsupported }
