package docker

import (
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

// failedCheck is the first line of what the last health check said, where it
// failed.
func failedCheck(st *container.State) ops.Text {
	failed := lastFailed(st)
	if len(failed) == 0 {
		return ops.Text{}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(failed[len(failed)-1].Output), "\n")
	return ops.Clean(ops.MaskSecrets(first))
}

// lastFailed are the newest health checks that are kept, back to the last good one.
func lastFailed(st *container.State) []*container.HealthcheckResult {
	if st.Health == nil || st.Health.Status == container.Healthy || !st.Running {
		return nil
	}
	i := len(st.Health.Log)
	for i > 0 && st.Health.Log[i-1] != nil && st.Health.Log[i-1].ExitCode != 0 {
		i--
	}
	return st.Health.Log[i:]
}

// failingSince is when the first of the checks began that have failed since the last
// good one; zero: none fails. The daemon keeps the last five: what is longer ago is known
// from the inspect before, or reckoned from how far apart they are. Within the start
// period the daemon counts no streak, and there was no good one.
func failingSince(st *container.State, before time.Time) time.Time {
	failed := lastFailed(st)
	if len(failed) == 0 {
		return time.Time{}
	}
	first, started := failed[0].Start, timeOf(st.StartedAt)
	if len(failed) < len(st.Health.Log) || len(failed) < 2 { // the good one is there, or this is all
		return first.UTC()
	}
	if before.After(started) && before.Before(first) {
		return before
	}
	apart := failed[len(failed)-1].Start.Sub(first) / time.Duration(len(failed)-1)
	since := first
	switch unseen := st.Health.FailingStreak - len(failed); {
	case st.Health.Status == container.Starting:
		since = started.Add(apart)
	case unseen > 0:
		since = first.Add(-time.Duration(unseen) * apart)
	}
	if since.Before(started) {
		since = started
	}
	if since.After(first) {
		since = first
	}
	return since.UTC()
}
