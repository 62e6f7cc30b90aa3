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

// replaced is what the kernel appends to the program's path when the file was
// replaced, by an upgrade or by building the lab anew.
const replaced = " (deleted)"

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
// session as Start makes it, and either bearing our mark or, bearing none, at
// home in our state folder. The folder is needed because Redis and PostgreSQL
// write their title over the environment the kernel shows. Children must not
// match, so the parent must not be a candidate itself.
func findOurs(l layout.Layout, name, program string) (Identity, bool) {
	want, base := mark(l, name), programBase(program)
	// A child between fork and exec still shows the lab's own program, our folder
	// and no mark: of our own daemons only the mark counts.
	unmarked := base != exeBase(os.Getpid())
	found := map[int]stat{}
	for _, pid := range pids() {
		if pid == os.Getpid() || exeBase(pid) != base {
			continue
		}
		st, err := readStat(pid)
		if err != nil || st.state == 'Z' || st.session != pid {
			continue
		}
		// Several daemons run one program, so another one's mark excludes.
		if have := markIn(pid); have == want || unmarked && have == "" && homeBelow(pid, l.State) {
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
	want := mark(l, name)
	for _, pid := range pids() {
		if markIn(pid) != want {
			continue
		}
		if id, err := Of(pid); err == nil {
			out = append(out, id)
		}
	}
	return out
}

// pids lists the processes of our own network: a lab in another namespace has its
// own loopback and may have a state folder of the same name.
func pids() []int {
	own, _ := os.Readlink("/proc/self/ns/net")
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		// What cannot be read is somebody else's anyway, or without a namespace.
		if net, err := os.Readlink(filepath.Join("/proc", e.Name(), "ns", "net")); err == nil && net == own {
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
	return filepath.Base(strings.TrimSuffix(target, replaced))
}

// markIn gives the mark in a process's environment; none is empty.
func markIn(pid int) string {
	env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		return ""
	}
	for _, kv := range bytes.Split(env, []byte{0}) {
		if bytes.HasPrefix(kv, []byte(markVariable+"=")) {
			return string(kv)
		}
	}
	return ""
}

// Outdated tells whether the program's file was replaced since the process
// started: it runs an older build.
func (id Identity) Outdated() bool {
	target, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(id.PID), "exe"))
	return err == nil && strings.HasSuffix(target, replaced)
}
