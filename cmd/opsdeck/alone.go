package main

import "golang.org/x/sys/unix"

// alone reports whether we stand in the session leader's own process group: then
// no shell with job control waits for us to stop, as under ForceCommand or in a
// window of tmux of our own.
func alone() bool {
	sid, err := unix.Getsid(0)
	return err == nil && sid == unix.Getpgrp()
}
