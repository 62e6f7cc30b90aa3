package engine

import (
	"testing"
	"time"

	"opsdeck/ops"
)

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
