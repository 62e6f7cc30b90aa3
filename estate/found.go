package estate

import (
	"slices"
	"strings"

	"opsdeck/ops"
)

// Found is what a machine had when a starter estate is written for it.
type Found struct {
	Name    string
	Servers []FoundServer
}

// FoundServer is a server that answered.
type FoundServer struct {
	Kind    ops.SourceKind
	Name    string
	At      string   // where it answered, for people
	Address string   // as its estate entry says it: a URL, a host, a DSN without a password
	Version string   // as the server told it; may be empty
	Running []string // the containers that it runs
}

// Containers are the containers that run on any server.
func (f Found) Containers() []string {
	var all []string
	for _, s := range f.Servers {
		all = append(all, s.Running...)
	}
	return all
}

// Of are those of one kind, in the order found.
func (f Found) Of(kind ops.SourceKind) []FoundServer {
	var some []FoundServer
	for _, s := range f.Servers {
		if s.Kind == kind {
			some = append(some, s)
		}
	}
	return some
}

// starterKind is how a starter estate writes one kind of source.
type starterKind struct {
	kind   ops.SourceKind
	fits   func(address string) bool // whether an estate could hold it
	entry  func(*starter, FoundServer)
	absent func(*starter) // what stands there where none was found
}

func starterKinds() []starterKind {
	web, daemon := address{schemes: []string{"http", "https"}, bare: true}, address{schemes: []string{"unix", "tcp"}, bare: true}
	return []starterKind{
		{ops.SourcePrometheus, web.allows, starterPrometheus, noPrometheus},
		{ops.SourceDocker, daemon.allows, starterDocker, noDocker},
		{ops.SourcePostgres, func(dsn string) bool { return dsnText.allows(dsn) && !dsnPassword.MatchString(dsn) }, starterPostgres, noPostgres},
		{ops.SourceAlertmanager, web.allows, starterPrometheus, noAlertmanager},
	}
}

// writable leaves out of found what no estate could hold.
func writable(found Found) Found {
	fits := map[ops.SourceKind]func(string) bool{}
	for _, k := range starterKinds() {
		fits[k.kind] = k.fits
	}
	seen := map[string]bool{}
	out := Found{Name: found.Name}
	for _, s := range found.Servers {
		if fits[s.Kind] == nil || !fits[s.Kind](s.Address) {
			continue
		}
		s.Running = slices.DeleteFunc(slices.Clone(s.Running), func(c string) bool {
			twice := seen[c]
			seen[c] = true
			return twice || !nameOfContainer.allows(c)
		})
		out.Servers = append(out.Servers, s)
	}
	return out
}

func starterPrometheus(w *starter, s FoundServer) {
	w.source(s)
	w.line(2, "url: %s", plainOrQuoted(s.Address))
}

func noPrometheus(w *starter) {
	w.line(1, "# No Prometheus was found here. This is the usual address.")
	w.source(FoundServer{Kind: ops.SourcePrometheus, Name: "prometheus"})
	w.line(2, "url: http://127.0.0.1:9090")
	w.line(2, "optional: true # drop this line once it is there")
}

func noAlertmanager(w *starter) {
	w.line(1, "# Where there is an Alertmanager:")
	w.line(1, "# alertmanager: {kind: alertmanager, url: \"http://127.0.0.1:9093\"}")
}

func starterDocker(w *starter, s FoundServer) {
	w.source(s)
	w.line(2, "host: %s", plainOrQuoted(s.Address))
}

func noDocker(w *starter) {
	w.line(1, "# No Docker daemon was found here. Where there is one:")
	w.line(1, "# docker: {kind: docker, host: \"unix:///var/run/docker.sock\"}")
}

// StarterLogin is the login that a starter proposes for reading a database.
const StarterLogin = "opsdeck"

// starterPostgres is a server that nobody can read yet: its login has to be made
// first.
func starterPostgres(w *starter, s FoundServer) {
	w.line(1, "# PostgreSQL answers at %s, and wants a login. A superuser makes it:", ops.Clean(s.At))
	w.line(1, "#   CREATE ROLE %s LOGIN;", StarterLogin)
	w.line(1, "#   GRANT pg_monitor TO %s;", StarterLogin)
	w.line(1, "#   \\password %s", StarterLogin)
	w.line(1, "# The guide's page on databases has the lines for a second login, which acts.")
	if strings.HasPrefix(s.Address, "host=") {
		w.line(1, "# By a socket, pg_hba.conf may want the user of the system to have that name (peer).")
	}
	s.Version = "" // it is told after the login only
	w.source(s)
	w.line(2, "dsn: %s", plainOrQuoted(s.Address))
	w.line(2, "# password_file: secrets/%s # beside this file; only the user who runs opsdeck may read it", StarterLogin)
	w.line(2, "optional: true # drop this line once the login is there")
}

func noPostgres(w *starter) {
	w.line(1, "# Where there is a PostgreSQL, 13 or later (the login is granted pg_monitor):")
	w.line(1, "# postgres: {kind: postgres, dsn: \"postgres://%s@127.0.0.1:5432/postgres\", password_file: secrets/%s}", StarterLogin, StarterLogin)
}
