// Package machine reads from /proc what processes cost.
package machine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of times in /proc/PID/stat: USER_HZ, 100 on every Linux that
// Go runs on. The kernel scales these times to what the scheduler measured, so
// they are right to a tick.
const tick = 10 * time.Millisecond

// Load is the load average over one minute.
func Load() (float64, error) {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(raw), " ")
	return strconv.ParseFloat(first, 64)
}

// Busy reports whether a load means that somebody else takes a share of what is
// timed here.
func Busy(load float64) bool { return load > float64(runtime.NumCPU()) }

// CPU is the processor time a process has taken since it began, without its
// children.
func CPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold blanks; utime and stime are fields 14, 15.
	rest := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(rest) < 13 {
		return 0, fmt.Errorf("process %d: a stat line of %d fields", pid, len(rest))
	}
	var sum time.Duration
	for _, f := range rest[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("process %d: %w", pid, err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// Named lists the processes whose short name begins with one of the names.
func Named(names ...string) []int {
	dirs, _ := filepath.Glob("/proc/[0-9]*/comm") // the pattern is right
	var pids []int
	for _, path := range dirs {
		comm, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		for _, n := range names {
			if strings.HasPrefix(string(comm), n) {
				if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
					pids = append(pids, pid)
				}
				break
			}
		}
	}
	return pids
}

// Meter adds up the processor time of a group of processes.
type Meter struct {
	names []string
	pids  []int
	from  map[int]time.Duration
	began time.Time
}

// Watch begins to count the processes of these names, whoever starts later, too.
func Watch(names ...string) *Meter {
	m := &Meter{names: names, from: map[int]time.Duration{}, began: time.Now()}
	for _, pid := range Named(names...) {
		if t, err := CPU(pid); err == nil {
			m.from[pid] = t
		}
	}
	return m
}

// WatchPIDs begins to count these processes.
func WatchPIDs(pids ...int) (*Meter, error) {
	m := &Meter{pids: pids, from: map[int]time.Duration{}, began: time.Now()}
	for _, pid := range pids {
		t, err := CPU(pid)
		if err != nil {
			return nil, err
		}
		m.from[pid] = t
	}
	return m, nil
}

// Took is what was used since, and over how long. What a process that has ended
// used last is not known and not counted.
func (m *Meter) Took() (cpu, over time.Duration) {
	pids := m.pids
	if m.names != nil {
		pids = Named(m.names...)
	}
	for _, pid := range pids {
		if t, err := CPU(pid); err == nil {
			cpu += t - m.from[pid]
		}
	}
	return cpu, time.Since(m.began)
}

// PerMinute scales a cost to a minute.
func PerMinute(cost, over time.Duration) time.Duration {
	if over <= 0 {
		return 0
	}
	return time.Duration(float64(cost) * float64(time.Minute) / float64(over))
}

// PSS is the memory of a process with shared pages divided among those who share
// them.
func PSS(pid int) (uint64, error) {
	kb, err := field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:")
	return kb << 10, err
}

// Threads is how many threads a process has.
func Threads(pid int) (uint64, error) {
	return field(fmt.Sprintf("/proc/%d/status", pid), "Threads:")
}

func field(path, name string) (uint64, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			if f := strings.Fields(rest); len(f) > 0 {
				return strconv.ParseUint(f[0], 10, 64)
			}
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, name)
}

// Files is how many files a process holds open.
func Files(pid int) (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(list), err
}

// Size is how many bytes the files under a folder hold.
func Size(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}
