package proc

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Flocked reports whether the system knows of a lock that a process took on a file, by
// flock(2). It asks for none itself, so it is in nobody's way. The lock outlives the process
// where its children have the file open. Error: that is not told here.
func Flocked(path string, pid int) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	file, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false, fmt.Errorf("%s has no number", path)
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return false, err
	}
	of, on := fmt.Sprintf(" FLOCK ADVISORY WRITE %d ", pid), fmt.Sprintf(":%d ", file.Ino)
	for line := range strings.Lines(string(locks)) {
		if line = strings.Join(strings.Fields(line), " "); strings.Contains(line, of) && strings.Contains(line, on) {
			return true, nil
		}
	}
	return false, nil
}
