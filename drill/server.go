package drill

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// logFile is where the copy's server writes what it has to say.
const logFile = "server.log"

// programs is the folder of the server's programs: the one that was given, else where the
// packages of Debian and of Red Hat put those of the copy's version.
func programs(given, data string) (string, error) {
	version, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return "", wrong("the copy has no version: %v", err)
	}
	v := strings.TrimSpace(string(version))
	look := []string{given}
	if given == "" {
		look = []string{"/usr/lib/postgresql/" + v + "/bin", "/usr/pgsql-" + v + "/bin"}
	}
	for _, dir := range look {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", ops.Errorf(ops.CodeUnavailable, "there is no PostgreSQL %s in %s", ops.Clean(v), strings.Join(look, ", ")).
		Help("install the server's programs here, or name their folder: drill.programs of the plan")
}

// controlled are the settings that a standby must have at least as large as its primary
// had, by the names that pg_controldata gives them.
var controlled = map[string]string{
	"max_connections setting":      "max_connections",
	"max_worker_processes setting": "max_worker_processes",
	"max_wal_senders setting":      "max_wal_senders",
	"max_prepared_xacts setting":   "max_prepared_transactions",
	"max_locks_per_xact setting":   "max_locks_per_transaction",
}

// control is what pg_controldata tells of data.
type control struct {
	system   string    // the system identifier
	timeline uint32    // that recovery begins on
	segment  ops.Bytes // the size of a segment of WAL
	settings []string  // that a server on a copy has to be started with
}

// controlOf reads that of a copy, which has to be of a cluster; empty: of any.
func controlOf(ctx context.Context, programs, data, cluster string) (control, error) {
	k, err := readControl(ctx, programs, data)
	if err == nil && cluster != "" && k.system != cluster {
		err = wrong("the copy is of another cluster: %s instead of %s", ops.Clean(k.system), ops.Clean(cluster))
	}
	return k, err
}

func readControl(ctx context.Context, programs, data string) (k control, err error) {
	out, err := proc.Run(ctx, proc.Spec{Argv: []string{"env", "LC_ALL=C", filepath.Join(programs, "pg_controldata"), "-D", data}})
	switch {
	case err != nil:
		return k, fmt.Errorf("read the copy's control file: %w", err)
	case out.Signal != 0, out.Code > 125: // env's own codes: it could not be run
		return k, broke("read the copy's control file", string(out.Stderr), notHere)
	case out.Code != 0:
		return k, wrong("the copy's control file cannot be read: %s", ops.Clean(strings.TrimSpace(string(out.Stderr))))
	}
	for lines := bufio.NewScanner(bytes.NewReader(out.Stdout)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		n, _ := strconv.ParseInt(value, 10, 64) // what is no number tells nothing, as 0 does
		switch to := controlled[name]; {
		case name == "Database system identifier":
			k.system = value
		case name == "Latest checkpoint's TimeLineID":
			k.timeline = uint32(n)
		case name == "Bytes per WAL segment":
			k.segment = ops.Bytes(n)
		case to != "":
			k.settings = append(k.settings, to+"="+value)
		}
	}
	if k.system == "" || k.timeline == 0 || ops.CheckWALSegment(k.segment) != nil || len(k.settings) != len(controlled) {
		return control{}, wrong("the copy's control file tells no system identifier, no timeline, or not all of its settings")
	}
	return k, nil
}

// isolated are the settings that keep the copy to itself. They are given as arguments,
// which nothing that was restored can outrank.
func isolated(s scratch, preload string) []string {
	return []string{
		"config_file=" + s.file("postgresql.conf"), "hba_file=" + s.file("pg_hba.conf"), "ident_file=" + s.file("pg_ident.conf"),
		"listen_addresses=", "unix_socket_directories=" + s.socket(), "unix_socket_permissions=0700", "port=5432", "external_pid_file=" + s.file("external.pid"), "ssl=off",
		"archive_mode=off", "archive_command=", "archive_cleanup_command=", "recovery_end_command=",
		"primary_conninfo=", "primary_slot_name=", "synchronous_standby_names=", "max_logical_replication_workers=0",
		"shared_preload_libraries=" + preload, "session_preload_libraries=", "local_preload_libraries=",
		"hot_standby=on", "recovery_target_action=pause", "shared_buffers=64MB", "autovacuum=off", "cluster_name=opsdeck drill",
		"jit=off", "logging_collector=off", "log_destination=stderr", "log_min_messages=warning", "log_statement=none",
		"lc_messages=C", "log_line_prefix=%m [%p] ", "log_error_verbosity=default", // its words are read
	}
}

// server is the copy's.
type server struct {
	s    scratch
	at   ops.Process
	port uint16 // of its socket
	// heard is the last that its log said when it last answered with an error.
	heard string
	control
}

// usualPort is that of a server which nobody gave another.
const usualPort = 5432

// locally are the rules of access by which whoever reaches the socket may log in.
const locally = "local all all trust\n"

// start starts the copy's server, with rules of access and settings of which the last
// counts. That it accepts connections is another matter.
func start(s scratch, programs, rules string, settings []string, k control) (*server, error) {
	for name, text := range map[string]string{"postgresql.conf": "", "pg_ident.conf": "", "pg_hba.conf": rules} {
		if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	// An engine that fetches WAL ahead would do so in the spool of the server itself.
	argv := []string{"env", "LC_ALL=C", "PGBACKREST_ARCHIVE_ASYNC=n", filepath.Join(programs, "postgres"), "-D", s.data()}
	for _, set := range append(settings, k.settings...) {
		argv = append(argv, "-c", set)
	}
	pid, err := proc.Detach(argv, s.file(logFile))
	if err != nil {
		return nil, fmt.Errorf("start the copy's server: %w", err)
	}
	at, err := proc.Identify(pid)
	if err != nil { // it has ended already
		return nil, s.blame(serverEnded, (&server{s: s}).last())
	}
	return &server{s: s, at: at, port: usualPort, control: k}, nil
}

// stop ends the server in an orderly way.
func (v *server) stop() error {
	for began := time.Now(); proc.Alive(v.at); time.Sleep(50 * time.Millisecond) {
		if err := proc.Signal(v.at.PID, syscall.SIGINT); err != nil || time.Since(began) > endingTime {
			return endWithin(v.s.dir)
		}
	}
	return nil
}

// serverEnded is what happened to a copy's server that was not told to end.
const serverEnded = "the copy's server ended"

// What a server says of its end: why it cannot go on, and who ended it or one of its own.
var (
	fatalLine = regexp.MustCompile(`^\S+ \S+ \S+ \[\d+\] (?:FATAL|PANIC):  (.*)`)
	endedLine = regexp.MustCompile(`^\S+ \S+ \S+ \[\d+\] (?:LOG|WARNING):  (.*(?:terminated by signal|shutdown request|insufficient parameter settings).*)`)
	fetchLine = regexp.MustCompile(`^(?:\S+ \S+ P\d+ +)?(?:ERROR: (\[\d{3}\].*)|(cp: .*))`) // of what fetches WAL
)

// last is what a server said of its end, and the engine that fetched WAL for it.
func (v *server) last() string {
	text, _ := os.ReadFile(v.s.file(logFile)) // one that never wrote has said nothing
	var said [3]string
	for line := range strings.Lines(string(text)) {
		for i, what := range []*regexp.Regexp{fatalLine, endedLine, fetchLine} {
			if m := what.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil && !strings.Contains(m[1], "the database system is") {
				said[i] = strings.Join(m[1:], "")
			}
		}
	}
	if said[2] != "" {
		said[2] = "the engine said " + said[2]
	}
	return strings.Join(slices.DeleteFunc(said[:], func(s string) bool { return s == "" }), "; ")
}

// login connects to a database of the copy, for reading.
func (v *server) login(ctx context.Context, account, database string) (*pgx.Conn, error) {
	return v.loginAs(ctx, account, database, nil)
}

// loginAs does so with settings.
func (v *server) loginAs(ctx context.Context, account, database string, settings map[string]string) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig("")
	if err != nil {
		return nil, err
	}
	c.Host, c.Port, c.User, c.Database, c.Password, c.TLSConfig, c.Fallbacks = v.s.socket(), v.port, account, database, "", nil, nil
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	c.RuntimeParams = map[string]string{"application_name": "opsdeck drill", "default_transaction_read_only": "on", "statement_timeout": "10min",
		// Without these two nothing is asked at all, whatever the copy's databases have.
		"client_encoding": "UTF8", "standard_conforming_strings": "on"}
	maps.Copy(c.RuntimeParams, settings)
	return pgx.ConnectConfig(ctx, c)
}

// everyCluster is a database that each cluster has.
const everyCluster = "template1"

// notYet reports whether a login failed only because the copy is not consistent yet.
func notYet(err error) bool {
	said, answered := errors.AsType[*pgconn.PgError](err)
	return err != nil && (!answered || said.Code == "57P03")
}

// lastWait is how long the words of a server may take that has cut a connection.
const lastWait = 10 * time.Second

// unwritten is said of a full disk, too, where the reason is not.
var unwritten = regexp.MustCompile(`^could not (write|extend|create) `)

// unasked is the error of a question that could not be asked: by what the server says, the
// drill broke, or the server could not bear the copy. nil: what came back is an answer, and
// be it an error in the copy.
func (v *server) unasked(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if said, answered := errors.AsType[*pgconn.PgError](err); answered {
		v.heard = v.last()
		if unwritten.MatchString(said.Message) && v.s.full() {
			return broke("the copy could not be asked", "the scratch is full", moreRoom)
		}
		return saidBroke(said)
	}
	if late(err) && proc.Alive(v.at) {
		return v.cut(err)
	}
	for began := time.Now(); !v.news() && proc.Alive(v.at) && time.Since(began) < lastWait && ctx.Err() == nil; {
		time.Sleep(replayEvery)
	}
	if !v.news() && proc.Alive(v.at) {
		return v.cut(err)
	}
	return v.s.blame(serverEnded, v.last())
}

// news reports whether the server has said something since it last answered with an error: its
// log has that, too.
func (v *server) news() bool {
	last := v.last()
	return last != "" && last != v.heard
}

// late reports whether an error is one of time.
func late(err error) bool {
	timed, ok := errors.AsType[net.Error](err)
	return ok && timed.Timeout() || pgconn.Timeout(err)
}

// cut is the error of a question whose connection failed while the copy's server runs, and says
// nothing of its own.
func (v *server) cut(err error) error {
	said := strings.ReplaceAll(ops.MaskSecrets(ops.Clean(err.Error()).String()), v.s.dir, "(scratch)")
	switch {
	case late(err):
		return broke("the copy did not answer in time", said, "try again when the machine has less to do, or let it have a faster disk: drill.scratch of the plan")
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return broke("the copy refuses connections, and its server runs", said, whoEnded)
	}
	return wrong("the connection to the copy broke, and its server runs: %s", said)
}

// silent is the error of a copy that does not say how far it is.
func (v *server) silent(ctx context.Context, err error) error {
	if broke := v.unasked(ctx, err); broke != nil {
		return broke
	}
	return wrong("the copy answers with an error where it has to say how far it is: %s", ops.MaskSecrets(ops.Clean(err.Error()).String()))
}
