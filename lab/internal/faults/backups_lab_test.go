//go:build lab

package faults

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"opsdeck/lab/internal/servers"
)

const (
	archiverFails = `SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) FROM pg_stat_archiver`
	archiverWorks = `SELECT coalesce(last_archived_time > coalesce(last_failed_time, '-infinity'), false) FROM pg_stat_archiver`
)

// newest is how old the newest backup is.
func newest(t *testing.T, lab Lab) (time.Duration, error) {
	all, err := servers.Backups(t.Context(), lab.Layout)
	if err == nil && len(all) == 0 {
		err = errors.New("there is no backup")
	}
	if err != nil {
		return 0, err
	}
	return time.Since(time.Unix(all[len(all)-1].Timestamp.Stop, 0)), nil
}

// fresh and stale ask whether the newest backup is older than it can be.
func fresh(t *testing.T, lab Lab) func() error {
	return func() error {
		age, err := newest(t, lab)
		if err == nil && age > 2*24*time.Hour {
			err = fmt.Errorf("the newest backup is %s old", age)
		}
		return err
	}
}

func not(what string, ask func() error) func() error {
	return func() error {
		if ask() == nil {
			return errors.New(what)
		}
		return nil
	}
}

func TestRepositoryDown(t *testing.T) {
	lab, _ := running(t)
	breakAndHeal(t, lab, "repository-down", all(not("there are backups", fresh(t, lab)), says(t, lab, archiverFails)), all(fresh(t, lab), says(t, lab, archiverWorks)))
}

func TestBackupStale(t *testing.T) {
	lab, _ := running(t)
	stale := func() error {
		age, err := newest(t, lab)
		if err == nil && age < 2*24*time.Hour {
			err = fmt.Errorf("the newest backup is %s old", age)
		}
		return err
	}
	breakAndHeal(t, lab, "backup-stale", stale, fresh(t, lab))
}

func TestArchiverStopped(t *testing.T) {
	lab, _ := running(t)
	goes := func() error {
		_, err := servers.PgBackRest(t.Context(), lab.Layout, "--dry-run", "--repo=1", "expire")
		return err
	}
	stopped := func() error {
		if err := goes(); err == nil || !strings.Contains(err.Error(), "stop file exists") {
			return fmt.Errorf("it is not stopped: %w", err)
		}
		return nil
	}
	breakAndHeal(t, lab, "archiver-stopped", all(stopped, says(t, lab, archiverFails)), all(goes, says(t, lab, archiverWorks)))
}

func TestWALMissing(t *testing.T) {
	lab, _ := running(t)
	whole := func() error {
		var before uint64
		for _, path := range segments(lab) {
			name := filepath.Base(path)
			log, err := strconv.ParseUint(name[8:16], 16, 64)
			if err != nil {
				return err
			}
			in, err := strconv.ParseUint(name[16:24], 16, 64)
			if n := log<<8 + in; err != nil || before > 0 && n != before+1 {
				return fmt.Errorf("%s follows %d: %w", name, before, err)
			}
			before = log<<8 + in
		}
		return nil
	}
	breakAndHeal(t, lab, "wal-missing", not("no WAL is missing", whole), whole)
}

func TestBackupCorrupt(t *testing.T) {
	lab, _ := running(t)
	verify := func(want string) func() error {
		return func() error {
			out, err := servers.PgBackRest(t.Context(), lab.Layout, "--log-level-console=off", "--output=text", "--verbose", "verify")
			if err == nil && !strings.Contains(string(out), want) {
				err = fmt.Errorf("verify says %s", out)
			}
			return err
		}
	}
	breakAndHeal(t, lab, "backup-corrupt", verify("status: error"), verify("status: ok"))
}
