//go:build lab

package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// witness is a test that is told to fail, and goes on in the one that asks.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Helper() {}

func (w *witness) Fatal(args ...any) { w.said = fmt.Sprint(args...); panic(w) }

func (w *witness) Fatalf(format string, args ...any) { w.said = fmt.Sprintf(format, args...); panic(w) }

// says is what Whole fails with where `lab status` is a script; empty where it
// does not fail.
func says(t *testing.T, script string) (said string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "lab")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OPSDECK_LAB_BIN", program)
	w := &witness{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(w) {
			panic(r)
		}
		said = w.said
	}()
	Whole(w)
	return ""
}

func TestALabThatIsNotWholeIsSaidInItsOwnWords(t *testing.T) {
	if said := says(t, "echo 'ready      all'"); said != "" {
		t.Errorf("a whole lab: %s", said)
	}
	const lost = "not ready  ifrs9_backend  -  network      from a to b: it does not arrive: FORWARD has policy DROP"
	said := says(t, "echo 'ready      redis'; echo '"+lost+"'; exit 1")
	if !strings.Contains(said, lost) || strings.Contains(said, "redis") {
		t.Errorf("it says %q", said)
	}
	// What is on its way up is waited for.
	file := filepath.Join(t.TempDir(), "second")
	if said := says(t, "test -e "+file+" || { touch "+file+"; echo 'not ready  ifrs9-api  18000  container  starting'; exit 1; }"); said != "" {
		t.Errorf("one that comes up: %s", said)
	}
}
