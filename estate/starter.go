package estate

import (
	"fmt"
	"strings"

	"opsdeck/ops"
)

// Starter returns a commented estate for what a machine had. It loads as it
// stands; what was not found is there as the usual address, marked so.
func Starter(found Found) []byte {
	w, found := &starter{taken: map[string]bool{}}, writable(found)
	name := found.Name
	if !nameOfEstate.allows(name) {
		name = "my-estate"
	}
	w.line(0, "# An estate says what opsdeck looks after. `opsdeck config schema --reference` explains")
	w.line(0, "# every key, `opsdeck config check` tells what is wrong with this file.")
	w.line(0, "estate: %s", plainOrQuoted(name))
	w.line(0, "")
	w.line(0, "# production is read-only until somebody unlocks it; staging and development are not.")
	w.line(0, "environment: production")
	w.line(0, "")
	w.sources(found)
	w.line(0, "")
	w.line(0, "# The severity words of your alert rules, each with its rank: critical, high,")
	w.line(0, "# medium or info. A word that is not listed has no rank.")
	w.line(0, "severities: {critical: critical, high: high, warning: high, medium: medium, info: info}")
	w.line(0, "")
	w.line(0, "# The alert that always fires, where your rules have one. Without it a quiet list")
	w.line(0, "# of alerts proves little.")
	w.line(0, "# watchdog: Watchdog")
	w.line(0, "")
	w.containers(found)
	w.line(0, "")
	w.line(0, "# Who may what: viewers read, operators act, admins also destroy. Until somebody")
	w.line(0, "# is named here, only root and the owner of a personal agent may act.")
	w.line(0, "access:")
	w.line(1, "default: viewer")
	w.line(1, "grants: []")
	w.line(1, "# - {user: ana, role: operator}")
	w.line(1, "# - {group: opsdeck-admins, role: admin}")
	return []byte(w.String())
}

type starter struct {
	strings.Builder
	taken map[string]bool
}

func (w *starter) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteString("\n")
}

func (w *starter) sources(found Found) {
	w.line(0, "# The servers that are read, under names of your choice.")
	w.line(0, "sources:")
	for _, k := range starterKinds() {
		for _, s := range found.Of(k.kind) {
			k.entry(w, s)
		}
	}
	for _, k := range starterKinds() {
		if len(found.Of(k.kind)) == 0 {
			k.absent(w)
		}
	}
}

// source begins the entry of one source, under a name that is still free.
func (w *starter) source(s FoundServer) {
	name, kind := s.Name, s.Kind.String()
	if !nameOfSource.allows(name) {
		name = kind
	}
	base := name
	for i := 2; w.taken[name]; i++ {
		name = fmt.Sprintf("%s-%d", base, i)
	}
	w.taken[name] = true
	w.line(1, "%s:", plainOrQuoted(name))
	comment := ""
	if s.Version != "" {
		comment = " # version " + ops.Clean(s.Version).String() + " answered"
	}
	w.line(2, "kind: %s%s", kind, comment)
}

func (w *starter) containers(found Found) {
	w.line(0, "# The containers that ought to run; a missing one is shown as missing.")
	names, daemons := found.Containers(), len(found.Of(ops.SourceDocker))
	switch {
	case len(names) == 0 || daemons == 0:
		w.line(0, "containers: {}")
		w.line(0, "# web: {port: 8080}")
	case daemons == 1:
		w.line(0, "# These ran when this file was written: keep those that always ought to.")
		w.line(0, "containers:")
		for _, c := range names {
			w.line(1, "%s: {}", plainOrQuoted(c))
		}
	default:
		w.line(0, "# These ran when this file was written. There are several Docker sources: name")
		w.line(0, "# the right one for each that always ought to run, and drop the #.")
		w.line(0, "containers: {}")
		for _, c := range names {
			w.line(0, "#   %s: {source: NAME}", plainOrQuoted(c))
		}
	}
}
