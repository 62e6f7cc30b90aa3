package estate

import (
	"slices"

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

// starterKind is a kind of source that a starter estate has a place for.
type starterKind struct {
	kind ops.SourceKind
	fits func(address string) bool // whether an estate could hold it
}

func starterKinds() []starterKind {
	web, daemon := address{schemes: []string{"http", "https"}, bare: true}, address{schemes: []string{"unix", "tcp"}, bare: true}
	return []starterKind{
		{ops.SourcePrometheus, web.allows},
		{ops.SourceDocker, daemon.allows},
		{ops.SourcePostgres, func(dsn string) bool { return dsnText.allows(dsn) && !dsnPassword.MatchString(dsn) }},
		{ops.SourceAlertmanager, web.allows},
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
