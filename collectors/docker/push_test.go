package docker

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// replay streams recorded events, then ends the stream.
func replay(t *testing.T) func(http.ResponseWriter, *http.Request) {
	t.Helper()
	b, err := os.ReadFile("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b)
	}
}

func TestPushTellsInWords(t *testing.T) {
	f := newFakeDaemon(t)
	f.events = replay(t)
	clock := newTestClock()
	clock.add(-time.Minute) // the stream stands before the events
	c := fakeCollector(t, f.host, clock)
	var got []ops.Record
	calls := 0
	err := c.Push(t.Context(), func(facts ops.Observation) {
		calls++
		got = append(got, facts.Events...)
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the end of the stream: %v", err)
	}
	if calls < 2 {
		t.Errorf("tell was called %d times", calls)
	}
	for words, level := range map[string]ops.Level{
		"crashed died, exit 3": ops.LevelWarning,
		"eat died, exit 137 (killed or out of memory, not known)": ops.LevelWarning,
		"eat out of memory (oom)":                                 ops.LevelCritical,
		"web became unhealthy":                                    ops.LevelWarning,
		"stopped was sent signal 15":                              ops.LevelInfo,
		"stopped ended, exit 0":                                   ops.LevelInfo,
		"web ended as asked, exit 137":                            ops.LevelInfo,
		"renamed was renamed, before: nohealth":                   ops.LevelInfo,
		"web created from registry.invalid:5000/team/probe:1.0":   ops.LevelInfo,
		"held was paused":                                         ops.LevelInfo,
	} {
		if level != levelOf(got, words) {
			t.Errorf("%q: %v", words, levelOf(got, words))
		}
	}
	clock.add(time.Minute)
	rows := rowsByName(t, c)
	if d := rows["eat"].ExitEvents; len(d) != 1 || !d[0].OOM || d[0].Requested { // the oom came after the die
		t.Errorf("eat: %+v", d)
	}
	if d := rows["loop"].ExitEvents; len(d) != 6 || d[0].Code != 1 || d[0].At.Before(d[5].At) {
		t.Errorf("loop, newest first: %+v", d)
	}
}

func levelOf(records []ops.Record, words string) ops.Level {
	for _, r := range records {
		if r.What.String() == words {
			return r.Level
		}
	}
	return ops.LevelUnknown
}

func TestPushBeforeTheStreamIsNoNews(t *testing.T) {
	f := newFakeDaemon(t)
	f.events = replay(t)
	c := fakeCollector(t, f.host, newTestClock())
	calls := 0
	_ = c.Push(t.Context(), func(facts ops.Observation) {
		calls++
		if len(facts.Events) > 0 {
			t.Errorf("old news: %v", facts.Events)
		}
	})
	recorded, err := os.ReadFile("testdata/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	all, died := strings.Count(string(recorded), `"Action":"`), strings.Count(string(recorded), `"Action":"die"`)
	// One call says that the stream stands, and each old death at most one more.
	if calls > 1+died || died >= all {
		t.Errorf("tell was called %d times for %d old events with %d deaths", calls, all, died)
	}
	t.Logf("tell was called %d times for %d old events with %d deaths", calls, all, died)
	if d := rowsByName(t, c)["loop"].ExitEvents; len(d) != 6 {
		t.Errorf("deaths from before: %v", d)
	}
}

func TestPushResumesBehindTheLastEventAndTellsOfTheGap(t *testing.T) {
	f := newFakeDaemon(t)
	var since []string
	answer := replay(t)
	f.events = func(w http.ResponseWriter, r *http.Request) {
		since = append(since, r.URL.Query().Get("since"))
		if !strings.Contains(r.URL.Query().Get("filters"), `"die":true`) {
			t.Errorf("filters: %s", r.URL.Query().Get("filters"))
		}
		if len(since) == 1 {
			answer(w, r)
			return
		}
		w.(http.Flusher).Flush() // the second one stands and says nothing
		<-r.Context().Done()
	}
	clock := newTestClock()
	clock.add(-time.Minute)
	c := fakeCollector(t, f.host, clock)
	_ = c.Push(t.Context(), func(ops.Observation) {})
	facts, err := c.Collect(t.Context())
	if err != nil || len(facts.Notes) != 0 {
		t.Errorf("notes before the gap: %v, %v", facts.Notes, err)
	}
	clock.add(4 * time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	_ = c.Push(ctx, func(ops.Observation) { cancel() })
	last := c.stream.last
	if want := last.Add(time.Nanosecond); len(since) != 2 || !strings.HasSuffix(since[1], want.Format(".000000000")) {
		t.Errorf("since %v, last event %v", since, last)
	}
	facts, err = c.Collect(t.Context())
	if err != nil || len(facts.Notes) != 1 || facts.Notes[0].String() != "container events between 18:33:40Z and 18:37:40Z may be missing" {
		t.Errorf("notes: %v, %v", facts.Notes, err)
	}
	clock.add(2 * time.Hour)
	if facts, _ = c.Collect(t.Context()); len(facts.Notes) != 0 {
		t.Errorf("notes two hours later: %v", facts.Notes)
	}
}

func TestPushEndsWithItsContext(t *testing.T) {
	f := newFakeDaemon(t)
	f.events = func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	c := fakeCollector(t, f.host, newTestClock())
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Push(ctx, func(ops.Observation) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestDeathBookMarks(t *testing.T) {
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		do   func(*deathBook)
		want ops.ExitEvent
	}{
		"by itself":              {func(*deathBook) {}, ops.ExitEvent{}},
		"oom before":             {func(b *deathBook) { b.outOfMemory("id", "web", at.Add(-time.Second)) }, ops.ExitEvent{OOM: true}},
		"oom of the run before":  {func(b *deathBook) { b.outOfMemory("id", "web", at.Add(-time.Second)); b.started("id", at) }, ops.ExitEvent{}},
		"oom long ago":           {func(b *deathBook) { b.outOfMemory("id", "web", at.Add(-time.Hour)) }, ops.ExitEvent{}},
		"stopped":                {func(b *deathBook) { b.asked("id", at.Add(-10*time.Second)) }, ops.ExitEvent{Requested: true}},
		"stop of another":        {func(b *deathBook) { b.asked("other", at) }, ops.ExitEvent{}},
		"oom told after the die": {nil, ops.ExitEvent{OOM: true}},
	} {
		b := newDeathBook()
		if tc.do != nil {
			tc.do(b)
		}
		b.died("id", "web", at, 137)
		if tc.do == nil {
			b.outOfMemory("id", "web", at.Add(60*time.Millisecond))
		}
		got := b.of("web", at)
		if len(got) != 1 || got[0].OOM != tc.want.OOM || got[0].Requested != tc.want.Requested {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDeathBookIsBounded(t *testing.T) {
	b := newDeathBook()
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	for i := range 3 * deathNames {
		at = at.Add(time.Millisecond)
		b.died("id", ops.Textf("run-%d", i).String(), at, 1)
	}
	for range 3 * deathsEach {
		b.died("id", "loop", at, 1)
	}
	if len(b.byName) > deathNames || len(b.byName["loop"]) > deathsEach {
		t.Errorf("%d names, %d deaths of one", len(b.byName), len(b.byName["loop"]))
	}
	if got := b.of("loop", at.Add(2*time.Hour)); got != nil {
		t.Errorf("two hours later: %d", len(got))
	}
}
