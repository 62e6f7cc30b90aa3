//go:build lab

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"opsdeck/ops"
)

// bastion is a world that looks at another over the lab's sshd: near, where the
// consoles run, and far, where the agent does.
type bastion struct {
	*world        // the near one
	far    *world // the far one
	config string // for ssh -F
}

// newBastion returns both. The lab's sshd lets a client set the variables that
// give a login folders of its own.
func newBastion(t *testing.T, more ...string) *bastion {
	t.Helper()
	far := newWorld(t, more...)
	near := newWorld(t)
	delete(near.env, "OPSDECK_ESTATE")
	delete(near.env, "OPSDECK_RUN_DIR")
	b := &bastion{world: near, far: far, config: filepath.Join(near.dir, "ssh_config")}
	b.sshConfig("")
	folder := filepath.Join(near.env["XDG_CONFIG_HOME"], "opsdeck")
	must(t, os.MkdirAll(folder, 0o755))
	near.write(filepath.Join(folder, "config.yaml"), []byte(fmt.Sprintf("ssh: [ssh, -F, %s]\nremote: %s\n", b.config, binary())))
	return b
}

// sshConfig writes what ssh is started with: the lab's own, the far world's
// folders, and more lines.
func (b *bastion) sshConfig(more string) {
	b.Helper()
	set := []string{}
	for _, k := range []string{"XDG_STATE_HOME", "XDG_CONFIG_HOME", "OPSDECK_RUN_DIR", "OPSDECK_ESTATE"} {
		set = append(set, k+"="+b.far.env[k])
	}
	slices.Sort(set)
	own := b.read(filepath.Join(os.Getenv("OPSDECK_LAB_SSH_DIR"), "config"))
	b.write(b.config, []byte(fmt.Sprintf("Host lab\n  SetEnv %s\n%s\n%s", strings.Join(set, " "), more, own)))
}

// open opens a console here on the estate there.
func (b *bastion) open() *screen {
	b.Helper()
	return b.terminal(nil, b.binary, "--on", "lab")
}

// proxies are the far ends of this bastion's lines.
func (b *bastion) proxies() []int {
	b.Helper()
	var pids []int
	for _, pid := range b.far.processes() {
		if args := argsOf(pid); len(args) > 1 && args[1] == "proxy" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// lines are this bastion's ssh processes.
func (b *bastion) lines() []int {
	b.Helper()
	var pids []int
	for _, pid := range b.processes() {
		if args := argsOf(pid); len(args) > 0 && filepath.Base(args[0]) == "ssh" {
			pids = append(pids, pid)
		}
	}
	return pids
}

func argsOf(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // empty where it has ended
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

// cut ends the sshd sessions of all lines at once, as a machine that goes down
// does.
func (b *bastion) cut() {
	b.Helper()
	ends := b.proxies()
	if len(ends) == 0 {
		b.Fatal("there is no line to cut")
	}
	for _, pid := range ends {
		must(b.T, syscall.Kill(parent(pid), syscall.SIGKILL))
	}
}

func TestAConsoleOverSSHShowsAndActs(t *testing.T) {
	b := newBastion(t)
	name := obedient(t)
	before := startedAt(t, name)
	s := b.open()
	s.within(young, b.far.name+` on lab(?s:.*)docker live`)
	if n := len(b.lines()); n != 1 {
		t.Errorf("one console has %d ssh processes", n)
	}
	s.restart(name, "leaks memory")
	s.until(`restart container ` + name + `: done`)
	if startedAt(t, name) == before {
		t.Error("the container was not restarted")
	}
	s.keys("0")
	s.filter(name)
	s.until(`outcome\s+succeeded: restart container ` + name + `\s+root`)
	s.keys("q")
	if code := s.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	until(t, patience, "the line has ended at both ends", func() bool { return len(b.lines())+len(b.proxies()) == 0 })
	if len(about(b.far.records(), 1)) != 2 {
		t.Errorf("the far history holds %+v", b.far.records())
	}
	b.want(0, `personal agent for `+b.far.name, "--on", "lab", "agent", "status")
}

func TestHeadlessCommandsOverSSH(t *testing.T) {
	b := newBastion(t)
	name := obedient(t)
	b.want(69, `no agent answers`, "--on", "lab", "agent", "status")
	b.want(0, `job 1 succeeded`, "--on", "lab", "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	b.want(0, `succeeded: restart container `+name, "--on", "lab", "history")
	b.want(0, `whole`, "--on", "lab", "audit", "verify")
	b.want(0, name, "--on", "lab", "handover")
	b.want(0, b.far.name, "--on", "lab", "estates")
	until(t, patience, "a snapshot of what every source there said", func() bool {
		r := b.run("--on", "lab", "snapshot", "-o", "json")
		return r.code <= 2 && strings.Contains(r.out, b.far.name)
	})
	b.want(64, `agent stop does not go with --on: ssh lab opsdeck agent stop`, "--on", "lab", "agent", "stop")
	b.want(64, `is no host`, "--on", "-oProxyCommand=touch", "snapshot")
	b.want(69, `ssh to nowhere.invalid: `, "--on", "nowhere.invalid", "snapshot")
	b.write(filepath.Join(b.env["XDG_CONFIG_HOME"], "opsdeck", "config.yaml"), []byte(fmt.Sprintf("ssh: [ssh, -F, %s]\n", b.config)))
	b.want(69, `lab has no opsdeck for a login without a terminal`, "--on", "lab", "snapshot")
}

func TestALineCutInTheMiddleOfAnActionIsTakenOverByASecondLogin(t *testing.T) {
	b := newBastion(t)
	name := stubborn(t)
	before := startedAt(t, name)
	one := b.open()
	one.live()
	one.restart(name, "leaks memory")
	b.cut()
	one.until(`TUNNEL LOST since|the agent answers again`)
	two := b.open()
	two.until(`job 1 restart container ` + name)
	if startedAt(t, name) != before {
		t.Fatal("the job had ended before the second login came: nothing is shown by this")
	}
	one.headFree(`TUNNEL LOST`) // it has made a line of its own again
	one.hangUp()
	two.until(`restart container ` + name + `: done in [23]\d`)
	two.keys("0")
	two.filter(name)
	two.until(`outcome\s+succeeded: restart container ` + name + `\s+root`)
	if recs := about(b.far.records(), 1); len(recs) != 2 || recs[0].Kind != ops.RecordIntent || recs[1].Kind != ops.RecordOutcome {
		t.Errorf("the history holds %+v", recs)
	}
	b.far.want(0, `whole`, "audit", "verify")
}

func TestAFollowedJobWhoseLineIsCutGoesOnAndSaysSo(t *testing.T) {
	b := newBastion(t)
	name := stubborn(t)
	c := b.start("--on", "lab", "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	until(t, patience, "the job is followed", func() bool { return strings.Contains(c.said(), "job 1 restart") })
	b.cut()
	b.ended(c).want(t, 3, `the tunnel is gone; job 1 goes on in the agent there: opsdeck --on lab history --job 1`)
	until(t, patience, "the job has ended well", func() bool {
		return regexp.MustCompile(`succeeded`).MatchString(b.run("--on", "lab", "history", "--job", "1").out)
	})
}

func TestASilentLineIsNoticedKeepsItsPictureAndIsMadeAgain(t *testing.T) {
	b := newBastion(t)
	s := b.open()
	s.within(young, `docker live(?s:.*)\d+/13 running`) // an earlier test may have left a mark
	lines := b.lines()
	if len(lines) != 1 {
		t.Fatalf("the lines are %v", lines)
	}
	at := time.Now()
	must(t, syscall.Kill(lines[0], syscall.SIGSTOP))
	text := s.within(patience, `TUNNEL SILENT since \d\d:\d\dZ: .*; what you see is \S+ old, trying again`)
	t.Logf("said %s after the silence began", time.Since(at).Round(10*time.Millisecond))
	if strings.Contains(text, "docker live") || !strings.Contains(text, "containers: ") {
		t.Errorf("the last picture is gone, or passes for fresh:\n%s", text)
	}
	pressed := time.Now()
	s.keys("3")
	s.until(`\[3 Containers\](?s:.*)ifrs9-api`)
	t.Logf("a key was answered after %s", time.Since(pressed).Round(time.Millisecond))
	s.live()
	s.headFree(`TUNNEL SILENT`)
	until(t, patience, "the silent ssh is replaced by another", func() bool {
		now := b.lines()
		return len(now) == 1 && now[0] != lines[0]
	})
}

func TestAnAgentThatDiesBehindALineIsStartedAgainOverIt(t *testing.T) {
	b := newBastion(t)
	s := b.open()
	s.live()
	lines := b.lines()
	b.far.killAgent()
	s.until(`TUNNEL LOST since|the agent answers again`)
	s.live()
	s.headFree(`TUNNEL LOST`)
	if now := b.lines(); !slices.Equal(now, lines) {
		t.Errorf("it took another login: %v, %v", lines, now)
	}
}

func TestFaultsAreSeenOverSSH(t *testing.T) {
	whole(t)
	b := newBastion(t, forgetful)
	s := b.open()
	s.tall()
	s.answered("prometheus ok", "docker live", "13/13 running")
	for _, c := range []struct{ fault, said, mended string }{
		{"container-killed", `CRITICAL\s+ifrs9-api killed\s.*exit code 137: killed \(SIGKILL\)`, `containers: 13/13 running`},
		{"prometheus-frozen", `prometheus SILENT since \d\d:\d\dZ: accepts connections, gives no answer`, `sources .*prometheus ok`},
		{"alertmanager-down", `alertmanager REFUSED since`, `sources .*alertmanager ok`},
	} {
		at, heal := breakLab(t, c.fault)
		seen(s, at, c.fault, c.said)
		heal()
		s.within(young, c.mended) // an Alertmanager that was stopped is young again
	}
}

// plainSSH runs one command line over ssh with a key.
func (b *bastion) plainSSH(key, line string) result {
	b.Helper()
	args := []string{"-F", b.config, "-T", "-i", key, "--", "lab"}
	if line != "" {
		args = append(args, line)
	}
	cmd := exec.Command("ssh", args...)
	cmd.Env = b.environ()
	var out, errs buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the code says how it ended
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}
