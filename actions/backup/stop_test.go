package backup

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// TestStopAndStartAreLookedAt has what may be seen after a call that ended well.
func TestStopAndStartAreLookedAt(t *testing.T) {
	const proof = "--dry-run --repo=1 expire"
	hidden := errors.New("permission denied")
	for name, c := range map[string]struct {
		action string
		call   outcome
		after  func(*engine)
		want   string
	}{
		"a stop":                      {"backup.stop", outcome{}, func(e *engine) { e.stopped = true }, "succeeded: pgBackRest is stopped"},
		"a stop that is none":         {"backup.stop", outcome{}, func(*engine) {}, "failed: pgBackRest says that it stopped, and is not stopped"},
		"a stop that is refused":      {"backup.stop", fails(37, "037]: no stanza"), func(*engine) {}, "failed: pgBackRest's configuration lacks something"},
		"a stop, tried":               {"backup.stop", outcome{}, func(e *engine) { e.unseen, e.calls[proof] = hidden, outcome{code: 62} }, "succeeded: pgBackRest is stopped"},
		"a stop that is none, tried":  {"backup.stop", outcome{}, func(e *engine) { e.unseen, e.calls[proof] = hidden, outcome{} }, "failed: pgBackRest says that it stopped"},
		"a stop that nobody can see":  {"backup.stop", outcome{}, func(e *engine) { e.unseen, e.calls[proof] = hidden, outcome{code: 50} }, "unknown: it ended well; whether pgBackRest is stopped now cannot be seen: permission denied"},
		"a start":                     {"backup.start", outcome{}, func(e *engine) { e.stopped = false }, "succeeded: pgBackRest is not stopped any more"},
		"a start that is none":        {"backup.start", outcome{}, func(e *engine) { e.stopped = true }, "failed: it is stopped all the same"},
		"a start, tried":              {"backup.start", outcome{}, func(e *engine) { e.unseen, e.calls[proof] = hidden, outcome{} }, "succeeded: pgBackRest is not stopped any more"},
		"a start that is none, tried": {"backup.start", outcome{}, func(e *engine) { e.unseen, e.calls[proof] = hidden, outcome{code: 62} }, "failed: it is stopped all the same"},
		"a start that nobody can see": {"backup.start", outcome{}, func(e *engine) { e.unseen, e.calls[proof] = hidden, outcome{err: hidden} }, "unknown: it ended well"},
	} {
		t.Run(name, func(t *testing.T) {
			e, plan, b := lab()
			word := strings.TrimPrefix(c.action, "backup.")
			c.call.wait = func(context.Context) { e.mu.Lock(); defer e.mu.Unlock(); c.after(e) }
			e.calls[word], e.stopped = c.call, word == "start"
			r, _, err := act(t, e, plan, b, c.action)
			if got := ended(r, err); !strings.HasPrefix(got, c.want) || len(e.said) != 1 || e.said[0] != word {
				t.Errorf("%s, by %q", got, e.said)
			}
		})
	}
}
