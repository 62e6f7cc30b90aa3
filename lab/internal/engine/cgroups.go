package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"opsdeck/lab/internal/layout"
)

const cgroupRoot = "/sys/fs/cgroup"

// needed are the version 1 controllers without which runc starts nothing.
var needed = []string{"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"}

// ensureCgroups mounts what containers need where nobody has: a chroot made by
// debootstrap has neither /proc, /sys nor cgroups. What was mounted is written
// down, and `lab down` takes it away again.
func ensureCgroups(l layout.Layout) ([]string, error) {
	var notes []string
	m := mounter{l: l}
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return nil, errors.New("/proc is not mounted: mount -t proc proc /proc")
	}
	if _, err := os.Stat("/sys/fs"); err != nil {
		if err := m.mount("sysfs", "/sys", "sysfs", ""); err != nil {
			return nil, fmt.Errorf("mount /sys: %w (mount -t sysfs sysfs /sys)", err)
		}
		notes = append(notes, "mounted /sys")
	}
	if exists(cgroupRoot + "/cgroup.controllers") {
		return notes, nil // version 2, complete
	}
	controllers, v1 := kernelControllers()
	if !v1 {
		if err := m.mount("cgroup2", cgroupRoot, "cgroup2", ""); err != nil {
			return nil, fmt.Errorf("mount cgroup2: %w (as root: mount -t cgroup2 cgroup2 %s)", err, cgroupRoot)
		}
		return append(notes, "mounted cgroup2"), nil
	}
	made, err := m.ensureV1(controllers)
	if err != nil {
		return nil, err
	}
	if len(made) > 0 {
		notes = append(notes, "mounted cgroup controllers "+strings.Join(made, ", "))
	}
	return notes, nil
}

func (m mounter) ensureV1(controllers []string) ([]string, error) {
	mounted, err := mountPoints()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(mounted, cgroupRoot) && !slices.ContainsFunc(mounted, func(p string) bool {
		return strings.HasPrefix(p, cgroupRoot+"/")
	}) {
		if err := m.mount("cgroup", cgroupRoot, "tmpfs", "mode=755"); err != nil {
			return nil, fmt.Errorf("mount %s: %w (run the lab as root)", cgroupRoot, err)
		}
	}
	var made []string
	for _, c := range needed {
		dir := filepath.Join(cgroupRoot, c)
		if !slices.Contains(controllers, c) || exists(dir+"/cgroup.procs") {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("mount cgroup %s: %w", c, err)
		}
		if err := m.mount("cgroup", dir, "cgroup", c); err != nil {
			return nil, fmt.Errorf("mount cgroup %s: %w", c, err)
		}
		made = append(made, c)
	}
	for _, c := range []string{"memory", "devices", "freezer"} {
		if !exists(filepath.Join(cgroupRoot, c, "cgroup.procs")) {
			return nil, fmt.Errorf("the kernel offers no cgroup controller %s: boot with it enabled, or use another machine", c)
		}
	}
	return made, nil
}

// kernelControllers reads /proc/cgroups. Hierarchy 0 for all of them means
// that version 1 is not in use and version 2 owns them.
func kernelControllers() (names []string, v1 bool) {
	data, err := os.ReadFile("/proc/cgroups")
	if err != nil {
		return nil, false
	}
	return parseControllers(string(data))
}

func parseControllers(table string) (names []string, v1 bool) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 4 || strings.HasPrefix(line, "#") || f[3] != "1" {
			continue
		}
		names = append(names, f[0])
		v1 = v1 || f[1] != "0"
	}
	return names, v1
}

// mounter writes each mount down before it makes it.
type mounter struct{ l layout.Layout }

func (m mounter) mount(source, target, kind, data string) error {
	list := append(madeMounts(m.l), target)
	out, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if err := os.WriteFile(m.l.Path("mounts.json"), out, 0o644); err != nil {
		return err
	}
	return syscall.Mount(source, target, kind, syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, data)
}

func madeMounts(l layout.Layout) []string {
	var list []string
	data, err := os.ReadFile(l.Path("mounts.json"))
	if err != nil || json.Unmarshal(data, &list) != nil {
		return nil
	}
	return list
}

// releaseMounts takes our mounts away, last one first. A lazy unmount does no
// harm to a process that still looks inside.
func releaseMounts(l layout.Layout) error {
	list := madeMounts(l)
	for _, target := range slices.Backward(list) {
		if err := syscall.Unmount(target, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("unmount %s: %w", target, err)
		}
	}
	if err := releaseBelow(l.State, l.RunDir()); err != nil {
		return err
	}
	if err := os.Remove(l.Path("mounts.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// releaseBelow takes away what a killed daemon left mounted inside our own
// folders: dockerd binds its data folder onto itself at every start.
func releaseBelow(dirs ...string) error {
	points, err := mountPoints()
	if err != nil {
		return err
	}
	for _, p := range slices.Backward(points) {
		if !slices.ContainsFunc(dirs, func(d string) bool { return strings.HasPrefix(p, d+"/") }) {
			continue
		}
		if err := syscall.Unmount(p, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("unmount %s: %w", p, err)
		}
	}
	return nil
}

func mountPoints() ([]string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var out []string
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if fields := strings.Fields(sc.Text()); len(fields) > 1 {
			out = append(out, fields[1])
		}
	}
	return out, sc.Err()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func dialUnix(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}

// lastError takes the last line of a log, for the message; the rest is named.
func lastError(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	last := lines[len(lines)-1]
	if len(last) > 400 {
		last = last[len(last)-400:]
	}
	return last
}
