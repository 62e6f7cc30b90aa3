package sim

import (
	"math"
	"time"

	"github.com/moby/moby/api/types/container"
)

// processors is how many the simulated machine has.
const processors = 4

// stats is the one-shot answer: totals since the container's start. What does
// not run is answered with zeros and no time.
func (b *box) stats(now time.Time) container.StatsResponse {
	r := container.StatsResponse{ID: b.id, Name: "/" + b.script.Name}
	if !b.up() {
		return r
	}
	ran := now.Sub(b.run.from).Seconds()
	r.Read = now.UTC()
	r.PidsStats.Current = 4 + b.w.chance.bits(b.script.Name, 5)%30
	used := b.used(ran)
	r.CPUStats = container.CPUStats{OnlineCPUs: processors, SystemUsage: uint64(now.Sub(b.w.started()).Seconds() * processors * 1e9),
		CPUUsage: container.CPUUsage{TotalUsage: used, UsageInUsermode: used * 3 / 4, UsageInKernelmode: used / 4}}
	memory := uint64(b.memory(now))
	r.MemoryStats = container.MemoryStats{Usage: memory + memory/8, Limit: uint64(b.script.Limit) << 20, Stats: map[string]uint64{"inactive_file": memory / 8}}
	r.Networks = map[string]container.NetworkStats{"eth0": {RxBytes: uint64(ran * 1800 * (1 + 40*b.script.CPU)), TxBytes: uint64(ran * 2600 * (1 + 40*b.script.CPU))}}
	return r
}

// Of CPU and memory, this share swings, in so many seconds.
const (
	swing       = 0.35
	swingPeriod = 97
)

// used is the CPU time in nanoseconds: the integral of what swings, so that it
// never goes back.
func (b *box) used(ran float64) uint64 {
	phase := 2 * math.Pi * b.w.chance.of(b.script.Name, 6)
	turn := 2 * math.Pi / swingPeriod
	waves := swing / turn * (math.Cos(phase) - math.Cos(phase+turn*ran))
	return uint64(max(0, b.script.CPU*(ran+waves)) * 1e9)
}

// memory is what the program holds: less right after a start, never above the
// limit.
func (b *box) memory(now time.Time) float64 {
	full := float64(b.script.Memory << 20)
	warm := min(1, 0.4+now.Sub(b.run.from).Seconds()/60)
	return min(full*warm*(1+0.1*b.w.chance.wave(b.script.Name, float64(now.Unix()), 61)), float64(b.script.Limit<<20))
}
