//go:build !unix

package load

import "time"

// mostFiles is not limited here.
func mostFiles() (uint64, bool) { return 0, false }

// ownCPU is not known here, and a run says so.
func ownCPU() (time.Duration, bool) { return 0, false }
