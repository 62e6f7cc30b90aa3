package firewall

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
)

// nftChain is what `nft -j list chains` says of a chain.
type nftChain struct {
	Family, Table, Name, Type, Hook, Policy string
}

// forwards tells whether the chain filters what is forwarded. FORWARD in the
// table filter is iptables' own, and is left to it.
func (c nftChain) forwards() bool {
	return c.Type == "filter" && c.Hook == "forward" && (c.Family == "ip" || c.Family == "inet") &&
		(c.Table != "filter" || c.Name != "FORWARD")
}

// nftChains are the chains that others than iptables have made: firewalld, or
// an administrator. A packet has to be accepted by every one of them.
func (f Firewall) nftChains(ctx context.Context) []chain {
	text, err := f.run(ctx, "nft", "-j", "list", "chains")
	if err != nil {
		return nil
	}
	var out []chain
	for _, c := range parseNftChains(text) {
		text, err := f.run(ctx, "nft", "-a", "list", "chain", c.Family, c.Table, c.Name)
		if err == nil {
			out = append(out, parseNft(c, text))
		}
	}
	return out
}

func parseNftChains(text string) []nftChain {
	var answer struct {
		Nftables []struct{ Chain nftChain }
	}
	if json.Unmarshal([]byte(text), &answer) != nil {
		return nil
	}
	var out []nftChain
	for _, n := range answer.Nftables {
		if n.Chain.forwards() {
			out = append(out, n.Chain)
		}
	}
	return out
}

// handled is a rule, and the number by which it is removed.
var handled = regexp.MustCompile(`(?m)^\s*(\S.*\S) # handle (\d+)$`)

// parseNft reads the rules of a chain.
func parseNft(nc nftChain, text string) chain {
	where := []string{nc.Family, nc.Table, nc.Name}
	c := chain{name: "chain " + strings.Join(where, " ") + " (nft)", policy: strings.ToUpper(nc.Policy),
		insert: func(bridge, comment string) []string {
			return append(append([]string{"nft", "insert", "rule"}, where...),
				"iifname", quoted(bridge), "oifname", quoted(bridge), "accept", "comment", quoted(comment))
		},
		remove: func(r rule) []string {
			return append(append([]string{"nft", "delete", "rule"}, where...), append([]string{"handle"}, r.id...)...)
		},
	}
	for _, m := range handled.FindAllStringSubmatch(text, -1) {
		if strings.HasSuffix(m[1], "{") { // the table and the chain have a handle too
			continue
		}
		c.rules = append(c.rules, rule{text: m[1], id: m[2:]})
	}
	return c
}

// quoted is a string of nft's language. Neither a bridge nor a comment of ours
// holds a quotation mark.
func quoted(s string) string { return `"` + s + `"` }
