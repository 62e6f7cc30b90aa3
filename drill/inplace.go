package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"opsdeck/ops"
)

// InPlace has a copy take the place of a server's data, which go aside. Until the copy
// stands at its target they are not touched, and they are never deleted.
type InPlace struct {
	Data  string // the folder of the server's data
	Aside string // what it is called afterwards: a name beside it that is free
	// Refuses are addresses where that server would answer: "tcp 10.0.0.7:5432".
	Refuses []string
}

// placeFile says in words in the folder of a restore in place what lies where, whenever it ended.
const placeFile = "in-place.txt"

// Beside are the names of a folder for a restore in the place of data, and of where the old
// ones go: the first that are both free.
func (p *InPlace) Beside() (work string) {
	for n := 1; ; n++ {
		work, p.Aside = fmt.Sprintf("%s.restored-%d", p.Data, n), fmt.Sprintf("%s.before-%d", p.Data, n)
		if !exists(work) && !exists(p.Aside) {
			return work
		}
	}
}

// Ready is an error where data may not be replaced: they are none of a cluster, cannot be
// renamed, or a server may run on them. warnings are what somebody has to know of them.
func (p *InPlace) Ready(ctx context.Context, cluster, given string) (warnings []string, err error) {
	info, err := os.Lstat(p.Data)
	switch {
	case err != nil:
		return nil, ops.Errorf(ops.CodeNotFound, "%s cannot be seen: %v", p.Data, err).Help("where nothing is there, restore into that folder: to; the agent has to run as the account of the data")
	case !filepath.IsAbs(p.Data) || filepath.Clean(p.Data) != p.Data || !info.IsDir():
		return nil, invalid("%q is no absolute path of a folder, or a link: name where it leads to", p.Data)
	case !exists(filepath.Join(p.Data, "PG_VERSION")):
		return nil, invalid("%s holds no data of PostgreSQL, or they cannot be read: there is no PG_VERSION in it", p.Data)
	case !sameFiles(p.Data, filepath.Dir(p.Data)):
		return nil, ops.Errorf(ops.CodeInvalid, "%s is a file system of its own, and cannot be renamed", p.Data).Help("restore into another folder, and let the server be started there")
	case syscall.Access(filepath.Dir(p.Data), 2) != nil: // W_OK
		return nil, ops.Errorf(ops.CodeDenied, "nothing can be renamed in %s by this account", filepath.Dir(p.Data)).Help("it has to belong to the account of the data")
	}
	if err := p.stopped(ctx); err != nil {
		return nil, err
	}
	programs, err := programs(given, p.Data)
	if err != nil {
		return nil, err
	}
	switch k, err := readControl(ctx, programs, p.Data); {
	case err != nil:
		warnings = append(warnings, fmt.Sprintf("of which cluster %s is cannot be read: %v", p.Data, err))
	case cluster != "" && k.system != cluster:
		return nil, invalid("%s is of another cluster, %s, and the backups are of %s", p.Data, ops.Clean(k.system), ops.Clean(cluster))
	}
	if to, err := os.Readlink(filepath.Join(p.Data, "pg_wal")); err == nil {
		warnings = append(warnings, fmt.Sprintf("pg_wal is a link to %s: in what takes the place it is a folder of the data, and that one is left as it is", ops.Clean(to)))
	}
	if exists(p.pidFile()) {
		warnings = append(warnings, "the server has not ended well: "+p.pidFile()+" is there, and its process is not")
	}
	return warnings, nil
}

func (p *InPlace) pidFile() string { return filepath.Join(p.Data, "postmaster.pid") }

// stopped is an error where a server may run on the data: by its own file, by the processes
// that work there, and by who answers where it would.
func (p *InPlace) stopped(ctx context.Context) error {
	asks := slices.Clone(p.Refuses)
	if text, err := os.ReadFile(p.pidFile()); err == nil {
		lines := append(strings.Split(string(text), "\n"), "", "", "", "", "")
		if pid, err := strconv.Atoi(strings.TrimSpace(lines[0])); err == nil && pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			return running("its postmaster.pid names process %d, which lives", pid).Help("end the server; where that process is something else, take %s away", p.pidFile())
		}
		if port := strings.TrimSpace(lines[3]); port != "" {
			asks = append(asks, "tcp "+net.JoinHostPort("127.0.0.1", port))
			if dir := strings.TrimSpace(lines[4]); dir != "" {
				asks = append(asks, "unix "+filepath.Join(dir, ".s.PGSQL."+port))
			}
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return ops.Errorf(ops.CodeDenied, "whether the server is stopped cannot be seen: %v", err).Help("the agent has to run as the account of the data")
	}
	switch pids, err := workingIn(p.Data); {
	case err != nil:
		return err
	case len(pids) > 0:
		return running("process %d works in %s", pids[0], p.Data).Help("end the server")
	}
	for _, a := range asks {
		if err := Refused(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

func running(format string, args ...any) *ops.Error {
	return ops.Errorf(ops.CodeHeld, "the server is not stopped: "+format, args...)
}

// refusedWithin is how long an address may take to refuse.
const refusedWithin = 3 * time.Second

// Refused is an error where somebody answers at an address ("tcp host:port", "unix path"), or
// where that is not known.
func Refused(ctx context.Context, address string) error {
	network, at, _ := strings.Cut(address, " ")
	ctx, cancel := context.WithTimeout(ctx, refusedWithin)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, network, at)
	switch {
	case err == nil:
		_ = c.Close()
		return running("somebody answers at %s", at).Help("end whatever answers there: what is restored would be the second of it; a standby keeps its data when it is ended, and is made anew afterwards")
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		return nil
	}
	return ops.Errorf(ops.CodeHeld, "whether the server is stopped is not known: %s does not refuse a connection: %v", at, err).Help("make sure that it is, and that this machine reaches %s", at)
}

// sameFiles reports whether two folders lie on one file system.
func sameFiles(a, b string) bool {
	var x, y syscall.Stat_t
	return syscall.Stat(a, &x) == nil && syscall.Stat(b, &y) == nil && x.Dev == y.Dev
}

// Back are the command lines that bring the old data back, where they are aside and no
// server runs on what took their place.
func (p *InPlace) Back(work string) [2]ops.Text {
	return [2]ops.Text{ops.ShellLine("mv", "-T", p.Data, scratch{dir: work}.data()), ops.ShellLine("mv", "-T", p.Aside, p.Data)}
}

// Where says what lies where, whenever a restore ended: what is true of it follows from which
// of the names is there.
func (p *InPlace) Where(work string) string {
	back := p.Back(work)
	return fmt.Sprintf("while there is no %[1]s, %[2]s is as it was, and what is restored lies in %[3]s; once there is, the old data are in it. The way back, with the server in %[2]s ended: %[4]s; %[5]s (the first only where %[2]s is there)",
		p.Aside, p.Data, work, back[0], back[1])
}

// takePlace ends the copy's server, lets the copy take the place of the old data, and has it
// come to its target there.
func (c *copying) takePlace(ctx context.Context, v *server, programs string, k control) (*server, error) {
	fetch, err := v.fetches(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	c.doing("ending the copy's server for the change of places")
	if err := errors.Join(v.stop(), c.fetchFor(fetch)); err != nil {
		return nil, err
	}
	if err := errors.Join(c.InPlace.stopped(ctx), os.Rename(c.s.file(logFile), c.s.file("server.first.log"))); err != nil {
		return nil, err
	}
	if err := c.exchange(); err != nil {
		return nil, err
	}
	c.lines(programs)
	c.halted = false
	if c.out.Timeline > 0 {
		k.timeline = c.out.Timeline // it goes on from there
	}
	if v, err = c.serve(programs, k); err != nil {
		return nil, err
	}
	return v, v.replays(ctx, c.Account, c.there)
}

// fetches is the command by which the copy's server fetches WAL.
func (v *server) fetches(ctx context.Context, account string) (command string, err error) {
	conn, err := v.login(ctx, account, everyCluster)
	if err != nil {
		return "", v.silent(ctx, err)
	}
	defer conn.Close(ctx) //nolint:errcheck // it was asked what it was asked
	if err := conn.QueryRow(ctx, "SHOW restore_command").Scan(&command); err != nil {
		return "", v.silent(ctx, err)
	}
	return command, nil
}

// fetchFor lets the copy fetch WAL in its place as it did here: pgBackRest's command names the
// folder of the data, works in it, and fetches nothing where there is none.
func (c *copying) fetchFor(command string) error {
	there := strings.ReplaceAll(command, c.s.data(), c.InPlace.Data)
	if there == command {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(c.s.data(), "postgresql.auto.conf"), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(setting("restore_command", there)) // the last one counts
	return errors.Join(err, f.Sync(), f.Close())
}

// exchange renames the old data and then the copy. What lies where is told before.
func (c *copying) exchange() error {
	p := c.InPlace
	c.doing("renaming " + p.Data + " to " + p.Aside)
	if err := os.Rename(p.Data, p.Aside); err != nil {
		return ops.Errorf(ops.CodeDenied, "the old data could not be renamed: %v", err)
	}
	c.out.Aside = ops.Clean(p.Aside)
	if pids, err := workingIn(p.Aside); err != nil || len(pids) > 0 { // it was started in this very moment
		return errors.Join(running("processes %v began to work in it", pids), err, os.Rename(p.Aside, p.Data))
	}
	if err := os.Rename(c.s.data(), p.Data); err != nil {
		return ops.Errorf(ops.CodeInternal, "the copy could not take its place: %v", err)
	}
	c.s.in = p.Data
	return synced(filepath.Dir(p.Data))
}

// synced has the names in a folder reach the disk.
func synced(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// quiet ends what runs of a restore that failed: in the place itself only what it started.
func (c *copying) quiet() error {
	err := endWithin(c.s.dir)
	if c.s.in != "" {
		err = errors.Join(err, endWithin(c.s.in))
	}
	return err
}
