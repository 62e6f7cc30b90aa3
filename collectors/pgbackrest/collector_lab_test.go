//go:build lab

package pgbackrest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/postgrestest"
	"opsdeck/internal/proc"
	"opsdeck/ops"
)

// stanza is a real pgBackRest over a real server.
type stanza struct {
	t *testing.T
	*postgrestest.Stanza
}

func newStanza(t *testing.T) *stanza {
	t.Helper()
	return &stanza{t, postgrestest.NewStanza(t)}
}

// run runs a program to its end, as the server's user.
func (s *stanza) run(ctx context.Context, argv []string, out io.Writer) ([]byte, int, error) {
	return toEnd(ctx, s.Command(ctx, argv[0], argv[1:]...), out)
}

// direct runs one as who runs the tests.
func direct(ctx context.Context, argv []string, out io.Writer) ([]byte, int, error) {
	return toEnd(ctx, exec.CommandContext(ctx, argv[0], argv[1:]...), out)
}

func toEnd(ctx context.Context, cmd *exec.Cmd, out io.Writer) ([]byte, int, error) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &said
	err := cmd.Run()
	if exit, ended := errors.AsType[*exec.ExitError](err); ended && ctx.Err() == nil {
		return said.Bytes(), exit.ExitCode(), nil
	}
	return said.Bytes(), 0, err
}

func (s *stanza) collector(change func(*Config)) *Collector {
	c := Config{
		Plan: ops.BackupPlan{Name: ops.Lit("nightly"), Repositories: []ops.RepositoryPlan{
			{Name: ops.Lit("one"), Key: 1}, {Name: ops.Lit("two"), Key: 2}}},
		Stanza: "t", Command: "pgbackrest", File: s.Config, Every: time.Minute, Timeout: time.Minute, Now: time.Now, Run: s.run,
		Flocked: proc.Flocked,
		Holder: func(pid int) (ops.Process, bool) {
			_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
			return ops.Process{PID: pid}, err != nil
		},
	}
	if change != nil {
		change(&c)
	}
	return New(c)
}

// moves gives a file or folder another name.
func (s *stanza) moves(from, to string) {
	s.t.Helper()
	if err := os.Rename(filepath.Join(s.Dir, from), filepath.Join(s.Dir, to)); err != nil {
		s.t.Fatal(err)
	}
}

func TestLabAStanzaFromItsBeginning(t *testing.T) {
	s := newStanza(t)
	c := s.collector(nil)
	want := func(what, want string) *ops.Backups {
		t.Helper()
		b, _ := collect(t, c)
		if got := says(b); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
		return b
	}
	want("no stanza", "1: 0 of ? empty missing stanza path; 1: 0 of ? empty missing stanza path")
	s.Does("stanza-create")
	want("no backup", "2: 0 of 0B empty; 2: 0 of 0B empty")

	s.Archives("")
	for _, kind := range []string{"full", "diff", "incr"} {
		s.Does("--repo=1", "--type="+kind, "backup")
	}
	b, o := collect(t, c)
	var kinds []string
	for i, set := range b.Sets {
		kinds = append(kinds, set.Type.String())
		if i > 0 && b.Sets[i-1].Prior != set.Label || set.Repository.String() != "one" || !set.Size.Known || set.Start >= set.Stop {
			t.Errorf("%+v", set)
		}
	}
	if strings.Join(kinds, " ") != "incr diff full" || !strings.HasPrefix(o.Version.String(), "2.") || b.Cluster.Empty() || b.Held || !b.Unseen.Empty() {
		t.Errorf("%q, version %s: %+v", kinds, o.Version, b)
	}
	whole := b.Repositories[0].WAL
	if len(whole.Runs) != 1 || whole.Runs[0].Last-whole.Runs[0].First < 3 || whole.SegmentSize != 16<<20 || whole.Odd.Count+whole.Partial.Count > 0 {
		t.Fatalf("the WAL is %+v", whole)
	}
	if other := b.Repositories[1]; runs(other.WAL) != runs(whole) || !other.Empty || other.Code != statusNoBackup {
		t.Errorf("the other repository: %+v", other)
	}

	// pgBackRest says ok over a hole.
	middle := whole.Runs[0].First + 1
	file := s.segment(middle)
	s.moves(file, "kept")
	b, _ = collect(t, c)
	if r := b.Repositories[0]; len(r.WAL.Runs) != 2 || r.WAL.Runs[0].Last != middle-1 || r.WAL.Runs[1].First != middle+1 || r.Code != statusOK || !r.Fault.Empty() {
		t.Errorf("with a hole at %d it is %+v", middle, r)
	}
	s.moves("kept", file)

	put := s.Command(t.Context(), "pgbackrest", s.Argv("--repo=1", "repo-put", "archive/t/15-1/00000002.history")[1:]...)
	put.Stdin = strings.NewReader("1\t0/3000060\tno recovery target specified\n")
	if out, err := put.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, _ = collect(t, c)
	if l := b.Repositories[0].WAL; runs(l) != runs(whole) || fmt.Sprint(l.Forks) != "[{2 1 0/3000060}]" {
		t.Errorf("with the segment and a history it is %+v", l)
	}

	if os.Geteuid() == 0 { // root may become the server's user
		as := s.collector(func(c *Config) { c.RunAs, c.Run = "postgres", direct })
		if same, _ := collect(t, as); says(same) != says(b) || runs(same.Repositories[0].WAL) != runs(whole) {
			t.Errorf("by sudo it is %+v", same)
		}
	}

	size := b.Repositories[0].Size.Size()
	s.moves("repo2", "away")
	b = want("one repository away", "0: 3 of "+size+"; 1: 0 of ? empty missing stanza path")
	if r := b.Repositories[1]; len(r.WAL.Runs) > 0 || r.Unlisted.Empty() {
		t.Errorf("it is %+v", r)
	}
	s.moves("away", "repo2")
	want("and back", "0: 3 of "+size+"; 2: 0 of 0B empty")

	s.isStoppedAndAtWork(c)
}

// isStoppedAndAtWork stops and starts it, and lets a backup be at work.
func (s *stanza) isStoppedAndAtWork(c *Collector) {
	t := s.t
	t.Helper()
	s.Does("stop")
	if b, _ := collect(t, c); !b.Stopped || b.Repositories[0].Code != statusOK {
		t.Errorf("stopped: %+v", b)
	}
	s.Does("start")
	if b, _ := collect(t, c); b.Stopped {
		t.Error("it is started, and said to be stopped")
	}

	s.Archives("false pgbackrest") // the next backup waits for its WAL
	backup := s.Command(t.Context(), "pgbackrest", s.Argv("--repo=2", "--archive-timeout=60", "backup")[1:]...)
	if err := backup.Start(); err != nil {
		t.Fatal(err)
	}
	s.Until("a backup is seen at work, with its process", func() bool {
		b, _ := collect(t, c)
		return b.Held && b.Holder.PID == backup.Process.Pid && !b.Dead
	})
	if now := c.Locked(ops.Backups{}); !now.Held || now.Dead || now.Holder.PID != backup.Process.Pid {
		t.Errorf("over a board from before: %+v", now)
	}
	if err := backup.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = backup.Wait() // it was cut
	if now := c.Locked(ops.Backups{Held: true, Holder: ops.Process{PID: backup.Process.Pid}}); now.Held || now.Holder.PID != 0 {
		t.Errorf("over a board from before its end: %+v", now)
	}
	if b, _ := collect(t, c); b.Held || b.Holder.PID != 0 {
		t.Errorf("nobody is at work: %+v", b)
	}
}

// segment is the file of a segment in repository 1.
func (s *stanza) segment(number uint64) string {
	s.t.Helper()
	name := ops.WALName(1, number, 16<<20).String()
	files, _ := filepath.Glob(filepath.Join(s.Dir, "repo1/archive/t/15-1", name[:16], name+"-*")) // the pattern is well-formed
	if len(files) != 1 {
		s.t.Fatalf("segment %s: %q", name, files)
	}
	return strings.TrimPrefix(files[0], s.Dir+"/")
}

func TestLabWhyItCannotBeAsked(t *testing.T) {
	s := newStanza(t)
	s.Write("bad.conf", "[global]\nrepo1-s3-key-secret hunter2\n")
	for name, c := range map[string]struct {
		change       func(*Config)
		what, remedy string
	}{
		"no program":         {func(c *Config) { c.Command = "/no/such/pgbackrest" }, "/no/such/pgbackrest is not installed here", "install the package pgbackrest"},
		"no configuration":   {func(c *Config) { c.File = "/no/such.conf" }, "unable to open missing file '/no/such.conf'", "the plan's config"},
		"a bad one":          {func(c *Config) { c.File = s.Dir + "/bad.conf" }, "missing '=' in key/value at line 2", "correct pgBackRest's configuration"},
		"no such repository": {func(c *Config) { c.Plan.Repositories = []ops.RepositoryPlan{{Key: 7}} }, "key '7' is not valid", "what the estate says of it"},
		"no such account":    {func(c *Config) { c.RunAs = "nosuch-account" }, "sudo does not run pgBackRest as nosuch-account: unknown user", "visudo"},
		// Who runs the tests may be one who may everything; the server's user is not.
		"not allowed to": {func(c *Config) {
			if c.RunAs = "daemon"; os.Geteuid() != 0 {
				c.RunAs = "nosuch-account"
			}
		}, "sudo does not run pgBackRest as ", "opsdeck backup sudoers prints the lines that sudo needs (visudo); refused was: pgbackrest --config="},
	} {
		_, err := s.collector(c.change).Collect(t.Context())
		e, ok := errors.AsType[*ops.Error](err)
		if !ok || !strings.Contains(e.What.String(), c.what) || !strings.Contains(e.Remedy.String(), c.remedy) || strings.Contains(e.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
