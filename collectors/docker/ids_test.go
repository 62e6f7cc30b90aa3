package docker

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"opsdeck/ops"
)

// FuzzAnIdReachesNoOtherPath opens, follows and samples a container of any name: the daemon is
// asked for that container and for nothing else, or not at all.
func FuzzAnIdReachesNoOtherPath(f *testing.F) {
	for _, id := range []string{"web", "a/../b", "..", ".", "../../info", "web/../../images/json", "web/json?x=", "web?all=1", "web#x", "%2e%2e", "a%2fb", `a\..\b`, "a//b", "/web", "web/", " web ", "-v", "a\x00b", "ü", "a\n", "a;b", "prune"} {
		f.Add(id)
	}
	ours := regexp.MustCompile(`^/containers/([^/]+)/(json|logs|stats)$`)
	f.Fuzz(func(t *testing.T, id string) {
		d := newFakeDaemon(t)
		c := fakeCollector(t, d.host, newTestClock())
		ref := ops.NewRef(ops.KindContainer, "docker", id)
		_, _ = c.Open(t.Context(), ref, 0)
		_ = c.Tail(t.Context(), ref, ops.TailFrom{}, func(ops.Line) error { return nil })
		_, _ = c.Sample(t.Context(), []ops.Ref{ref})
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, call := range d.calls {
			if call == "/version" || call == "/containers/json" {
				continue
			}
			m := ours.FindStringSubmatch(call)
			recorded := strings.HasPrefix(call, "/containers/") && m != nil && len(m[1]) == 64 // the id of the answer
			if m == nil || m[1] != ref.ID.String() && !recorded || path.Clean(call) != call {
				t.Errorf("%q asks for %s", id, call)
			}
		}
	})
}
