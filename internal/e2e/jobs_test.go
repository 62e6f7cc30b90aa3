//go:build lab

package e2e

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"opsdeck/ops"
)

// choose opens the menu of a container by keys.
func (s *screen) choose(name string) {
	s.Helper()
	s.keys("3")
	if !strings.Contains(s.until(`\[3 Containers\]`), "filter: "+name) {
		s.filter(name)
	}
	s.until(`(?m)^> *` + name)
	s.keys("x")
	s.until(`what to do with container ` + name)
}

// unlock unlocks production by its key.
func (s *screen) unlock() {
	s.Helper()
	s.keys("U")
	s.until(`PRODUCTION UNLOCKED until \d\d:\d\dZ`)
}

// plan goes as far as the question whether to restart a container.
func (s *screen) plan(name, reason string) {
	s.Helper()
	s.choose(name)
	s.until(`(?m)^> restart\s+disruptive`)
	s.keys("Enter")
	s.until(`restart container ` + name + `\s+DISRUPTIVE(?s:.*)POST /v[\d.]+/containers/\w+/restart`)
	s.confirm(reason)
}

// restart starts the restart of a container by keys, as a person would.
func (s *screen) restart(name, reason string) {
	s.Helper()
	s.unlock()
	s.plan(name, reason)
	s.yes(`job \d+ restart container ` + name + `|restart container ` + name + `: done`) // a quick one may be over
}

// records reads the history, oldest first.
func (w *world) records(args ...string) []ops.Record {
	w.Helper()
	r := w.want(0, "", append([]string{"history", "--json"}, args...)...)
	var recs []ops.Record
	for text := range strings.Lines(r.out) {
		var rec ops.Record
		must(w.T, json.Unmarshal([]byte(text), &rec))
		recs = append(recs, rec)
	}
	return recs
}

// about are the records of one job.
func about(recs []ops.Record, job ops.JobID) []ops.Record {
	return slices.DeleteFunc(slices.Clone(recs), func(r ops.Record) bool { return r.Job != job })
}

func TestAJobOutlivesTheTerminalItWasStartedIn(t *testing.T) {
	w := newWorld(t)
	name := stubborn(t)
	before := startedAt(t, name)
	one := w.console()
	one.live()
	one.restart(name, "leaks memory")
	one.hangUp()
	two := w.console()
	two.until(`job 1 restart container ` + name)
	if startedAt(t, name) != before {
		t.Fatal("the job had ended before the second console came: nothing is shown by this")
	}
	two.keys("0") // opened while the job runs: its end has to come by itself
	two.filter(name)
	two.until(`intent\s+restart container ` + name + `\s+root`)
	two.until(`restart container ` + name + `: done in [23]\d`)
	two.until(`outcome\s+succeeded: restart container ` + name + `\s+root`)
	if startedAt(t, name) == before {
		t.Error("the container was not restarted")
	}
	recs := about(w.records(), 1)
	if len(recs) != 2 || recs[0].Kind != ops.RecordIntent || recs[1].Kind != ops.RecordOutcome {
		t.Fatalf("the history holds %+v", recs)
	}
	if text := w.want(0, "", "history", "--job", "1").out; !regexp.MustCompile(`reason +leaks memory`).MatchString(text) {
		t.Errorf("the reason is not kept:\n%s", text)
	}
}

func TestTheHistoryPaneGrowsWhileItIsOpen(t *testing.T) {
	w := newWorld(t)
	name := stubborn(t)
	s := w.console()
	s.live()
	s.keys("0")
	s.until(`personal agent started`)
	s.filter(name)
	c := w.start("run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	s.until(`intent\s+restart container ` + name)
	until(t, patience, "the job is followed", func() bool { return strings.Contains(c.said(), "job 1 restart") })
	must(t, c.Process.Signal(os.Interrupt)) // it ends, the job goes on
	w.ended(c).want(t, 3, `not followed to its end; job 1 goes on`)
	s.until(`outcome\s+succeeded: restart container ` + name)
}

func TestAJobWhoseAgentDiesIsLostAndNeverCalledSucceeded(t *testing.T) {
	w := newWorld(t)
	name := stubborn(t)
	first := w.console()
	first.live()
	c := w.start("run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	first.until(`job 1 restart container ` + name)
	first.hangUp() // else its retry starts the next agent
	w.killAgent()
	w.ended(c).want(t, 3, `the agent is gone.*job 1`)
	two := w.console()
	two.tall()
	two.until(`warning\s+job 1 lost: restart container ` + name)
	if text := two.text(); strings.Contains(text, "succeeded: restart container "+name) || strings.Contains(text, name+": done") {
		t.Errorf("the end that nobody saw is called good:\n%s", text)
	}
	two.keys("0")
	two.filter(name)
	two.until(`outcome\s+lost: restart container ` + name)
	recs := about(w.records(), 1)
	if n := len(recs); n != 2 || !strings.HasPrefix(recs[1].What.String(), "lost: ") {
		t.Errorf("the history holds %+v", recs)
	}
	w.want(0, `whole`, "audit", "verify")
}

func TestTheSecondConsoleIsToldWhoHoldsTheTarget(t *testing.T) {
	w := newWorld(t)
	name := stubborn(t)
	s := w.console()
	s.live()
	s.unlock()
	s.plan(name, "second") // before the first has begun
	first := w.start("run", "container.stop", "container:docker/"+name, "--yes", "--reason", "first")
	s.until(`(?m)^job 1 stop container ` + name)
	held := name + ` is held by root: job 1, stop container ` + name + `,\s+since\s+(\S+ )?\d\d:\d\d:\d\dZ`
	s.yes(`restart container ` + name + ` was not started(?s:.*)` + held)
	s.back(`(?m)^> *` + name)
	s.keys("x")
	s.until(`restart\s+disruptive\s+blocked: ` + name + ` is held by root: job 1`)
	w.want(75, held, "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "third")
	w.ended(first).want(t, 0, `job 1 succeeded`)
	recs := w.records("--match", "refused")
	if len(recs) != 2 || recs[0].Kind != ops.RecordRefused {
		t.Errorf("the refusals are not kept: %+v", recs)
	}
}
