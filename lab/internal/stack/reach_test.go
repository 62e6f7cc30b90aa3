package stack

import (
	"slices"
	"testing"
)

func TestEveryNetworkIsProvedByTwoWhoShareNoOther(t *testing.T) {
	without := func(names ...string) []Container {
		return slices.DeleteFunc(Table(), func(c Container) bool { return slices.Contains(names, c.Name) })
	}
	for name, c := range map[string]struct {
		network string
		among   []Container
		want    string
	}{
		"the first wave":                {Backend, wave(true), "from postgres to redis:6379"},
		"the first wave has no other":   {Frontend, wave(true), ""},
		"all, backend":                  {Backend, Table(), "from ifrs9-api to ifrs9-rules-engine:8001"},
		"all, frontend":                 {Frontend, Table(), "from ifrs9-api to grafana:3000"},
		"one is down":                   {Frontend, without("ifrs9-api"), "from ifrs9-debugger to grafana:3000"},
		"both ends are on two networks": {Frontend, without("grafana"), ""},
		"nothing is up":                 {Backend, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if p, ok := pathOver(c.network, c.among); ok {
				got = p.String()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestEveryNetworkOfTheTableIsProved(t *testing.T) {
	for _, ct := range Table() {
		for _, net := range ct.Networks {
			if !slices.Contains(networks(), net) {
				t.Errorf("%s talks over %s, which nobody proves", ct.Name, net)
			}
		}
	}
}

func TestABridgeIsNamedAsDockerNamesIt(t *testing.T) {
	if got := bridgeOf("0123456789abcdef", nil); got != "br-0123456789ab" {
		t.Errorf("without a name of its own: %s", got)
	}
	if got := bridgeOf("0123456789abcdef", map[string]string{"com.docker.network.bridge.name": "br-x"}); got != "br-x" {
		t.Errorf("with one: %s", got)
	}
}
