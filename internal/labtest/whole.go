//go:build lab

// Package labtest tells a test whether the lab is whole, before the test finds
// that out by failing on something else.
package labtest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// patience is how long what was just mended may take to be ready again.
const patience = 3 * time.Minute

// Whole waits until every server, container and network of the lab is ready. A
// lab that is not fails the test with the words of `lab status`: at once, where
// its containers do not reach each other, since that does not mend itself.
func Whole(t testing.TB) {
	t.Helper()
	program := os.Getenv("OPSDECK_LAB_BIN")
	if program == "" {
		t.Fatal("no lab: make lab-up starts it, then export the lines that bin/lab env prints; make test does both")
	}
	lost := 0
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		out, err := exec.Command(program, "status").CombinedOutput()
		if err == nil {
			return
		}
		why := notReady(string(out))
		if blocked.MatchString(why) {
			lost++
		}
		if lost == 3 || time.Now().After(end) {
			t.Fatalf("the lab is not whole, so this test shows nothing; lab status says:\n%s", why)
		}
	}
}

// blocked is a network that loses what its containers send.
var blocked = regexp.MustCompile(`(?m)^not ready .* network .*does not arrive`)

// notReady are the lines of what is not ready, or all where it is none of them.
func notReady(status string) string {
	var out []string
	for line := range strings.Lines(status) {
		if !strings.HasPrefix(line, "ready") {
			out = append(out, strings.TrimRight(line, "\n"))
		}
	}
	if len(out) == 0 {
		return status
	}
	return strings.Join(out, "\n")
}
