package store

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

func TestOpenMovesADamagedFileAside(t *testing.T) {
	for name, damageTo := range map[string]func(t *testing.T, path string){
		"cut to half":                        func(t *testing.T, p string) { must(t, os.Truncate(p, 12*1024)) },
		"cut to 100":                         func(t *testing.T, p string) { must(t, os.Truncate(p, 100)) },
		"emptied":                            func(t *testing.T, p string) { must(t, os.Truncate(p, 0)) },
		"both meta pages overwritten":        func(t *testing.T, p string) { overwrite(t, p, 0, 8192) },
		"all but the meta pages overwritten": func(t *testing.T, p string) { overwrite(t, p, 8192, 1<<20) },
		"another program's file": func(t *testing.T, p string) {
			must(t, os.WriteFile(p, bytes.Repeat([]byte("not a database\n"), 4000), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t)
			filled(t, dir, 5)
			path := filepath.Join(dir, dbName)
			damageTo(t, path)
			before, err := os.ReadFile(path)
			must(t, err)
			taken := path + ".corrupt-20261121T020400Z"
			must(t, os.WriteFile(taken, []byte("an earlier one"), 0o600))
			s := open(t, dir, Options{Now: still, Probe: probe})
			aside := taken + "-2"
			after, err := os.ReadFile(aside)
			must(t, err)
			if !bytes.Equal(before, after) {
				t.Error("the file moved aside is not the damaged one")
			}
			if b, _ := os.ReadFile(taken); string(b) != "an earlier one" {
				t.Error("an earlier one was overwritten")
			}
			n := s.Notice().String()
			if !strings.Contains(n, "moved to "+filepath.Base(aside)+", a new one begun") {
				t.Errorf("notice %q", n)
			}
			recs, err := s.History(ops.Query{})
			must(t, err)
			if len(recs) != 1 || recs[0].Kind != ops.RecordAgent || recs[0].What.String() != n || recs[0].Seq != 1 {
				t.Errorf("first records %+v", recs)
			}
			rep, err := s.VerifyAudit()
			must(t, err)
			if notes := ops.Textf("%v", rep.Notes).String(); !rep.OK || !strings.Contains(notes, "its last head was 6 ") ||
				!strings.Contains(notes, filepath.Base(aside)) {
				t.Errorf("%+v", rep)
			}
			must(t, s.Close())
			if s := open(t, dir, Options{Now: still, Probe: probe}); !s.Notice().Empty() {
				t.Errorf("second open: %q", s.Notice())
			}
		})
	}
}

func overwrite(t *testing.T, path string, from, to int) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	r := rand.New(rand.NewPCG(1, 2))
	for i := from; i < min(to, len(b)); i++ {
		b[i] = byte(r.Uint32())
	}
	must(t, os.WriteFile(path, b, 0o600))
}

func TestOpenWithoutTheFile(t *testing.T) {
	t.Run("zero length without a marker is a fresh start", func(t *testing.T) {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, dbName), nil, 0o600))
		if s := open(t, dir, Options{Now: still, Probe: probe}); !s.Notice().Empty() {
			t.Errorf("notice %q", s.Notice())
		}
	})
	t.Run("a history that is gone is told", func(t *testing.T) {
		dir := stateDir(t)
		filled(t, dir, 3)
		must(t, os.Remove(filepath.Join(dir, dbName)))
		if s := open(t, dir, Options{Now: still}); s.Notice().String() != "history.db is gone: a new one begun" {
			t.Errorf("notice %q", s.Notice())
		}
	})
	t.Run("the marker gone as well", func(t *testing.T) {
		dir := stateDir(t)
		filled(t, dir, 3)
		must(t, os.Remove(filepath.Join(dir, dbName)))
		must(t, os.Remove(filepath.Join(dir, markerName)))
		if s := open(t, dir, Options{Now: still}); s.Notice().Empty() {
			t.Error("audit.heads knows of a history, and nothing is told")
		}
	})
}

func TestOpenRefusesANewerFormatAndTouchesNothing(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"in the marker": func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, markerName), []byte(`{"version":2}`), 0o600))
		},
		"in the database": func(t *testing.T, dir string) {
			raw(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(metaBucket).Put(versionKey, key(2)) })
		},
	} {
		for how, p := range map[string]func(string) error{"probed": probe, "not probed": nil} {
			t.Run(name+", "+how, func(t *testing.T) {
				dir := stateDir(t)
				filled(t, dir, 3)
				change(t, dir)
				before, err := os.ReadFile(filepath.Join(dir, dbName))
				must(t, err)
				_, err = Open(dir, Options{Probe: p})
				if e := ops.AsError(err); e.Code != ops.CodeVersion || e.Remedy.Empty() {
					t.Fatalf("want %v with a remedy: %v", ops.CodeVersion, err)
				}
				after, err := os.ReadFile(filepath.Join(dir, dbName))
				must(t, err)
				if !bytes.Equal(before, after) {
					t.Error("the database was changed")
				}
				if m, _ := filepath.Glob(filepath.Join(dir, "*corrupt*")); len(m) > 0 {
					t.Errorf("moved: %v", m)
				}
			})
		}
	}
}

func TestAProbeThatCouldNotRunMovesNothing(t *testing.T) {
	for name, err := range map[string]error{
		"no such program":   &fs.PathError{Op: "fork/exec", Path: "/x", Err: fs.ErrNotExist},
		"killed for memory": ProbeResult(-1, true, nil),
		"could not examine": ProbeResult(75, false, []byte("history cannot be used")),
	} {
		t.Run(name, func(t *testing.T) {
			dir := stateDir(t)
			filled(t, dir, 2)
			must(t, os.Remove(filepath.Join(dir, lockName))) // not left cleanly
			_, got := Open(dir, Options{Probe: func(string) error { return err }})
			if ops.CodeOf(got) != ops.CodeUnavailable {
				t.Fatalf("want %v: %v", ops.CodeUnavailable, got)
			}
			if s := open(t, dir, Options{Probe: probe}); !s.Notice().Empty() {
				t.Errorf("notice %q", s.Notice())
			}
		})
	}
}

func TestAHistoryLeftCleanlyIsNotProbed(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 2)
	ran := 0
	o := Options{Probe: func(string) error { ran++; return nil }}
	must(t, open(t, dir, o).Close())
	if ran != 0 {
		t.Fatalf("probed %d times", ran)
	}
	raw(t, dir, func(tx *bolt.Tx) error { return tx.Bucket(valueBucket).Put([]byte("x"), []byte("y")) })
	must(t, open(t, dir, o).Close())
	if ran != 1 {
		t.Fatalf("somebody wrote to it: probed %d times", ran)
	}
}

func TestAFileThatBreaksWhileOpenGivesErrorsAndLetsGo(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 5)
	s := open(t, dir, Options{})
	must(t, os.Truncate(filepath.Join(dir, dbName), 8192)) // reading the map is a bus error now
	_, err := s.History(ops.Query{})
	if ops.CodeOf(err) != ops.CodeUnavailable || s.Trouble().Empty() {
		t.Fatalf("read: %v, trouble %q", err, s.Trouble())
	}
	if _, err := s.Append(note("x")); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Fatalf("write: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s := open(t, dir, Options{Now: still, Probe: probe}); s.Notice().Empty() {
		t.Error("nothing told")
	}
}

// auditPages returns where the audit's keys and values lie in the file, and the
// pages that hold them, by asking bbolt's own map.
func auditPages(t *testing.T, dir string) (content map[int64]bool, pages map[int64]bool, size int64) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, dbName), 0o600, &bolt.Options{ReadOnly: true})
	must(t, err)
	content, pages = map[int64]bool{}, map[int64]bool{}
	info := db.Info()
	size = int64(info.PageSize)
	must(t, db.View(func(tx *bolt.Tx) error {
		pages[int64(auditOf(tx).Root())] = true
		return auditOf(tx).ForEach(func(k, v []byte) error {
			for _, b := range [][]byte{k, v} {
				at := int64(uintptr(unsafe.Pointer(&b[0])) - info.Data)
				for i := range b {
					content[at+int64(i)] = true
				}
				pages[at/size] = true
			}
			return nil
		})
	}))
	must(t, db.Close())
	return content, pages, size
}

// Bits of the audit's pages in the file itself. A changed byte of a key or a
// value has to be found. One of the page's own bookkeeping, or between the
// entries, has to be found or must change nothing that can be read: bbolt has
// no checksum over pages, and a byte nobody reads is not the audit.
func TestChangedBytesInTheAuditsPagesAreNeverAccepted(t *testing.T) {
	dir := stateDir(t)
	filled(t, dir, 40)
	want, err := VerifyAuditFile(dir)
	must(t, err)
	content, pages, size := auditPages(t, dir)
	if len(pages) < 4 {
		t.Fatalf("only %d pages: the test shows little", len(pages))
	}
	path := filepath.Join(dir, dbName)
	sound, err := os.ReadFile(path)
	must(t, err)
	var places []int64
	for p := range pages {
		for i := int64(0); i < 16+40*16 && i < size; i++ {
			if i < 64 || i%5 == 0 {
				places = append(places, p*size+i) // header and first elements
			}
		}
	}
	slices.Sort(places)
	r := rand.New(rand.NewPCG(7, 7))
	for _, at := range slices.Sorted(maps.Keys(content)) {
		if r.IntN(24) == 0 {
			places = append(places, at)
		}
	}
	inContent, found, same := 0, 0, 0
	for n, at := range places {
		b := bytes.Clone(sound)
		b[at] ^= 1 << (n % 8)
		must(t, os.WriteFile(path, b, 0o600))
		rep, bad := verified(t, dir)
		if content[at] {
			inContent++
			if !bad {
				t.Fatalf("byte %d of the file, in an entry, changed: not found", at)
			}
		}
		switch {
		case bad:
			found++
		case rep.Head == want.Head && rep.Entries == want.Entries:
			same++
		default:
			t.Fatalf("byte %d of the file changed: accepted with %+v", at, rep)
		}
	}
	if inContent < 100 {
		t.Fatalf("only %d bytes of entries tried", inContent)
	}
	t.Logf("%d bytes tried, %d of them in entries; %d found, %d without effect", len(places), inContent, found, same)
}

// verified verifies, and reports whether anything at all was found.
func verified(t *testing.T, dir string) (AuditReport, bool) {
	t.Helper()
	rep, err := VerifyAuditFile(dir)
	return rep, err != nil || !rep.OK
}

func TestProbeResultSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		exit int
		cut  bool
		out  string
		code ops.Code
		want string
	}{
		"sound":            {0, false, "", 0, ""},
		"damaged":          {1, false, "invalid database\n", ops.CodeInternal, "invalid database"},
		"panic":            {2, false, "panic: invalid freelist page: 5, page type is unknown<00>\n\ngoroutine 1 [running]:\n", ops.CodeInternal, "invalid freelist page: 5, page type is unknown<00>"},
		"fault":            {2, false, "unexpected fault address 0x7f00\nfatal error: fault\n[signal SIGBUS]\n", ops.CodeInternal, "unexpected fault address 0x7f00"},
		"died of a signal": {-1, false, "", ops.CodeInternal, "the reader ended with -1"},
		"killed":           {-1, true, "", ops.CodeUnavailable, "history could not be examined: the child was killed"},
		"newer":            {76, false, "history has format 2", ops.CodeVersion, "history has format 2"},
		"held":             {77, false, "history is locked by pid 7", ops.CodeHeld, "history is locked by pid 7"},
	} {
		t.Run(name, func(t *testing.T) {
			err := ProbeResult(c.exit, c.cut, []byte(c.out))
			if (err == nil) != (c.exit == 0) {
				t.Fatal(err)
			}
			if err != nil && (ops.CodeOf(err) != c.code || ops.AsError(err).What.String() != c.want) {
				t.Fatalf("%v %q", ops.CodeOf(err), ops.AsError(err).What)
			}
		})
	}
	if !isDamage(ProbeResult(2, false, nil)) || errors.Is(ProbeResult(2, false, nil), errLocked) {
		t.Error("a crash of the reader is damage")
	}
}

// A process killed in the middle of writing leaves a history that holds all it
// said was on disk, is not taken for damaged, and raises no alarm.
func TestAKilledOwner(t *testing.T) {
	dir := stateDir(t)
	for round := range 12 {
		p, in, out, err := startChild("write", dir)
		must(t, err)
		lines, last := bufio.NewScanner(out), ""
		for n := 0; n < 3+round && lines.Scan(); n++ {
			last = lines.Text()
		}
		must(t, p.Kill())
		_, err = p.Wait()
		must(t, err)
		for lines.Scan() {
			last = lines.Text()
		}
		must(t, errors.Join(in.Close(), out.Close()))
		said, err := strconv.ParseUint(last, 10, 64)
		must(t, err)
		rep, err := VerifyAuditFile(dir)
		if err != nil || !rep.OK {
			t.Fatalf("round %d: %+v, %v", round, rep, err)
		}
		s := open(t, dir, Options{Probe: probe})
		if n := s.Notice().String(); n != "" && !strings.Contains(n, "was not yet written down") {
			t.Fatalf("round %d: notice %q", round, n)
		}
		recs, err := s.History(ops.Query{Limit: 1})
		if err != nil || recs[0].Seq < said {
			t.Fatalf("round %d: said %d, found %+v, %v", round, said, recs, err)
		}
		if rep, err := s.VerifyAudit(); err != nil || !rep.OK || rep.Entries != recs[0].Seq+1 {
			t.Fatalf("round %d: after open: %+v, %v", round, rep, err)
		}
		must(t, s.Close())
	}
}
