package process

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// TalksTo lists the processes whose last word is one of words and that have a connection to
// one of the ports.
func TalksTo(words, ports []string) (all []Identity) {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil
	}
	sockets := connections(string(table), ports)
	for _, pid := range pids() {
		if !slices.Contains(words, lastWord(pid)) {
			continue
		}
		if id, err := Of(pid); err == nil && slices.ContainsFunc(openFiles(pid), func(f string) bool { return slices.Contains(sockets, f) }) {
			all = append(all, id)
		}
	}
	return all
}

// lastWord is the last argument that a process was started with.
func lastWord(pid int) string {
	line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil {
		return ""
	}
	words := bytes.Split(bytes.TrimRight(line, "\x00"), []byte{0})
	return string(words[len(words)-1])
}

// openFiles are what a process has open, as the kernel calls it.
func openFiles(pid int) (all []string) {
	fds, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd", "*")) // the pattern is well-formed
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil {
			all = append(all, target)
		}
	}
	return all
}

// connections reads the kernel's table: the remote address in field 2, the inode in field 9.
func connections(table string, ports []string) (sockets []string) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 {
			continue
		}
		_, hex, _ := strings.Cut(f[2], ":")
		if port, err := strconv.ParseUint(hex, 16, 16); err == nil && slices.Contains(ports, strconv.FormatUint(port, 10)) {
			sockets = append(sockets, "socket:["+f[9]+"]")
		}
	}
	return sockets
}
