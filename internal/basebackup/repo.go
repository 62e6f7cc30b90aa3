// Package basebackup is a folder of backups that PostgreSQL's own tools made, and of the
// WAL that they received: how it is laid out, read, added to, verified and cleaned up.
//
//	backups/LABEL/data         a cluster, as pg_basebackup wrote it
//	backups/LABEL/tablespaces  by their oids
//	backups/LABEL/made         when it was made
//	backups/LABEL/checked      what pg_verifybackup last said of it
//	backups/LABEL.part         one that is being made or removed, or was interrupted
//	wal/CLUSTER/since          when that began to be received
//	wal/CLUSTER/N              what pg_receivewal wrote; a new N where WAL was lost between
//	lock, stop, receiver       who is at work, that nobody shall, and what receives
//
// A backup gets its name when it is whole, verified and on the disk. What is interrupted
// never has one.
package basebackup

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"opsdeck/ops"
)

// Repo is such a folder, by its path.
type Repo string

// Command is the word of our own program that does the work on such a folder.
const Command = "base-backup"

// partEnd is what the name of a backup ends with while it is made.
const partEnd = ".part"

func (r Repo) at(names ...string) string {
	return filepath.Join(append([]string{string(r)}, names...)...)
}

// Backup is the folder of a backup.
func (r Repo) Backup(label string) string { return r.at("backups", label) }

// Life is a folder of WAL of a cluster, which is named by its system identifier. Where WAL
// was lost, a new life begins: pg_receivewal goes on from the newest file of its folder only.
func (r Repo) Life(cluster string, n int) string { return r.at("wal", cluster, strconv.Itoa(n)) }

// Lives are the numbers of those folders, the oldest first.
func (r Repo) Lives(cluster string) (lives []int, err error) {
	all, err := os.ReadDir(r.at("wal", cluster))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, d := range all {
		if n, err := strconv.Atoi(d.Name()); err == nil && d.IsDir() {
			lives = append(lives, n)
		}
	}
	slices.Sort(lives)
	return lives, err
}

// Labels are the backups that are whole, and Parts what was interrupted or is being made.
func (r Repo) Labels() (labels, parts []string, err error) {
	all, err := os.ReadDir(r.at("backups"))
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(string(r)) // an empty folder is a repository, one that is away is none
		return nil, nil, err
	}
	for _, d := range all {
		if label, part := strings.CutSuffix(d.Name(), partEnd); part {
			parts = append(parts, label)
		} else if d.IsDir() {
			labels = append(labels, label)
		}
	}
	return labels, parts, err
}

// Stopped reports whether nothing shall be received or backed up.
func (r Repo) Stopped() (bool, error) {
	_, err := os.Lstat(r.at("stop"))
	if errors.Is(err, fs.ErrNotExist) {
		_, err = os.Stat(string(r))
		return false, err
	}
	return err == nil, err
}

// Stop lets nothing be received or backed up, until Start.
func (r Repo) Stop() error { return writeJSON(r.at("stop"), struct{}{}) }

// Start ends a stop.
func (r Repo) Start() error {
	if err := os.Remove(r.at("stop")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Receiver is what is known of what receives the WAL; the zero value where none ever did.
func (r Repo) Receiver() (w ops.WALReceiver, err error) {
	err = readJSON(r.at("receiver"), &w)
	if errors.Is(err, fs.ErrNotExist) {
		return ops.WALReceiver{}, nil
	}
	return w, err
}

// SetReceiver keeps that, over restarts of the agent.
func (r Repo) SetReceiver(w ops.WALReceiver) error { return writeJSON(r.at("receiver"), w) }

// smallMost is how much is read of a file that is meant to be small.
const smallMost = 64 << 10

// Small reads a file of few bytes.
func Small(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it is only read
	b, err := io.ReadAll(io.LimitReader(f, smallMost))
	return string(b), err
}

func readJSON(path string, into any) error {
	text, err := Small(path)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// writeJSON writes a file whole, or not at all, and onto the disk.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
