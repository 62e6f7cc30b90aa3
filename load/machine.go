package load

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
	"time"

	"opsdeck/ops"
)

// ownMemory is what of this process is in memory, in bytes.
func ownMemory() ops.Value {
	text, err := os.ReadFile("/proc/self/statm")
	if fields := bytes.Fields(text); err == nil && len(fields) > 1 {
		if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
			return ops.Num(float64(pages) * float64(os.Getpagesize()))
		}
	}
	return ops.Value{}
}

// mostFiles is how many files this process may hold open.
func mostFiles() (uint64, bool) {
	var l syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
	return uint64(l.Cur), err == nil
}

// OwnCPU is the processor time that this process has used.
func OwnCPU() (time.Duration, bool) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err == nil
}
