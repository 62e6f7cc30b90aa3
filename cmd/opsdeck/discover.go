package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"opsdeck/estate"
	"opsdeck/ops"
)

// lookFor bounds each look at this machine: as long as a daemon with a hundred
// containers may take for a list on a busy machine, or init writes an estate
// without it.
const lookFor = 5 * time.Second

// finder looks for one kind of source on this machine. It asks only loopback
// addresses and local sockets.
type finder struct {
	kind   ops.SourceKind
	name   string // before the version and the address
	none   string // when there is no such server
	many   string // after their number
	advice string // what init says of those it found; may be empty
	find   func(context.Context, places) []estate.FoundServer
}

// finders are the kinds of sources that are looked for, in the order in which what
// was found is told.
func finders() []finder {
	return []finder{
		{ops.SourceDocker, "Docker", "no Docker daemon", "Docker daemons", "", findDocker},
		{ops.SourcePrometheus, "Prometheus", "no Prometheus", "Prometheus servers", "", findPrometheus},
		{ops.SourcePostgres, "PostgreSQL", "no PostgreSQL", "PostgreSQL servers",
			"PostgreSQL wants a login: the file says how to make it, and where its password goes", findPostgres},
	}
}

// discover looks at this machine for servers that an estate could name.
func (a *app) discover(ctx context.Context) estate.Found {
	host, err := os.Hostname()
	if err != nil {
		host = "this-machine"
	}
	found := estate.Found{Name: host}
	for _, f := range finders() {
		for _, s := range f.find(ctx, places{a.env}) {
			s.Kind = f.kind
			found.Servers = append(found.Servers, s)
		}
	}
	return found
}

// writeFound lists what was found, a line for each server.
func writeFound(w io.Writer, found estate.Found) {
	var none []string
	for _, f := range finders() {
		servers := found.Of(f.kind)
		if len(servers) == 0 {
			none = append(none, f.none)
		}
		for _, s := range servers {
			line := strings.Join(strings.Fields(f.name+" "+s.Version), " ") + " at " + s.At
			if s.Running != nil {
				line += fmt.Sprintf(", %s running", ops.Count(len(s.Running), "container"))
			}
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
	if len(found.Servers) == 0 {
		last := len(none) - 1
		fmt.Fprintf(w, "  %s and %s on their usual places\n", strings.Join(none[:last], ", "), none[last])
	}
}

// countFound says how many servers of each kind were found, and what to do next
// about them.
func countFound(found estate.Found) (counts string, advice []string) {
	var parts []string
	for _, f := range finders() {
		n := len(found.Of(f.kind))
		parts = append(parts, fmt.Sprintf("%d %s", n, f.many))
		if n > 0 && f.advice != "" {
			advice = append(advice, f.advice)
		}
	}
	return strings.Join(append(parts, ops.Count(len(found.Containers()), "container")), ", "), advice
}

// collect asks a server once.
func collect(ctx context.Context, c ops.Collector) (ops.Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	return c.Collect(ctx)
}
