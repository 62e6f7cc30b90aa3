package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"opsdeck/agent"
	"opsdeck/estate"
	"opsdeck/ops"
)

// known is an estate that can be opened from here.
type known struct {
	name   string
	given  string // what --estate takes: a file, or the name of a running agent's
	socket string // of an agent whose estate file is not known here
}

// known are the estates of this user on this machine, each once: the one that
// opens without being named first, then those of the folders, then those that an
// agent looks after without a file here. Behind a gate that names one it is that
// one alone.
func (a *app) known() []known {
	p := places{a.env}
	var out []known
	add := func(k known) {
		if k.name != "" && !slices.ContainsFunc(out, func(o known) bool { return o.name == k.name }) {
			out = append(out, k)
		}
	}
	file := func(path string) {
		if path == "" {
			return
		}
		if f, err := estate.Usable(path, a.env); err == nil {
			add(known{name: f.Estate.Name.String(), given: path})
		} else if a.pinned == "" {
			add(known{name: strings.TrimSuffix(filepath.Base(path), ".yaml"), given: path})
		}
	}
	if file(a.given()); a.pinned != "" {
		return out
	}
	if a.estate != "" {
		file(p.estate(""))
	}
	for _, folder := range []string{p.config("estates"), filepath.Dir(systemEstate)} {
		for _, path := range filesIn(folder, "*.yaml") {
			file(path)
		}
	}
	for _, socket := range filesIn(p.runDir(), "*.sock") {
		name := strings.TrimSuffix(filepath.Base(socket), ".sock")
		add(known{name: name, given: name, socket: socket})
	}
	for _, socket := range filesIn(filepath.Dir(p.state("any")), "*/agent.sock") {
		name := filepath.Base(filepath.Dir(socket))
		add(known{name: name, given: name, socket: socket})
	}
	return out
}

// filesIn are the files of a folder that match, sorted; a folder that cannot be
// read has none for us.
func filesIn(folder, pattern string) []string {
	if folder == "" {
		return nil
	}
	names, _ := fs.Glob(os.DirFS(folder), pattern) // the patterns are ours and well formed, and the folder's name is none
	found := make([]string, 0, len(names))
	for _, name := range names {
		found = append(found, filepath.Join(folder, name))
	}
	return found
}

// lookup finds what an estate's name stands for; a path, a file that is there and a
// shipped estate stand for themselves.
func (a *app) lookup(given string) known {
	k := known{given: given}
	if given == "" || strings.ContainsRune(given, '/') || slices.Contains(estate.Shipped(), given) {
		return k
	}
	if _, err := os.Stat(given); err == nil && !a.gated {
		return k
	}
	bare := *a
	bare.estate = ""
	for _, k := range bare.known() {
		if k.name == given {
			return k
		}
	}
	return k
}

// standing is how an estate's agent was found.
type standing struct {
	known
	hello agent.Hello
	err   error
}

// ask looks for the agents of estates, all at once, and starts none.
func (a *app) ask(ctx context.Context, all []known) []standing {
	out := make([]standing, len(all))
	var wg sync.WaitGroup
	for i, k := range all {
		wg.Go(func() {
			out[i] = standing{known: k}
			one := *a
			one.estate = k.given
			w, err := one.endpoint()
			if err == nil {
				_, out[i].hello, err = w.find(ctx)
				w.close()
			}
			out[i].err = err
		})
	}
	wg.Wait()
	return out
}

// agentWords says how an estate's agent stands.
func (s standing) agentWords() string {
	switch {
	case s.err == nil:
		return fmt.Sprintf("%s agent, pid %d, since %s", s.hello.Kind, s.hello.PID, ops.Dated(s.hello.Started))
	case ops.CodeOf(s.err) == ops.CodeUnavailable:
		return "no agent"
	}
	return ops.AsError(s.err).What.String()
}

// askWait bounds the look at all agents.
const askWait = 5 * time.Second

func (a *app) estatesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "estates", Short: "List the estates known here, and the agent of each", Args: none,
		Long: `List the estates that can be opened from here by name: the one that opens by itself, the
files of ~/.config/opsdeck/estates and /etc/opsdeck, and those that a running agent looks
after. With --on, those of another host.`,
		Example: "opsdeck estates\nopsdeck --on ana@bastion estates",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(a.on) > 0 {
				return a.estatesThere(cmd)
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), askWait)
			defer cancel()
			for _, s := range a.ask(ctx, a.known()) {
				from := s.given
				if s.socket != "" {
					from = s.socket
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%-24s %-50s %s\n", ops.Clean(s.name), s.agentWords(), ops.Clean(from))
			}
			return nil
		},
	}
}

// estatesThere lists what a host says it has.
func (a *app) estatesThere(cmd *cobra.Command) error {
	r, err := a.remote()
	if err != nil {
		return err
	}
	defer r.close()
	if _, _, err := r.find(cmd.Context()); err != nil && len(r.there()) == 0 {
		return err
	}
	for _, k := range r.there() {
		fmt.Fprintf(cmd.OutOrStdout(), "%-24s %s\n", k.Name, k.Given)
	}
	return nil
}
