//go:build lab

// Package postgrestest gives tests PostgreSQL servers of their own.
//
// The programs are Debian's PostgreSQL 15, or those in the folder that
// OPSDECK_TEST_POSTGRES_BIN names (postgres and initdb; the user postgres has to be
// able to read them where root runs the tests). scripts/postgres-versions sets it.
package postgrestest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// debian is where Debian keeps the server's programs.
const debian = "/usr/lib/postgresql/15/bin"

// program is one of the server's.
func program(name string) string {
	return filepath.Join(cmp.Or(os.Getenv("OPSDECK_TEST_POSTGRES_BIN"), debian), name)
}

// Server is a real PostgreSQL of the test's own.
type Server struct {
	Dir  string // its data are in data below it
	Port string // on 127.0.0.1

	t        *testing.T
	settings []string
	cmd      *exec.Cmd
}

// owner is the user that a server runs as: it refuses root.
func owner(t *testing.T) *syscall.SysProcAttr {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// folder is one that the server's user may write.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "opsdeck-pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if who := owner(t); who != nil {
		if err := os.Chown(dir, int(who.Credential.Uid), int(who.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Command is a program that runs as the server's user, in the server's folder.
func (s *Server) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr, cmd.Dir = owner(s.t), s.Dir
	return cmd
}

func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	if out, err := s.Command(context.Background(), name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// freePort is one below those that the kernel gives to outgoing connections: a server that
// is stopped and started again finds it free.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("a hundred ports are taken")
	return ""
}

// Start makes a cluster with these settings beside the usual ones, and its logins:
// reader (pg_monitor), plain (nothing), actor, app.
func Start(t *testing.T, settings ...string) *Server {
	t.Helper()
	s := &Server{t: t, Dir: folder(t), Port: freePort(t)}
	s.run(program("initdb"), "-D", s.Dir+"/data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.start(append([]string{"max_connections=16", "fsync=off", "shared_buffers=8MB", "password_encryption=scram-sha-256"}, settings...)...)
	for _, sql := range []string{
		"CREATE ROLE reader LOGIN PASSWORD 'r34d3r-s3cret'; GRANT pg_monitor TO reader",
		"CREATE ROLE plain LOGIN", "CREATE ROLE app LOGIN",
		"CREATE ROLE actor LOGIN; GRANT pg_monitor, pg_signal_backend TO actor; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO actor",
		"CREATE TABLE public.loans AS SELECT i AS id, 0 AS e FROM generate_series(1, 100) i; GRANT ALL ON public.loans TO app",
	} {
		s.Exec("postgres", sql)
	}
	if s.Major() >= 15 {
		s.Exec("postgres", "GRANT pg_checkpoint TO actor")
	}
	return s
}

// Standby stops the server, copies it and starts both: the copy follows through a slot
// of its name, a standby of a standby too. Not every collection of the programs has pg_basebackup.
func (s *Server) Standby(name string) *Server {
	s.t.Helper()
	s.Exec("postgres", "SELECT pg_create_physical_replication_slot('"+name+"', true)")
	s.Interrupt()
	_ = s.cmd.Wait() // a server that was told to end says 0, or it is not there to be copied
	r := &Server{t: s.t, Dir: folder(s.t), Port: freePort(s.t)}
	r.run("cp", "-a", s.Dir+"/data", r.Dir+"/data")
	r.run("rm", "-r", r.Dir+"/data/pg_replslot/"+name) // the slot is the primary's
	r.run("touch", r.Dir+"/data/standby.signal")
	s.start(s.settings...)
	r.start(slices.Concat(s.settings, []string{"cluster_name=" + name, "primary_slot_name=" + name, "primary_conninfo=host=127.0.0.1 port=" + s.Port + " user=postgres"})...) // of a standby's own the last counts
	return r
}

// Major is the server's version: 15.
func (s *Server) Major() int {
	s.t.Helper()
	c := s.Login("postgres", "test")
	defer c.Close(context.Background()) //nolint:errcheck // the server may have ended it
	var number int
	if err := c.QueryRow(context.Background(), "SELECT current_setting('server_version_num')::int").Scan(&number); err != nil {
		s.t.Fatal(err)
	}
	return number / 10000
}

func (s *Server) start(settings ...string) {
	s.t.Helper()
	s.settings = settings
	args := []string{"-D", s.Dir + "/data", "-c", "listen_addresses=127.0.0.1", "-c", "port=" + s.Port, "-c", "unix_socket_directories=" + s.Dir}
	for _, one := range settings {
		args = append(args, "-c", one)
	}
	s.cmd = s.Command(context.Background(), program("postgres"), args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.Stop)
	s.Until("it lets us in", func() bool {
		c, err := s.Try("postgres", "test")
		if err == nil {
			_ = c.Close(context.Background())
		}
		return err == nil
	})
}

// Again starts a server that was stopped, on what its folder holds now, with these settings.
func (s *Server) Again(settings ...string) {
	s.t.Helper()
	s.start(settings...)
}

// Interrupt asks the server to end, and its sessions with it; Stop waits for that.
func (s *Server) Interrupt() { _ = s.cmd.Process.Signal(syscall.SIGINT) }

// Restart ends the server, and its sessions with it, and starts it again.
func (s *Server) Restart() {
	s.t.Helper()
	s.Interrupt()
	_ = s.cmd.Wait() // it was told to end
	s.start(s.settings...)
}

// Stop ends the server at once.
func (s *Server) Stop() {
	s.Signal(syscall.SIGCONT)
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = s.cmd.Wait()
}

// processes are the server's own, the postmaster first.
func (s *Server) processes() []int {
	pids := []int{s.cmd.Process.Pid}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		_, rest, _ := strings.Cut(string(b), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == strconv.Itoa(pids[0]) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// Signal sends a signal to all processes of the server.
func (s *Server) Signal(sig syscall.Signal) {
	for _, pid := range s.processes() {
		_ = syscall.Kill(pid, sig) // it may have ended
	}
}

// Until waits for something to be so.
func (s *Server) Until(what string, ok func() bool) {
	s.t.Helper()
	const patience = time.Minute // machines that test are busy
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("not so after %s: %s", patience, what)
		}
	}
}

// DSN is how this user connects.
func (s *Server) DSN(user string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/postgres?sslmode=disable", user, s.Port)
}

// Try connects, if the server lets it.
func (s *Server) Try(user, app string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(s.DSN(user))
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = app
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return pgx.ConnectConfig(ctx, cfg)
}

// Login connects, for as long as the test takes.
func (s *Server) Login(user, app string) *pgx.Conn {
	s.t.Helper()
	c, err := s.Try(user, app)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

// Exec runs SQL as this user.
func (s *Server) Exec(user, sql string) {
	s.t.Helper()
	c := s.Login(user, "test")
	if _, err := c.Exec(context.Background(), sql); err != nil {
		s.t.Fatal(err)
	}
	_ = c.Close(context.Background())
}

// Value is the one value that a statement gives, which is text.
func (s *Server) Value(sql string) (v string) {
	s.t.Helper()
	c := s.Login("postgres", "test")
	defer c.Close(context.Background()) //nolint:errcheck // the server may have ended it
	if err := c.QueryRow(context.Background(), sql).Scan(&v); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// Holds opens a session that has changed these rows in an open transaction, and
// then wants one that another holds; 0: none.
func (s *Server) Holds(app string, rows []int, wants int) {
	s.t.Helper()
	c := s.Login("app", app)
	sql := "BEGIN"
	for _, id := range rows {
		sql += fmt.Sprintf("; UPDATE public.loans SET e = e + 1 WHERE id = %d", id)
	}
	if _, err := c.Exec(context.Background(), sql); err != nil {
		s.t.Fatal(err)
	}
	if wants > 0 {
		s.Runs(c, fmt.Sprintf("UPDATE public.loans SET e = e + 1 WHERE id = %d", wants))
	}
}

// Runs lets a session run a statement that takes as long as the test.
func (s *Server) Runs(c *pgx.Conn, sql string) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Exec(ctx, sql)
	}()
	s.t.Cleanup(func() { cancel(); <-done })
}
