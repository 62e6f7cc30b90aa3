package ops

import "slices"

// A lookup goes through what there is, which is as quick as anything for the one thing
// that a person opens or acts on. Whoever asks for each of many makes a map.

// Find returns the first value of some readings that is asked for, and the reading it
// stands in; without one that reading is not Known.
func Find[T any](rs Readings[[]T], is func(*T) bool) (T, Reading[[]T], bool) {
	for _, r := range rs {
		for i := range r.Value {
			if is(&r.Value[i]) {
				return r.Value[i], r, true
			}
		}
	}
	var none T
	return none, Reading[[]T]{}, false
}

// named returns the first value of a list that is asked for.
func named[T any](all []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	var none T
	return none, false
}

// Source returns the source of a name.
func (b Board) Source(name Text) (Source, bool) {
	return named(b.Sources, func(s Source) bool { return s.Name == name })
}

// Unreachable says why nothing can be done at a source now: it does not answer. Empty:
// it does, or was not asked yet.
func (b Board) Unreachable(source Text) Text {
	s, _ := b.Source(source)
	switch s.State {
	case SourceSilent, SourceRefused, SourceDenied, SourceFailing:
		return Textf("%s is %s: %s", s.Name, s.State, s.Why)
	}
	return Text{}
}

// Alert returns the alert of a Ref, else the one that another source has under the same
// fingerprint: their labels are the same, so they are one alert.
func (b Board) Alert(ref Ref) (Alert, bool) {
	a, _, ok := Find(b.Alerts, func(a *Alert) bool { return a.Ref == ref })
	if !ok {
		a, _, ok = Find(b.Alerts, func(a *Alert) bool { return a.Ref.ID == ref.ID })
	}
	return a, ok
}

// Silence returns the silence of a Ref.
func (b Board) Silence(ref Ref) (Silence, bool) {
	s, _, ok := Find(b.Silences, func(s *Silence) bool { return s.Ref == ref })
	return s, ok
}

// Container returns the container of a Ref, and the reading that says how far it is to
// be trusted.
func (b Board) Container(ref Ref) (Container, Reading[[]Container], bool) {
	return Find(b.Containers, func(c *Container) bool { return c.Ref == ref })
}

// Database returns the reading of the server of a Ref.
func (b Board) Database(ref Ref) (Reading[Database], bool) {
	return named(b.Databases, func(r Reading[Database]) bool { return r.Value.Ref == ref })
}

// Primary is the server that writes what the named database source holds: that server,
// or where it is a standby or away the one of its cluster that is none. false: none was read
// freshly.
func (b Board) Primary(database Text) (Database, bool) {
	named, ok := named(b.Databases, func(r Reading[Database]) bool { return r.Source == database })
	if !ok || !named.Known() {
		return Database{}, false
	}
	if named.Value.Standby || !named.Fresh() { // another one may have been promoted
		for _, r := range b.Databases {
			if r.Fresh() && !r.Value.Standby && r.Value.Cluster.ID == named.Value.Cluster.ID && !r.Value.Cluster.ID.Empty() {
				return r.Value, true
			}
		}
	}
	return named.Value, named.Fresh()
}

// Backup returns the backup of a Ref.
func (b Board) Backup(ref Ref) (Backup, bool) {
	for _, r := range b.Backups {
		if s, ok := named(r.Value.Sets, func(s Backup) bool { return s.Ref == ref }); ok {
			return s, true
		}
	}
	return Backup{}, false
}

// Session returns the session of a Ref.
func (b Board) Session(ref Ref) (Session, bool) {
	for _, r := range b.Databases {
		if s, ok := named(r.Value.Sessions, func(s Session) bool { return s.Ref == ref }); ok {
			return s, true
		}
	}
	return Session{}, false
}

// LoadRun returns the kept run of a Ref.
func (b Board) LoadRun(ref Ref) (LoadKept, bool) {
	return named(b.Loads.Kept, func(k LoadKept) bool { return k.Ref == ref })
}

// Loaded returns the run under way against what a scenario is for; false: none is.
func (b Board) Loaded(target Text) (LoadLive, bool) {
	return named(b.Loading, func(l LoadLive) bool { return l.Scenario.Target == target })
}

// Job returns the job of an id.
func (b Board) Job(id JobID) (Job, bool) {
	return named(b.Jobs, func(j Job) bool { return j.ID == id })
}
