// Package process starts, recognises and stops the lab's daemons. A process is
// known by pid, start time and boot: a pid alone can belong to somebody else
// by the time we signal it.
package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Identity names one process for good.
type Identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start_ticks"`
	Boot  string `json:"boot_id"`
}

// ErrGone says that the process is not there any more.
var ErrGone = errors.New("process is gone")

// Of reads the identity of a live process. A zombie counts as gone: where
// nobody reaps orphans it would otherwise look alive for ever.
func Of(pid int) (Identity, error) {
	st, err := readStat(pid)
	if err != nil {
		return Identity{}, err
	}
	if st.state == 'Z' || st.state == 'X' {
		return Identity{}, ErrGone
	}
	return Identity{PID: pid, Start: st.start, Boot: bootID()}, nil
}

// Alive tells whether this very process still runs.
func (id Identity) Alive() bool {
	if id.PID <= 0 {
		return false
	}
	now, err := Of(id.PID)
	return err == nil && now == id
}

// Frozen tells whether the process is stopped by a signal (SIGSTOP).
func (id Identity) Frozen() bool {
	st, err := readStat(id.PID)
	return err == nil && st.start == id.Start && (st.state == 'T' || st.state == 't')
}

// Signal sends sig to this very process. The handle is taken before the
// identity is checked, so that a pid reused in between is never hit.
func (id Identity) Signal(sig syscall.Signal) error {
	p, err := os.FindProcess(id.PID)
	if err != nil {
		return ErrGone
	}
	defer p.Release() //nolint:errcheck // releasing a handle has nothing to report
	if !id.Alive() {
		return ErrGone
	}
	if err := p.Signal(sig); err != nil {
		if errors.Is(err, os.ErrProcessDone) {
			return ErrGone
		}
		return fmt.Errorf("signal %d to pid %d: %w", sig, id.PID, err)
	}
	return nil
}

// Save writes the identity to a pid file, whole or not at all.
func (id Identity) Save(path string) error {
	data, err := json.Marshal(id)
	if err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write pid file: %w", err)
	}
	return os.Rename(tmp, path)
}

// Load reads a pid file. A missing or damaged one gives the zero identity,
// which is never alive: both mean "start it again".
func Load(path string) Identity {
	var id Identity
	data, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(data, &id) != nil {
		return Identity{}
	}
	return id
}

type stat struct {
	state   byte
	parent  int
	session int
	start   uint64
}

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, ErrGone
	}
	return parseStat(data)
}

// parseStat takes fields 3, 4, 6 and 22. The name in field 2 may hold spaces and
// brackets, so counting starts after the last bracket.
func parseStat(data []byte) (stat, error) {
	i := bytes.LastIndexByte(data, ')')
	if i < 0 {
		return stat{}, errors.New("process stat: no name")
	}
	f := strings.Fields(string(data[i+1:]))
	if len(f) < 20 {
		return stat{}, errors.New("process stat: too short")
	}
	parent, err := strconv.Atoi(f[1])
	if err != nil {
		return stat{}, fmt.Errorf("process stat: parent: %w", err)
	}
	session, err := strconv.Atoi(f[3])
	if err != nil {
		return stat{}, fmt.Errorf("process stat: session: %w", err)
	}
	start, err := strconv.ParseUint(f[19], 10, 64)
	if err != nil {
		return stat{}, fmt.Errorf("process stat: start time: %w", err)
	}
	return stat{state: f[0][0], parent: parent, session: session, start: start}, nil
}

// bootID tells boots apart; start times count from boot, so they repeat.
func bootID() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
