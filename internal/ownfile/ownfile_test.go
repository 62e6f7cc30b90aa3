package ownfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"opsdeck/internal/ownfile"
)

func TestNothingIsWrittenThroughWhatSomebodyPutThere(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, put := range map[string]func(string) error{
		"a link":           func(path string) error { return os.Symlink(victim, path) },
		"a link to naught": func(path string) error { return os.Symlink(filepath.Join(dir, "none"), path) },
		"a pipe":           func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder":         func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		path := filepath.Join(dir, name)
		if err := put(path); err != nil {
			t.Fatal(err)
		}
		if err := ownfile.Write(path, []byte("x")); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b, err := os.ReadFile(victim); string(b) != "kept" {
		t.Errorf("%q %v", b, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "none")); err == nil {
		t.Error("what a link leads to was made")
	}
	fresh := filepath.Join(dir, "fresh")
	if err := ownfile.Write(fresh, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(fresh); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st, err)
	}
}
