//go:build !unix

package proc

import (
	"errors"
	"os/exec"
	"syscall"
)

// Without process groups a child alone is ended, and not its children.
func ownGroup(*exec.Cmd) {}

// signalGroup ends the child: there are no signals to ask it with.
func signalGroup(cmd *exec.Cmd, _ syscall.Signal) error { return cmd.Process.Kill() }

func ownSession(*exec.Cmd) {}

func endedBy(*exec.ExitError) syscall.Signal { return 0 }

// Signal cannot be sent on this system.
func Signal(int, syscall.Signal) error { return errors.ErrUnsupported }
