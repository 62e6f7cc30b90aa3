package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// How much of the log an opened container shows: of its present run, and of the
// one before, which is looked for among the last lookBack lines. (Docker applies
// tail before until, so the run before cannot be asked for by itself.)
const (
	lastLines     = 20
	previousLines = 10
	lookBack      = 400
)

// Open returns all that inspect tells of a container, and its last log lines.
func (c *Collector) Open(ctx context.Context, ref ops.Ref, window time.Duration) (ops.Detail, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	r, err := c.inspect(ctx, ref, "inspect")
	if err != nil {
		return ops.Detail{}, err
	}
	d := ops.Detail{
		Ref: ref, At: c.cfg.Now(), Window: window,
		Title:  ops.Clean("container " + strings.TrimPrefix(r.Name, "/")),
		Groups: groupsOf(r),
	}
	var why []string
	if clash, ok := clashOf(r); ok {
		fact, err := c.holderOf(ctx, clash)
		if err != nil {
			why = append(why, err.Error())
		} else {
			d.Groups[0].Facts = append(d.Groups[0].Facts, fact)
		}
	}
	err = c.tail(ctx, ref, runOf(r).whole(), ops.TailFrom{Lines: lookBack}, func(l ops.Line) error {
		d.Lines = append(d.Lines, l)
		return nil
	})
	if err != nil {
		why = append(why, err.Error())
	}
	// Both streams are cut into lines by themselves, so they come interleaved
	// only roughly.
	slices.SortStableFunc(d.Lines, func(a, b ops.Line) int { return a.At.Compare(b.At) })
	if r.State != nil {
		d.Lines = runs(d.Lines, c.cfg.Clock.ours(runBegan(timeOf(r.Created), r.State)), c.cfg.Clock.ours(timeOf(r.State.StartedAt)), ref)
	} else {
		d.Lines = lastOf(d.Lines, lastLines)
	}
	d.Why = ops.Clean(strings.Join(why, "; "))
	return d, nil
}

// runBegan is before which moment lines belong to the run before. Docker writes
// StartedAt down when the program has begun and may have said something already,
// so while it runs the middle between that and the end before it is taken. When it has
// ended, the end before it is forgotten, and its own may be dated before its start, which a
// busy daemon writes down late: that there was a run before is not said of a container that
// was made just before its start, and on a busy machine spoke long before it.
func runBegan(created time.Time, st *container.State) time.Time {
	const slack, firstRun = 250 * time.Millisecond, 30 * time.Second
	started, finished := timeOf(st.StartedAt), timeOf(st.FinishedAt)
	switch up := st.Running && !st.Restarting; {
	case started.IsZero():
		return started
	case finished.IsZero():
		return time.Time{} // it never ended
	case up && finished.Before(started):
		return finished.Add(started.Sub(finished) / 2)
	case !created.IsZero() && started.Sub(created) < firstRun:
		return time.Time{}
	case finished.Before(started):
		started = finished
	}
	return started.Add(-slack)
}

// runs returns the last lines of the run before, a line of our own where the
// present run began, and its last lines.
func runs(lines []ops.Line, began, started time.Time, ref ops.Ref) []ops.Line {
	begins := 0
	for begins < len(lines) && lines[begins].At.Before(began) {
		begins++
	}
	if begins == 0 {
		return lastOf(lines, lastLines)
	}
	out := slices.Clone(lastOf(lines[:begins], previousLines))
	out = append(out, ops.Line{At: started, From: ref, Stream: ops.StreamMeta,
		Text: ops.Textf("above: the run before; started again %s", ops.Stamp(started))})
	return append(out, lastOf(lines[begins:], lastLines)...)
}

func lastOf(lines []ops.Line, n int) []ops.Line { return lines[max(0, len(lines)-n):] }

// holderOf says which container publishes a port that could not be bound.
func (c *Collector) holderOf(ctx context.Context, clash portClash) (ops.Fact, error) {
	list, err := c.api.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return ops.Fact{}, c.explain("look for the holder of port "+clash.String(), err)
	}
	return ops.Fact{Name: ops.Clean("port " + clash.String() + " is held by"), Value: ops.Clean(holderAmong(list.Items, "", clash))}, nil
}

// groupsOf makes fact groups of an inspect answer; the first tells the state.
func groupsOf(r *container.InspectResponse) []ops.FactGroup {
	var groups []ops.FactGroup
	for i, part := range []struct {
		title string
		fill  func(*factList, *container.InspectResponse)
	}{{"state", stateFacts}, {"image", imageFacts}, {"ports", portFacts}, {"networks", networkFacts}, {"mounts", mountFacts},
		{"limits", limitFacts}, {"health", healthFacts}, {"environment", envFacts}, {"labels", labelFacts}} {
		g := &factList{ops.FactGroup{Title: ops.Clean(part.title)}}
		if part.fill(g, r); len(g.Facts) > 0 || i < 2 { // those that every container has
			groups = append(groups, g.FactGroup)
		}
	}
	return groups
}

func stateFacts(g *factList, r *container.InspectResponse) {
	if st := r.State; st != nil {
		g.add("state", string(st.Status))
		g.addTime("started", st.StartedAt)
		g.addTime("finished", st.FinishedAt)
		if !st.Running && !timeOf(st.FinishedAt).IsZero() || st.Error != "" {
			g.add("exit", fmt.Sprint(st.ExitCode))
		}
		if st.Running && st.Pid > 0 {
			g.add("pid", fmt.Sprint(st.Pid))
		}
		g.add("fault", ops.MaskSecrets(st.Error))
		if st.OOMKilled {
			// The other way round says nothing: 20.10 leaves it false after a kill.
			g.add("out of memory", "yes, says the daemon")
		}
	}
	g.addTime("created", r.Created)
	g.add("restarts by policy", fmt.Sprint(r.RestartCount))
	if r.HostConfig != nil {
		g.add("restart policy", policyOf(r.HostConfig.RestartPolicy).String())
		if r.HostConfig.AutoRemove {
			g.add("when it ends", "is removed (--rm)")
		}
	}
	g.add("id", short(r.ID))
}

func imageFacts(g *factList, r *container.InspectResponse) {
	if cfg := r.Config; cfg != nil {
		g.add("name", cfg.Image)
		g.add("id", short(r.Image))
		g.add("entrypoint", strings.Join(maskWords(cfg.Entrypoint), " "))
		g.add("command", strings.Join(maskWords(cfg.Cmd), " "))
		g.add("user", cfg.User)
		g.add("directory", cfg.WorkingDir)
		g.add("stop signal", cfg.StopSignal)
		if cfg.Tty {
			g.add("terminal", "yes")
		}
	}
}
