package house

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// largestFile is more than any source, fixture or picture needs, and less than a program has.
const largestFile = 1 << 20

// TestNoProgramIsKept has what was built by hand beside the sources stay out of the history,
// from which nobody gets it out again.
func TestNoProgramIsKept(t *testing.T) {
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		t.Skip("these sources were not cloned: nothing is kept of what lies beside them")
	}
	out, err := exec.Command("git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		t.Fatalf("list the files that are kept: %v", err)
	}
	names := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
	if len(names) < 100 {
		t.Fatalf("only %d files are kept", len(names))
	}
	for _, name := range names {
		path := filepath.Join(root, name)
		info, err := os.Lstat(path)
		if err != nil || !info.Mode().IsRegular() { // taken away, and not committed yet
			continue
		}
		if info.Size() > largestFile {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
		if f, err := elf.Open(path); err == nil {
			t.Errorf("%s is a program", name)
			_ = f.Close()
		}
	}
}
