package docker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"opsdeck/ops"
)

func TestARunBeginsBeforeDockerSaysSo(t *testing.T) {
	at := func(s string) string { return "2026-11-21T02:00:" + s + "Z" }
	const hourAgo, never = "2026-11-21T01:00:00Z", "0001-01-01T00:00:00Z"
	for name, c := range map[string]struct{ state, created, started, finished, want string }{
		"it runs again":                         {"running", at("01.0"), at("10.0"), at("08.0"), at("09")},
		"it waits for its next run":             {"restarting", at("01.0"), at("10.0"), at("08.0"), ""},
		"it ended":                              {"exited", hourAgo, at("10.0"), at("12.0"), at("09.75")},
		"it ended before its start was written": {"exited", at("01.0"), at("10.0"), at("08.0"), ""},
		"the same of an old one":                {"exited", hourAgo, at("10.0"), at("08.0"), at("07.75")},
		"it ended, and was made just before":    {"exited", at("01.0"), at("10.0"), at("12.0"), ""},
		"nobody says when it was made":          {"exited", "", at("10.0"), at("12.0"), at("09.75")},
		"it never ended":                        {"running", at("01.0"), at("10.0"), never, ""},
		"it was not started":                    {"created", at("01.0"), never, never, ""},
	} {
		got := runBegan(timeOf(c.created), &container.State{Running: c.state == "running" || c.state == "restarting", Restarting: c.state == "restarting", StartedAt: c.started, FinishedAt: c.finished})
		if want := timeOf(c.want); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTheLastLinesTellThePresentRunFromTheOneBefore(t *testing.T) {
	start := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	line := func(n int) ops.Line {
		return ops.Line{At: start.Add(time.Duration(n) * time.Second), Text: ops.Textf("%d", n)}
	}
	said := func(lines []ops.Line) string {
		var words []string
		for _, l := range lines {
			words = append(words, l.Text.String())
		}
		return strings.Join(words, " ")
	}
	var before, after []ops.Line
	for n := range 40 {
		before, after = append(before, line(n-40)), append(after, line(n))
	}
	got := runs(append(before, after...), start, start, ops.Ref{})
	if len(got) != previousLines+1+lastLines || got[previousLines].Stream != ops.StreamMeta ||
		!strings.HasPrefix(said(got), "-10 -9 ") || !strings.HasSuffix(said(got), " 38 39") {
		t.Errorf("%s", said(got))
	}
	if got := runs(after, start, start, ops.Ref{}); len(got) != lastLines || strings.Contains(said(got), "above") {
		t.Errorf("a first run: %s", said(got))
	}
	if got := runs(before[30:], start, start, ops.Ref{}); !strings.HasSuffix(said(got), fmt.Sprintf("started again %s", ops.Stamp(start))) {
		t.Errorf("nothing said yet: %s", said(got))
	}
}
