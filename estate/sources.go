package estate

import (
	"time"

	"opsdeck/ops"
)

// kinds is the one list of the kinds of sources, in the order in which the reference
// has them.
func kinds() []kind {
	return []kind{
		kindOf(ops.SourcePrometheus, "Prometheus", func(f *File) *[]Prometheus { return &f.Prometheus }, prometheusKeys, choice{}),
		kindOf(ops.SourceDocker, "Docker", func(f *File) *[]Docker { return &f.Docker }, dockerKeys, choice{}),
		kindOf(ops.SourceAlertmanager, "Alertmanager", func(f *File) *[]Alertmanager { return &f.Alertmanager }, alertmanagerKeys,
			choice{[]string{"url", "peers"}, "has no address", "null removes an inherited one"}),
		kindOf(ops.SourcePostgres, "PostgreSQL", func(f *File) *[]Postgres { return &f.Postgres }, postgresKeys, choice{}),
	}
}

// Source is what every source has, whatever its kind.
type Source struct {
	Name     string
	Every    time.Duration // how often it is asked
	Timeout  time.Duration // how long one answer may take
	Required bool          // the whole is unknown while it cannot be read

	under  string // the section that it stands in, where that is not sources
	faults Faults // see Usable
}

// Err is why a source of a Usable estate cannot be asked; nil where nothing is wrong.
func (s *Source) Err() error {
	if len(s.faults) == 0 {
		return nil
	}
	f := s.faults[0]
	remedy := f.Remedy.Or(ops.Lit("correct it")).String()
	f.Remedy = ops.Text{}
	return ops.Errorf(ops.CodeInvalid, "%s", f).Help("%s, and start the agent again; opsdeck config check names every fault", remedy)
}

func (s *Source) common() *Source { return s }

// Sources are the sources of every kind.
func (f *File) Sources() []*Source {
	var all []*Source
	for _, k := range kinds() {
		all = append(all, k.sources(f)...)
	}
	for i := range f.Backups {
		all = append(all, &f.Backups[i].Source)
	}
	return all
}

// kind is what the estate knows of one kind of source.
type kind struct {
	is      ops.SourceKind
	name    string         // in messages
	variant func() variant // its keys, bound to nothing that is kept
	// add adds one to those of the file, which may become most, and returns its keys.
	add     func(f *File, most int) (*Source, []key)
	sources func(f *File) []*Source
	sort    func(f *File) // sorts a copy of them by name
}

// kindOf is a kind whose sources are a list of the file; keys binds them to one.
func kindOf[T any, P interface {
	*T
	common() *Source
}](is ops.SourceKind, name string, of func(*File) *[]T, keys func(P) []key, exactly choice) kind {
	return kind{is: is, name: name, variant: func() variant { return variant{word: is.String(), fields: keys(P(new(T))), exactly: exactly} },
		add: func(f *File, most int) (*Source, []key) {
			list := of(f)
			if *list == nil {
				*list = make([]T, 0, most) // what is bound must not move
			}
			*list = append(*list, *new(T))
			one := P(&(*list)[len(*list)-1])
			return one.common(), keys(one)
		},
		sources: func(f *File) []*Source {
			var all []*Source
			for i := range *of(f) {
				all = append(all, P(&(*of(f))[i]).common())
			}
			return all
		},
		sort: func(f *File) {
			*of(f) = sorted(*of(f), func(s T) string { return P(&s).common().Name })
		}}
}

// fillSources makes the sources of the file, each by its kind.
func fillSources(d *draft, s *said) {
	for _, m := range s.member {
		src, fields := d.addSource(m.value.word(sourceBy), len(s.member))
		src.Name = m.name
		d.sources = append(d.sources, src)
		d.said[src] = &said{m.value, join(s.where, m.name), m.place}
		d.fill(key{shape: shapeMapping, fields: append(sourceKeys(src), fields...)}, d.said[src])
	}
}

func (d *draft) addSource(word string, most int) (*Source, []key) {
	for _, k := range kinds() {
		if k.is.String() == word {
			return k.add(&d.File, most)
		}
	}
	stray := new(Docker)
	d.unknown = append(d.unknown, stray)
	return &stray.Source, []key{bind(&stray.Every, every("")), bind(&stray.Timeout, timeout("")), cadvisorKey(&stray.Cadvisor)}
}

// word is what a mapping says by the key that chooses its fields.
func (v *value) word(by string) string {
	for _, m := range v.member {
		if m.name == by {
			return m.value.text
		}
	}
	return ""
}
