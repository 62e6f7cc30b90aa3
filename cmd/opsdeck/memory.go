package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"
)

// Where an agent and a console begin to collect their garbage earlier than they would. What
// is needed for a moment, to read the answers of several large servers at once or a board
// full of alerts, is then not doubled by what is needed no more.
var (
	agentMemory   = memory{aim: 96 << 20, room: 150}
	consoleMemory = memory{aim: 28 << 20, room: 250} // with less its collector ran all the time at 5,000 alerts
)

// memory is a limit: aim bytes, or room percent of what is kept for good.
type memory struct{ aim, room uint64 }

// What is kept for good is the least that was in use within a minute.
const (
	memoryLooks = 12
	memoryEvery = 5 * time.Second
)

// limitMemory keeps the process small until ctx ends. GOMEMLIMIT, where it is set, holds
// in its place.
func limitMemory(ctx context.Context, m memory) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var seen []uint64
	for {
		metrics.Read(live)
		if n := live[0].Value.Uint64(); n > 0 { // else nothing was collected yet
			seen = append(seen[max(0, len(seen)-memoryLooks+1):], n)
		}
		debug.SetMemoryLimit(m.limit(seen))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// limit is that of a heap of which so much was in use. It leaves room above what is kept
// for good: below that the collector of garbage would run all the time.
func (m memory) limit(inUse []uint64) int64 {
	kept := uint64(0)
	if len(inUse) > 0 {
		kept = slices.Min(inUse)
	}
	return int64(max(m.aim, kept*m.room/100))
}
