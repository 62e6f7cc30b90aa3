package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/internal/ownfile"
	"opsdeck/ops"
)

// A line of audit.heads is
//
//	audit 1 CHAIN SEQ HASH TIME
//
// with " late" behind it where the line was written after a restart. But for
// that word it follows from the entry, so that a line torn by a crash can be
// told from a line somebody changed: it is the beginning of the right one.
const (
	headsFormat  = "audit 1"
	headsLate    = " late"
	headsMaxSize = 4 << 20 // some 28,000 transactions; then the file is rotated
	headsOld     = 3       // rotated files kept: every head covers all entries before it
)

// line returns the line of audit.heads for h, without its end.
func (h head) line() string {
	return fmt.Sprintf("%s %s %d %s %s", headsFormat, h.Chain, h.Seq, h.hash(), h.At.UTC().Format(time.RFC3339Nano))
}

// parseHead reads what line wrote.
func parseHead(s string) (h head, late, ok bool) {
	s, late = strings.CutSuffix(s, headsLate)
	rest, ok := strings.CutPrefix(s, headsFormat+" ")
	f := strings.Split(rest, " ")
	if !ok || len(f) != 4 {
		return head{}, false, false
	}
	seq, err := strconv.ParseUint(f[1], 10, 64)
	sum, err2 := hex.DecodeString(f[2])
	at, err3 := time.Parse(time.RFC3339Nano, f[3])
	if err != nil || err2 != nil || err3 != nil || len(sum) != len(h.Sum) {
		return head{}, false, false
	}
	h = head{Chain: f[0], Seq: seq, Sum: [32]byte(sum), At: at}
	return h, late, h.line() == s
}

// headsFile appends to audit.heads.
type headsFile struct {
	dir    string
	f      *os.File
	behind bool // the store's head is not written down yet
}

func newHeadsFile(dir string) *headsFile { return &headsFile{dir: dir} }

func (h *headsFile) path() string { return filepath.Join(h.dir, headsName) }

// append writes one line and syncs it. After an error the file is opened again.
func (h *headsFile) append(line string) error {
	err := h.write(line)
	if err != nil {
		err = errors.Join(err, h.close())
	}
	return err
}

func (h *headsFile) write(line string) error {
	if h.f == nil {
		f, err := ownfile.Open(h.path(), os.O_CREATE|os.O_RDWR|os.O_APPEND)
		if err != nil {
			return err
		}
		h.f = f
		if err := syncDir(h.dir); err != nil {
			return err
		}
	}
	st, err := h.f.Stat()
	if err != nil {
		return err
	}
	if st.Size() > 0 {
		end := make([]byte, 1)
		if _, err := h.f.ReadAt(end, st.Size()-1); err != nil {
			return err
		}
		if end[0] != '\n' {
			line = "\n" + line // what is torn stays, on a line of its own
		}
	}
	if _, err := h.f.WriteString(line + "\n"); err != nil {
		return err
	}
	if err := h.f.Sync(); err != nil {
		return err
	}
	if st.Size() >= headsMaxSize {
		return h.rotate()
	}
	return nil
}

// rotate renames audit.heads to audit.heads.1, and older ones one further.
func (h *headsFile) rotate() error {
	err := h.close()
	for n := headsOld; n > 1; n-- {
		e := os.Rename(h.path()+"."+strconv.Itoa(n-1), h.path()+"."+strconv.Itoa(n))
		if !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, os.Rename(h.path(), h.path()+".1"), syncDir(h.dir))
}

func (h *headsFile) close() error {
	if h.f == nil {
		return nil
	}
	f := h.f
	h.f = nil
	return f.Close()
}

// last returns the newest line that can be read, without reading all of them.
func (h *headsFile) last() (last head, found bool, err error) {
	for _, path := range []string{h.path(), h.path() + ".1"} {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return head{}, false, err
		}
		b, err := tail(f, 4096)
		if err := errors.Join(err, f.Close()); err != nil {
			return head{}, false, err
		}
		for i := len(b) - 1; i >= 0; i-- {
			if last, _, ok := parseHead(b[i]); ok {
				return last, true, nil
			}
		}
	}
	return head{}, false, nil
}

// tail returns the lines within the last max bytes of f; the first one may be
// the end of a line only.
func tail(f *os.File, max int64) ([]string, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, st.Size()-min(max, st.Size()), max))
	return strings.Split(string(b), "\n"), err
}

// headLines is audit.heads with its rotated files, oldest line first.
type headLines struct {
	lines []headLine
	// whole says that rotation has not thrown away a file yet, so that the lines
	// have to begin with the chain.
	whole bool
}

// headLine is one line of audit.heads, and where it stands.
type headLine struct{ where, text string }

// readHeads reads all lines.
func readHeads(dir string) (h headLines, err error) {
	h.whole = true
	for n := headsOld; n >= 0; n-- {
		name := headsName
		if n > 0 {
			name += "." + strconv.Itoa(n)
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return h, openError(dir, err)
		}
		h.whole = h.whole && n < headsOld
		for i, l := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
			h.lines = append(h.lines, headLine{where: fmt.Sprintf("%s line %d", name, i+1), text: string(l)})
		}
	}
	return h, nil
}

// writeHead writes the store's head down, in both its homes. The database comes
// first: a head without its entry would be an alarm, an entry without its head
// is a crash, named as such. The record is safe by now, so a failure here fails
// nothing; the next audited transaction is refused until the head is written.
func (s *Store) writeHead(late bool) error {
	line := s.head.line()
	if late {
		line += headsLate
	}
	if err := s.heads.append(line); err != nil {
		s.heads.behind = true
		s.setTrouble(ops.Textf("head of audit entry %d could not be written down: %v", s.head.Seq, err))
		return err
	}
	s.heads.behind = false
	s.setTrouble(ops.Text{})
	if s.o.Heads == nil {
		return nil
	}
	if err := s.o.Heads(line); err != nil {
		s.setTrouble(ops.Textf("head of audit entry %d did not reach the system's journal: %v", s.head.Seq, err))
	}
	return nil
}

// catchUp writes down the head that could not be written before.
func (s *Store) catchUp() error {
	if !s.heads.behind {
		return nil
	}
	err := s.writeHead(true)
	if err == nil || isFull(err) {
		return err
	}
	return ops.Errorf(ops.CodeUnavailable, "head of audit entry %d cannot be written down: %v", s.head.Seq, err).
		Help("see why the agent cannot write to %s", s.heads.path())
}

// loadHead reads the end of the chain and compares it with the last line of
// audit.heads. Only the ends: the whole is VerifyAudit's.
func (s *Store) loadHead() error {
	var batch uint64
	var fault error
	empty := false
	err := guarded(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			k, _ := tx.Bucket(auditBucket).Cursor().First()
			empty = k == nil
			s.head, batch, fault = lastEntry(tx)
			return nil
		})
	})
	if err != nil {
		return err
	}
	if empty {
		return s.begin(lost{why: ops.Lit("had an empty audit chain")})
	}
	if fault != nil {
		s.tell(ops.Textf("audit entry %d cannot be trusted (%v): verify the audit", s.head.Seq, fault))
		return nil
	}
	last, found, err := s.heads.last()
	if err != nil {
		return err
	}
	same := found && last.Chain == s.head.Chain
	switch {
	case same && last.Seq == s.head.Seq && last.Sum == s.head.Sum:
	case same && batch == last.Seq+1, !same && batch == 1:
		s.tell(ops.Textf("head of audit entry %d was not yet written down", s.head.Seq))
		_ = s.writeHead(true) // on a full disk Trouble tells, and catchUp tries again
	default:
		s.tell(ops.Textf("audit chain ends with entry %d, %s with %d: verify the audit", s.head.Seq, headsName, last.Seq))
	}
	return nil
}
