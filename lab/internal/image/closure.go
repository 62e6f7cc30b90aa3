// Package image makes the lab's images from files of this machine: a static
// program of ours and Debian's own binaries with the libraries they need.
// Nothing is pulled, and neither docker build nor a shell is needed.
package image

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Closure lists the libraries the programs are linked with, as paths of this
// machine. It asks the loader itself (ldd), which knows every search path.
func Closure(programs ...string) ([]string, error) {
	seen := map[string]bool{}
	for _, p := range programs {
		out, err := exec.Command("ldd", p).CombinedOutput()
		if err != nil {
			if strings.Contains(string(out), "not a dynamic executable") || strings.Contains(string(out), "statically linked") {
				continue
			}
			return nil, fmt.Errorf("libraries of %s: %w", p, err)
		}
		libs, err := parseLdd(string(out))
		if err != nil {
			return nil, fmt.Errorf("libraries of %s: %w", p, err)
		}
		for _, lib := range libs {
			seen[lib] = true
		}
	}
	var list []string
	for lib := range seen {
		list = append(list, lib)
	}
	slices.Sort(list)
	return list, nil
}

// parseLdd takes the path of "name => path (address)" and of the loader's own
// line "path (address)"; the kernel's vdso has no path.
func parseLdd(out string) ([]string, error) {
	var libs []string
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if name, path, ok := strings.Cut(line, " => "); ok {
			if strings.HasPrefix(path, "not found") {
				return nil, fmt.Errorf("%s is not installed", name)
			}
			line = path
		}
		if path, _, ok := strings.Cut(line, " ("); ok && strings.HasPrefix(path, "/") {
			libs = append(libs, path)
		}
	}
	return libs, nil
}
