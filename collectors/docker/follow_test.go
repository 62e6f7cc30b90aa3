package docker

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"opsdeck/ops"
)

// logged is one look at a name: the container that bears it, and its log so far.
type logged struct {
	id      string // empty: there is none
	err     error
	up      bool
	started int // in milliseconds, as the stamps
	code    int
	log     []string // messages with their stamps
}

// namedLog is a daemon of which one thing after another is seen; the last stays.
type namedLog struct {
	API
	looks []logged
	now   logged
}

func (d *namedLog) ContainerInspect(context.Context, string, client.ContainerInspectOptions) (client.ContainerInspectResult, error) {
	if len(d.looks) > 0 {
		d.now, d.looks = d.looks[0], d.looks[1:]
	}
	switch {
	case d.now.err != nil:
		return client.ContainerInspectResult{}, d.now.err
	case d.now.id == "":
		return client.ContainerInspectResult{}, errdefs.ErrNotFound
	}
	st := &container.State{Running: d.now.up, StartedAt: stamped(d.now.started), FinishedAt: stamped(d.now.started + 900), ExitCode: d.now.code}
	if d.now.up {
		st.FinishedAt = stamped(d.now.started - 100) // of the run before
	}
	return client.ContainerInspectResult{Container: container.InspectResponse{ID: d.now.id, State: st}}, nil
}

func (d *namedLog) ContainerLogs(_ context.Context, _ string, o client.ContainerLogsOptions) (client.ContainerLogsResult, error) {
	var out bytes.Buffer
	for _, m := range d.now.log {
		at, _ := cutTime([]byte(m))
		if o.Since != "" && since(at) < o.Since {
			continue
		}
		var head [8]byte
		head[0] = 1
		binary.BigEndian.PutUint32(head[4:], uint32(len(m)))
		out.Write(head[:])
		out.WriteString(m)
	}
	return io.NopCloser(&out), nil
}

func since(at time.Time) string {
	return (&Collector{}).logOptions(ops.TailFrom{Since: at}).Since
}

// followed is what a follower of the name is told until so many lines came.
func followed(t *testing.T, lines int, looks ...logged) (got []string, err error) {
	t.Helper()
	enough := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		c := New(Config{Name: "docker", Timeout: time.Second}, &namedLog{looks: looks})
		err = c.Tail(t.Context(), ops.NewRef(ops.KindContainer, "docker", "web"), ops.TailFrom{Follow: true, Lines: 10}, func(l ops.Line) error {
			words := l.Text.String()
			if l.Stream == ops.StreamMeta {
				words = "(" + words + ")"
			}
			if got = append(got, words); len(got) == lines {
				return enough
			}
			return nil
		})
		if errors.Is(err, enough) {
			err = nil
		}
	})
	return got, err
}

func TestALogFollowsItsNameOverRunsAndContainers(t *testing.T) {
	message := func(ms int, text string) string { return stamped(ms) + " " + text }
	first := logged{id: "a", up: true, started: 1000, log: []string{message(1001, "one\n"), message(1002, "FATAL")}}
	ended := first
	ended.up, ended.code = false, 3
	second := logged{id: "a", up: true, started: 3000, log: append(first.log, message(3001, "two\n"))}
	other := logged{id: "b", up: true, started: 5000, log: []string{message(5001, "three\n")}}
	later := other
	later.log = append(later.log, message(5002, "four\n"))
	said := func(s ...string) string { return strings.Join(s, "|") }
	for situation, c := range map[string]struct {
		looks []logged
		want  string
	}{
		"it ends, is started again, and made anew": {[]logged{first, ended, ended, second, {}, {}, other},
			said("one", "FATAL", "(ended 2026-11-21T02:00:01Z with exit code 3: waiting for the next run)",
				"(the next run begins, started 2026-11-21T02:00:03Z)", "two",
				"(there is no container web now: waiting for one of that name)",
				"(the next run begins in a new container, started 2026-11-21T02:00:05Z)", "three")},
		"its stream ends while it runs":            {[]logged{other, other, later}, said("three", "four")},
		"the daemon cannot be asked for a time":    {[]logged{other, {err: errors.New("no")}, later}, said("three", "(cannot be read now: read log of web: no; it is tried again)", "four")},
		"it is not there yet":                      {[]logged{{}, other}, said("(there is no container web now: waiting for one of that name)", "three")},
		"the run before is in its log":             {[]logged{second}, said("one", "FATAL", "(the run before ended above; this one was started 2026-11-21T02:00:03Z)", "two")},
		"it does not run, and does so again later": {[]logged{ended, ended, second}, said("one", "FATAL", "(ended 2026-11-21T02:00:01Z with exit code 3: waiting for the next run)", "(the next run begins, started 2026-11-21T02:00:03Z)", "two")},
	} {
		got, err := followed(t, strings.Count(c.want, "|")+1, c.looks...)
		if err != nil || strings.Join(got, "|") != c.want {
			t.Errorf("%s: %v\n got %q\nwant %q", situation, err, strings.Join(got, "|"), c.want)
		}
	}
	if _, err := followed(t, 1, logged{err: errors.New("no")}); err == nil {
		t.Error("a log that cannot be read at first is no error")
	}
}
