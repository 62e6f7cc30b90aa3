package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"opsdeck/ops"
)

// CopyOrder is everything that a restore needs to know whose copy stays. It holds no secret.
type CopyOrder struct {
	To     string // the folder of the copy, which is not there yet, or empty
	Port   int    // on which it listens, on 127.0.0.1 alone; 0: nowhere
	Target ops.RestoreTarget
	Set    string          // the backup's label
	Reach  ops.WALPosition // that has to be reached at the least, on its timeline or a later one
	// Restore is pgBackRest's argument list, without the command and what follows from the
	// rest. Folder is the backup of a plan that PostgreSQL's own tools back up.
	Restore  []string
	Folder   *Folder
	Key      int    // the repository's number
	Cluster  string // the system identifier that it has to have; empty: any
	Bytes    int64  // of the database
	Programs string // the folder of the server's programs; empty: looked for
	Account  string // a superuser of the database
	Preload  string // libraries that the copy may load at its start
	Promote  bool   // it is to take writes at its end; else it stands at the target
	// InPlace lets the copy take the place of a server's data, once it stands; nil: it stays in To.
	InPlace *InPlace
}

// copyMark is the file by which a restore's folder is known.
const copyMark = ".opsdeck-restore"

func (o CopyOrder) check() error {
	switch p := o.InPlace; {
	case p != nil && (o.Port != 0 || filepath.Dir(p.Data) != filepath.Dir(p.Aside) || filepath.Dir(p.Data) != filepath.Dir(o.To)):
		return invalid("a restore in place works beside the data, and its server is reached by its socket alone")
	case (len(o.Restore) == 0) == (o.Folder == nil) || o.Key < 1 || o.Set == "":
		return invalid("a restore needs a backup and its repository")
	case !filepath.IsAbs(o.To) || filepath.Clean(o.To) != o.To || o.To == "/":
		return invalid("%q is no absolute path of a folder", o.To)
	case o.Account == "" || o.Port < 0 || o.Port > 65535:
		return invalid("a restore needs a superuser, and a port that there can be")
	}
	return nil
}

// Copy carries out a restore whose copy stays: its server runs at the end, and stands at the
// target, or takes writes where that was asked. An error says what is left of it.
func Copy(ctx context.Context, o CopyOrder, doing func(what string)) (ops.Restored, error) {
	if err := o.check(); err != nil {
		return ops.Restored{}, err
	}
	if _, err := Place(o.To, o.Port, o.Bytes); err != nil {
		return ops.Restored{}, err
	}
	if o.InPlace != nil {
		if _, err := o.InPlace.Ready(ctx, o.Cluster, o.Programs); err != nil {
			return ops.Restored{}, err
		}
	}
	s, err := claim(o.To)
	if err != nil {
		return ops.Restored{}, err
	}
	if o.InPlace != nil {
		where := o.InPlace.Where(o.To)
		if err := os.WriteFile(s.file(placeFile), []byte(where+"\n"), 0o600); err != nil {
			return ops.Restored{}, err
		}
		doing(where)
	}
	c := &copying{CopyOrder: o, s: s, doing: doing}
	if err = c.make(ctx); err != nil {
		err = c.broken(ctx, err)
	}
	return c.out, err
}

// copying is a restore at work.
type copying struct {
	CopyOrder
	s      scratch
	doing  func(string)
	halted bool // the replay was told to stand at the end of the WAL
	out    ops.Restored
}

func (c *copying) make(ctx context.Context) error {
	began := time.Now()
	c.doing("restoring " + c.Set)
	if err := c.fill(ctx); err != nil {
		return err
	}
	programs, err := programs(c.Programs, c.s.data())
	if err != nil {
		return err
	}
	k, err := controlOf(ctx, programs, c.s.data(), c.Cluster)
	if err != nil {
		return err
	}
	c.lines(programs)
	v, err := c.serve(programs, k)
	if err != nil {
		return err
	}
	c.doing("waiting for a consistent copy")
	if err := v.replays(ctx, c.Account, c.there); err != nil {
		return err
	}
	if c.InPlace != nil {
		if v, err = c.takePlace(ctx, v, programs, k); err != nil {
			return err
		}
	}
	c.out.Took = time.Since(began).Seconds()
	if c.Promote {
		c.doing("promoting")
		return c.promote(ctx, v)
	}
	return nil
}

// fill has the copy written.
func (c *copying) fill(ctx context.Context) error {
	if c.Folder != nil {
		return c.s.unfold(ctx, *c.Folder, c.Target)
	}
	return c.s.rebuild(ctx, c.Restore, c.Key, c.Set, TargetWords(c.Target))
}

// settings are the copy's, in the order in which each outranks the ones before, and rules
// who may log in.
func (o CopyOrder) settings(s scratch) (settings []string, rules string) {
	settings = append(isolated(s, o.Preload), "cluster_name=opsdeck restore", "recovery_target_timeline="+timelineWord(o.Target))
	if o.Port == 0 {
		return settings, locally // the folder of the socket is the account's alone
	}
	return append(settings, "listen_addresses=127.0.0.1", "port="+strconv.Itoa(o.Port)), locally + "host all all 127.0.0.1/32 scram-sha-256\n"
}

// serve starts the copy's server.
func (c *copying) serve(programs string, k control) (*server, error) {
	settings, rules := c.settings(c.s)
	v, err := start(c.s, programs, rules, settings, k)
	if v != nil {
		v.port = uint16(cmp.Or(c.Port, usualPort))
	}
	return v, err
}

// lines are the command lines by which the copy is dealt with.
func (c *copying) lines(programs string) {
	port := cmp.Or(c.Port, usualPort)
	c.out.LookBy = ops.ShellLine(psql(programs), "-h", c.s.socket(), "-p", strconv.Itoa(port), "-U", c.Account, "-d", "postgres")
	c.out.PromoteBy = ops.ShellLine(filepath.Join(programs, "pg_ctl"), "promote", "-D", c.s.data())
	c.out.EndBy = ops.ShellLine(filepath.Join(programs, "pg_ctl"), "stop", "-D", c.s.data())
}

// psql is the program beside the server's, where it is there, else the one of the path.
func psql(programs string) string {
	if at := filepath.Join(programs, "psql"); exists(at) {
		return at
	}
	return "psql"
}

// broken is the error of a restore that did not come to its end: what runs of it is ended,
// and what is left is said.
func (c *copying) broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = errStopped
	}
	lies := fmt.Sprintf("what is left of it lies in %s, which is marked %s: look at %s, then take it away: %s", c.To, copyMark, c.s.file(logFile), ops.ShellLine("rm", "-r", c.To))
	if c.InPlace != nil {
		lies = fmt.Sprintf("look at %s; %s", c.s.file(logFile), c.InPlace.Where(c.To))
	}
	if end := c.quiet(); end != nil {
		lies = end.Error() + "; " + lies
	}
	e := ops.AsError(err)
	var f *failure
	if errors.As(err, &f) {
		e = ops.Errorf(ops.CodeInternal, "%s", f.why)
	}
	return ops.Errorf(e.Code, "%s", e.What).Help("%s", strings.TrimPrefix(e.Remedy.String()+"; "+lies, "; "))
}
