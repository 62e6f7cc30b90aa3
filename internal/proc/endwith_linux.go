package proc

import (
	"os/exec"
	"syscall"
)

// endWithUs ends a child when the thread that started it ends.
func endWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
