package drill

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestTheEndOfAServersLogIsKeptWithoutSecrets(t *testing.T) {
	s := scratch{dir: t.TempDir()}
	if got := s.said(); len(got) > 0 {
		t.Errorf("a server that was never started said %v", got)
	}
	var log strings.Builder
	for n := range 5000 {
		fmt.Fprintf(&log, "2026-11-28 12:00:00 UTC [7] LOG:  line %d\n", n)
	}
	fmt.Fprintf(&log, "2026-11-28 12:00:01 UTC [7] LOG:  %s\n", strings.Repeat("long ", 1000))
	fmt.Fprintf(&log, "2026-11-28 12:00:01 UTC [7] WARNING:  host=db password=hunter2 of %s/data \x1b[31m\n2026-11-28 12:00:02 UTC [7] FATAL:  recovery ended\n", s.dir)
	if err := os.WriteFile(s.file(logFile), []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got := s.said()
	all := fmt.Sprint(got)
	if len(got) != saidLines || got[len(got)-1].String() != "2026-11-28 12:00:02 UTC [7] FATAL:  recovery ended" {
		t.Errorf("%d lines are kept, the last %q", len(got), got[len(got)-1])
	}
	for _, not := range []string{"hunter2", s.dir, "\x1b", "line 4000"} {
		if strings.Contains(all, not) {
			t.Errorf("%q is kept: %s", not, all)
		}
	}
	if !strings.Contains(all, "(scratch)/data") || !strings.Contains(all, "line 4999") || len(all) > saidLines*(saidLong+8) {
		t.Errorf("%d bytes are kept: %s", len(all), all)
	}
}

func TestALineOfALogThatIsCutIsNotKept(t *testing.T) {
	s := scratch{dir: t.TempDir()}
	const secret = "2026-11-28 12:00:01 UTC [7] LOG:  host=db password=hunter2hunter2 user=x\n"
	for at := range len(secret) { // what is kept begins at each of its bytes
		rest := strings.Repeat("y", saidBytes-len(secret)+at-1) + "\n"
		if err := os.WriteFile(s.file(logFile), []byte(strings.Repeat("old\n", 100)+secret+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		if all := fmt.Sprint(s.said()); strings.Contains(all, "hunter") || strings.Contains(all, "unter2") || !strings.Contains(all, "yyy") {
			t.Fatalf("from byte %d on it is kept: %s", at, all)
		}
	}
}
