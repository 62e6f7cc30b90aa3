package store

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// holdInChild lets another process own the history in dir until release.
func holdInChild(t *testing.T, dir string) (pid int, release func()) {
	t.Helper()
	p, in, out, err := startChild("hold", dir)
	must(t, err)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "open <nil>\n" {
		t.Fatalf("child says %q, %v", line, err)
	}
	done := false
	release = func() {
		if !done {
			done = true
			must(t, in.Close())
			_, err := p.Wait()
			must(t, err)
		}
	}
	t.Cleanup(release)
	return p.Pid, release
}

func TestASecondOwnerLearnsWhoHoldsTheHistory(t *testing.T) {
	dir := stateDir(t)
	pid, release := holdInChild(t, dir)
	want := fmt.Sprintf("history is locked by pid %d", pid)
	ask := map[string]func() error{
		"open":   func() error { _, err := Open(dir, Options{}); return err },
		"verify": func() error { _, err := VerifyAuditFile(dir); return err },
	}
	for name, f := range ask {
		if e := ops.AsError(f()); e.Code != ops.CodeHeld || e.What.String() != want || e.Remedy.Empty() {
			t.Errorf("%s: %v %q", name, e.Code, e.What)
		}
	}
	for what, stale := range map[string]string{
		"of another process": "pid 1 start 7\n", "of nobody": "", "torn": "pid 12",
	} {
		must(t, os.WriteFile(filepath.Join(dir, lockName), []byte(stale), 0o600))
		for name, f := range ask {
			if e := ops.AsError(f()); e.What.String() != want {
				t.Errorf("pid file %s: %s: %q", what, name, e.What)
			}
		}
	}
	release()
	open(t, dir, Options{})
}

func TestAReaderOfTheFileHoldsItToo(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 1)
	db, err := bolt.Open(filepath.Join(dir, dbName), 0o600, &bolt.Options{ReadOnly: true})
	must(t, err)
	_, err = Open(dir, Options{})
	if ops.CodeOf(err) != ops.CodeHeld || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
		t.Fatal(err)
	}
	rep, err := VerifyAuditFile(dir) // readers do not exclude each other
	if err != nil || !rep.OK {
		t.Fatal(rep, err)
	}
	must(t, db.Close())
	open(t, dir, Options{})
}

func TestVerifyAuditFileWritesNothing(t *testing.T) {
	dir := stateDir(t)
	if _, err := VerifyAuditFile(dir); ops.CodeOf(err) != ops.CodeNotFound {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("it made the directory")
	}
	filled(t, dir, 2)
	list := func() (s string) {
		es, err := os.ReadDir(dir)
		must(t, err)
		for _, e := range es {
			st, err := e.Info()
			must(t, err)
			s += fmt.Sprintln(e.Name(), st.Size(), st.ModTime().UnixNano())
		}
		return s
	}
	before := list()
	_, err := VerifyAuditFile(dir)
	must(t, err)
	if after := list(); after != before {
		t.Errorf("before\n%safter\n%s", before, after)
	}
}
