package judge

import (
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// follower is a standby of a cluster that streams from another server of it.
func follower(name, from string, changes ...func(*ops.Database)) ops.Reading[ops.Database] {
	d := ops.Database{Ref: ops.NewRef(ops.KindDatabase, name, name), Standby: true, Addresses: []ops.Text{ops.Clean(name + ":5432")},
		Cluster: ops.Cluster{ID: ops.Lit("7001")},
		Upstream: ops.Upstream{Told: true, Receiving: true, State: ops.Lit("streaming"), Host: ops.Clean(from), From: ops.Clean(from + ":5432"),
			Heard: now.Add(-time.Second), Waiting: ops.Num(0), Lag: ops.Num(0)}}
	for _, change := range changes {
		change(&d)
	}
	return ops.Reading[ops.Database]{Source: ops.Clean(name), At: now, State: ops.SourceOK, Value: d}
}

func cut(since time.Duration) func(*ops.Database) {
	return func(d *ops.Database) { d.Upstream.Receiving, d.Upstream.Gone = false, now.Add(-since) }
}

// followedBy judges servers of a cluster as the engine does, and a board of them.
func followedBy(all ...ops.Reading[ops.Database]) ops.Board {
	e, b := dbEstate(), ops.Board{Databases: all}
	for _, r := range all {
		b.Sources = append(b.Sources, ops.Source{Name: r.Source, Kind: ops.SourcePostgres, State: r.State})
	}
	for range 2 { // each is read again
		for i := range b.Databases {
			b.Databases[i].Value = Database(e, Followed(b.Databases, b.Databases[i].Value, e.Limits.Database, now), now)
		}
	}
	Board(e, &b, now)
	return b
}

// lacking says since when the primary was seen beyond what a standby has.
func lacking(since time.Duration) func(*ops.Database) {
	return func(d *ops.Database) { d.Upstream.Short = now.Add(-since) }
}

// leader is the primary of the followers.
func leader(changes ...func(*ops.Database)) ops.Reading[ops.Database] {
	return follower("p", "", append([]func(*ops.Database){func(d *ops.Database) { d.Standby, d.Upstream = false, ops.Upstream{} }}, changes...)...)
}

func unread(r ops.Reading[ops.Database]) ops.Reading[ops.Database] {
	r.State = ops.SourceSilent
	return r
}

func reachedAt(address string) func(*ops.Database) {
	return func(d *ops.Database) { d.Addresses = []ops.Text{ops.Clean(address)} }
}

// followRow is servers of a cluster, and what is said of the last one.
type followRow struct {
	all         []ops.Reading[ops.Database]
	level       ops.Level
	what, cause string
	under       string // the server whose finding it is put down to
}

func TestAStandbyIsAsWellAsWhatItFollows(t *testing.T) {
	primary := leader()
	s1 := func(changes ...func(*ops.Database)) ops.Reading[ops.Database] { return follower("s1", "p", changes...) }
	s2 := func(changes ...func(*ops.Database)) ops.Reading[ops.Database] {
		return follower("s2", "s1", changes...)
	}
	elsewhere := func(d *ops.Database) { d.Addresses = []ops.Text{ops.Lit("172.18.0.3:5432")} } // than those below it say
	const none, stops = "", "the standby gets no new WAL"
	for name, c := range map[string]followRow{
		"all is well":                          {[]ops.Reading[ops.Database]{primary, s1(), s2()}, ops.LevelOK, none, "", ""},
		"cut off from the primary":             {[]ops.Reading[ops.Database]{primary, s1(cut(time.Minute))}, ops.LevelWarning, "the standby is cut off from its primary", "is no WAL receiver", ""},
		"cut off from a standby":               {[]ops.Reading[ops.Database]{primary, s1(), s2(cut(time.Minute))}, ops.LevelWarning, "the standby is cut off from its upstream", "is no WAL receiver", ""},
		"cut off from nobody knows what":       {[]ops.Reading[ops.Database]{primary, follower("s2", "x", cut(time.Minute))}, ops.LevelWarning, "the standby is cut off from its primary", "is no WAL receiver", ""},
		"a standby is silent":                  {[]ops.Reading[ops.Database]{s1(), s2(func(d *ops.Database) { d.Upstream.Heard = now.Add(-2 * time.Minute) })}, ops.LevelWarning, "the standby hears nothing from its upstream s1", "", ""},
		"below one that is cut off":            {[]ops.Reading[ops.Database]{primary, s1(cut(time.Minute)), s2()}, ops.LevelWarning, stops, "it streams from s1, and s1 is cut off from its primary", "s1"},
		"for long":                             {[]ops.Reading[ops.Database]{primary, s1(cut(time.Hour)), s2()}, ops.LevelCritical, stops, "s1 is cut off from its primary", "s1"},
		"and the primary is not in the estate": {[]ops.Reading[ops.Database]{s1(cut(time.Minute)), s2()}, ops.LevelWarning, stops, "s1 is cut off from its primary", "s1"},
		"two below":                            {[]ops.Reading[ops.Database]{primary, s1(cut(time.Minute)), s2(), follower("s3", "s2")}, ops.LevelWarning, stops, "it streams from s2, and s1 is cut off from its primary", "s1"},
		"in the middle of a chain":             {[]ops.Reading[ops.Database]{primary, s1(), s2(cut(time.Minute)), follower("s3", "s2")}, ops.LevelWarning, stops, "s2 is cut off from its upstream", "s2"},
		"below one that hears nothing":         {[]ops.Reading[ops.Database]{s1(func(d *ops.Database) { d.Upstream.Heard = now.Add(-2 * time.Minute) }), s2()}, ops.LevelWarning, stops, "s1 hears nothing from its primary", "s1"},
		"below one that is told nothing":       {[]ops.Reading[ops.Database]{s1(cut(time.Minute), func(d *ops.Database) { d.Upstream.Told = false }), s2()}, ops.LevelWarning, stops, "s1 gets no WAL", "s1"},
		"below one that reads an archive":      {[]ops.Reading[ops.Database]{s1(cut(time.Minute), func(d *ops.Database) { d.Upstream.Told, d.Upstream.Archive = false, true }), s2()}, ops.LevelOK, none, "", ""},
		"below one that is paused":             {[]ops.Reading[ops.Database]{primary, s1(func(d *ops.Database) { d.Paused = true }), s2()}, ops.LevelOK, none, "", ""},
		"below one that is paused and cut off": {[]ops.Reading[ops.Database]{primary, s1(func(d *ops.Database) { d.Paused = true }, cut(time.Minute)), s2()}, ops.LevelWarning, stops, "s1 is cut off", "s1"},
		"paused itself, below a cut":           {[]ops.Reading[ops.Database]{primary, s1(cut(time.Minute)), s2(func(d *ops.Database) { d.Paused = true })}, ops.LevelWarning, "replay is paused", "", ""},
		"above it nobody can be read":          {[]ops.Reading[ops.Database]{primary, unread(s1(cut(time.Minute))), s2()}, ops.LevelOK, none, "", ""},
		"and the primary is beyond it":         {[]ops.Reading[ops.Database]{primary, unread(s1(cut(time.Minute))), s2(lacking(2 * time.Minute))}, ops.LevelWarning, "the standby does not get what the primary writes", "it streams from s1", ""},
		"not in the estate, primary beyond it": {[]ops.Reading[ops.Database]{primary, follower("s2", "x", lacking(20*time.Minute))}, ops.LevelCritical, "the standby does not get what the primary writes", "it streams from x", ""},
		"only for a moment":                    {[]ops.Reading[ops.Database]{primary, follower("s2", "x", lacking(time.Second))}, ops.LevelOK, none, "", ""},
		"below one that lacks WAL":             {[]ops.Reading[ops.Database]{primary, follower("s1", "x", lacking(2*time.Minute)), s2(lacking(2 * time.Minute))}, ops.LevelWarning, stops, "s1 does not get what the primary writes", "s1"},
		"below those that lack it by a cut":    {[]ops.Reading[ops.Database]{primary, s1(cut(2 * time.Minute)), s2(lacking(2 * time.Minute)), follower("s3", "s2", lacking(2*time.Minute))}, ops.LevelWarning, stops, "it streams from s2, and s1 is cut off from its primary", "s1"},
		"below two that lack WAL":              {[]ops.Reading[ops.Database]{primary, follower("s1", "x", lacking(2*time.Minute)), s2(lacking(2 * time.Minute)), follower("s3", "s2")}, ops.LevelWarning, stops, "s1 does not get what the primary writes", "s1"},
		"they follow each other":               {[]ops.Reading[ops.Database]{follower("s1", "s2"), s2()}, ops.LevelWarning, stops, "it and s1 follow each other, and no primary", ""},
		"of another cluster":                   {[]ops.Reading[ops.Database]{s1(cut(time.Minute), func(d *ops.Database) { d.Cluster.ID = ops.Lit("7002") }), s2()}, ops.LevelOK, none, "", ""},
		"known by its slot": {[]ops.Reading[ops.Database]{primary, s1(elsewhere, cut(time.Minute), func(d *ops.Database) { d.Slots = []ops.Slot{{Name: ops.Lit("two"), Active: true, Retains: ops.Num(0)}} }),
			s2(func(d *ops.Database) { d.Upstream.Slot = ops.Lit("two") })}, ops.LevelWarning, stops, "s1 is cut off", "s1"},
		"known by who streams from it": {[]ops.Reading[ops.Database]{primary, s1(elsewhere, cut(time.Minute), func(d *ops.Database) {
			d.Replicas = []ops.Replica{{Client: ops.Lit("10.0.0.7"), Lag: ops.Num(0), Behind: ops.Num(0)}}
		}),
			s2(func(d *ops.Database) { d.Addresses = []ops.Text{ops.Lit("10.0.0.7:5432")} })}, ops.LevelWarning, stops, "s1 is cut off", "s1"},
		"two have its address": {[]ops.Reading[ops.Database]{primary, s1(cut(time.Minute)), follower("s9", "p", func(d *ops.Database) { d.Addresses = []ops.Text{ops.Lit("s1:5432")} }), s2()}, ops.LevelOK, none, "", ""},
	} {
		c.check(t, name)
	}
}

// TestAStandbyIsAsWellAsThePrimarySaysOfIt: where that one says nothing of it, what it lacks is
// told by the standby.
func TestAStandbyIsAsWellAsThePrimarySaysOfIt(t *testing.T) {
	from := func(host string, changes ...func(*ops.Database)) ops.Reading[ops.Database] {
		return follower("s2", host, append(changes, lacking(2*time.Minute))...)
	}
	streams := func(r ops.Replica) func(*ops.Database) {
		return func(d *ops.Database) { d.Replicas = []ops.Replica{r} }
	}
	told := ops.Replica{Slot: ops.Lit("two"), Lag: ops.Num(0), Behind: ops.Num(0)}
	byTwo := func(d *ops.Database) { d.Upstream.Slot = ops.Lit("two") }
	const lacks, atSeven = "the standby does not get what the primary writes", "10.0.0.7:5432"
	for name, c := range map[string]followRow{
		"the primary says so of its replica": {[]ops.Reading[ops.Database]{leader(streams(told)), follower("s1", "p", byTwo, lacking(time.Hour))}, ops.LevelOK, "", "", ""},
		"and knows it by its address":        {[]ops.Reading[ops.Database]{leader(streams(ops.Replica{Client: ops.Lit("10.0.0.7"), Lag: ops.Num(0), Behind: ops.Num(0)})), follower("s1", "p", reachedAt(atSeven), lacking(time.Hour))}, ops.LevelOK, "", "", ""},
		"the primary names no replica":       {[]ops.Reading[ops.Database]{leader(), follower("s1", "p", byTwo, lacking(time.Hour))}, ops.LevelCritical, lacks, "it streams from p;", ""},
		"its replica is hidden":              {[]ops.Reading[ops.Database]{leader(streams(ops.Replica{Slot: ops.Lit("two"), Hidden: true, Lag: ops.Num(0)})), follower("s1", "p", byTwo, lacking(time.Hour))}, ops.LevelCritical, lacks, "it streams from p;", ""},
		"how far behind is not known":        {[]ops.Reading[ops.Database]{leader(streams(ops.Replica{Slot: ops.Lit("two"), Behind: ops.Num(0)})), follower("s1", "p", byTwo, lacking(time.Hour))}, ops.LevelCritical, lacks, "it streams from p;", ""},
		"its replica is another one":         {[]ops.Reading[ops.Database]{leader(streams(told)), follower("s1", "p", lacking(time.Hour))}, ops.LevelCritical, lacks, "it streams from p;", ""},
		"the primary is silent since":        {[]ops.Reading[ops.Database]{unread(leader(streams(told))), follower("s1", "p", byTwo, lacking(time.Hour))}, ops.LevelCritical, lacks, "it streams from p;", ""},
		"at the loopback of its own host":    {[]ops.Reading[ops.Database]{leader(reachedAt("127.0.0.1:5432")), from("127.0.0.1")}, ops.LevelWarning, lacks, "it streams from 127.0.0.1;", ""},
		"at that name of its own host":       {[]ops.Reading[ops.Database]{leader(reachedAt("localhost:5432")), from("localhost")}, ops.LevelWarning, lacks, "it streams from localhost;", ""},
		"at a socket of its own host":        {[]ops.Reading[ops.Database]{leader(reachedAt("/run/pg:5432")), from("/run/pg")}, ops.LevelWarning, lacks, "it streams from /run/pg;", ""},
		"it is read at that loopback too":    {[]ops.Reading[ops.Database]{leader(reachedAt("127.0.0.1:5432")), follower("s2", "127.0.0.1", reachedAt("127.0.0.1:5433"), lacking(2*time.Minute))}, ops.LevelWarning, lacks, "it streams from p;", ""},
		"another of its host streams there":  {[]ops.Reading[ops.Database]{leader(streams(ops.Replica{Client: ops.Lit("10.0.0.7"), Lag: ops.Num(0), Behind: ops.Num(0)})), follower("s1", "p", reachedAt(atSeven)), from("x", reachedAt("10.0.0.7:5433"))}, ops.LevelWarning, lacks, "it streams from x;", ""},
	} {
		c.check(t, name)
	}
}

func (c followRow) check(t *testing.T, name string) {
	t.Helper()
	b := followedBy(c.all...)
	last := b.Databases[len(c.all)-1]
	var f ops.Finding
	if i := slices.IndexFunc(b.Findings, func(f ops.Finding) bool { return f.Ref == last.Value.Ref && f.Level.Bad() }); i >= 0 {
		f = b.Findings[i]
	}
	what := strings.TrimPrefix(f.What.String(), last.Source.String()+": ")
	if last.Value.Levels.Replay != c.level || what != c.what || !strings.Contains(f.Cause.String(), c.cause) || f.Under.ID.String() != c.under {
		t.Errorf("%s: %s %q %q under %q", name, last.Value.Levels.Replay, f.What, f.Cause, f.Under.ID)
	}
	if what != "" && (f.Key.Empty() || len(f.Next) == 0) {
		t.Errorf("%s: %+v", name, f)
	}
}

// TestWhatACutMakesStandsAloneWhenItsCauseIsOver: the servers are not read at one moment.
func TestWhatACutMakesStandsAloneWhenItsCauseIsOver(t *testing.T) {
	b := followedBy(follower("s1", "p", cut(time.Minute)), follower("s2", "s1"))
	if len(b.Findings) != 2 || b.Findings[0].Ref.ID.String() != "s1" || b.Findings[1].Under != b.Findings[0].Ref {
		t.Fatalf("%+v", b.Findings)
	}
	b.Databases[0].Value = Database(dbEstate(), follower("s1", "p").Value, now)
	Board(dbEstate(), &b, now)
	if len(b.Findings) != 1 || !b.Findings[0].Under.Zero() || b.Level != ops.LevelWarning {
		t.Errorf("%s: %+v", b.Level, b.Findings)
	}
}
