package estate

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"opsdeck/ops"
)

// starterText is a starter estate, a template over starter.
//
//go:embed starter.tmpl
var starterText string

// StarterLogin is the login that a starter proposes for reading a database.
const StarterLogin = "opsdeck"

// starter is what a starter estate is made of.
type starter struct {
	Name          string
	Login         string
	Found, Absent []starterSource // in the order of starterKinds
	Containers    []string
	Daemons       int
}

// starterSource is an entry of sources, or of what was looked for in vain.
type starterSource struct {
	FoundServer
	Login  string
	Socket bool // it is reached by a socket
}

// Starter returns a commented estate for what a machine had. It loads as it
// stands; what was not found is there as the usual address, marked so.
func Starter(found Found) []byte {
	found = writable(found)
	s := starter{Name: found.Name, Login: StarterLogin, Containers: found.Containers(), Daemons: len(found.Of(ops.SourceDocker))}
	if !nameOfEstate.allows(s.Name) {
		s.Name = "my-estate"
	}
	taken := map[string]bool{}
	for _, k := range starterKinds() {
		for _, f := range found.Of(k.kind) {
			s.Found = append(s.Found, f.starter(taken))
		}
	}
	for _, k := range starterKinds() {
		if len(found.Of(k.kind)) == 0 {
			s.Absent = append(s.Absent, FoundServer{Kind: k.kind}.starter(taken))
		}
	}
	var b bytes.Buffer
	t := template.Must(template.New("starter").Funcs(template.FuncMap{"yaml": plainOrQuoted}).Parse(starterText))
	if err := t.Execute(&b, s); err != nil {
		return nil // a test executes all of it
	}
	return b.Bytes()
}

// starter is the entry of a server, under a name that is still free.
func (f FoundServer) starter(taken map[string]bool) starterSource {
	if !nameOfSource.allows(f.Name) {
		f.Name = f.Kind.String()
	}
	base := f.Name
	for i := 2; taken[f.Name]; i++ {
		f.Name = fmt.Sprintf("%s-%d", base, i)
	}
	taken[f.Name] = true
	if f.Kind == ops.SourcePostgres {
		f.Version = "" // it is told after the login only
	}
	f.At, f.Version = ops.Clean(f.At).String(), ops.Clean(f.Version).String()
	return starterSource{f, StarterLogin, strings.HasPrefix(f.Address, "host=")}
}
