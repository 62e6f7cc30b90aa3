package servers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// preparePostgres makes a data folder once and writes the settings every time,
// so that a lab of an older version gets today's.
func preparePostgres(ctx context.Context, l layout.Layout) error {
	if err := postgresDirs(l); err != nil {
		return err
	}
	if err := writeBackupConfig(l); err != nil {
		return err
	}
	if err := ensurePassword(l); err != nil {
		return err
	}
	if _, err := os.Stat(l.Path("postgres", "data", "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := initdb(ctx, l); err != nil {
			return err
		}
	}
	if _, running := process.Current(l, "postgres", postgresBin+"/postgres"); running {
		// ALTER SYSTEM writes the same settings file: a running server's is its own.
		return nil
	}
	if err := clearStaleLock(ctx, l); err != nil {
		return err
	}
	conf := l.Path("postgres", "data", "postgresql.auto.conf")
	if err := os.WriteFile(conf, []byte(postgresSettings(l)), 0o600); err != nil {
		return err
	}
	return giveToPostgres(conf)
}

// clearStaleLock removes the lock files of a server that was killed. PostgreSQL
// believes them while the number in them names any process, a zombie or a stranger
// after a reboot included. We know better, once the last backend has left.
func clearStaleLock(ctx context.Context, l layout.Layout) error {
	data := l.Path("postgres", "data")
	err := process.Until(ctx, func() error {
		if process.AnyAt(postgresBin+"/postgres", data) {
			return errors.New("processes of a killed server still use " + data)
		}
		return nil
	})
	if err != nil {
		return err
	}
	socket := l.Path("postgres", "run", ".s.PGSQL."+port(layout.PortPostgres)+".lock")
	for _, lock := range []string{data + "/postmaster.pid", socket} {
		if err := os.Remove(lock); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// postgresSettings are the lab's: archiving on to pgBackRest, small memory, and no fsync because the data is worth nothing.
func postgresSettings(l layout.Layout) string {
	return strings.Join([]string{
		"listen_addresses = '" + layout.Host + "'",
		"port = " + port(layout.PortPostgres),
		"unix_socket_directories = '" + l.Path("postgres", "run") + "'",
		"wal_level = replica",
		"archive_mode = on",
		"archive_timeout = 60",
		"archive_command = '" + ArchiveCommand(l) + "'",
		"max_connections = 60",
		"shared_buffers = 32MB",
		"max_wal_size = 256MB",
		"wal_keep_size = 32MB",
		"fsync = off",
		"track_io_timing = on",
		"shared_preload_libraries = 'pg_stat_statements'",
		"log_line_prefix = '%m [%p] %q%u@%d '",
		"cluster_name = 'opsdeck-lab'",
		"timezone = 'UTC'",
		"",
	}, "\n")
}

func postgresDirs(l layout.Layout) error {
	for _, name := range []string{"", "data", "run", "backup"} {
		dir := l.Path("postgres", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := giveToPostgres(dir); err != nil {
			return err
		}
	}
	return nil
}

// giveToPostgres hands a path to the postgres user; PostgreSQL refuses to run
// as root, so only root has to.
func giveToPostgres(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	cred, err := process.Credential("postgres")
	if err != nil {
		return err
	}
	return os.Chown(path, int(cred.Uid), int(cred.Gid))
}

func initdb(ctx context.Context, l layout.Layout) error {
	pwfile := l.Path("postgres", "initdb.password")
	password, err := readPassword(l)
	if err != nil {
		return err
	}
	if err := os.WriteFile(pwfile, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(pwfile) //nolint:errcheck // lies in a folder only postgres can enter
	if err := giveToPostgres(pwfile); err != nil {
		return err
	}
	out, err := asPostgres(ctx, l, "/initdb", "-D", l.Path("postgres", "data"), "-U", "postgres",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile="+pwfile, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-k")
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(out, 3))
	}
	return nil
}

// postgresReady logs in and runs a query: an open port proves nothing.
func postgresReady(ctx context.Context, l layout.Layout) error {
	cmd := exec.CommandContext(ctx, postgresBin+"/psql", "-X", "-At", "-d", l.PostgresDSN(), "-c", "SELECT 1")
	cmd.Env = append(process.BaseEnv(), "PGCONNECT_TIMEOUT=2")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql: %s", lastLines(out, 2))
	}
	return nil
}

// ensurePassword makes the superuser's password once. It is a real one: the
// port is open to every user of the machine.
func ensurePassword(l layout.Layout) error {
	if _, err := os.Stat(l.PgPass()); err == nil {
		return nil
	}
	line := layout.Host + ":" + port(layout.PortPostgres) + ":*:postgres:" + rand.Text() + "\n"
	return os.WriteFile(l.PgPass(), []byte(line), 0o600)
}

func readPassword(l layout.Layout) (string, error) {
	data, err := os.ReadFile(l.PgPass())
	if err != nil {
		return "", err
	}
	f := strings.Split(strings.TrimSpace(string(data)), ":")
	if len(f) != 5 {
		return "", fmt.Errorf("%s: not a pgpass line; remove it and the postgres folder beside it", l.PgPass())
	}
	return f[4], nil
}

func makeDir(name string) func(context.Context, layout.Layout) error {
	return func(_ context.Context, l layout.Layout) error {
		return os.MkdirAll(filepath.Clean(l.Path(name)), 0o700)
	}
}

func port(n int) string { return strconv.Itoa(n) }

func lastLines(out []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, " / ")
}
