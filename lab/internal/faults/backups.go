package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"opsdeck/lab/internal/process"
	"opsdeck/lab/internal/servers"
)

// kept is where a fault of the backups keeps what it took away.
func kept(lab Lab, name string) string { return servers.Repository(lab.Layout) + "." + name }

// there reports whether something has this path.
func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// sendWAL has the server end a file of WAL and send what waits.
func sendWAL(ctx context.Context, lab Lab) error {
	return onDatabase(ctx, lab, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, "CREATE TABLE public.opsdeck_lab_wal (); DROP TABLE public.opsdeck_lab_wal; SELECT pg_reload_conf(), pg_switch_wal()")
		return err
	})
}

func repositoryDown() Fault {
	return Fault{
		Name: "repository-down",
		Line: "pgBackRest's repository is away, as one that is not mounted: archiving fails (55), backups too",
		Apply: func(ctx context.Context, lab Lab) error {
			if there(kept(lab, "away")) {
				return nil
			}
			if err := os.Rename(servers.Repository(lab.Layout), kept(lab, "away")); err != nil {
				return err
			}
			return sendWAL(ctx, lab)
		},
		Heal: func(ctx context.Context, lab Lab) error {
			if !there(kept(lab, "away")) {
				return nil
			}
			if err := os.Rename(kept(lab, "away"), servers.Repository(lab.Layout)); err != nil {
				return err
			}
			return sendWAL(ctx, lab)
		},
	}
}

func archiverStopped() Fault {
	const stopped = "stopped"
	return Fault{
		Name: "archiver-stopped",
		Line: "pgbackrest stop: no WAL is archived and no backup made (62), while info says ok",
		Apply: func(ctx context.Context, lab Lab) error {
			if err := os.WriteFile(kept(lab, stopped), nil, 0o600); err != nil {
				return err
			}
			if _, err := servers.PgBackRest(ctx, lab.Layout, "stop"); err != nil {
				return err
			}
			return sendWAL(ctx, lab)
		},
		Heal: func(ctx context.Context, lab Lab) error {
			if !there(kept(lab, stopped)) {
				return nil
			}
			if _, err := servers.PgBackRest(ctx, lab.Layout, "start"); err != nil {
				return err
			}
			return errors.Join(os.Remove(kept(lab, stopped)), sendWAL(ctx, lab))
		},
	}
}

// segments are the archived files of WAL, the oldest first.
func segments(lab Lab) []string {
	files, _ := filepath.Glob(filepath.Join(servers.Repository(lab.Layout), "archive", servers.Stanza, "*", "*", "*-*")) // the pattern is well-formed
	slices.Sort(files)
	return files
}

func walMissing() Fault {
	return Fault{
		Name: "wal-missing",
		Line: "one file of WAL is gone from the repository, between others: pgBackRest's info, check and verify say ok",
		Apply: func(ctx context.Context, lab Lab) error {
			if there(kept(lab, "wal")) {
				return nil
			}
			// Two more than there are: the one between is needed by no backup.
			for range 2 {
				before := len(segments(lab))
				if err := sendWAL(ctx, lab); err != nil {
					return err
				}
				err := process.Until(ctx, func() error {
					if len(segments(lab)) == before {
						return errors.New("the WAL is not archived")
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			all := segments(lab)
			if len(all) < 3 {
				return fmt.Errorf("only %d files of WAL are archived", len(all))
			}
			lost := all[len(all)-2]
			if err := os.WriteFile(kept(lab, "wal.path"), []byte(lost), 0o600); err != nil {
				return err
			}
			return os.Rename(lost, kept(lab, "wal"))
		},
		Heal: func(_ context.Context, lab Lab) error { return putBack(kept(lab, "wal"), os.Rename) },
	}
}

// putBack puts a kept file where it was.
func putBack(file string, put func(from, to string) error) error {
	if !there(file) {
		return nil
	}
	path, err := os.ReadFile(file + ".path")
	if err != nil {
		return err
	}
	if err := put(file, string(path)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(file), os.Remove(file+".path"))
}

func backupCorrupt() Fault {
	return Fault{
		Name: "backup-corrupt",
		Line: "bytes in the largest file of the newest full backup are others: verify tells it in words alone, and exits with 0",
		Apply: func(ctx context.Context, lab Lab) error {
			file := kept(lab, "file")
			if there(file) {
				return nil
			}
			largest, err := largestOf(ctx, lab)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(largest)
			if err != nil {
				return err
			}
			if err := errors.Join(os.WriteFile(file+".path", []byte(largest), 0o600), os.WriteFile(file, text, 0o600)); err != nil {
				return err
			}
			copy(text[len(text)/2:], "opsdeck lab: this is damage")
			return overwrite(largest, text)
		},
		Heal: func(_ context.Context, lab Lab) error {
			return putBack(kept(lab, "file"), func(from, to string) error {
				text, err := os.ReadFile(from)
				if err != nil || !there(to) { // its backup went meanwhile
					return err
				}
				return overwrite(to, text)
			})
		},
	}
}

// overwrite leaves a file whose it is.
func overwrite(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(text, 0)
	return errors.Join(err, f.Close())
}

// largestOf is the largest file of the newest full backup.
func largestOf(ctx context.Context, lab Lab) (largest string, err error) {
	all, err := servers.Backups(ctx, lab.Layout)
	if err != nil {
		return "", err
	}
	var size int64
	for _, b := range slices.Backward(all) {
		dir := filepath.Join(servers.Repository(lab.Layout), "backup", servers.Stanza, b.Label)
		if len(b.Label) != len("20261127-120000F") {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || strings.HasPrefix(d.Name(), "backup.manifest") {
				return err
			}
			if info, err := d.Info(); err == nil && d.Type().IsRegular() && info.Size() > size {
				largest, size = path, info.Size()
			}
			return nil
		})
		if err == nil && largest == "" {
			err = errors.New("it holds no file")
		}
		return largest, err
	}
	return "", errors.New("there is no full backup")
}
