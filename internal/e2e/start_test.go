//go:build lab

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// homeless is a world without an estate, on a machine with the lab's daemon.
func homeless(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	delete(w.env, "OPSDECK_ESTATE")
	w.env["DOCKER_HOST"] = os.Getenv("OPSDECK_LAB_DOCKER_HOST")
	return w
}

func TestWithoutAnEstateTheFirstScreenNamesTheNextStep(t *testing.T) {
	w := homeless(t)
	s := w.console()
	s.until(`There is no estate yet(?s:.*)Docker [\d.]+.* at unix://\S+, \d+ containers running(?s:.*)opsdeck init +writes a starter estate`)
	s.keys("?")
	s.until(`leave one level, on a pane the console`)
	s.back(`opsdeck init`)
	s.keys("q")
	if code := s.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	w.want(64, `there is no estate to look after(?s:.*)opsdeck init writes one`, "snapshot")
}

func TestInitWritesAnEstateThatAConsoleOpensOn(t *testing.T) {
	w := homeless(t)
	file := filepath.Join(w.dir, "mine.yaml")
	w.want(0, `wrote `+file+`: 1 Docker daemons?`, "init", "-o", file)
	w.want(0, `no fault`, "config", "check", file)
	w.want(64, `is there already`, "init", "-o", file)
	w.env["OPSDECK_ESTATE"] = file
	s := w.console()
	s.within(young, `sources .*docker live`)
	s.until(`containers: (\d+)/\d+ running`)
	w.want(0, `ended`, "agent", "stop")
}

func TestConfigCheckNamesEveryFaultWithItsPlace(t *testing.T) {
	w := newWorld(t)
	bad := filepath.Join(w.dir, "bad.yaml")
	w.write(bad, []byte(`estate: bad
environment: prodction
sources:
  prom: {kind: prometheus, url: "ftp://x", every: 1ms}
  dock: {kind: docker, hots: "unix:///x"}
containers:
  web: {port: 99999}
`))
	r := w.want(78, "", "config", "check", bad)
	for _, at := range []string{"2:14", "4:", "5:", "7:"} {
		if !strings.Contains(r.err, bad+":"+at) {
			t.Errorf("nothing is said of %s:\n%s", at, r.err)
		}
	}
	places := regexp.MustCompile(regexp.QuoteMeta(bad)+`:\d+:\d+: `).FindAllString(r.err, -1)
	if len(places) < 5 || !strings.Contains(r.err, "production") {
		t.Errorf("%d faults are named:\n%s", len(places), r.err)
	}
	w.env["OPSDECK_ESTATE"] = bad
	s := w.console()
	if code := s.ended(); code != 78 || !strings.Contains(s.left(), bad+":2:14") {
		t.Errorf("the console ended with %d and says:\n%s", code, s.left())
	}
}
