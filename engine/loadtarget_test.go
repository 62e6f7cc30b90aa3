package engine

import (
	"slices"
	"testing"
	"time"

	"opsdeck/ops"
)

// A service of compose has containers whose names end in numbers.
func TestAServiceOfComposeIsAllOfItsContainers(t *testing.T) {
	ref := func(id string) ops.Ref { return ops.NewRef(ops.KindContainer, "d", id) }
	of := func(source, name, project, service string) ops.Container {
		return ops.Container{Ref: ops.NewRef(ops.KindContainer, source, name), Name: ops.Clean(name), Project: ops.Clean(project), Service: ops.Clean(service)}
	}
	all := []ops.Container{of("d", "shop-web-1", "shop", "web"), of("d", "shop-web-2", "shop", "web"), of("d", "shop-db-1", "shop", "db"), of("e", "shop-web-1", "shop", "web"), of("d", "shop-db", "", "")}
	b := ops.Board{Containers: []ops.Reading[[]ops.Container]{{State: ops.SourceOK, Value: all}}}
	for name, want := range map[string][]ops.Ref{
		"shop-web":   {ref("shop-web-1"), ref("shop-web-2")},
		"shop-web-2": {ref("shop-web-2")},
		"shop-db":    {ref("shop-db")}, // one has the name itself
		"shop-gone":  {ref("shop-gone")},
	} {
		if got := replicasOf(b, []ops.Ref{ref(name)}); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestADatabaseBehindTheTargetEndsARun(t *testing.T) {
	began := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	db := ops.NewRef(ops.KindDatabase, "pg", "pg")
	now := func(change func(*ops.Reading[ops.Database])) ops.Board {
		r := ops.Reading[ops.Database]{Source: ops.Lit("pg"), State: ops.SourceOK, At: began.Add(time.Minute), Value: ops.Database{Ref: db, WAL: ops.WAL{Size: ops.Num(1 << 30)}, Archiver: ops.Archiver{On: true, LastGood: began}}}
		if change != nil {
			change(&r)
		}
		return ops.Board{Databases: []ops.Reading[ops.Database]{r}}
	}
	fails := func(at time.Time) func(*ops.Reading[ops.Database]) {
		return func(r *ops.Reading[ops.Database]) {
			r.Value.Archiver.LastFailed, r.Value.Archiver.LastGood, r.Value.Archiver.FailedFile = at, at.Add(-time.Second), ops.Lit("0001")
		}
	}
	grows := func(by float64) func(*ops.Reading[ops.Database]) {
		return func(r *ops.Reading[ops.Database]) { r.Value.WAL.Size.Value += by }
	}
	for name, c := range map[string]struct {
		then   func(*ops.Reading[ops.Database])
		behind []ops.Ref
		want   string
	}{
		"all is well":                 {behind: []ops.Ref{db}},
		"the archiver fails":          {then: fails(began.Add(time.Second)), behind: []ops.Ref{db}, want: "archiving of WAL of pg fails: 0001"},
		"it failed before":            {then: fails(began.Add(-time.Hour)), behind: []ops.Ref{db}},
		"another's does":              {then: fails(began.Add(time.Second))},
		"pg_wal grows too far":        {then: grows(5 << 30), behind: []ops.Ref{db}, want: "pg_wal of pg grew by 5.0G"},
		"pg_wal grows as far":         {then: grows(4 << 30), behind: []ops.Ref{db}},
		"it was so large before":      {then: func(r *ops.Reading[ops.Database]) { grows(5 << 30)(r); r.At = began.Add(-time.Second) }, behind: []ops.Ref{db}},
		"what is said is not current": {then: func(r *ops.Reading[ops.Database]) { fails(began.Add(time.Second))(r); r.State = ops.SourceSilent }, behind: []ops.Ref{db}},
	} {
		t.Run(name, func(t *testing.T) {
			var run course
			g := ops.LoadGuards{WALGrowth: 4 << 30}
			if why := run.databases(now(nil), c.behind, g, began); !why.Empty() {
				t.Fatal(why)
			}
			if why := run.databases(now(c.then), c.behind, g, began); why.String() != c.want {
				t.Errorf("%q, want %q", why, c.want)
			}
		})
	}
}

func TestADiskThatFillsEndsARun(t *testing.T) {
	free := map[string]ops.Value{"/full": ops.Num(0.09), "/room": ops.Num(0.1), "/gone": {}}
	e := &Engine{}
	e.Free = func(folder string) ops.Value { return free[folder] }
	for folder, want := range map[string]string{"/full": "9.0% free at /full, and it has to be 10%", "/room": "", "/gone": ""} {
		if why := e.disksOf(ops.LoadGuards{DiskFree: 0.1, Disks: []ops.Text{ops.Lit("/room"), ops.Clean(folder)}}); why.String() != want {
			t.Errorf("%s: %q", folder, why)
		}
	}
}

func TestASumOfWhatIsBehindATargetIsKnownAsAWhole(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	a, b, db := ops.NewRef(ops.KindContainer, "d", "a"), ops.NewRef(ops.KindContainer, "d", "b"), ops.NewRef(ops.KindDatabase, "pg", "pg")
	stats := func(ref ops.Ref, ago time.Duration) ops.ContainerStats {
		return ops.ContainerStats{Ref: ref, At: now.Add(-ago), CPU: ops.Num(0.5), Memory: ops.Num(10)}
	}
	read := func(state ops.SourceState) []ops.Reading[ops.Database] {
		return []ops.Reading[ops.Database]{{Source: ops.Lit("pg"), State: state, At: now, Value: ops.Database{Ref: db, Use: ops.Use{Used: 7}}}}
	}
	for name, c := range map[string]struct {
		b              ops.Board
		behind         []ops.Ref
		cpu, sessions  float64
		known, counted bool
	}{
		"two containers":        {b: ops.Board{Stats: []ops.ContainerStats{stats(a, 0), stats(b, 20*time.Second)}}, behind: []ops.Ref{a, b}, cpu: 1, known: true},
		"one of them is old":    {b: ops.Board{Stats: []ops.ContainerStats{stats(a, 0), stats(b, time.Minute)}}, behind: []ops.Ref{a, b}},
		"the first is not read": {b: ops.Board{Stats: []ops.ContainerStats{stats(b, 0)}}, behind: []ops.Ref{a, b}},
		"nothing is behind it":  {b: ops.Board{Stats: []ops.ContainerStats{stats(a, 0)}}},
		"a database beside it":  {b: ops.Board{Stats: []ops.ContainerStats{stats(a, 0)}, Databases: read(ops.SourceOK)}, behind: []ops.Ref{a, db}, cpu: 0.5, known: true, sessions: 7, counted: true},
		"one that is silent":    {b: ops.Board{Databases: read(ops.SourceSilent)}, behind: []ops.Ref{db}},
	} {
		got := targetNow(c.b, c.behind, now)
		if got.CPU.Known != c.known || got.Memory.Known != c.known || c.known && got.CPU.Value != c.cpu || got.Sessions.Known != c.counted || c.counted && got.Sessions.Value != c.sessions {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
