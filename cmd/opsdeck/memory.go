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
	agentMemory = memory{aim: 46 << 20, room: 200, looks: 12}
	// With less its collector ran all the time at 5,000 alerts, and while a storm of alerts began.
	consoleMemory = memory{aim: 28 << 20, room: 250, looks: 3}
)

// memory is a limit: aim bytes, or room percent of what is kept for good, which is the least
// that was in use at the last looks.
type memory struct {
	aim, room uint64
	looks     int
}

const memoryEvery = 5 * time.Second // from one look to the next

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
			seen = append(seen[max(0, len(seen)-m.looks+1):], n)
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
