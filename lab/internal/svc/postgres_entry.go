package svc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// PostgresBin is where the image has PostgreSQL's programs.
const PostgresBin = "/usr/lib/postgresql/15/bin"

// postgresData and postgresWAL are the volumes of the image.
const (
	postgresData = "/var/lib/postgresql/data"
	postgresWAL  = "/var/lib/postgresql/wal_archive"
)

// PostgresEntry makes the database on an empty volume, then becomes the
// server: signals and exit code are PostgreSQL's own.
func PostgresEntry(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(postgresData, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := initContainerDB(ctx); err != nil {
			return err
		}
	}
	argv := []string{PostgresBin + "/postgres", "-D", postgresData,
		"-c", "listen_addresses=*", "-c", "unix_socket_directories=/tmp", "-c", "shared_buffers=16MB", "-c", "fsync=off",
		"-c", "dynamic_shared_memory_type=mmap", "-c", "max_connections=40",
		"-c", "wal_level=replica", "-c", "archive_mode=on", "-c", "archive_timeout=300",
		"-c", "archive_command=/ifrs9svc archive %p " + postgresWAL + "/%f"}
	return syscall.Exec(argv[0], argv, os.Environ())
}

func initContainerDB(ctx context.Context) error {
	// An initdb that was cut off leaves files it would refuse to overwrite.
	left, err := filepath.Glob(filepath.Join(postgresData, "*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("clear half-made database: %w", err)
		}
	}
	pwfile := "/tmp/initdb.password"
	if err := os.WriteFile(pwfile, []byte(os.Getenv("POSTGRES_PASSWORD")+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(pwfile) //nolint:errcheck // inside the container's own /tmp
	cmd := exec.CommandContext(ctx, PostgresBin+"/initdb", "-D", postgresData, "-U", "postgres", "--auth-local=trust",
		"--auth-host=scram-sha-256", "--pwfile="+pwfile, "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	hba, err := os.OpenFile(filepath.Join(postgresData, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := hba.WriteString("host all all all scram-sha-256\n"); err != nil {
		_ = hba.Close()
		return err
	}
	return hba.Close()
}

// Archive copies one WAL file, whole or not at all, and never over another:
// the archive_command of the image.
func Archive(from, to string) error {
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("archive: %s exists", to)
	}
	src, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer src.Close() //nolint:errcheck // read only
	tmp := filepath.Join(filepath.Dir(to), "."+filepath.Base(to)+".part")
	dst, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		_ = dst.Close()
		return fmt.Errorf("archive: %w", err)
	}
	if err := dst.Close(); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return os.Rename(tmp, to)
}
