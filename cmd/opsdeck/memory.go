package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"
)

// memoryAim is where an agent begins to collect its garbage earlier than it would. What
// it needs for a moment, to read the answers of several large servers at once, is then
// not doubled by what it needs no more.
const memoryAim = 96 << 20

// What an agent keeps for good is the least that was in use within a minute.
const (
	memoryLooks = 12
	memoryEvery = 5 * time.Second
)

// limitMemory keeps the agent small until ctx ends. GOMEMLIMIT, where it is set, holds
// in its place.
func limitMemory(ctx context.Context) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	seen := make([]uint64, memoryLooks)
	for i := 0; ; i++ {
		metrics.Read(live)
		seen[i%memoryLooks] = live[0].Value.Uint64()
		debug.SetMemoryLimit(memoryLimit(seen))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// memoryLimit is the limit for a heap of which so much was in use. It leaves room above
// what is kept for good: below that the collector of garbage would run all the time.
func memoryLimit(inUse []uint64) int64 {
	kept := slices.Min(inUse)
	return int64(max(memoryAim, kept+kept/2))
}
