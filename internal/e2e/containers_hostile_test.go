//go:build lab

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/internal/dockertest"
)

// hostileBoxes are two containers with hostile text in every place that Docker
// takes it: labels, log, environment, command, and the error of a failed start.
func hostileBoxes(t *testing.T, secret string) (up, broken string) {
	t.Helper()
	cl := docker(t)
	prepared.Do(func() { dockertest.Prepare(t, cl) })
	labels := map[string]string{"com.docker.compose.project": "proj " + hostile, "com.docker.compose.service": hostile, "evil": hostile,
		"api_token": secret, "note": "https://ana:" + secret + "@wiki/x"}
	env := []string{"DB_PASSWORD=" + secret, "EVIL=" + hostile, "DATABASE_URL=postgres://ana:" + secret + "@db/x"}
	up, broken = dockertest.Name("hostile"), dockertest.Name("broken")
	dockertest.Start(t, cl, dockertest.Create(t, cl, up, container.Config{Cmd: []string{"lines", "--password=" + secret}, Env: env, Labels: labels}, container.HostConfig{}))
	id := dockertest.Create(t, cl, broken, container.Config{Entrypoint: []string{"/nowhere " + hostile + " --token=" + secret}, Env: env, Labels: labels}, container.HostConfig{})
	if _, err := cl.ContainerStart(t.Context(), id, client.ContainerStartOptions{}); err == nil {
		t.Fatal("a program that does not exist was started")
	}
	return up, broken
}

// walk goes through every screen that shows a container.
func (s *screen) walk(up, broken string, look func(what string)) {
	s.Helper()
	s.keys("3")
	for _, name := range []string{up, broken} {
		s.filter(name)
		s.until(`(?m)^> *` + name)
		look("containers")
		s.keys("Enter")
		s.until(`(?m)^state$`)
		look("detail")
		for range 6 {
			s.keys("NPage")
			look("detail, further down")
		}
		s.keys("Escape") // once: another one would take the filter off
		s.until(`(?m)^> *` + name)
		s.keys("l")
		s.until(`log of ` + name)
		if name == up {
			s.until(`(?m)last\s*$`)
		}
		look("logs")
		s.keys("w", "t", "J")
		look("logs, wrapped")
		s.keys("Escape") // once: another one would take the filter off
		s.until(`(?m)^> *` + name)
		s.keys("x")
		s.until(`what to do with`)
		look("actions")
		s.keys("Escape") // once: another one would take the filter off
		s.until(`(?m)^> *` + name)
	}
}

func TestHostileTextOfContainersReachesNoTerminalAndBreaksNoTable(t *testing.T) {
	whole(t)
	up, broken := hostileBoxes(t, "nothing")
	w := newWorld(t)
	s := w.console()
	s.live()
	s.walk(up, broken, s.pure)
	for _, args := range [][]string{{"snapshot", "-o", "text"}, {"snapshot", "-o", "markdown"}, {"snapshot", "-o", "json"}, {"snapshot", "-o", "nagios"},
		{"snapshot", "--view", "containers", "-o", "text"}, {"snapshot", "--view", "containers", "-o", "markdown"}, {"run", "container.start", "container:docker/" + broken, "--plan"},
		{"run", "container.remove", "container:docker/" + broken, "--plan"}, {"handover"}} {
		r := w.run(args...)
		if text := r.out + r.err; foul(text) != "" || text == "" {
			t.Errorf("%q holds %s:\n%.3000s", args, foul(text), text)
		}
		if args[len(args)-1] == "markdown" {
			straight(t, r.out)
		}
	}
}

func TestPlantedSecretsOfContainersAppearNowhere(t *testing.T) {
	whole(t)
	up, broken := hostileBoxes(t, secret)
	w := newWorld(t)
	s := w.console()
	s.live()
	hidden := func(what, text string) {
		t.Helper()
		if strings.Contains(text, secret) {
			t.Errorf("%s holds the secret:\n%.3000s", what, text)
		}
	}
	s.walk(up, broken, func(what string) { s.Helper(); hidden(what, s.text()) })
	for _, args := range [][]string{{"snapshot", "-o", "text"}, {"snapshot", "-o", "json"}, {"snapshot", "--view", "containers", "-o", "json"}, {"handover"}, {"history", "--json"},
		{"run", "container.start", "container:docker/" + broken, "--plan"}, {"run", "container.remove", "container:docker/" + broken, "--plan"},
		{"run", "container.shell", "container:docker/" + up, "--plan"}} {
		r := w.run(args...)
		hidden(strings.Join(args, " "), r.out+r.err)
		if r.out+r.err == "" {
			t.Errorf("%q says nothing", args)
		}
	}
	r := w.run("run", "container.start", "container:docker/"+broken, "--yes", "--reason", "test")
	hidden("a start that fails", r.out+r.err)
	hidden("the history behind it", w.run("history", "--json").out)
	for _, pid := range w.processes() {
		hidden("a command line", string(w.read(fmt.Sprintf("/proc/%d/cmdline", pid))))
	}
}
