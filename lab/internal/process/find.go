package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"opsdeck/lab/internal/layout"
)

// Current gives the daemon's live process: by its pid file, else by the mark
// in its environment (the pid file is then written anew).
func Current(l layout.Layout, name, program string) (Identity, bool) {
	if id := Load(l.PidFile(name)); id.Alive() {
		return id, true
	}
	id, ok := findMarked(l, name, program)
	if !ok {
		return Identity{}, false
	}
	// A failed write only means that the next call searches again.
	_ = id.Save(l.PidFile(name))
	return id, true
}

// findMarked looks for the mark in /proc. Children inherit it, so the program
// must match and its parent must not be the same daemon.
func findMarked(l layout.Layout, name, program string) (Identity, bool) {
	want := []byte(mark(l, name))
	marked := map[int]stat{}
	for _, pid := range pids() {
		if exeBase(pid) != filepath.Base(program) || !hasVariable(pid, want) {
			continue
		}
		if st, err := readStat(pid); err == nil && st.state != 'Z' {
			marked[pid] = st
		}
	}
	for pid, st := range marked {
		if _, child := marked[st.parent]; !child {
			id, err := Of(pid)
			return id, err == nil
		}
	}
	return Identity{}, false
}

// Marked lists every process that inherited the daemon's mark, whatever its
// program: the container shims that outlive a killed containerd, for one.
func Marked(l layout.Layout, name string) []Identity {
	var out []Identity
	want := []byte(mark(l, name))
	for _, pid := range pids() {
		if !hasVariable(pid, want) {
			continue
		}
		if id, err := Of(pid); err == nil {
			out = append(out, id)
		}
	}
	return out
}

func pids() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

func exeBase(pid int) string {
	target, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	if err != nil {
		return ""
	}
	// The kernel appends this when the file was replaced, by an upgrade or
	// by building the lab anew.
	return filepath.Base(string(bytes.TrimSuffix([]byte(target), []byte(" (deleted)"))))
}

func hasVariable(pid int, want []byte) bool {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return false
	}
	for _, kv := range bytes.Split(env, []byte{0}) {
		if bytes.Equal(kv, want) {
			return true
		}
	}
	return false
}
