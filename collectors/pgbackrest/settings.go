package pgbackrest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"opsdeck/ops"
)

// settings are what the configuration of pgBackRest says, in the order of its sections
// from the least to the most special.
type settings struct {
	texts  []string
	stanza string
}

// settings reads the configuration, where this account may.
func (c *Collector) settings() (settings, error) {
	texts, err := configured(c.cfg.File)
	return settings{texts, c.cfg.Stanza}, err
}

// configured is the text of a configuration file, or of those that pgBackRest reads where
// none is named.
func configured(file string) (texts []string, err error) {
	files := []string{file}
	if file == "" {
		files = []string{"/etc/pgbackrest/pgbackrest.conf"}
		if _, err := os.Stat(files[0]); errors.Is(err, fs.ErrNotExist) {
			files[0] = "/etc/pgbackrest.conf"
		}
		more, _ := filepath.Glob("/etc/pgbackrest/conf.d/*.conf") // the pattern is well-formed
		files = append(files, more...)
	}
	for _, f := range files {
		text, err := small(f)
		if errors.Is(err, fs.ErrNotExist) && file == "" {
			continue
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// of is the value of a key, as one of pgBackRest's commands takes it; empty: none is set.
func (s settings) of(key, command string) string {
	var found string
	sections := []string{"global", s.stanza}
	if command != "" {
		sections = []string{"global", "global:" + command, s.stanza, s.stanza + ":" + command}
	}
	for _, section := range sections {
		for _, text := range s.texts {
			found = cmp.Or(setting(text, section, key), found)
		}
	}
	return found
}

// setting is the value of a key in a section of a configuration; empty: it is not there.
func setting(text, section, key string) (value string) {
	in := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			in = strings.Trim(line, "[]")
		}
		if k, v, ok := strings.Cut(line, "="); ok && in == section && strings.TrimSpace(k) == key {
			value = strings.TrimSpace(v)
		}
	}
	return value
}

// smallMost is how much is read of a file that is meant to be small.
const smallMost = 256 << 10

// small reads a file of few bytes. The folder of the locks is one that others may write
// to: what is no file is not opened, where it could hold us up.
func small(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(io.LimitReader(f, smallMost))
	return string(text), err
}

// repositoryAt is where a repository lies that no setting gives another place.
const repositoryAt = "/var/lib/pgbackrest"

// free is how many bytes there is room for in a repository that is a folder of this machine;
// not known where it is none, where the configuration cannot be read, or where the
// environment, which goes before it, says something of any repository.
func (c *Collector) free(r ops.Repository) (free ops.Value) {
	set, err := c.settings()
	of := func(key string) string { return set.of(fmt.Sprintf("repo%d-%s", r.Key, key), "") }
	told := slices.ContainsFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PGBACKREST_REPO") })
	if err != nil || told || len(set.texts) == 0 || !r.Fault.Empty() || of("host") != "" || !slices.Contains([]string{"", "posix"}, of("type")) {
		return free
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(cmp.Or(of("path"), repositoryAt), &disk); err == nil && disk.Blocks > 0 { // without blocks nothing is told
		free = ops.Num(float64(disk.Bavail) * float64(disk.Bsize))
	}
	return free
}

// lockPath is the folder of the locks, as the configuration says.
func (c *Collector) lockPath() (string, error) {
	set, err := c.settings()
	return cmp.Or(set.of("lock-path", ""), lockAt), err
}
