//go:build lab

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func TestTwoAgentsOfOneEstateKnowOfEachOther(t *testing.T) {
	one := newWorld(t)
	first := one.console()
	first.live()
	two := one.beside()
	second := two.console()
	said := fmt.Sprintf(`another agent \(pid %d, uid 0\) looks after this estate too`, one.agent())
	second.until(said)
	two.want(0, said, "agent", "status")
	if two.agent() == one.agent() {
		t.Error("there is one agent only: nothing is shown by this")
	}
	if strings.Contains(first.text(), "another agent") {
		t.Error("the first agent warns of the second, which says so itself")
	}
}

func TestTheSecondAgentOnOneHistoryEndsAndSaysWhoOwnsIt(t *testing.T) {
	w := newWorld(t)
	w.console().live()
	owner := fmt.Sprintf(`history is locked by pid %d`, w.agent())
	w.want(75, owner+`(?s:.*)talk to the agent that owns`, "agent", "--personal")
	// A console that cannot reach the owner's socket starts a second agent, and
	// has to say why that ends.
	must(t, os.Remove(w.state("agent.sock")))
	s := w.console()
	if code := s.ended(); code != 69 {
		t.Errorf("the console ended with %d", code)
	}
	if text := s.left(); !regexp.MustCompile(owner).MatchString(text) {
		t.Errorf("the console says:\n%s", text)
	}
}

// viewer makes everybody who has no other grant one.
const viewer = "access: {default: viewer, grants: [{user: root, role: viewer}]}"

func TestAViewerCannotAct(t *testing.T) {
	w := newWorld(t, viewer)
	name := stubborn(t)
	before := startedAt(t, name)
	s := w.console()
	s.live()
	s.until(`root \(viewer\)`)
	s.choose(name)
	s.until(`restart\s+disruptive\s+blocked: root is a viewer here, and container.restart needs operator`)
	s.keys("Enter")
	s.until(`restart cannot run: root is a viewer here`)
	s.back(`(?m)^> *` + name)
	s.keys("U")
	s.until(`was not started(?s:.*)root is a viewer here, and console.unlock needs operator`)
	w.want(77, `root is a viewer here`, "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	c := w.wire("s")
	c.refused(c.unlock(), 403, "denied")
	for _, action := range []string{"container.restart", "container.stop"} {
		p := c.plan(action, name)
		if p.status != 200 {
			t.Errorf("a viewer may look at a plan: %d %s", p.status, p.body)
		}
		c.refused(c.start(p.ID), 403, "denied")
	}
	c.refused(c.call("POST", "cancel", `{"job":1}`), 404, "not-found")
	if startedAt(t, name) != before {
		t.Error("the container was restarted")
	}
	if recs := w.records("--match", "refused"); len(recs) < 4 {
		t.Errorf("the attempts are not kept: %+v", recs)
	}
}

// nobody is a user that every Debian has and that nothing belongs to.
const nobody = 65534

func TestAnotherUserOfTheMachineIsWhoTheKernelSays(t *testing.T) {
	w := newWorld(t, "access: {default: viewer, grants: [{user: root, role: operator}]}")
	name := stubborn(t)
	before := startedAt(t, name)
	run := w.env["OPSDECK_RUN_DIR"]
	must(t, os.MkdirAll(run, 0o755)) // systemd makes it in production
	agent := w.start("agent", "--system", "--state", filepath.Join(w.dir, "state"), "--group", "nogroup")
	socket := filepath.Join(run, w.name+".sock")
	root, other := wire{T: t, socket: socket, session: "s"}, wire{T: t, socket: socket, session: "s", uid: nobody}
	until(t, patience, "the system agent answers", func() bool { _, err := root.try("GET", "hello", ""); return err == nil })
	if a := root.unlock(); a.status != 200 {
		t.Fatalf("root cannot unlock: %s", a.body)
	}
	mine := root.plan("container.restart", name)
	other.refused(other.start(mine.ID), 410, "expired") // the same session's name is not the same session
	other.refused(other.unlock(), 403, "denied")
	p := other.plan("container.restart", name)
	other.refused(other.start(p.ID), 403, "denied")
	home := filepath.Join(w.dir, "nobody")
	must(t, os.Mkdir(home, 0o755))
	must(t, os.Chown(home, nobody, nobody))
	theirs := *w
	theirs.env = map[string]string{}
	for k, v := range w.env {
		theirs.env[k] = v
	}
	theirs.env["HOME"] = home
	c := theirs.startAs(&syscall.Credential{Uid: nobody, Gid: nobody}, "run", "container.restart", "container:docker/"+name, "--yes", "--reason", "test")
	theirs.ended(c).want(t, 77, `nobody is a viewer here`)
	until(t, patience, "a viewer sees what every source said", func() bool {
		r := theirs.ended(theirs.startAs(&syscall.Credential{Uid: nobody, Gid: nobody}, "snapshot", "-o", "nagios"))
		return r.code <= 2 && r.out != ""
	})
	if startedAt(t, name) != before {
		t.Error("the container was restarted")
	}
	must(t, agent.Process.Signal(syscall.SIGTERM))
	w.ended(agent).want(t, 0, "agent ready")
	if _, err := root.try("GET", "hello", ""); !gone(err) {
		t.Errorf("the socket after the agent's end: %v", err)
	}
}

func TestAClientCannotInventOrAlterAPlan(t *testing.T) {
	w := newWorld(t)
	name := stubborn(t)
	before := startedAt(t, name)
	w.console().live()
	c, other := w.wire("one"), w.wire("two")
	if a := c.unlock(); a.status != 200 {
		t.Fatalf("unlock: %s", a.body)
	}
	if a := other.unlock(); a.status != 200 {
		t.Fatalf("unlock: %s", a.body)
	}
	c.refused(c.start("00112233445566778899aabbccddeeff"), 410, "expired")
	p := c.plan("container.restart", name)
	c.refused(other.start(p.ID), 410, "expired")
	for what, body := range map[string]string{
		"the whole plan, altered":  `{"plan":` + strings.Replace(strings.TrimSpace(p.body), "/restart", "/kill", 1) + `,"confirmation":{"yes":true,"reason":"x"}}`,
		"steps beside the id":      fmt.Sprintf(`{"plan":%q,"steps":[{"how":"api","what":"POST /containers/x/kill"}],"confirmation":{"yes":true,"reason":"x"}}`, p.ID),
		"an actor":                 fmt.Sprintf(`{"plan":%q,"actor":{"name":"root","role":"admin"},"confirmation":{"yes":true,"reason":"x"}}`, p.ID),
		"a role":                   fmt.Sprintf(`{"plan":%q,"confirmation":{"yes":true,"reason":"x","role":"admin"}}`, p.ID),
		"another class in request": fmt.Sprintf(`{"plan":{"id":%q,"class":"safe"},"confirmation":{}}`, p.ID),
	} {
		if a := c.call("POST", "start", body); a.status != 400 || a.Code != "invalid" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	a := c.call("POST", "plan", fmt.Sprintf(`{"action":"container.restart","target":{"kind":"container","source":"docker","id":%q},"actor":{"role":"admin"}}`, name))
	c.refused(a, 400, "invalid")
	a = c.call("POST", "plan", fmt.Sprintf(`{"action":"container.restart","target":{"kind":"container","source":"docker","id":%q},"params":[{"name":"steps","value":"kill"}]}`, name))
	c.refused(a, 400, "invalid")
	a = c.call("POST", "start", fmt.Sprintf(`{"plan":%q,"confirmation":{}}`, p.ID))
	c.refused(a, 428, "confirm")
	if startedAt(t, name) != before {
		t.Fatal("the container was restarted by one of these")
	}
	if a = c.start(p.ID); a.status != 200 || a.Job != 1 {
		t.Errorf("the plan itself does not start: %d %s", a.status, a.body)
	}
	c.refused(c.start(p.ID), 410, "expired")
}
