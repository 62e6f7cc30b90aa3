package tui

import (
	"io"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func shellPlan(argv ...string) ops.Plan {
	words := make([]ops.Text, len(argv))
	for i, w := range argv {
		words[i] = ops.Clean(w)
	}
	return ops.Plan{Request: ops.Request{Action: ops.Clean(actionShell)}, Class: ops.ClassSafe, Title: ops.Lit("shell in container api"),
		Steps: []ops.Step{{How: ops.StepExec, Argv: words}}}
}

func TestOnlyAShellByDockerIsRunInTheUsersOwnRight(t *testing.T) {
	for step, ok := range map[string]bool{
		"docker --host unix:///run/docker.sock exec -it api sh":                                                      true,
		"docker --host tcp://h:2376 --tlsverify --tlscacert /a.pem --tlscert /b.pem --tlskey /c.pem exec -it api sh": true,
		"docker exec -it api sh":                                true,
		"docker run -it api sh":                                 false,
		"docker --config /tmp/evil exec -it api sh":             false,
		"docker --host --debug exec -it api sh":                 false,
		"rm -rf exec -it api sh":                                false,
		"docker exec -it api sh -c reboot":                      false,
		"docker exec -it --privileged sh":                       false,
		"docker exec -it api bash":                              false,
		"docker --host unix:///x;reboot exec -it api sh":        true, // a path like another: no shell reads it
		"docker --tlsverify exec --tlsverify exec -it api sh":   false,
		"docker --host unix:///a -- exec -it api sh":            false,
		"docker -H unix:///run/docker.sock exec -it api sh":     false,
		"exec -it api sh":                                       false,
		"docker --host ssh://ops@far:22 exec -it shop_api_1 sh": true,
	} {
		if argv, got := handArgv(shellPlan(strings.Fields(step)...)); got != ok {
			t.Errorf("%s: %v %q", step, got, argv)
		}
	}
	spaced := []string{"docker", "--host", "tcp://h:2376", "--tlsverify", "--tlscacert", "/my certs/it's \"ca\".pem", "exec", "-it", "api", "sh"}
	if argv, ok := handArgv(shellPlan(spaced...)); !ok || !slices.Equal(argv, spaced) {
		t.Errorf("a path with spaces and quotes: %v %q", ok, argv)
	}
	inside := shellPlan("docker", "exec", "-it", "api", "sh")
	inside.Steps[0].Dir = ops.Lit("/tmp/evil")
	if _, ok := handArgv(inside); ok {
		t.Error("a folder to run it in was taken from the agent")
	}
	if _, ok := handArgv(ops.Plan{Request: ops.Request{Action: ops.Lit("container.stop")}, Steps: shellPlan(strings.Fields("docker exec -it api sh")...).Steps}); ok {
		t.Error("another action got the terminal")
	}
}

// nothing is a program that does nothing with the terminal.
type nothing struct{}

func (nothing) Run() error          { return nil }
func (nothing) SetStdin(io.Reader)  {}
func (nothing) SetStdout(io.Writer) {}
func (nothing) SetStderr(io.Writer) {}

func TestAShellIsPlannedRecordedAndThenGetsTheTerminal(t *testing.T) {
	var got []string
	r := newRig(fixture.Failing(), "none")
	r.m.o.Hand = func(argv []string) tea.ExecCommand { got = argv; return nothing{} }
	r.c.Infos = []ops.ActionInfo{{ID: ops.Clean(actionShell), Verb: ops.Lit("shell"), Class: ops.ClassDisruptive, On: ops.KindContainer}}
	p := shellPlan(strings.Fields("docker --host unix:///run/docker.sock exec -it api sh")...)
	p.Class, p.Ask = ops.ClassDisruptive, ops.Ask{Yes: true}
	r.c.Plans = map[string]ops.Plan{actionShell: p}
	r.press("3", "e")
	r.wants(t, "docker --host unix:///run/docker.sock exec -it api sh", "Do it?")
	if got != nil {
		t.Fatal("it ran before anybody said yes")
	}
	r.press("y")
	if strings.Join(got, " ") != "docker --host unix:///run/docker.sock exec -it api sh" || r.calls("start") != 1 {
		t.Errorf("%q, %v", got, r.c.Calls())
	}
	r.send(handedMsg{p.Title, 13, io.ErrUnexpectedEOF})
	if calls := r.c.Calls(); !slices.Contains(calls, "plan shell.end 13 code=unknown") || r.calls("start") != 2 {
		t.Errorf("the agent was not told that it is not known: %v", calls)
	}
	r.wants(t, "shell in container api: unexpected EOF")
	ended := fixture.Failing() // that it was recorded comes with the next board
	ended.Jobs = append([]ops.Job{{ID: 13, Title: ops.Lit("shell in container api"), State: ops.JobSucceeded, Ended: r.now}}, ended.Jobs...)
	r.board(fixture.Judged(ended))
	r.wants(t, "shell in container api: unexpected EOF")
}

// exited is how a program ended that had the terminal.
type exited int

func (e exited) Error() string { return "exit" }
func (e exited) ExitCode() int { return int(e) }

func TestTheAgentIsToldHowAShellEnded(t *testing.T) {
	for want, err := range map[string]error{"0": nil, "126": exited(126), "unknown": exited(-1)} {
		if got := endOf(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
	r := newRig(fixture.Failing(), "none")
	r.c.Refuse = ops.Errorf(ops.CodeUnavailable, "the disk is full")
	r.send(handedMsg{ops.Lit("shell in container api"), 13, exited(3)})
	r.wants(t, "the history does not say how the shell ended: the disk is full")
}

func TestWithoutATerminalToHandOverNothingIsAsked(t *testing.T) {
	r := newRig(fixture.Failing(), "none")
	r.press("3", "e")
	r.wants(t, "no terminal of its own to hand over")
	if r.calls("plan") != 0 {
		t.Errorf("%v", r.c.Calls())
	}
}
