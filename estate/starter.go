package estate

import (
	"fmt"
	"slices"
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

// writable leaves out of found what no estate could hold.
func writable(found Found) Found {
	web, daemon := address{schemes: []string{"http", "https"}, bare: true}, address{schemes: []string{"unix", "tcp"}, bare: true}
	found.Prometheus = slices.DeleteFunc(slices.Clone(found.Prometheus), func(p FoundPrometheus) bool { return !web.allows(p.URL) })
	found.Docker = slices.DeleteFunc(slices.Clone(found.Docker), func(d FoundDocker) bool { return !daemon.allows(d.Host) })
	found.Postgres = slices.DeleteFunc(slices.Clone(found.Postgres), func(p FoundPostgres) bool {
		return !dsnText.allows(p.DSN) || dsnPassword.MatchString(p.DSN)
	})
	seen := map[string]bool{}
	found.Containers = slices.DeleteFunc(slices.Clone(found.Containers), func(c string) bool {
		twice := seen[c]
		seen[c] = true
		return twice || !nameOfContainer.allows(c)
	})
	return found
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
	for _, p := range found.Prometheus {
		w.source(p.Name, "prometheus", p.Version)
		w.line(2, "url: %s", plainOrQuoted(p.URL))
	}
	for _, d := range found.Docker {
		w.source(d.Name, "docker", d.Version)
		w.line(2, "host: %s", plainOrQuoted(d.Host))
	}
	for _, p := range found.Postgres {
		w.postgres(p)
	}
	if len(found.Prometheus) == 0 {
		w.line(1, "# No Prometheus was found here. This is the usual address.")
		w.source("prometheus", "prometheus", "")
		w.line(2, "url: http://127.0.0.1:9090")
		w.line(2, "optional: true # drop this line once it is there")
	}
	if len(found.Docker) == 0 {
		w.line(1, "# No Docker daemon was found here. Where there is one:")
		w.line(1, "# docker: {kind: docker, host: \"unix:///var/run/docker.sock\"}")
	}
	if len(found.Postgres) == 0 {
		w.line(1, "# Where there is a PostgreSQL, 13 or later (the login is granted pg_monitor):")
		w.line(1, "# postgres: {kind: postgres, dsn: \"postgres://%s@127.0.0.1:5432/postgres\", password_file: secrets/%s}", StarterLogin, StarterLogin)
	}
	w.line(1, "# Where there is an Alertmanager:")
	w.line(1, "# alertmanager: {kind: alertmanager, url: \"http://127.0.0.1:9093\"}")
}

// StarterLogin is the login that a starter proposes for reading a database.
const StarterLogin = "opsdeck"

// postgres is a server that nobody can read yet: its login has to be made first.
func (w *starter) postgres(p FoundPostgres) {
	w.line(1, "# PostgreSQL answers at %s, and wants a login. A superuser makes it:", ops.Clean(p.At))
	w.line(1, "#   CREATE ROLE %s LOGIN;", StarterLogin)
	w.line(1, "#   GRANT pg_monitor TO %s;", StarterLogin)
	w.line(1, "#   \\password %s", StarterLogin)
	w.line(1, "# The guide's page on databases has the lines for a second login, which acts.")
	if strings.HasPrefix(p.DSN, "host=") {
		w.line(1, "# By a socket, pg_hba.conf may want the user of the system to have that name (peer).")
	}
	w.source(p.Name, "postgres", "")
	w.line(2, "dsn: %s", plainOrQuoted(p.DSN))
	w.line(2, "# password_file: secrets/%s # beside this file; only the user who runs opsdeck may read it", StarterLogin)
	w.line(2, "optional: true # drop this line once the login is there")
}

// source begins the entry of one source, under a name that is still free.
func (w *starter) source(name, kind, version string) {
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
	if version != "" {
		comment = " # version " + ops.Clean(version).String() + " answered"
	}
	w.line(2, "kind: %s%s", kind, comment)
}

func (w *starter) containers(found Found) {
	w.line(0, "# The containers that ought to run; a missing one is shown as missing.")
	switch names := found.Containers; {
	case len(names) == 0 || len(found.Docker) == 0:
		w.line(0, "containers: {}")
		w.line(0, "# web: {port: 8080}")
	case len(found.Docker) == 1:
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
