package basebackup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"opsdeck/internal/proc"
)

// Order is what a backup is made by.
type Order struct {
	Programs    string            // the folder of PostgreSQL's programs
	Connection  string            // for libpq, without a password
	Spread      bool              // wait for a checkpoint that makes no burst of writes
	Tablespaces map[string]string // where each is on the server, by oid
}

// program is one of PostgreSQL's.
func program(folder, name string) string { return filepath.Join(folder, name) }

// english are the surroundings of a program whose words are read.
func english() []string { return append(os.Environ(), "LC_ALL=C", "LC_MESSAGES=C") }

// Argv is the call of pg_basebackup that makes a backup in a folder.
func (o Order) Argv(into string) []string {
	checkpoint := "fast"
	if o.Spread {
		checkpoint = "spread"
	}
	argv := []string{program(o.Programs, "pg_basebackup"), "--pgdata=" + filepath.Join(into, "data"), "--format=plain", "--wal-method=stream",
		"--checkpoint=" + checkpoint, "--label=opsdeck", "--progress", "--no-password", "--dbname=" + o.Connection}
	for oid, at := range o.Tablespaces {
		argv = append(argv, "--tablespace-mapping="+escaped(at)+"="+escaped(filepath.Join(into, "tablespaces", oid)))
	}
	return argv
}

// escaped is a path within a mapping of tablespaces.
func escaped(path string) string { return strings.ReplaceAll(path, "=", `\=`) }

// Make makes a backup and says what it does. It has its name, the label, when it is whole,
// verified and on the disk.
func (r Repo) Make(ctx context.Context, o Order, now func() time.Time, out io.Writer) (label string, err error) {
	l, taken, err := r.begin(ctx, out)
	if err != nil {
		return "", err
	}
	defer l.release()
	label, began, err := named(ctx, taken, now)
	if err != nil {
		return "", err
	}
	part := r.Backup(fmt.Sprintf("%s.%d%s", label, os.Getpid(), partEnd)) // of no other: what outlives an interrupted one may write to its folder for a moment
	if err := os.MkdirAll(filepath.Join(part, "tablespaces"), 0o700); err != nil {
		return "", err
	}
	fmt.Fprintf(out, "INFO: copying into %s\n", part)
	checked, err := o.fill(ctx, part, l, now, out)
	if err == nil {
		err = r.name(label, part, Made{began, now().UTC()}, checked)
	}
	if err != nil {
		return "", errors.Join(err, remove(context.WithoutCancel(ctx), part))
	}
	fmt.Fprintf(out, "INFO: new backup label = %s\n", label)
	return label, nil
}

// named is the label of a backup that begins now, which is its second. Where that is taken it
// waits for the next.
func named(ctx context.Context, taken []string, now func() time.Time) (label string, began time.Time, err error) {
	for {
		began = now().UTC()
		label = began.Format("20060102-150405") + "F"
		if !slices.Contains(taken, label) {
			return label, began, nil
		}
		select {
		case <-ctx.Done():
			return "", began, ctx.Err()
		case <-time.After(began.Truncate(time.Second).Add(time.Second).Sub(began)):
		}
	}
}

// begin takes the lock, unless nobody shall, and removes what interrupted ones left. taken are
// the labels of what is whole.
func (r Repo) begin(ctx context.Context, out io.Writer) (l *lock, taken []string, err error) {
	if _, err := os.Stat(string(r)); err != nil {
		return nil, nil, err
	}
	switch stopped, err := r.Stopped(); {
	case err != nil:
		return nil, nil, err
	case stopped:
		return nil, nil, failed(ExitStopped, "it is stopped")
	}
	if l, err = r.lock(); err != nil {
		return nil, nil, err
	}
	taken, parts, err := r.Labels()
	for _, p := range parts {
		if err == nil {
			fmt.Fprintf(out, "INFO: removing %s, which was interrupted\n", p+partEnd)
			err = remove(ctx, r.Backup(p+partEnd))
		}
	}
	if err != nil {
		l.release()
		return nil, nil, err
	}
	return l, taken, nil
}

// remove removes a folder, to which what outlives an interrupted pg_basebackup may add a file
// meanwhile.
func remove(ctx context.Context, folder string) (err error) {
	for range 20 {
		if err = os.RemoveAll(folder); !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return err
}

// fill copies the cluster into a folder, and verifies the copy.
func (o Order) fill(ctx context.Context, part string, l *lock, now func() time.Time, out io.Writer) (Checked, error) {
	shown := &progress{out: out, lock: l}
	end, err := proc.Run(ctx, proc.Spec{Argv: o.Argv(part), Env: english(), Err: shown, EndWithUs: true})
	switch {
	case err != nil:
		return Checked{}, err
	case end.Code != 0:
		return Checked{}, toolFailed("pg_basebackup", shown.said.String(), end.Code)
	}
	fmt.Fprintln(out, "INFO: verifying what was copied")
	checked, err := verify(ctx, o.Programs, part, now)
	if err == nil && len(checked.Wrong) > 0 {
		err = failed(ExitCorrupt, "the copy is not what the server sent: %s", strings.Join(checked.Wrong, "; "))
	}
	return checked, err
}

// name makes a backup one: what was written of it is on the disk before it has its name.
func (r Repo) name(label, part string, made Made, checked Checked) error {
	links, err := os.ReadDir(filepath.Join(part, "data", "pg_tblspc"))
	if err != nil {
		return err
	}
	for _, d := range links {
		link := filepath.Join(part, "data", "pg_tblspc", d.Name())
		if err := errors.Join(os.Remove(link), os.Symlink(filepath.Join(r.Backup(label), "tablespaces", d.Name()), link)); err != nil {
			return err
		}
	}
	for _, err := range []error{syncDir(filepath.Join(part, "data", "pg_tblspc")), writeJSON(filepath.Join(part, "made"), made), writeJSON(filepath.Join(part, "checked"), checked)} {
		if err != nil {
			return err
		}
	}
	if err := os.Rename(part, r.Backup(label)); err != nil {
		return err
	}
	return errors.Join(syncDir(r.at("backups")), syncDir(string(r)))
}

// progress hears pg_basebackup: how far it is, line by line, and what else it says.
type progress struct {
	out  io.Writer
	lock *lock
	said strings.Builder
	part []byte
}

// What --progress writes: "23456/98765 kB (23%), 0/1 tablespace".
var copied = regexp.MustCompile(`^\s*(\d{1,18})/(\d{1,18}) kB \(\d+%\)`)

// saidMost is how much is kept of what it says besides.
const saidMost = 64 << 10

// Write never fails: a copy does not end for its words.
func (p *progress) Write(b []byte) (int, error) {
	p.part = append(p.part, b...)
	for {
		line, rest, found := strings.Cut(strings.ReplaceAll(string(p.part), "\r", "\n"), "\n")
		if !found && len(p.part) < bufio.MaxScanTokenSize {
			return len(b), nil
		}
		p.part = []byte(rest)
		p.line(line)
	}
}

func (p *progress) line(line string) {
	if m := copied.FindStringSubmatch(line); m != nil {
		done, _ := strconv.ParseFloat(m[1], 64) // the pattern takes numbers that fit
		all, _ := strconv.ParseFloat(m[2], 64)
		if all > 0 {
			p.lock.tell(done/all, all*1024)
		}
		fmt.Fprintf(p.out, "INFO: %s\n", strings.TrimSpace(line))
		return
	}
	if p.said.Len() < saidMost {
		p.said.WriteString(line + "\n")
		fmt.Fprintln(p.out, line)
	}
}
