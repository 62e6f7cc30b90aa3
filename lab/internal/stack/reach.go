package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"opsdeck/lab/internal/svc"
)

// ErrUnreachable says that containers of one network cannot reach each other;
// the text says what to do.
var ErrUnreachable = errors.New("the lab's containers cannot reach each other")

// errNoWay says that what one container sent to another is lost between them.
var errNoWay = errors.New("it does not arrive")

// reachLimit is how long a network may take to carry what it has to.
const reachLimit = 30 * time.Second

// networks are those over which the containers talk.
func networks() []string { return []string{Backend, Frontend} }

// path is a way from one container to a server in another one.
type path struct {
	network  string
	from, to Container
}

// pathOver finds two of the given containers which share that network alone:
// what they say to each other by name goes over it.
func pathOver(net string, among []Container) (path, bool) {
	for _, from := range among {
		for _, to := range among {
			shared := slices.DeleteFunc(slices.Clone(from.Networks), func(n string) bool { return !slices.Contains(to.Networks, n) })
			if from.Name != to.Name && slices.Equal(shared, []string{net}) {
				return path{net, from, to}, true
			}
		}
	}
	return path{}, false
}

func (p path) String() string {
	return "from " + p.from.Name + " to " + p.to.Name + ":" + p.to.Inside
}

// reach connects from inside one container to the other by its name.
func (p path) reach(ctx context.Context, c *client.Client) error {
	made, err := c.ExecCreate(ctx, p.from.Name, client.ExecCreateOptions{
		Cmd: []string{servicePath, "reach", net.JoinHostPort(p.to.Name, p.to.Inside)}, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	stream, err := c.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	defer stream.Close()
	// The connection was taken over from the client and knows nothing of ctx.
	defer context.AfterFunc(ctx, stream.Close)()
	var said bytes.Buffer
	if _, err := stdcopy.StdCopy(&said, &said, stream.Reader); err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	ended, err := c.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	if err != nil {
		return fmt.Errorf("%s: %w", p, err)
	}
	words := strings.TrimSpace(said.String())
	switch svc.ExitError(ended.ExitCode) {
	case 0:
		return nil
	case svc.NoWay:
		return fmt.Errorf("%s: %w: %s", p, errNoWay, words)
	}
	return fmt.Errorf("%s: %s", p, words)
}

// Opener lets pass on the given bridges what this machine's firewall drops. Its
// error says why it did not, and what to do.
type Opener func(ctx context.Context, bridges []string) error

// prove waits until a network carries what one container says to another. Where
// that is lost twice, so that no busy machine is to blame, the firewall is opened
// for every network of the lab.
func (p path) prove(ctx context.Context, c *client.Client, open Opener) error {
	ctx, cancel := context.WithTimeout(ctx, reachLimit)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for lost := 0; ; {
		err := p.reach(ctx, c)
		if err == nil {
			return nil
		}
		if errors.Is(err, errNoWay) {
			lost++
		}
		if lost == 2 {
			lost++ // once
			if why := openFor(ctx, c, open); why != nil {
				return fmt.Errorf("%w: over %s, %w: %w", ErrUnreachable, p.network, err, why)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: over %s, %w", ErrUnreachable, p.network, err)
		case <-tick.C:
		}
	}
}

// proveAmong proves every network that two of the given containers share.
func proveAmong(ctx context.Context, c *client.Client, open Opener, among []Container) error {
	for _, net := range networks() {
		p, ok := pathOver(net, among)
		if !ok {
			continue
		}
		if err := p.prove(ctx, c, open); err != nil {
			return err
		}
	}
	return nil
}

func openFor(ctx context.Context, c *client.Client, open Opener) error {
	var bridges []string
	for _, name := range networks() {
		have, err := c.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
		if err != nil {
			return fmt.Errorf("network %s: %w", name, err)
		}
		bridges = append(bridges, bridgeOf(have.Network.ID, have.Network.Options))
	}
	return open(ctx, bridges)
}

// bridgeOf is the interface that Docker has made for a network.
func bridgeOf(id string, options map[string]string) string {
	if name := options["com.docker.network.bridge.name"]; name != "" {
		return name
	}
	return "br-" + id[:min(len(id), 12)]
}
