//go:build lab

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/judge"
	"opsdeck/ops"
)

// guided are the lines of a section of the guide of restores that stand in blocks for the
// shell, with the folder of this server's data in the place of the guide's.
func guided(t *testing.T, section, data string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/guide/restore.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n## "+section+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	in := false
	for line := range strings.Lines(rest) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, "```"):
			in = !in
		case in && !strings.HasPrefix(line, "opsdeck "): // the order itself
			lines = append(lines, strings.ReplaceAll(line, "/var/lib/postgresql/15/main", data))
		}
	}
	if len(lines) == 0 {
		t.Fatal("the guide has no lines in", section)
	}
	return lines
}

// TestLabARestoreInPlaceToTheLatest has a tablespace, and a server that archives by ALTER SYSTEM.
// What follows is done line by line as the guide says: to archive again, and then the way back.
func TestLabARestoreInPlaceToTheLatest(t *testing.T) {
	t.Parallel()
	l := newLabRestores(t)
	l.must("mkdir " + l.Dir + "/space")
	l.Exec("postgres", "ALTER SYSTEM SET archive_mode = 'on'")
	l.Exec("postgres", "CREATE TABLESPACE elsewhere LOCATION '"+l.Dir+"/space'")
	l.Exec("postgres", "CREATE TABLE there TABLESPACE elsewhere AS SELECT 1 AS i")
	l.story()
	data, board := l.Dir+"/data", l.board()
	l.Server.Stop()
	board.Databases = ops.Readings[ops.Database]{{Source: ops.Lit("replica"), State: ops.SourceOK, At: board.Backups[0].At, Value: ops.Database{Standby: true, Cluster: ops.Cluster{ID: board.Backups[0].Value.Cluster}}}}
	a, req := l.inPlace()
	p, err := a.Plan(t.Context(), board, req)
	if err != nil || !strings.Contains(fmt.Sprint(p.Warnings), "replica, a standby of this cluster, lives") {
		t.Fatal(p.Warnings, err)
	}
	says := &noted{}
	if r, err := a.Run(t.Context(), p, says); err != nil || r.State != ops.JobSucceeded {
		log, _ := os.ReadFile(data + ".restored-1/server.log")
		t.Fatalf("%v %v\n%s\n%s", r, err, strings.Join(says.lines, "\n"), log)
	}
	const sql = "SELECT (SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits) || ' ' || (SELECT count(*) FROM there)"
	if got := l.asks(look(data+".restored-1"), sql); got != "1 2 3 4 5 6 1" {
		t.Errorf("in place it has %q", got)
	}
	if at := l.asks(look(data+".restored-1"), "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'elsewhere'"); filepath.Dir(at) != data+".restored-1/tablespaces" {
		t.Errorf("its tablespace lies in %s", at)
	}
	lines := guided(t, "In the place of the old data", data)
	env := "export PGHOST=127.0.0.1 PGUSER=postgres PGPORT=" + l.Port + "; "
	l.must(lines[3]) // promoted and ended, then started as always
	l.must(lines[0])
	l.again()
	if got := l.Value("SELECT current_setting('archive_mode')"); got != "off" {
		t.Errorf("archive_mode is %s before somebody says so", got)
	}
	for _, line := range lines[4:] {
		l.must(env + line)
	}
	l.Server.Stop()
	l.again()
	if got := l.Value("SELECT current_setting('archive_mode')"); got != "on" {
		t.Errorf("by the guide archive_mode is %s", got)
	}
	l.position() // is archived
	for _, line := range lines[:3] {
		l.must(line)
	}
	l.again()
	if got := l.Value(sql) + " " + l.Value("SELECT current_setting('archive_mode')"); got != "1 2 3 4 5 6 1 on" {
		t.Errorf("the way back gives %q", got)
	}
}

// TestLabARestoreInPlaceOfABaseBackup has a tablespace too, and goes to the latest.
func TestLabARestoreInPlaceOfABaseBackup(t *testing.T) {
	t.Parallel()
	l := newFolderRestores(t)
	if out, err := l.Command(t.Context(), "mkdir", l.Dir+"/space").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	l.Exec("postgres", "CREATE TABLESPACE elsewhere LOCATION '"+l.Dir+"/space'")
	l.Exec("postgres", "CREATE TABLE commits TABLESPACE elsewhere AS SELECT 1 AS n")
	l.does("succeeded: folder: full backup ", "backup.run")
	l.Exec("postgres", "INSERT INTO commits VALUES (2)")
	l.Exec("postgres", "SELECT pg_switch_wal()")
	l.Exec("postgres", "INSERT INTO commits VALUES (3)")
	l.safe()
	v := l.look()
	l.end()
	l.Server.Stop()
	l.owned()
	data := l.Dir + "/data"
	req := ops.Request{Action: ops.Lit("backup.restore-in-place"), Target: v.Ref, Params: []ops.Param{{Name: ops.Lit("data"), Value: ops.Clean(data)}, {Name: ops.Lit("then"), Value: ops.Lit("promote")}}}
	a := asServer{l.restore.InPlace(judge.Followers), l.argv}
	p, err := a.Plan(t.Context(), boardOf(v), req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = l.Command(context.Background(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-m", "immediate", "-D", data).CombinedOutput()
	})
	if got := l.ended(t.Context(), a, p); !strings.HasPrefix(got, "succeeded: folder: ") {
		log, _ := os.ReadFile(data + ".restored-1/server.log")
		t.Fatalf("%s\n%s", got, log)
	}
	if got := l.rows(data + ".restored-1"); got != "1 2 3" {
		t.Errorf("in place it has %q", got)
	}
	if out, err := l.Command(t.Context(), "/usr/lib/postgresql/15/bin/pg_ctl", "stop", "-D", data).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	l.Again("fsync=off", "shared_buffers=8MB", "max_connections=16") // as it is always started
	if got := l.Value("SELECT string_agg(n::text, ' ' ORDER BY n) FROM commits"); got != "1 2 3" {
		t.Errorf("started as always it has %q", got)
	}
}
