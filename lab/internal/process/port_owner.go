package process

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"opsdeck/lab/internal/layout"
)

// PortFree fails when something listens on the port, and names it.
func PortFree(port int) error {
	ln, err := net.Listen("tcp", layout.Addr(port))
	if err == nil {
		return ln.Close()
	}
	who := "another process"
	if pid, name := portOwner(port); pid != 0 {
		who = fmt.Sprintf("pid %d (%s)", pid, name)
	}
	return fmt.Errorf("port %d is taken by %s: stop it and run `lab up` again", port, who)
}

// portOwner finds the listener through /proc/net/tcp; without the right to
// look into other people's processes it finds nothing.
func portOwner(port int) (int, string) {
	data, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0, ""
	}
	inode := listenerInode(string(data), port)
	if inode == "" {
		return 0, ""
	}
	for _, pid := range pids() {
		if slices.Contains(openFiles(pid), "socket:["+inode+"]") {
			return pid, exeBase(pid)
		}
	}
	return 0, ""
}

// listenerInode reads the kernel's table: local address in field 1, state 0A
// (listening) in field 3, inode in field 9.
func listenerInode(table string, port int) string {
	suffix := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == "0A" {
			return f[9]
		}
	}
	return ""
}
