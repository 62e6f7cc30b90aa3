// Package firewall finds out whether this machine's firewall drops what the
// lab's containers say to each other, and lets it pass.
//
// With net.bridge.bridge-nf-call-iptables=1 a packet from one container to
// another on the same bridge goes through the chains that filter what a machine
// forwards. A Docker that ran once and was stopped leaves FORWARD with policy
// DROP behind; ufw and firewalld drop there by themselves.
package firewall

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// bridged tells whether bridged packets go through the firewall.
const bridged = "/proc/sys/net/bridge/bridge-nf-call-iptables"

// Firewall is this machine's firewall as one lab sees it: in every chain that
// filters forwarded packets, be it of nftables or of the older iptables.
type Firewall struct {
	lab string // the comment of the lab's own rules
	run func(ctx context.Context, argv ...string) (string, error)
}

// For returns the firewall for the lab in a state folder. Its rules carry the
// folder as a comment, by which they are found again after a crash.
func For(state string) Firewall { return Firewall{lab: comment(state), run: run} }

// plain is what a comment may hold without any tool writing it in another way.
var plain = regexp.MustCompile(`^[A-Za-z0-9/._-]{1,100}$`)

func comment(state string) string {
	if !plain.MatchString(state) {
		sum := sha256.Sum256([]byte(state))
		state = hex.EncodeToString(sum[:8])
	}
	return "opsdeck-lab:" + state
}

// Cause says in words what of the firewall may drop what crosses a bridge;
// empty where nothing of it does, as far as the caller may look.
func (f Firewall) Cause(ctx context.Context) string {
	if !through() {
		return ""
	}
	const sysctl = "net.bridge.bridge-nf-call-iptables=1 leads what crosses a bridge through the firewall"
	if os.Geteuid() != 0 {
		return sysctl + ", which only root can read"
	}
	chains := f.chains(ctx)
	if len(chains) == 0 {
		return sysctl + ", and neither iptables nor nft is here to tell what that drops"
	}
	var drops []string
	for _, c := range chains {
		if why := c.drops(f.lab); why != "" {
			drops = append(drops, why)
		}
	}
	if len(drops) == 0 {
		return ""
	}
	return sysctl + ", and there " + strings.Join(drops, ", ") +
		" (left by a Docker that was stopped, or set by ufw or firewalld)"
}

// Open puts a rule for each bridge first in every chain that may drop: what
// comes from the bridge and goes to the same bridge is accepted. Rules of an
// earlier call are replaced. It needs root. The error says why nothing was done.
func (f Firewall) Open(ctx context.Context, bridges []string) error {
	if !through() {
		return errors.New("net.bridge.bridge-nf-call-iptables is off: it is not this machine's firewall")
	}
	opened := 0
	for _, c := range f.chains(ctx) {
		if err := f.removeOurs(ctx, c); err != nil {
			return err
		}
		if c.drops(f.lab) == "" {
			continue
		}
		for _, bridge := range bridges {
			if _, err := f.run(ctx, c.insert(bridge, f.lab)...); err != nil {
				return fmt.Errorf("accept %s in %s: %w", bridge, c.name, err)
			}
		}
		opened++
	}
	if opened == 0 {
		return errors.New("nothing was found to open. Install iptables, or as root: sysctl -w net.bridge.bridge-nf-call-iptables=0")
	}
	return nil
}

// ByHand is what an administrator types to the same end.
func ByHand(bridges []string) []string {
	var out []string
	for _, bridge := range bridges {
		out = append(out, "iptables -I FORWARD -i "+bridge+" -o "+bridge+" -j ACCEPT")
	}
	return out
}

// Close takes every rule of this lab away, whoever put it there and for
// whatever bridge, and tells how many there were.
func (f Firewall) Close(ctx context.Context) (int, error) {
	n := 0
	for _, c := range f.chains(ctx) {
		n += len(c.ours(f.lab))
		if err := f.removeOurs(ctx, c); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f Firewall) removeOurs(ctx context.Context, c chain) error {
	for _, rule := range c.ours(f.lab) {
		if _, err := f.run(ctx, c.remove(rule)...); err != nil {
			return fmt.Errorf("remove the lab's rule from %s: %w", c.name, err)
		}
	}
	return nil
}

// through is read on the calling thread, whose network namespace counts.
func through() bool {
	text, err := os.ReadFile(bridged)
	return err == nil && strings.TrimSpace(string(text)) == "1"
}

// run gives what a program prints; its error is what the program complained of.
func run(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}
