package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"opsdeck/ops"
)

// Check opens the database read-only and walks every bucket, key and value, and
// lets bbolt check its pages. It is what Options.Probe runs in a fresh process:
// on a damaged file it may panic or die of a signal. It does not judge the
// audit chain: a forged entry is no reason to move the file aside.
func Check(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return openError(path, err)
	}
	if st.Size() == 0 {
		return damaged("empty")
	}
	db, _, err := boltOpen(path, &bolt.Options{ReadOnly: true, Timeout: defaultTimeout, PreLoadFreelist: true})
	if errors.Is(err, errLocked) {
		return heldError(path, kernelHolder(path))
	}
	if isSystem(err) {
		return openError(path, err)
	}
	if err != nil {
		return err
	}
	err = guarded(func() error { return db.View(checkAll) })
	return errors.Join(err, db.Close())
}

func checkAll(tx *bolt.Tx) error {
	if err := checkShape(tx); err != nil {
		return err
	}
	var first error
	for err := range tx.Check() {
		if first == nil {
			first = damaged("%v", err)
		}
	}
	if first != nil {
		return first
	}
	return tx.ForEach(func(name []byte, b *bolt.Bucket) error { return walk(b) })
}

// walk touches every byte of a bucket, so that one that cannot be read shows.
func walk(b *bolt.Bucket) error {
	var sum byte
	err := b.ForEach(func(k, v []byte) error {
		if v == nil {
			if inner := b.Bucket(k); inner != nil {
				return walk(inner)
			}
			return damaged("a bucket inside another cannot be opened")
		}
		for _, c := range v {
			sum ^= c
		}
		return nil
	})
	if err == nil {
		_, err = io.Discard.Write([]byte{sum}) // keeps the loop from being optimised away
	}
	return err
}

// Exit codes of ProbeMain. 2 is what a Go program ends with that panicked.
const (
	probeSound   = 0
	probeDamaged = 1
	probeRefused = 75 // EX_TEMPFAIL: the file could not be examined
	probeNewer   = 76
	probeHeld    = 77
)

// ProbeMain is the body of the child process behind Options.Probe: it runs
// Check, writes the reason to out and returns the exit code.
func ProbeMain(path string, out io.Writer) int {
	err := Check(path)
	if err == nil {
		return probeSound
	}
	fmt.Fprintln(out, ops.AsError(err).What)
	switch ops.CodeOf(err) {
	case ops.CodeVersion:
		return probeNewer
	case ops.CodeHeld:
		return probeHeld
	case ops.CodeUnavailable, ops.CodeFull:
		return probeRefused
	}
	return probeDamaged
}

// ProbeResult makes the error of Options.Probe from how the child ended. exit
// is -1 where a signal ended it; cut says that the signal was a SIGKILL or our
// own deadline, which says nothing of the file. output is what the child wrote,
// both streams.
func ProbeResult(exit int, cut bool, output []byte) error {
	why := probeReason(string(output))
	switch {
	case exit == probeSound:
		return nil
	case cut, exit == probeRefused:
		return ops.Errorf(ops.CodeUnavailable, "history could not be examined: %s", why.Or(ops.Lit("the child was killed"))).
			Help("start again; nothing was changed")
	case exit == probeNewer:
		return ops.Errorf(ops.CodeVersion, "%s", why).
			Help("run the newer opsdeck, or name another directory; nothing was changed")
	case exit == probeHeld:
		return ops.Errorf(ops.CodeHeld, "%s", why).Help("wait for it, or stop it")
	}
	return &damage{why.Or(ops.Textf("the reader ended with %d", exit))}
}

// probeReason finds the line that says why: of a crash the first one.
func probeReason(out string) ops.Text {
	last := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		for _, p := range []string{"panic: ", "fatal error: ", "unexpected fault address ", "SIGBUS: ", "SIGSEGV: "} {
			if rest, ok := strings.CutPrefix(line, p); ok {
				if strings.HasSuffix(p, "error: ") || strings.HasPrefix(p, "panic") {
					return ops.Clean(rest)
				}
				return ops.Clean(line)
			}
		}
		if line != "" {
			last = line
		}
	}
	return ops.Clean(last)
}

// VerifyAuditFile verifies the audit of a history that no agent has open. It
// opens the database read-only, under a shared lock, and writes nothing.
// Errors: CodeHeld, CodeNotFound, CodeVersion.
func VerifyAuditFile(dir string) (AuditReport, error) {
	return verifyFile(dir, defaultTimeout)
}

func verifyFile(dir string, timeout time.Duration) (rep AuditReport, err error) {
	s := &Store{dir: dir}
	st, err := os.Stat(s.path())
	if err != nil {
		return rep, ops.Errorf(ops.CodeNotFound, "there is no history in %s", dir).Help("name the directory of the agent")
	}
	if st.Size() == 0 {
		return AuditReport{Fault: ops.Textf("%s is empty", dbName)}, nil
	}
	db, _, err := boltOpen(s.path(), &bolt.Options{ReadOnly: true, Timeout: timeout})
	if errors.Is(err, errLocked) {
		return rep, heldError(dir, lockHolder(dir, s.path()))
	}
	if isDamage(err) {
		return AuditReport{Fault: ops.Textf("%s is damaged: %v", dbName, err)}, nil
	}
	if err != nil {
		return rep, openError(dir, err)
	}
	err = guarded(func() error {
		return db.View(func(tx *bolt.Tx) error {
			if err := checkShape(tx); err != nil {
				return err
			}
			heads, err := readHeads(dir)
			if err != nil {
				return err
			}
			rep = verify(tx, heads)
			return nil
		})
	})
	if isDamage(err) {
		rep, err = AuditReport{Fault: ops.Textf("%s is damaged: %v", dbName, err)}, nil
	}
	return rep, errors.Join(err, guarded(db.Close))
}
