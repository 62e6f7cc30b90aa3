//go:build lab

package basebackup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/postgrestest"
)

// source is a real server and an empty folder for its backups.
type source struct {
	*testing.T
	*postgrestest.Server
	repo  Repo
	order Order
	at    time.Time
	said  strings.Builder
}

func newSource(t *testing.T) *source {
	t.Helper()
	programs, err := Programs("")
	if err != nil {
		t.Fatal(err)
	}
	c := &source{T: t, Server: postgrestest.Start(t), repo: Repo(t.TempDir()), at: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
	c.order = Order{Programs: programs, Connection: "host=127.0.0.1 port=" + c.Port + " user=postgres"}
	return c
}

// now goes on by a minute each time it is asked.
func (c *source) now() time.Time { c.at = c.at.Add(time.Minute); return c.at }

// made makes a backup and reads it.
func (c *source) made() Set {
	c.Helper()
	label, err := c.repo.Make(c.Context(), c.order, c.now, &c.said)
	if err != nil {
		c.Fatal(err)
	}
	s, err := c.repo.Read(label)
	if err != nil {
		c.Fatal(err)
	}
	return s
}

func (c *source) verified(want string) {
	c.Helper()
	var out strings.Builder
	if err := c.repo.Verify(c.Context(), c.order.Programs, "", c.now, &out); err != nil || !strings.Contains(out.String(), want) {
		c.Errorf("%v\n%s\nwant %s", err, out.String(), want)
	}
}

func TestLabABackupIsMadeReadVerifiedAndFoundCorrupt(t *testing.T) {
	c := newSource(t)
	space := filepath.Join(c.Dir, "space")
	if out, err := c.Command(t.Context(), "mkdir", space).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	c.Exec("postgres", "CREATE TABLESPACE elsewhere LOCATION '"+space+"'")
	c.Exec("postgres", "CREATE TABLE there TABLESPACE elsewhere AS SELECT generate_series(1, 1000) i")
	c.order.Tablespaces = map[string]string{c.Value("SELECT oid::text FROM pg_tablespace WHERE spcname = 'elsewhere'"): space}
	s := c.made()
	if want := c.Value("SELECT system_identifier::text FROM pg_control_system()"); s.Cluster != want || !s.Own || s.Timeline != 1 || s.Stop <= s.Start || s.Segment != 16<<20 || s.Files < 500 || s.Size < 1<<20 {
		t.Errorf("%+v, of cluster %s", s, want)
	}
	links, err := filepath.Glob(c.repo.Backup(s.Label) + "/data/pg_tblspc/*/*")
	if err != nil || len(links) != 1 {
		t.Errorf("the tablespace is not where the backup is: %v %v", links, err)
	}
	c.verified("backup: " + s.Label + ", status: valid, total files checked: ")
	c.corrupt(c.repo.Backup(s.Label))
	c.verified("status: error")
	if checked := c.repo.LastCheck(s.Label); len(checked.Wrong) != 1 || !strings.Contains(checked.Wrong[0], "checksum mismatch") {
		t.Errorf("%+v", checked)
	}
}

// corrupt flips a byte of a file of the cluster.
func (c *source) corrupt(backup string) {
	c.Helper()
	path := filepath.Join(backup, "data", "global", "pg_filenode.map")
	b, err := os.ReadFile(path)
	if err == nil {
		b[20] ^= 1
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		c.Fatal(err)
	}
}

func TestLabWhatFailsLeavesNothing(t *testing.T) {
	c := newSource(t)
	whole := c.made()
	for name, x := range map[string]struct {
		before func() func()
		code   int
		says   string
	}{
		"stopped": {func() func() { c.must(c.repo.Stop()); return func() { c.must(c.repo.Start()) } }, ExitStopped, "it is stopped"},
		"held":    {func() func() { l, err := c.repo.lock(); c.must(err); return l.release }, ExitHeld, "held"},
		"nobody of that name": {func() func() {
			was := c.order.Connection
			c.order.Connection += " user=nobody_knows"
			return func() { c.order.Connection = was }
		}, ExitServer, "nobody_knows"},
		"canceled":                {nil, ExitSignal, "canceled"},
		"the folder is not there": {func() func() { was := c.repo; c.repo += "/none"; return func() { c.repo = was } }, ExitAway, "no such file"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		after := cancel
		if x.before != nil {
			after = x.before()
		} else {
			cancel()
		}
		_, err := c.repo.Make(ctx, c.order, c.now, &c.said)
		after()
		cancel()
		if CodeOf(err) != x.code || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %d %v", name, CodeOf(err), err)
		}
		if labels, parts, err := c.repo.Labels(); err != nil || len(labels) != 1 || labels[0] != whole.Label || len(parts) > 0 {
			t.Errorf("%s: %v %v are there: %v", name, labels, parts, err)
		}
	}
	c.Stop()
	if _, err := c.repo.Make(t.Context(), c.order, c.now, &c.said); CodeOf(err) != ExitServer {
		t.Errorf("with the server down: %v", err)
	}
}

func (c *source) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func TestLabWhatWasInterruptedIsRemovedByTheNext(t *testing.T) {
	c := newSource(t)
	part := c.repo.Backup("20260101-000000F" + partEnd)
	c.must(os.MkdirAll(filepath.Join(part, "data"), 0o700))
	s := c.made()
	if labels, parts, err := c.repo.Labels(); err != nil || len(labels) != 1 || labels[0] != s.Label || len(parts) > 0 || !strings.Contains(c.said.String(), "removing 20260101-000000F.part") {
		t.Errorf("%v %v are there: %v\n%s", labels, parts, err, c.said.String())
	}
}

func TestLabTwoOfOneSecondAreTwoBackups(t *testing.T) {
	c := newSource(t)
	noon := c.at
	c.must(os.MkdirAll(c.repo.Backup("20261127-120000F"), 0o700))
	times := []time.Time{noon, noon.Add(990 * time.Millisecond), noon.Add(time.Second)}
	now := func() time.Time {
		at := times[0]
		times = times[min(1, len(times)-1):]
		return at
	}
	if label, err := c.repo.Make(t.Context(), c.order, now, &c.said); err != nil || label != "20261127-120001F" {
		t.Errorf("%s %v\n%s", label, err, c.said.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if label, err := c.repo.Make(ctx, c.order, now, &c.said); CodeOf(err) != ExitSignal {
		t.Errorf("%s %v, and its label is taken", label, err)
	}
}

func TestLabWhatOutlivesAnInterruptedOneWritesIntoNoOther(t *testing.T) {
	c := newSource(t)
	left := c.repo.Backup("20261127-120100F" + partEnd) // the second of the next one
	wal := filepath.Join(left, "data", "pg_wal")
	c.must(os.MkdirAll(wal, 0o700))
	done, ended := make(chan struct{}), make(chan struct{})
	go func() { // as its receiver of WAL does that has not seen its end yet
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				_ = os.WriteFile(filepath.Join(wal, fmt.Sprintf("00000001%016X", n%20)), make([]byte, 8192), 0o600)
			}
		}
	}()
	time.AfterFunc(300*time.Millisecond, func() { close(done) })
	s := c.made()
	<-ended
	if s.Label != "20261127-120100F" {
		t.Errorf("%s", s.Label)
	}
	if labels, parts, err := c.repo.Labels(); err != nil || len(labels) != 1 || len(parts) > 0 {
		t.Errorf("%v %v are there: %v", labels, parts, err)
	}
}
