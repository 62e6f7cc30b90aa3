//go:build lab

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"opsdeck/agent"
	"opsdeck/ops"
)

// otherBuild is this program with another number of the protocol: built once, of
// the same sources but for the line that holds the number.
var otherBuild struct {
	once sync.Once
	path string
	err  error
}

const otherProtocol = agent.Protocol + 7

// other returns the build that speaks another protocol.
func other(t *testing.T) string {
	t.Helper()
	otherBuild.once.Do(func() { otherBuild.path, otherBuild.err = buildOther() })
	must(t, otherBuild.err)
	return otherBuild.path
}

func buildOther() (string, error) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return "", err
	}
	source := filepath.Join(root, "agent", "wire.go")
	text, err := os.ReadFile(source)
	if err != nil {
		return "", err
	}
	before, after := fmt.Sprintf("const Protocol = %d\n", agent.Protocol), fmt.Sprintf("const Protocol = %d\n", otherProtocol)
	if strings.Count(string(text), before) != 1 {
		return "", fmt.Errorf("%s does not hold %q once", source, before)
	}
	changed := filepath.Join(home(), "wire.go")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), before, after, 1)), 0o644); err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	if err != nil {
		return "", err
	}
	list := filepath.Join(home(), "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		return "", err
	}
	out := filepath.Join(home(), "opsdeck-other")
	build := exec.Command("go", "build", "-overlay", list, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=other", "-o", out, "./cmd/opsdeck")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the other program: %w\n%s", err, said)
	}
	return out, nil
}

// onlyConsole is the world's only console.
func (w *world) onlyConsole() int {
	w.Helper()
	var pids []int
	for _, pid := range w.processes() {
		if args := argsOf(pid); len(args) == 1 && args[0] == w.binary {
			pids = append(pids, pid)
		}
	}
	if len(pids) != 1 {
		w.Fatalf("the consoles are %v", pids)
	}
	return pids[0]
}

// of is the same world with another program.
func (w *world) of(program string) *world {
	o := *w
	o.binary = program
	return &o
}

func TestAnUpgradeLosesNothingAndSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name           string
		older, newer   func(*testing.T) string
		remedy, theirs string
	}{
		{"the console is the newer", func(*testing.T) string { return binary() }, other,
			`restart the agent with this build: opsdeck agent stop`, fmt.Sprintf(`speaks protocol %d, the agent \(version .*, pid \d+\) speaks %d`, otherProtocol, agent.Protocol)},
		{"the agent is the newer", other, func(*testing.T) string { return binary() },
			`leave this console and open it with the agent's build`, fmt.Sprintf(`speaks protocol %d, the agent \(version other.*, pid \d+\) speaks %d`, agent.Protocol, otherProtocol)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			name := stubborn(t)
			running, coming := w.of(c.older(t)), w.of(c.newer(t))
			job := running.start("run", "container.restart", "container:docker/"+name, "--yes", "--reason", "upgrade")
			until(t, patience, "the job runs", func() bool { return strings.Contains(job.said(), "job 1 restart") })
			pid := w.agent()
			s := coming.console()
			if code := s.ended(); code != 69 {
				t.Errorf("the console ended with %d", code)
			}
			if text := strings.Join(strings.Fields(s.left()), " "); !matches(text, c.theirs) || !matches(text, c.remedy) {
				t.Errorf("the console says:\n%s", s.left())
			}
			coming.want(69, c.theirs, "agent", "status")
			coming.want(69, c.theirs, "snapshot")
			coming.want(0, fmt.Sprintf(`agent %d has ended`, pid), "agent", "stop") // it waits for the job
			w.ended(job)
			next := coming.console()
			next.live()
			next.keys("0")
			next.filter(name)
			next.until(`outcome\s+succeeded: restart container ` + name)
			coming.want(0, `whole`, "audit", "verify")
			if recs := about(coming.records(), 1); len(recs) != 2 || recs[1].Kind != ops.RecordOutcome {
				t.Errorf("the history holds %+v", recs)
			}
		})
	}
}

func TestAnOpenConsoleSaysThatTheAgentBecameAnother(t *testing.T) {
	w := newWorld(t)
	program := other(t)
	s := w.console()
	s.live()
	// The console starts an agent of its own build where it finds none, so it stands
	// still until the other one is there.
	pid := w.onlyConsole()
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	w.stopAgent()
	w.of(program).start("agent", "--personal")
	w.agent()
	must(t, syscall.Kill(pid, syscall.SIGCONT))
	s.until(`AGENT LOST since \d\d:\d\dZ: this console speaks protocol \d+, the agent \(version other`)
	s.keys("3")
	s.until(`\[3 Containers\](?s:.*)ifrs9-api`) // the last picture stays
}

func TestBuildsOfOneProtocolWorkTogether(t *testing.T) {
	w := newWorld(t)
	other := filepath.Join(w.dir, "opsdeck")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=previous", "-o", other, "./cmd/opsdeck")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	w.of(other).console().live()
	s := w.console()
	s.live()
	w.want(0, `version previous`, "agent", "status")
}

func TestABuildOfAnotherProtocolBehindALineSaysSo(t *testing.T) {
	b := newBastion(t)
	b.far.of(other(t)).start("agent", "--personal")
	b.far.agent()
	b.want(69, fmt.Sprintf(`on lab: this console speaks protocol %d, the agent \(version other.*, pid \d+\) speaks %d`, agent.Protocol, otherProtocol), "--on", "lab", "snapshot")
}
