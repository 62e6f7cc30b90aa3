package firewall

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

const ours = "opsdeck-lab:/var/lib/opsdeck-lab"

func TestAChainIsReadForWhatMayDrop(t *testing.T) {
	const mine = `-A FORWARD -i br-1 -o br-1 -m comment --comment "opsdeck-lab:/var/lib/opsdeck-lab" -j ACCEPT` + "\n"
	const another = `-A FORWARD -i br-2 -o br-2 -m comment --comment "opsdeck-lab:/var/lib/opsdeck-lab-apart" -j ACCEPT` + "\n"
	for name, c := range map[string]struct {
		text, drops string
		ours        int
	}{
		"nothing set":              {"-P FORWARD ACCEPT\n", "", 0},
		"a Docker was stopped":     {"-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n", "FORWARD (iptables-nft) has policy DROP", 0},
		"only ours is left":        {"-P FORWARD ACCEPT\n" + mine, "", 1},
		"ours before a policy":     {"-P FORWARD DROP\n" + mine, "FORWARD (iptables-nft) has policy DROP", 1},
		"firewalld of old":         {"-P FORWARD ACCEPT\n" + mine + "-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n", "FORWARD (iptables-nft) has rules", 1},
		"another lab of this kind": {"-P FORWARD ACCEPT\n" + another, "FORWARD (iptables-nft) has rules", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := parseIptables("iptables-nft", c.text)
			if got.drops(ours) != c.drops || len(got.ours(ours)) != c.ours {
				t.Errorf("drops %q, %d are ours; want %q, %d", got.drops(ours), len(got.ours(ours)), c.drops, c.ours)
			}
		})
	}
}

func TestARuleIsRemovedAsItWasPut(t *testing.T) {
	c := parseIptables("iptables-legacy", "-P FORWARD DROP\n"+
		`-A FORWARD -i br-1 -o br-1 -m comment --comment "opsdeck-lab:/var/lib/opsdeck-lab" -j ACCEPT`+"\n")
	put := c.insert("br-1", ours)
	want := slices.Concat([]string{"iptables-legacy", "-w", "5", "-D", "FORWARD"}, put[6:]) // without -I FORWARD 1
	if got := c.remove(c.ours(ours)[0]); !slices.Equal(got, want) {
		t.Errorf("removed by %q, want %q", got, want)
	}
}

const nftables = `{"nftables": [{"metainfo": {"version": "1.0.6"}},
{"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}},
{"chain": {"family": "inet", "table": "firewalld", "name": "filter_FORWARD", "handle": 9, "type": "filter", "hook": "forward", "prio": 10, "policy": "accept"}},
{"chain": {"family": "inet", "table": "firewalld", "name": "filter_INPUT", "handle": 8, "type": "filter", "hook": "input", "prio": 10, "policy": "accept"}},
{"chain": {"family": "inet", "table": "firewalld", "name": "filter_FORWARD_ZONES", "handle": 12}}]}`

const nftRules = `table inet firewalld { # handle 1
	chain filter_FORWARD { # handle 9
		type filter hook forward priority filter + 10; policy accept;
		iifname "br-1" oifname "br-1" accept comment "opsdeck-lab:/var/lib/opsdeck-lab" # handle 31
		ct state { established, related } accept # handle 21
		reject with icmpx admin-prohibited # handle 24
	}
}
`

func TestAChainOfNftIsReadAndItsRuleNamedByItsHandle(t *testing.T) {
	found := parseNftChains(nftables)
	if len(found) != 1 || found[0].Name != "filter_FORWARD" {
		t.Fatalf("%+v: want the one that iptables does not own and that filters what is forwarded", found)
	}
	c := parseNft(found[0], nftRules)
	if len(c.rules) != 3 || c.drops(ours) != "chain inet firewalld filter_FORWARD (nft) has rules" {
		t.Errorf("%d rules, drops %q", len(c.rules), c.drops(ours))
	}
	mine := c.ours(ours)
	if len(mine) != 1 {
		t.Fatalf("%d rules are ours", len(mine))
	}
	if got := strings.Join(c.remove(mine[0]), " "); got != "nft delete rule inet firewalld filter_FORWARD handle 31" {
		t.Errorf("removed by %q", got)
	}
	if got := strings.Join(c.insert("br-1", ours), " "); got != `nft insert rule inet firewalld filter_FORWARD iifname "br-1" oifname "br-1" accept comment "opsdeck-lab:/var/lib/opsdeck-lab"` {
		t.Errorf("put by %q", got)
	}
}

func TestCloseTakesTheLabsRulesAndNoOther(t *testing.T) {
	var did []string
	f := For("/var/lib/opsdeck-lab")
	f.run = func(_ context.Context, argv ...string) (string, error) {
		words := strings.Join(argv, " ")
		switch {
		case strings.HasPrefix(words, "nft -j"):
			return nftables, nil
		case strings.HasPrefix(words, "nft -a"):
			return nftRules, nil
		case strings.HasSuffix(words, "-S FORWARD") && strings.Contains(words, "legacy"):
			return "", errors.New("refused")
		case strings.HasSuffix(words, "-S FORWARD"):
			return "-P FORWARD DROP\n-A FORWARD -j DOCKER-USER\n" +
				"-A FORWARD -i br-9 -o br-9 -m comment --comment \"opsdeck-lab:/var/lib/opsdeck-lab\" -j ACCEPT\n" +
				"-A FORWARD -i br-8 -o br-8 -m comment --comment \"opsdeck-lab:/srv/other\" -j ACCEPT\n", nil
		}
		did = append(did, words)
		return "", nil
	}
	n, err := f.Close(t.Context())
	if err != nil || n != 2 || len(did) != 2 {
		t.Fatalf("%d rules, %v: %q", n, err, did)
	}
	if !strings.HasSuffix(did[0], "-D FORWARD -i br-9 -o br-9 -m comment --comment opsdeck-lab:/var/lib/opsdeck-lab -j ACCEPT") ||
		did[1] != "nft delete rule inet firewalld filter_FORWARD handle 31" {
		t.Errorf("%q", did)
	}
}

func TestACommentIsOneWordForEveryTool(t *testing.T) {
	for _, state := range []string{"/var/lib/opsdeck-lab", `/home/me/my "lab"`, "/" + strings.Repeat("deep/", 60), "/srv/läb"} {
		got := comment(state)
		if len(got) > 128 || !plain.MatchString(strings.TrimPrefix(got, "opsdeck-lab:")) {
			t.Errorf("%q", got)
		}
		if got == comment(state+"x") {
			t.Errorf("two labs have the comment %q", got)
		}
	}
}
