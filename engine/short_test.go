package engine

import (
	"testing"
	"time"

	"opsdeck/ops"
)

// TestWhatAStandbyLacksIsCountedFromWhenThePrimaryWasSeenBeyondIt: a primary that was idle for
// an hour and writes again makes nobody late by an hour.
func TestWhatAStandbyLacksIsCountedFromWhenThePrimaryWasSeenBeyondIt(t *testing.T) {
	s := newShipping()
	standby := func(received, replayed ops.LSN) ops.Database {
		return ops.Database{Standby: true, Cluster: ops.Cluster{ID: ops.Lit("1")}, WAL: ops.WAL{Position: ops.Clean(replayed.String())}, Upstream: ops.Upstream{Receiving: true, Received: ops.Clean(received.String())}}
	}
	s.writes(0, 1000)
	s.writes(time.Hour, 1000)
	s.writes(4*time.Second, 2000)
	beyond := s.now
	s.writes(time.Minute, 2000)
	s.writes(time.Minute, 3000)
	for name, c := range map[string]struct {
		d    ops.Database
		want time.Time
	}{
		"it has all":                                     {standby(3000, 1000), time.Time{}},
		"it has more than was seen":                      {standby(4000, 1000), time.Time{}},
		"it has what was written before":                 {standby(1000, 1000), beyond},
		"it has the newest but one":                      {standby(2000, 2000), s.now},
		"the rest came from an archive":                  {standby(1000, 3000), time.Time{}},
		"it never streamed":                              {ops.Database{Standby: true, Cluster: ops.Cluster{ID: ops.Lit("1")}}, time.Time{}},
		"what the primary wrote is of an older timeline": {func() ops.Database { d := standby(1000, 1000); d.Cluster.Timeline = 9; return d }(), time.Time{}},
		"it is a primary":                                {ops.Database{Cluster: ops.Cluster{ID: ops.Lit("1")}, Upstream: ops.Upstream{Received: ops.Lit("0/1")}}, time.Time{}},
		"nobody saw the primary of its kind":             {func() ops.Database { d := standby(1, 1); d.Cluster.ID = ops.Lit("2"); return d }(), time.Time{}},
	} {
		if got := s.p.short(c.d); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	c := standby(1000, 1000)
	if d := s.p.setDatabase(ops.Lit("standby"), c); !d.Upstream.Short.Equal(beyond) {
		t.Errorf("it is not told: %+v", d.Upstream)
	}
}
