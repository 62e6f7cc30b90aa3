package docker

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

func TestTheDaemonIsAskedOnlyForWhatNobodyMeasures(t *testing.T) {
	web, stopped := ops.NewRef(ops.KindContainer, "docker", "web"), ops.NewRef(ops.KindContainer, "docker", "stopped")
	elsewhere := func(known map[string]ops.ContainerStats, err error) func(context.Context, []string) (map[string]ops.ContainerStats, error) {
		return func(_ context.Context, names []string) (map[string]ops.ContainerStats, error) {
			if strings.Join(names, " ") != "web stopped" {
				t.Errorf("asked for %q", names)
			}
			return known, err
		}
	}
	for name, c := range map[string]struct {
		measured func(context.Context, []string) (map[string]ops.ContainerStats, error)
		stats    int // answers wanted of the daemon
		cpu      ops.Value
	}{
		"one is known":         {elsewhere(map[string]ops.ContainerStats{"web": {CPU: ops.Num(0.5), At: time.Unix(1, 0)}}, nil), 1, ops.Num(0.5)},
		"it cannot be reached": {elsewhere(nil, errors.New("refused")), 2, ops.Value{}},
		"there is none":        {nil, 2, ops.Value{}},
	} {
		f := newFakeDaemon(t)
		col := fakeCollector(t, f.host, &testClock{})
		col.cfg.Measured = c.measured
		got, err := col.Sample(t.Context(), []ops.Ref{web, stopped})
		if err != nil || len(got) != 2 || got[0].Ref != web || got[0].CPU != c.cpu || got[1].Ref != stopped {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		asked := 0
		f.mu.Lock()
		for _, call := range f.calls {
			if strings.HasSuffix(call, "/stats") {
				asked++
			}
		}
		f.mu.Unlock()
		if asked != c.stats {
			t.Errorf("%s: the daemon was asked %d times", name, asked)
		}
	}
}
