package process

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"opsdeck/lab/internal/layout"
)

// Current gives the daemon's live process: by its pid file, else by what
// marks it in /proc (the pid file is then written anew).
func Current(l layout.Layout, name, program string) (Identity, bool) {
	if id := Load(l.PidFile(name)); id.Alive() {
		return id, true
	}
	id, ok := findOurs(l, name, program)
	if !ok {
		return Identity{}, false
	}
	// A failed write only means that the next call searches again.
	_ = id.Save(l.PidFile(name))
	return id, true
}

// findOurs looks for the daemon in /proc: the right program, leader of its own
// session as Start makes it, and either bearing our mark or at home in our
// state folder. The folder is needed because Redis and PostgreSQL write their
// title over the environment the kernel shows. Children must not match, so the
// parent must not be a candidate itself.
func findOurs(l layout.Layout, name, program string) (Identity, bool) {
	want, base := []byte(mark(l, name)), programBase(program)
	found := map[int]stat{}
	for _, pid := range pids() {
		if pid == os.Getpid() || exeBase(pid) != base {
			continue
		}
		st, err := readStat(pid)
		if err != nil || st.state == 'Z' || st.session != pid {
			continue
		}
		if hasVariable(pid, want) || homeBelow(pid, l.State) {
			found[pid] = st
		}
	}
	for pid, st := range found {
		if _, child := found[st.parent]; !child {
			id, err := Of(pid)
			return id, err == nil
		}
	}
	return Identity{}, false
}

// AnyAt tells whether a process of that program is at home below dir: the
// backends that outlive a killed PostgreSQL for a moment.
func AnyAt(program, dir string) bool {
	base := programBase(program)
	for _, pid := range pids() {
		if exeBase(pid) != base || !homeBelow(pid, dir) {
			continue
		}
		if st, err := readStat(pid); err == nil && st.state != 'Z' {
			return true
		}
	}
	return false
}

// programBase is the name of the file that really runs: redis-server is a link
// to a program of another name.
func programBase(program string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		path = program
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Base(path)
}

func homeBelow(pid int, dir string) bool {
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return err == nil && (cwd == dir || strings.HasPrefix(cwd, dir+"/"))
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
