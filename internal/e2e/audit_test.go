//go:build lab

package e2e

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// audited is a world whose history holds one restart with its reason; its agent
// has ended.
func audited(t *testing.T, reason string) *world {
	t.Helper()
	w := newWorld(t)
	w.want(0, `job 1 succeeded`, "run", "container.restart", "container:docker/"+obedient(t), "--yes", "--reason", reason)
	w.want(0, `(?m)^whole: every entry follows`, "audit", "verify") // asks the agent
	w.stopAgent()
	w.want(0, `(?m)^whole: every entry follows`, "audit", "verify") // reads the file
	return w
}

func TestAChangedByteOfTheAuditIsFound(t *testing.T) {
	const reason = "leaks memory, see ticket 4711"
	w := audited(t, reason)
	path := w.state("history.db")
	whole := w.read(path)
	found, places := 0, 0
	for from := 0; ; places++ {
		i := bytes.Index(whole[from:], []byte(reason))
		if i < 0 {
			break
		}
		from += i + len(reason)
		changed := bytes.Clone(whole)
		changed[from-1] ^= 1
		w.write(path, changed)
		// The reason also stands in the job, in the records and on pages that are
		// free by now; only a change of the audit is one to the audit.
		if r := w.run("audit", "verify"); r.code == 2 {
			found++
			r.want(t, 2, `(?m)^broken: entry \d+`)
		} else {
			r.want(t, 0, `(?m)^whole`)
		}
	}
	if places < 3 || found < 1 {
		t.Errorf("%d places hold the reason, a change of %d is found", places, found)
	}
	w.write(path, whole)
	w.want(0, `(?m)^whole`, "audit", "verify")
}

func TestACutTailOfTheAuditIsFound(t *testing.T) {
	w := audited(t, "first")
	db, err := bolt.Open(w.state("history.db"), 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bolt.Tx) error {
		c := tx.Bucket([]byte("audit")).Cursor()
		c.Last()
		return c.Delete()
	}))
	must(t, db.Close())
	r := w.want(2, `(?m)^broken: `, "audit", "verify")
	if !regexp.MustCompile(`\d`).MatchString(r.out) {
		t.Errorf("which entry is missing is not said:\n%s", r.out)
	}
	w.want(0, "", "history") // an agent takes such a file over
	w.want(2, `(?m)^broken: `, "audit", "verify")
}

func TestAFileWithoutItsTailIsFound(t *testing.T) {
	w := audited(t, "first")
	path := w.state("history.db")
	must(t, os.Truncate(path, int64(len(w.read(path))/2)))
	if r := w.run("audit", "verify"); r.code == 0 {
		t.Errorf("half a file is called good:\n%s%s", r.out, r.err)
	}
}
