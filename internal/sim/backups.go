package sim

import (
	"fmt"
	"slices"
	"time"
)

// backupsScript is the backups of the simulated database.
type backupsScript struct {
	Version string // of pgBackRest
	Stanza  string
	Cluster string // the system identifier
	Since   span   // how far back there are backups at the start
	Full    span   // between two full ones; the others are incremental
	Each    span   // between two backups
	Segment span   // in which a segment of WAL is filled
	Keeps   int    // full backups
	Size    int64  // MiB of the database
	Types   map[string]struct {
		Takes span
		Adds  int64 // MiB
	}
	Repositories []repositoryScript
}

type repositoryScript struct {
	Key   int
	Holes []struct { // WAL that is lost
		At       span // so long after the start
		Ago      span // of so long before it
		Segments int
	}
}

// archive is what the simulated repositories hold, guarded by the world's lock.
type archive struct {
	w        *World
	script   *backupsScript
	since    time.Time // segment base began then
	switches []time.Time
	sets     map[int][]set // by repository, oldest first
	first    map[int]int64 // the oldest segment of WAL
	stopped  time.Time     // zero: it is not
	// At work, and until when: a backup, or nothing.
	until, from time.Time
	making      set
	in          int // the repository
}

// set is one backup.
type set struct {
	label, kind, prior string
	from, to           time.Time
}

// base is the segment that the simulated server was in when its first backup began.
const base = 9000

// segmentBytes is the size of a segment of WAL.
const segmentBytes = 16 << 20

func newArchive(w *World) *archive {
	s := &w.script.Backups
	a := &archive{w: w, script: s, since: w.begin.Add(-s.Since.d()), sets: map[int][]set{}, first: map[int]int64{}}
	for _, r := range s.Repositories {
		a.first[r.Key] = base
		for at := a.since.Add(time.Hour); at.Before(w.begin); at = at.Add(s.Each.d()) {
			kind := "incr"
			if at.Sub(a.since)%s.Full.d() < s.Each.d() {
				kind = "full"
			}
			one := a.begun(r.Key, kind, at)
			a.sets[r.Key] = append(a.sets[r.Key], one)
		}
	}
	return a
}

// begun is a backup that begins at a moment; one that has none to build on is full.
func (a *archive) begun(key int, kind string, at time.Time) set {
	s := set{kind: kind, from: at, to: at.Add(a.script.Types[kind].Takes.d())}
	name := at.UTC().Format("20060102-150405")
	i := a.lastFull(key)
	if i < 0 || kind == "full" {
		s.kind, s.to, s.label = "full", at.Add(a.script.Types["full"].Takes.d()), name+"F"
		return s
	}
	all := a.sets[key]
	s.prior, s.label = all[len(all)-1].label, all[i].label+"_"+name+"I"
	if kind == "diff" {
		s.prior, s.label = all[i].label, all[i].label+"_"+name+"D"
	}
	return s
}

// lastFull is the place of the newest full backup; -1: there is none.
func (a *archive) lastFull(key int) int {
	for i, s := range slices.Backward(a.sets[key]) {
		if s.kind == "full" {
			return i
		}
	}
	return -1
}

// segment is the one that the server writes at a moment: the clock fills them, and a
// switch ends one early.
func (a *archive) segment(t time.Time) int64 {
	n := base + int64(t.Sub(a.since)/a.script.Segment.d())
	for _, s := range a.switches {
		if !s.After(t) {
			n++
		}
	}
	return n
}

// archived is the first segment that is not in the repositories.
func (a *archive) archived(now time.Time) int64 {
	if !a.stopped.IsZero() {
		now = a.stopped
	}
	return a.segment(now)
}

// filled is about when a segment was full.
func (a *archive) filled(n int64, now time.Time) time.Time {
	if at := a.since.Add(time.Duration(n-base+1) * a.script.Segment.d()); at.Before(now) {
		return at
	}
	return now
}

// missing reports whether a segment is in a hole.
func (a *archive) missing(key int, n int64) bool {
	for _, r := range a.script.Repositories {
		for _, h := range r.Holes {
			from := a.segment(a.w.begin.Add(-h.Ago.d()))
			if r.Key == key && n >= from && n < from+int64(h.Segments) && !a.w.at.Before(a.w.begin.Add(h.At.d())) {
				return true
			}
		}
	}
	return false
}

// step ends what is due.
func (a *archive) step(t time.Time) {
	if a.until.IsZero() || t.Before(a.until) {
		return
	}
	a.until = time.Time{}
	if a.stopped.IsZero() {
		a.sets[a.in] = append(a.sets[a.in], a.making)
		a.switches = append(a.switches, t)
		a.expire(a.in, a.script.Keeps)
	}
}

// expire removes full backups beyond the newest few, what builds on them, and the WAL
// before the oldest that is left. It returns what went.
func (a *archive) expire(key, keeps int) (gone []set) {
	gone, a.sets[key] = a.aged(key, keeps)
	if len(gone) > 0 {
		a.first[key] = a.segment(a.sets[key][0].from)
	}
	return gone
}

// aged parts the backups into those that would go and those that stay.
func (a *archive) aged(key, keeps int) (gone, left []set) {
	all, full := a.sets[key], 0
	for i, s := range slices.Backward(all) {
		if s.kind != "full" {
			continue
		}
		if full++; full == keeps {
			return slices.Clone(all[:i]), slices.Clone(all[i:])
		}
	}
	return nil, all
}

// walName is the name of a segment.
func walName(n int64) string {
	const each = (1 << 32) / segmentBytes
	return fmt.Sprintf("%08X%08X%08X", 1, n/each, n%each)
}

// lsn is a position in a segment.
func lsn(n, offset int64) string {
	at := n*segmentBytes + offset
	return fmt.Sprintf("%X/%X", at>>32, at&(1<<32-1))
}
