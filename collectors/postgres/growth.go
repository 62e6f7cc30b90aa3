package postgres

import (
	"time"

	"opsdeck/ops"
)

// place is where in the WAL the server was at a time.
type place struct {
	at  time.Time
	lsn int64
}

// replay is how far a replica has replayed, and what the server says of its lag.
type replay struct {
	lsn  *int64
	said *float64
}

// maxPlaces bounds how far back lag in seconds can be measured: with a look every
// four seconds, an hour.
const maxPlaces = 900

// trail is the places that something passed in the WAL, the last one last.
type trail []place

// note remembers where it is and returns the bytes it went a second since the last
// look.
func (t *trail) note(now time.Time, lsn int64) ops.Value {
	var rate ops.Value
	if n := len(*t); n > 0 {
		last := (*t)[n-1]
		if d := now.Sub(last.at).Seconds(); d > 0 && lsn >= last.lsn {
			rate = ops.Num(float64(lsn-last.lsn) / d)
		}
		if lsn < last.lsn { // another timeline
			*t = nil
		}
	}
	*t = append(*t, place{now, lsn})
	if len(*t) > maxPlaces {
		*t = append(trail{}, (*t)[len(*t)-maxPlaces:]...)
	}
	return rate
}

// lag is how long ago the server passed the place up to which a replica has
// replayed. The server's own replay_lag stands still, or is not there at all, when
// replay stands still; ours grows. Where ours cannot tell, the server's word is taken.
func (t trail) lag(r replay, now time.Time) ops.Value {
	if r.lsn == nil {
		return ops.Value{}
	}
	var said float64
	if r.said != nil {
		said = *r.said
	}
	for _, p := range t {
		if p.lsn > *r.lsn {
			return ops.Num(max(said, now.Sub(p.at).Truncate(time.Second).Seconds()))
		}
	}
	if n := len(t); n > 0 && t[n-1].lsn <= *r.lsn {
		return ops.Num(0)
	}
	return figure(r.said)
}

// upstream says since when a standby has no WAL receiver, and how long what it received
// waits to be replayed.
func (r *reading) upstream() {
	u := &r.out.Upstream
	if r.streamed != nil && r.replayed != nil {
		r.received.note(r.now, *r.streamed)
		u.Waiting, u.Lag = ops.Num(float64(max(0, *r.streamed-*r.replayed))), r.received.lag(replay{lsn: r.replayed}, r.now)
	}
	switch {
	case !r.out.Standby:
		r.cut, r.received, r.from = time.Time{}, nil, followed{}
		return
	case r.missing["WAL receiver"] != "":
		return // what is not seen says nothing
	case u.Receiving:
		r.cut, r.from = time.Time{}, followed{u.From, u.Slot}
	case r.cut.IsZero():
		r.cut = r.now
	}
	u.Gone, u.From, u.Slot = r.cut, r.from.at, r.from.slot
}

// followed is what a standby streams from, or did: the server forgets it with the receiver.
type followed struct{ at, slot ops.Text }

// sample is a size at a time.
type sample struct {
	at    time.Time
	bytes float64
}

// samples are sizes of one thing, the last one last.
type samples []sample

// Growth of a database is measured over a day at most, and not over less than ten
// minutes. What fills pg_wal began a moment ago, and has to be seen soon.
const (
	growthOver     = 24 * time.Hour
	growthLeast    = 10 * time.Minute
	walGrowthOver  = 10 * time.Minute
	walGrowthLeast = 2 * time.Minute
)

// grown remembers a size and returns its growth in bytes an hour, over so long at most.
func (s *samples) grown(now time.Time, bytes float64, most, least time.Duration) ops.Value {
	all := append(*s, sample{now, bytes})
	for len(all) > 1 && now.Sub(all[0].at) > most {
		all = all[1:]
	}
	*s = all
	if over := now.Sub(all[0].at); over >= least {
		return ops.Num((bytes - all[0].bytes) / over.Hours())
	}
	return ops.Value{}
}

// grown is the growth of a database.
func (l *look) grown(now time.Time, name string, bytes float64) ops.Value {
	all := l.sizes[name]
	growth := all.grown(now, bytes, growthOver, growthLeast)
	l.sizes[name] = all
	return growth
}
