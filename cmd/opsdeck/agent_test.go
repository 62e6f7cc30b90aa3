package main

import (
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
