package proc

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a child a process group, and ends all of it where it is to end.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return signalGroup(cmd, syscall.SIGTERM) }
}

// signalGroup sends a signal to all of a child's group.
func signalGroup(cmd *exec.Cmd, s syscall.Signal) error { return syscall.Kill(-cmd.Process.Pid, s) }

func ownSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// endedBy is the signal that ended a child; 0: none.
func endedBy(exit *exec.ExitError) syscall.Signal {
	if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal()
	}
	return 0
}

// Signal sends a process a signal.
func Signal(pid int, s syscall.Signal) error { return syscall.Kill(pid, s) }
