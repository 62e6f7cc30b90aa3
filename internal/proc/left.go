package proc

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// leftMost is how long a keeper waits for what it may not end, because it runs as another
// account.
const leftMost = time.Minute

// endLeft waits until a kept child is gone, and ends what that has left in our group. The
// workers of pgBackRest outlive it and try the file again that they were at: 15 s later,
// with no lock, in a backup that was resumed meanwhile and is called whole. waited is closed
// when nobody has the child's outputs open any more either.
func endLeft(child int, waited <-chan struct{}) {
	for alive := true; alive; {
		select {
		case <-waited:
			alive = false
		case <-time.After(tailEvery):
			alive = syscall.Kill(child, 0) == nil
		}
	}
	gone := time.Now()
	for {
		left := others()
		if len(left) == 0 || time.Since(gone) > leftMost {
			return
		}
		s := syscall.SIGTERM
		if time.Since(gone) > grace {
			s = syscall.SIGKILL
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, s) // it may have ended
		}
		time.Sleep(tailEvery)
	}
}

// others are the living processes of our group besides us, where the system tells.
func others() (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range all {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil || len(fields) < 3 || bytes.ContainsAny(fields[0], "ZX") || pid == os.Getpid() {
			continue
		}
		if string(fields[2]) == strconv.Itoa(syscall.Getpgrp()) {
			pids = append(pids, pid)
		}
	}
	return pids
}
