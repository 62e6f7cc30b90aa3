package docker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// inspected is what inspect told of a container, and which list entry it goes
// with. It holds no environment.
type inspected struct {
	key      listKey
	at       time.Time
	gone     bool // removed between the list and the inspect
	state    ops.ContainerState
	started  time.Time
	finished time.Time
	exit     ops.Exit
	fault    ops.Text
	restarts int
	policy   ops.Text
	limit    ops.Bytes
	health   ops.ContainerHealth
	failing  time.Time
	oom      bool
	check    ops.Text
}

// listKey is a list entry without what changes by itself.
type listKey struct {
	state  container.ContainerState
	status string
	name   string
}

// parallel bounds the calls in flight at the daemon: it serves others too.
const parallel = 4

// stoppedEvery is how often a container that does not run is inspected without
// a cause: its list entry cannot tell that it ran and ended again meanwhile.
// youngEvery is the same for one that has just started, where the event stream
// would have told of another start. startsWithin is how soon what was created is
// started, as a rule: that this failed no event tells, and neither does the list.
const (
	stoppedEvery = time.Minute
	youngEvery   = 30 * time.Second
	startsWithin = 5 * time.Minute
)

// details returns what inspect tells of the listed containers, from memory where
// that still holds: a hundred healthy containers cost one list and no inspect.
func (c *Collector) details(ctx context.Context, items []container.Summary) (map[string]inspected, []ops.Text, error) {
	now := c.cfg.Now()
	out := make(map[string]inspected, len(items))
	var ask []container.Summary
	before := map[string]time.Time{} // since when its checks failed when it was inspected last
	c.mu.Lock()
	for _, s := range items {
		was, ok := c.known[s.ID]
		before[s.ID] = was.failing
		if ok && !c.touched[s.ID] && !due(was, &s, now, c.stream.stands) {
			out[s.ID] = was
			continue
		}
		delete(c.touched, s.ID) // an event from here on touches it again
		ask = append(ask, s)
	}
	clear(c.touched) // what is left belongs to containers that are gone
	c.mu.Unlock()
	fresh, notes, err := c.inspectAll(ctx, ask, before, now)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range ask {
		d, ok := fresh[s.ID]
		if !ok {
			c.touched[s.ID] = true // not answered: ask again next time
			continue
		}
		out[s.ID] = d
	}
	if err != nil {
		return nil, nil, err
	}
	c.known = out
	return out, notes, nil
}

// due reports whether memory no longer serves for a list entry. stands is since
// when the event stream stands.
func due(was inspected, s *container.Summary, now, stands time.Time) bool {
	switch {
	case was.key != keyOf(s), s.State == container.StateRestarting:
		return true
	case healthOf(s) == ops.HealthStarting && now.Sub(was.at) >= youngEvery: // what its checks say does not change its entry
		return true
	case young(s.Status):
		heard := !stands.IsZero() && stands.Before(was.at)
		return !heard || now.Sub(was.at) >= youngEvery
	case s.State == container.StateCreated && was.fault.Empty() && now.Sub(time.Unix(s.Created, 0)) < startsWithin:
		return true
	case s.State != container.StateRunning:
		return now.Sub(was.at) >= stoppedEvery
	}
	return false
}

// keyOf takes the durations out of Status: "Exited (137) 3 minutes ago" and
// "Up 2 hours (healthy)" become "Exited (137)" and "Up (healthy)".
func keyOf(s *container.Summary) listKey {
	word, _, _ := strings.Cut(s.Status, " ")
	if _, in, ok := strings.Cut(s.Status, "("); ok {
		in, _, _ = strings.Cut(in, ")")
		word += " (" + in + ")"
	}
	return listKey{state: s.State, status: word, name: nameOf(s)}
}

// young reports whether a container runs for about a minute or less. Only then
// can it have been restarted since the last look without a change of its entry.
func young(status string) bool {
	return strings.HasPrefix(status, "Up ") && (strings.Contains(status, "second") || strings.Contains(status, "About a minute"))
}

// inspectAll asks for each item, few at a time. One that cannot be inspected is
// told in the notes; a daemon that stopped answering is the error.
func (c *Collector) inspectAll(ctx context.Context, items []container.Summary, before map[string]time.Time, now time.Time) (map[string]inspected, []ops.Text, error) {
	var (
		mu    sync.Mutex
		notes []ops.Text
		out   = make(map[string]inspected, len(items))
		wg    sync.WaitGroup
		slots = make(chan struct{}, parallel)
	)
	for i := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			s := &items[i]
			res, err := c.api.ContainerInspect(ctx, s.ID, client.ContainerInspectOptions{})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errdefs.IsNotFound(err):
				out[s.ID] = inspected{key: keyOf(s), at: now, gone: true}
			case err != nil:
				notes = append(notes, ops.Clean(c.explain("inspect "+nameOf(s), err).Error()))
			default:
				out[s.ID] = c.fromInspect(keyOf(s), now, &res.Container, before[s.ID])
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil && len(out) < len(items) {
		return out, nil, fmt.Errorf("inspect containers: %w", err)
	}
	slices.SortFunc(notes, func(a, b ops.Text) int { return cmp.Compare(a.String(), b.String()) })
	return out, notes, nil
}

// inspect asks for all that is known of one container. doing is what its error says
// was done to it.
func (c *Collector) inspect(ctx context.Context, ref ops.Ref, doing string) (*container.InspectResponse, error) {
	if err := c.owns(ref); err != nil {
		return nil, err
	}
	res, err := c.api.ContainerInspect(ctx, ref.ID.String(), client.ContainerInspectOptions{})
	return &res.Container, c.explain(doing+" "+ref.ID.String(), err)
}

func (c *Collector) owns(ref ops.Ref) error {
	if ref.Kind == ops.KindContainer && ref.Source.String() == c.cfg.Name {
		return nil
	}
	return ops.Errorf(ops.CodeInvalid, "%s is no container of %s", ref, c.cfg.Name)
}

// fromInspect reads an answer of inspect, its times by our clock. Every part may be
// missing: a container that is being removed has no state.
func (c *Collector) fromInspect(key listKey, now time.Time, r *container.InspectResponse, before time.Time) inspected {
	d := inspected{key: key, at: now, restarts: r.RestartCount}
	if st := r.State; st != nil {
		d.state = stateOf(string(st.Status))
		d.started, d.finished = c.cfg.Clock.ours(timeOf(st.StartedAt)), c.cfg.Clock.ours(timeOf(st.FinishedAt))
		d.failing = c.cfg.Clock.ours(failingSince(st, c.cfg.Clock.theirs(before)))
		d.fault = ops.Clean(ops.MaskSecrets(st.Error))
		d.health = inspectedHealth(st)
		d.oom = st.OOMKilled && !st.Running
		d.check = failedCheck(st)
		if !st.Running && (!d.finished.IsZero() || st.Error != "") || st.Restarting {
			d.exit = ops.Exit{Known: true, Code: st.ExitCode}
		}
	}
	if h := r.HostConfig; h != nil {
		d.policy = policyOf(h.RestartPolicy)
		d.limit = ops.Bytes(max(0, h.Memory))
	}
	return d
}

func policyOf(p container.RestartPolicy) ops.Text {
	if p.MaximumRetryCount > 0 {
		return ops.Textf("%s:%d", p.Name, p.MaximumRetryCount)
	}
	return ops.Clean(cmp.Or(string(p.Name), "no"))
}

// inspectedHealth reads the health of a state. What does not run is not checked,
// whatever the last check said.
func inspectedHealth(st *container.State) ops.ContainerHealth {
	switch {
	case st.Health == nil || st.Health.Status == container.NoHealthcheck:
		return ops.HealthNone
	case st.Status != container.StateRunning:
		return ops.HealthUnknown
	}
	return healthWord(string(st.Health.Status))
}

// addTo completes a row that was made from the list. Where both disagree about
// the state, it changed between the two calls, and inspect is the newer one.
func (d *inspected) addTo(row *ops.Container) {
	if d.state != ops.ContainerUnknown && d.state != row.State {
		row.State, row.Health = d.state, d.health
	}
	row.Started, row.Finished, row.Exit = d.started, d.finished, d.exit
	row.Fault, row.Restarts, row.Policy, row.MemoryLimit = d.fault, d.restarts, d.policy, d.limit
	row.OOM, row.Check, row.Failing = d.oom, d.check, d.failing
	if row.Health == ops.HealthUnknown {
		row.Health = d.health
	}
}

// timeOf reads a time of the daemon; its zero time is ours too.
func timeOf(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t.UTC()
}

func sortPorts(p []ops.Port) {
	slices.SortFunc(p, func(a, b ops.Port) int {
		return cmp.Or(cmp.Compare(a.Inside, b.Inside), cmp.Compare(a.Public, b.Public),
			cmp.Compare(a.Proto.String(), b.Proto.String()), cmp.Compare(a.Host.String(), b.Host.String()))
	})
}
