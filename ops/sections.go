package ops

import (
	"encoding/json"
	"slices"
)

// sections is the one list of a board's parts: the field that each section is, and
// for readings the kinds of sources that fill it. What is done to every part of a
// board goes through here; a test fails for a field that is missing.
func (b *Board) sections() [Sections]section {
	return [Sections]section{
		SectionEstate:     whole[EstateInfo]{&b.Estate},
		SectionSources:    sources{whole[[]Source]{&b.Sources}},
		SectionAlerts:     filled(&b.Alerts, SourcePrometheus, SourceAlertmanager),
		SectionContainers: filled(&b.Containers, SourceDocker),
		SectionStats:      whole[[]ContainerStats]{&b.Stats},
		SectionJobs:       whole[[]Job]{&b.Jobs},
		SectionChanges:    whole[[]Record]{&b.Changes},
		SectionFindings:   whole[[]Finding]{&b.Findings},
		SectionSilences:   filled(&b.Silences, SourceAlertmanager),
		SectionIndicators: filled(&b.Indicators, SourcePrometheus),
		SectionIncidents:  whole[[]Incident]{&b.Incidents},
		SectionValues:     whole[[]AlertValue]{&b.Values},
		SectionDatabases:  filled(&b.Databases, SourcePostgres),
		SectionLoads:      whole[Loads]{&b.Loads},
		SectionLoading:    whole[[]LoadLive]{&b.Loading},
		SectionBackups:    filled(&b.Backups, SourcePgBackRest, SourceBaseBackup),
	}
}

// section is what a board can ask of each of its parts. Nothing here changes a
// slice that a board already handed out shares.
type section interface {
	open(SourceKind, Text)
	stamp([]Source)
	cut(why Text)
	stale(optional func(source Text) bool) bool
	encode() (json.RawMessage, error)
	decode(json.RawMessage) error
}

// Open gives a new source its readings: pending ones, in every section that
// sources of its kind fill.
func (b *Board) Open(kind SourceKind, source Text) {
	for _, s := range b.sections() {
		s.open(kind, source)
	}
}

// Stamp copies how each source stands onto the readings that came from it. The
// values of a board travel on their own; how old and how good they are follows
// from the sources, so both ends of the wire put the two together here, and the
// alerts with their values.
func (b *Board) Stamp() {
	for _, s := range b.sections() {
		s.stamp(b.Sources)
	}
	b.renewValues()
}

// Cut returns the board as it reads after the way to the agent was lost: every
// value is kept with its age, and nothing on it may look good.
func (b Board) Cut(why Text) Board {
	for _, s := range b.sections() {
		s.cut(why)
	}
	if b.Level != LevelCritical {
		b.Level = LevelUnknown
	}
	return b
}

// Stale reports whether the board lacks what it needs to be called good: it has no
// source at all, or a source that nobody called optional, or a reading of one, is
// not fresh. A reading of a source that the board does not list is needed.
func (b Board) Stale() bool {
	optional := func(source Text) bool {
		return slices.ContainsFunc(b.Sources, func(s Source) bool { return s.Name == source && !s.Required })
	}
	all := b.sections()
	return len(b.Sources) == 0 || slices.ContainsFunc(all[:], func(s section) bool { return s.stale(optional) })
}

// EncodeSection writes one section as it travels. Readings go without what their
// sources say of them, which is the section of the sources: an answer that brings
// nothing new sends nothing.
func (b Board) EncodeSection(s Section) (json.RawMessage, error) {
	if s >= Sections {
		return nil, Errorf(CodeInternal, "there is no section %d", s)
	}
	return b.sections()[s].encode()
}

// DecodeSection puts what EncodeSection wrote in the place of a section. Readings
// come without their state: Stamp, after the last section.
func (b *Board) DecodeSection(s Section, raw json.RawMessage) error {
	if s >= Sections {
		return Errorf(CodeInternal, "there is no section %d", s)
	}
	return b.sections()[s].decode(raw)
}

// whole is a section that is one value, with no source of its own behind it.
type whole[T any] struct{ v *T }

func (whole[T]) open(SourceKind, Text)              {}
func (whole[T]) stamp([]Source)                     {}
func (whole[T]) cut(Text)                           {}
func (whole[T]) stale(func(Text) bool) bool         { return false }
func (s whole[T]) encode() (json.RawMessage, error) { return json.Marshal(*s.v) }

// decode replaces the value: decoding over the old one would write into slices
// that other boards share.
func (s whole[T]) decode(raw json.RawMessage) error {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	*s.v = v
	return nil
}

// sources is the section that says how all others stand.
type sources struct{ whole[[]Source] }

func (s sources) cut(why Text) {
	cut := slices.Clone(*s.v)
	for i := range cut {
		if c := &cut[i]; c.State == SourceOK {
			c.State, c.Why, c.Since = SourceStale, why, c.LastGood
		}
	}
	*s.v = cut
}

func (s sources) stale(func(Text) bool) bool {
	return slices.ContainsFunc(*s.v, func(s Source) bool { return s.Required && s.State != SourceOK })
}

// readings is a section that sources fill.
type readings[T any] struct {
	rs *Readings[T]
	by []SourceKind
}

func filled[T any](rs *Readings[T], by ...SourceKind) section { return readings[T]{rs, by} }

func (s readings[T]) open(kind SourceKind, source Text) {
	if slices.Contains(s.by, kind) {
		*s.rs = append(slices.Clip(*s.rs), Reading[T]{Source: source})
	}
}

func (s readings[T]) stamp(all []Source) {
	s.each(func(r *Reading[T]) {
		for _, src := range all {
			if src.Name == r.Source {
				r.At, r.Took, r.State, r.Why = src.LastGood, src.Took, src.State, src.Why
			}
		}
	})
}

func (s readings[T]) cut(why Text) {
	s.each(func(r *Reading[T]) {
		if r.State == SourceOK {
			r.State = SourceStale
		}
		r.Why = r.Why.Or(why)
	})
}

// each changes every reading, in a copy.
func (s readings[T]) each(change func(*Reading[T])) {
	rs := slices.Clone(*s.rs)
	for i := range rs {
		change(&rs[i])
	}
	*s.rs = rs
}

func (s readings[T]) stale(optional func(Text) bool) bool {
	return slices.ContainsFunc(*s.rs, func(r Reading[T]) bool { return !r.Fresh() && !optional(r.Source) })
}

// bare is a reading as it travels.
type bare[T any] struct {
	Source Text `json:"source"`
	Value  T    `json:"value"`
}

func (s readings[T]) encode() (json.RawMessage, error) {
	out := make([]bare[T], len(*s.rs))
	for i, r := range *s.rs {
		out[i] = bare[T]{r.Source, r.Value}
	}
	return json.Marshal(out)
}

func (s readings[T]) decode(raw json.RawMessage) error {
	var in []bare[T]
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	rs := make(Readings[T], len(in))
	for i, v := range in {
		rs[i] = Reading[T]{Source: v.Source, Value: v.Value}
	}
	*s.rs = rs
	return nil
}
