//go:build lab

package postgres

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"opsdeck/ops"
)

// bin is where Debian keeps the server's programs.
const bin = "/usr/lib/postgresql/15/bin"

// server is a real PostgreSQL of the test's own.
type server struct {
	t    *testing.T
	dir  string
	port string
	cmd  *exec.Cmd
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

func (s *server) tool(name string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(filepath.Join(bin, name), args...)
	cmd.SysProcAttr, cmd.Dir = owner(s.t), s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// startServer makes a cluster with these settings beside the usual ones, and its
// logins: reader (pg_monitor), plain (nothing), actor, app.
func startServer(t *testing.T, settings ...string) *server {
	t.Helper()
	s := &server{t: t, dir: folder(t), port: freePort(t)}
	s.tool("initdb", "-D", s.dir+"/data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.start(append([]string{"max_connections=16", "fsync=off", "shared_buffers=8MB"}, settings...)...)
	for _, sql := range []string{
		"CREATE ROLE reader LOGIN PASSWORD 'r34d3r-s3cret'; GRANT pg_monitor TO reader",
		"CREATE ROLE plain LOGIN", "CREATE ROLE app LOGIN",
		"CREATE ROLE actor LOGIN; GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO actor; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO actor",
		"CREATE TABLE public.loans AS SELECT i AS id, 0 AS e FROM generate_series(1, 100) i; GRANT ALL ON public.loans TO app",
	} {
		s.exec("postgres", sql)
	}
	return s
}

func (s *server) start(settings ...string) {
	s.t.Helper()
	args := []string{"-D", s.dir + "/data", "-c", "listen_addresses=127.0.0.1", "-c", "port=" + s.port, "-c", "unix_socket_directories=" + s.dir}
	for _, one := range settings {
		args = append(args, "-c", one)
	}
	s.cmd = exec.Command(bin+"/postgres", args...)
	s.cmd.SysProcAttr, s.cmd.Dir = owner(s.t), s.dir
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.stop)
	s.until("it lets us in", func() bool {
		c, err := s.try("postgres", "test")
		if err == nil {
			_ = c.Close(context.Background())
		}
		return err == nil
	})
}

func (s *server) stop() {
	s.signal(syscall.SIGCONT)
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	_ = s.cmd.Wait()
}

// processes are the server's own, the postmaster first.
func (s *server) processes() []int {
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

func (s *server) signal(sig syscall.Signal) {
	for _, pid := range s.processes() {
		_ = syscall.Kill(pid, sig) // it may have ended
	}
}

func (s *server) until(what string, ok func() bool) { s.t.Helper(); until(s.t, what, ok) }

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so after 20 s: %s", what)
		}
	}
}

func (s *server) dsn(user string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/postgres?sslmode=disable", user, s.port)
}

func (s *server) try(user, app string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(s.dsn(user))
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["application_name"] = app
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return pgx.ConnectConfig(ctx, cfg)
}

func (s *server) login(user, app string) *pgx.Conn {
	s.t.Helper()
	c, err := s.try(user, app)
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

func (s *server) exec(user, sql string) {
	s.t.Helper()
	c := s.login(user, "test")
	if _, err := c.Exec(context.Background(), sql); err != nil {
		s.t.Fatal(err)
	}
	_ = c.Close(context.Background())
}

// holds opens a session that has changed these rows in an open transaction, and
// then wants one that another holds; 0: none.
func (s *server) holds(app string, rows []int, wants int) {
	s.t.Helper()
	c := s.login("app", app)
	sql := "BEGIN"
	for _, id := range rows {
		sql += fmt.Sprintf("; UPDATE public.loans SET e = e + 1 WHERE id = %d", id)
	}
	if _, err := c.Exec(context.Background(), sql); err != nil {
		s.t.Fatal(err)
	}
	if wants > 0 {
		s.runs(c, fmt.Sprintf("UPDATE public.loans SET e = e + 1 WHERE id = %d", wants))
	}
}

// runs lets a session run a statement that takes as long as the test.
func (s *server) runs(c *pgx.Conn, sql string) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = c.Exec(ctx, sql)
	}()
	s.t.Cleanup(func() { cancel(); <-done })
}

// collector reads the server as this login; change makes it otherwise.
func (s *server) collector(user string, change ...func(*Config)) *Collector {
	s.t.Helper()
	cfg := Config{Name: "pg", Login: Login{DSN: s.dsn(user)}, Every: time.Second, Timeout: 3 * time.Second, Now: time.Now}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.close)
	return c
}

func (c *Collector) close() {
	for _, s := range []*session{c.reader, c.actor} {
		if s != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			s.drop(ctx)
			cancel()
		}
	}
}

func withActor(user string) func(*Config) {
	return func(c *Config) { c.Actor = &Login{DSN: c.Login.DSN, User: user} }
}

func collect(t *testing.T, c *Collector) ops.Database {
	t.Helper()
	f, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return *f.Database
}
