package firewall

import (
	"context"
	"os"
	"os/exec"
	"strings"
)

// chain is one chain that filters what is forwarded, as it stands.
type chain struct {
	name   string // for messages
	policy string // ACCEPT or DROP
	rules  []rule
	insert func(bridge, comment string) []string // the command that puts our rule first
	remove func(r rule) []string
}

// rule is one rule of a chain, with what its tool needs to remove it.
type rule struct {
	text string
	id   []string
}

// ours are the rules that carry a lab's comment.
func (c chain) ours(comment string) []rule {
	var out []rule
	for _, r := range c.rules {
		for _, word := range strings.Fields(r.text) {
			if strings.Trim(word, `"`) == comment {
				out = append(out, r)
			}
		}
	}
	return out
}

// drops says how the chain may drop a packet of the lab's; empty where it
// cannot. A rule of somebody else's may do so, whatever it says: whether the
// packet arrives is asked of the containers, not of the rules.
func (c chain) drops(comment string) string {
	switch foreign := len(c.rules) - len(c.ours(comment)); {
	case c.policy == "DROP":
		return c.name + " has policy DROP"
	case foreign > 0:
		return c.name + " has rules"
	}
	return ""
}

// chains reads every chain that this machine has. A tool that is not there or
// refuses has none.
func (f Firewall) chains(ctx context.Context) []chain {
	var out []chain
	for _, tool := range iptables() {
		if text, err := f.run(ctx, tool, "-w", "5", "-S", "FORWARD"); err == nil {
			out = append(out, parseIptables(tool, text))
		}
	}
	return append(out, f.nftChains(ctx)...)
}

// iptables names the programs of both kinds that have something to tell. To ask
// the older kind makes the kernel set up its tables, so it is asked only where
// they are.
func iptables() []string {
	tools := []string{"iptables-nft"}
	if !installed("iptables-nft") {
		tools = []string{"iptables"}
	}
	// Of the calling thread, whose network namespace may be another than the process's.
	legacy, err := os.ReadFile("/proc/thread-self/net/ip_tables_names")
	if err == nil && strings.Contains(string(legacy), "filter") && installed("iptables-legacy") {
		tools = append(tools, "iptables-legacy")
	}
	return tools
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// parseIptables reads what -S prints: a line for the policy and one a rule.
func parseIptables(tool, text string) chain {
	c := chain{name: "FORWARD (" + tool + ")",
		insert: func(bridge, comment string) []string {
			return []string{tool, "-w", "5", "-I", "FORWARD", "1", "-i", bridge, "-o", bridge,
				"-m", "comment", "--comment", comment, "-j", "ACCEPT"}
		},
		remove: func(r rule) []string { return append([]string{tool, "-w", "5", "-D", "FORWARD"}, r.id...) },
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 3 && words[0] == "-P":
			c.policy = words[2]
		case len(words) > 2 && words[0] == "-A":
			// Ours have no blank within a word, so that this is how they were given.
			id := make([]string, 0, len(words)-2)
			for _, w := range words[2:] {
				id = append(id, strings.Trim(w, `"`))
			}
			c.rules = append(c.rules, rule{text: strings.TrimSpace(line), id: id})
		}
	}
	return c
}
