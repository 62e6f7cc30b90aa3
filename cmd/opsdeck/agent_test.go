package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestWhereAnAgentListensAndKeepsItsState(t *testing.T) {
	shop := ops.Lit("shop")
	for name, c := range map[string]struct {
		kind          ops.AgentKind
		flagged       string
		state         string
		socket, keeps string
	}{
		"of the system":                   {ops.AgentSystem, "", "", "/run/opsdeck/shop.sock", "/var/lib/opsdeck/shop"},
		"of the user":                     {ops.AgentPersonal, "", "", "/home/ana/.local/state/opsdeck/shop/agent.sock", "/home/ana/.local/state/opsdeck/shop"},
		"of the user, state elsewhere":    {ops.AgentPersonal, "", "/srv/s", "/srv/s/agent.sock", "/srv/s"},
		"of the system, state elsewhere":  {ops.AgentSystem, "", "/srv/s", "/run/opsdeck/shop.sock", "/srv/s"},
		"--socket":                        {ops.AgentSystem, "/tmp/x", "", "/tmp/x", "/var/lib/opsdeck/shop"},
		"--socket, and a folder too deep": {ops.AgentPersonal, "/tmp/x", strings.Repeat("/deep", 40), "/tmp/x", strings.Repeat("/deep", 40)},
		"a folder too deep for a socket":  {ops.AgentPersonal, "", strings.Repeat("/deep", 40), "", ""},
	} {
		a := &app{env: env("HOME", "/home/ana"), socket: c.flagged}
		socket, state, err := a.agentPlaces(shop, c.kind, c.state)
		if c.socket == "" {
			if ops.CodeOf(err) != ops.CodeInvalid {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || socket != c.socket || state != c.keeps {
			t.Errorf("%s: %s, %s, %v", name, socket, state, err)
		}
	}
}

// TestAnAgentWhoseEstateBecameFaultyIsStopped breaks the file of a running agent in each way,
// and takes it away.
func TestAnAgentWhoseEstateBecameFaultyIsStopped(t *testing.T) {
	t.Parallel()
	const good = "estate: broken\nsources:\n  docker: {kind: docker, host: \"unix:///no/such.sock\"}\n"
	for name, c := range map[string]struct {
		text   string // of the file then; empty: it is gone
		socket bool   // the agent's is named
		want   string
	}{
		"an unknown key":             {good + "nosuch: 1\n", false, " has ended"},
		"no YAML":                    {good + "x: [\n", false, " has ended"},
		"no name":                    {"sources: [\n", false, "which agent to stop is not known"},
		"no name, and the socket":    {"sources: [\n", true, " has ended"},
		"the file is gone":           {"", false, "which agent to stop is not known"},
		"it is gone, and the socket": {"", true, " has ended"},
		"nothing":                    {good, false, " has ended"},
	} {
		path := filepath.Join(t.TempDir(), "estate.yaml")
		if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
			t.Fatal(err)
		}
		h := newHome(t, path)
		h.says("actions") // starts it
		err := os.Remove(path)
		if c.text != "" {
			err = os.WriteFile(path, []byte(c.text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		words := []string{"agent", "stop"}
		if c.socket {
			words = append(words, "--socket", h.dir+"/opsdeck/broken/agent.sock")
		}
		if got := h.says(words...); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
		if err := os.WriteFile(path, []byte(good), 0o600); err != nil { // for the test's own stop
			t.Fatal(err)
		}
	}
}
