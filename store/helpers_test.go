package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// childEnv makes this test binary the child that probes a file, or one that
// holds a history until its input closes.
const childEnv = "OPSDECK_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "probe":
		os.Exit(ProbeMain(os.Args[1], os.Stdout))
	case "hold":
		s, err := Open(os.Args[1], Options{})
		fmt.Println("open", err)
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = s.Close()
		os.Exit(0)
	case "write":
		os.Exit(writeForEver(os.Args[1]))
	}
	os.Exit(m.Run())
}

// writeForEver appends audited records, and says each one that is on disk.
func writeForEver(dir string) int {
	s, err := Open(dir, Options{})
	for err == nil {
		var recs []ops.Record
		if recs, err = s.Append(intent("x"), intent("y")); err == nil {
			fmt.Println(recs[1].Seq)
		}
	}
	fmt.Println(err)
	return 1
}

// startChild runs this binary in a role, with what it writes in the returned
// pipe and its input open until in is closed.
func startChild(role, arg string) (p *os.Process, in, out *os.File, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	p, err = os.StartProcess(exe, []string{exe, arg}, &os.ProcAttr{
		Env: append(os.Environ(), childEnv+"="+role), Files: []*os.File{inR, outW, outW}})
	return p, inW, outR, errors.Join(err, inR.Close(), outW.Close())
}

// probe is the Probe that cmd makes, with this binary as the child.
func probe(path string) error {
	p, in, out, err := startChild("probe", path)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(out)
	if err != nil {
		return err
	}
	st, err := p.Wait()
	if err != nil {
		return err
	}
	ws := st.Sys().(syscall.WaitStatus)
	return errors.Join(ProbeResult(st.ExitCode(), ws.Signaled() && ws.Signal() == syscall.SIGKILL, b), in.Close(), out.Close())
}

var begun = time.Date(2026, 11, 21, 2, 4, 0, 0, time.UTC)

// clock is one second later every time it is asked.
func clock() func() time.Time {
	now := begun.Add(-time.Second)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func still() time.Time { return begun }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func stateDir(t testing.TB) string { return filepath.Join(t.TempDir(), "state") }

func note(what string) ops.Record {
	return ops.Record{Kind: ops.RecordNote, What: ops.Clean(what), Ref: ops.NewRef(ops.KindContainer, "docker", "web")}
}

func intent(what string) ops.Record {
	return ops.Record{Kind: ops.RecordIntent, What: ops.Clean(what), Ref: ops.NewRef(ops.KindContainer, "docker", "web"),
		Actor: ops.Actor{Name: ops.Lit("ana"), UID: 1000, Role: ops.RoleOperator}}
}

// filled makes a history with some of everything and closes it. Its audit chain
// has n entries behind the first, one a transaction, but for one of two.
func filled(t testing.TB, dir string, n int) {
	t.Helper()
	s := open(t, dir, Options{Now: clock()})
	for i := 0; i < n; i++ {
		recs := []ops.Record{note(fmt.Sprintf("seen %d", i)), intent(fmt.Sprintf("restart %d", i))}
		if i == 1 {
			recs = append(recs, intent("and another"))
			n--
		}
		_, err := s.Append(recs...)
		must(t, err)
	}
	must(t, s.PutValue("looked.ana", []byte("then")))
	must(t, s.Close())
}

// raw changes the closed database with bbolt itself.
func raw(t testing.TB, dir string, f func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, dbName), 0o600, &bolt.Options{Timeout: time.Second})
	must(t, err)
	must(t, db.Update(f))
	must(t, db.Close())
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	must(t, os.CopyFS(to, os.DirFS(from)))
}

// ended is the error of an EndJob whose record is of no interest.
func ended(_ ops.Record, err error) error { return err }
