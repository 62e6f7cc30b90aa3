package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// sample is the last figure of one container, kept because a one-shot answer
// holds no earlier one to compare with.
type sample struct {
	read time.Time // by the daemon's clock
	used uint64    // CPU nanoseconds since the container's start
	cpu  ops.Value
}

// Two samples closer than sampleLeast make a wild figure, and the average over
// more than sampleMost is not what "CPU now" means.
const (
	sampleLeast = 300 * time.Millisecond
	sampleMost  = 2 * time.Minute
	statsMost   = 1 << 20 // bytes of one answer
)

// Sample asks for the figures of exactly these containers, few at a time. What
// is wrong with one stands in its Why; the error is for a daemon that does not
// answer at all.
func (c *Collector) Sample(ctx context.Context, refs []ops.Ref) ([]ops.ContainerStats, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	var (
		known = c.measured(ctx, refs)
		out   = make([]ops.ContainerStats, len(refs))
		errs  = make([]error, len(refs))
		wg    sync.WaitGroup
		slots = make(chan struct{}, parallel)
	)
	for i, ref := range refs {
		if f, ok := known[ref.ID.String()]; ok {
			f.Ref = ref
			out[i] = f
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out[i], errs[i] = c.sampleOne(ctx, ref)
		})
	}
	wg.Wait()
	answered := 0
	for i, err := range errs {
		if err == nil {
			answered++
		} else {
			out[i] = ops.ContainerStats{Ref: refs[i], At: c.cfg.Now(), Why: ops.Clean(err.Error())}
		}
	}
	if len(refs) > 0 && answered == 0 && unreachable(errs[0]) {
		return nil, errs[0]
	}
	return out, nil
}

// measured asks whoever measures anyway: dockerd walks cgroups and disks for each
// answer. Where that fails, the daemon is asked as if there were nobody.
func (c *Collector) measured(ctx context.Context, refs []ops.Ref) map[string]ops.ContainerStats {
	if c.cfg.Measured == nil {
		return nil
	}
	if end, ok := ctx.Deadline(); ok { // half of the time: the daemon needs the rest where this fails
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/2)
		defer cancel()
	}
	var names []string
	for _, ref := range refs {
		if c.owns(ref) == nil {
			names = append(names, ref.ID.String())
		}
	}
	known, err := c.cfg.Measured(ctx, names)
	if err != nil {
		return nil
	}
	return known
}

// unreachable reports whether err is about the daemon and not about one
// container.
func unreachable(err error) bool {
	return ops.CodeOf(err) != ops.CodeNotFound && ops.CodeOf(err) != ops.CodeInvalid
}

func (c *Collector) sampleOne(ctx context.Context, ref ops.Ref) (ops.ContainerStats, error) {
	if err := c.owns(ref); err != nil {
		return ops.ContainerStats{}, err
	}
	doing := "sample " + ref.ID.String()
	res, err := c.api.ContainerStats(ctx, ref.ID.String(), client.ContainerStatsOptions{})
	if err != nil {
		return ops.ContainerStats{}, c.explain(doing, err)
	}
	defer res.Body.Close()
	var st container.StatsResponse
	err = json.NewDecoder(io.LimitReader(res.Body, statsMost)).Decode(&st)
	if err = cmp.Or(ctx.Err(), err); err != nil {
		return ops.ContainerStats{}, fmt.Errorf("%s: %w", doing, err)
	}
	f := figuresOf(&st)
	f.Ref = ref
	if f.At.IsZero() {
		f.At = c.cfg.Now()
		f.Why = ops.Lit("not running")
		return f, nil
	}
	f.CPU = c.cpuOf(&st)
	return f, nil
}

// cpuOf compares with the sample before. The first one of a run is unknown.
func (c *Collector) cpuOf(st *container.StatsResponse) ops.Value {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, ok := c.samples[st.ID]
	now := sample{read: st.Read, used: st.CPUStats.CPUUsage.TotalUsage}
	if took := now.read.Sub(was.read); ok && took >= 0 && took < sampleLeast {
		return was.cpu
	}
	// API 1.40 ignores one-shot and brings the earlier sample along.
	if !st.PreRead.IsZero() && st.PreCPUStats.SystemUsage > 0 {
		was, ok = sample{read: st.PreRead, used: st.PreCPUStats.CPUUsage.TotalUsage}, true
	}
	if took := now.read.Sub(was.read); ok && took > 0 && took <= sampleMost && now.used >= was.used {
		now.cpu = ops.Num(float64(now.used-was.used) / float64(took.Nanoseconds()))
	}
	c.forgetSamples(st.Read)
	c.samples[st.ID] = now
	return now.cpu
}

// forgetSamples drops what is too old to compare with, where there is much.
func (c *Collector) forgetSamples(now time.Time) {
	if len(c.samples) < 512 {
		return
	}
	for id, s := range c.samples {
		if now.Sub(s.read) > sampleMost {
			delete(c.samples, id)
		}
	}
}

// figuresOf reads one answer, all but the CPU. A container that does not run is
// answered with zeros and no time.
func figuresOf(st *container.StatsResponse) ops.ContainerStats {
	if st.Read.Year() <= 1 {
		return ops.ContainerStats{}
	}
	f := ops.ContainerStats{At: st.Read.UTC(), Memory: memoryOf(&st.MemoryStats)}
	if st.MemoryStats.Limit > 0 {
		f.Limit = ops.Num(float64(st.MemoryStats.Limit))
	}
	if st.Networks != nil { // absent with the host's network
		var in, out float64
		for _, n := range st.Networks {
			in += float64(n.RxBytes)
			out += float64(n.TxBytes)
		}
		f.NetIn, f.NetOut = ops.Num(in), ops.Num(out)
	}
	if st.PidsStats.Current > 0 {
		f.PIDs = ops.Num(float64(st.PidsStats.Current))
	}
	return f
}

// memoryOf takes the page cache off that the kernel can have back, as docker
// stats does: total_inactive_file with cgroup v1, inactive_file with v2.
func memoryOf(m *container.MemoryStats) ops.Value {
	if m.Usage == 0 {
		return ops.Value{}
	}
	cache, v1 := m.Stats["total_inactive_file"]
	if !v1 {
		cache = m.Stats["inactive_file"]
	}
	if cache >= m.Usage {
		cache = 0
	}
	return ops.Num(float64(m.Usage - cache))
}
