package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"opsdeck/agent"
	"opsdeck/ops"
)

// Commands that --on leads to another host; the others look at this machine's own
// files and processes.
func farCommands() []string {
	return []string{"opsdeck", "opsdeck snapshot", "opsdeck run", "opsdeck actions", "opsdeck history", "opsdeck audit verify",
		"opsdeck estates", "opsdeck handover", "opsdeck incident list", "opsdeck incident export", "opsdeck agent status"}
}

// elsewhere refuses --on for a command that it does not serve.
func (a *app) elsewhere(cmd *cobra.Command) error {
	path := cmd.CommandPath()
	if len(a.on) == 0 || slices.Contains(farCommands(), path) {
		return nil
	}
	return usagef("%s does not go with --on: ssh %s %s", path, a.on[0], path)
}

// proxyCommand is the far end of --on. It is hidden: ssh starts it, nobody types it.
func (a *app) proxyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "proxy", Short: "The far end of opsdeck --on: lead standard input and output to the agent", Hidden: true, Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.proxy(cmd.Context()) },
	}
}

func (a *app) proxy(ctx context.Context) error {
	p := agent.Proxy{Version: ops.Clean(versionLine()), Key: a.key, Find: a.findFor, Estates: a.told}
	return p.Serve(ctx, a.std.in, a.std.out)
}

// told are the estates that the near side can ask for, by name.
func (a *app) told(context.Context) []agent.Known {
	var out []agent.Known
	for _, k := range a.known() {
		out = append(out, agent.Known{Name: ops.Clean(k.name), Given: ops.Clean(k.name)})
	}
	return out
}

// findFor finds the agent that a request asks for. The estate's file is read each time: one
// kept from the beginning would replace an agent that runs a newer one.
func (a *app) findFor(ctx context.Context, e agent.ConnectRequest) (string, agent.Hello, error) {
	if err := a.mayConnect(e); err != nil {
		return "", agent.Hello{}, err
	}
	far := *a
	if a.pinned == "" && !e.Estate.Empty() {
		far.estate = e.Estate.String()
	}
	w, err := far.endpoint()
	if err != nil {
		return "", agent.Hello{}, err
	}
	reach := w.find
	if e.Start {
		reach = w.attach
	}
	c, h, err := reach(ctx)
	if err != nil {
		return "", h, err
	}
	return c.Socket(), h, nil
}
