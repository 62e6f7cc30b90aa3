package agent

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"opsdeck/ops"
)

// evaluated is fullBoard after n evaluations of its rules, none of which changed
// anything but values.
func evaluated(n int) ops.Board {
	b := fullBoard(1)
	at := b.At.Add(time.Duration(n) * time.Minute)
	b.Sources[0].LastGood = at
	b.Alerts[0].Value[0].Ref = ops.NewRef(ops.KindAlert, "prom", "down")
	other := b.Alerts[0].Value[0]
	other.Ref = ops.NewRef(ops.KindAlert, "prom", "other")
	b.Alerts[0].Value = append(b.Alerts[0].Value, other)
	for i := range b.Alerts[0].Value {
		a := &b.Alerts[0].Value[i]
		a.At, a.Value, a.Summary = at, ops.Num(float64(n)), ops.Textf("down %d times", n)
	}
	b.Rev = uint64(n)
	b.Revs[ops.SectionSources], b.Revs[ops.SectionValues] = b.Rev, b.Rev
	b.Values = []ops.AlertValue{ops.ValueOf(b.Alerts[0].Value[0])}
	b.Stamp()
	return b
}

func TestValuesMoveOnWithoutTheListOfAlerts(t *testing.T) {
	f := &fake{events: make(chan ops.Event)}
	c, s, _ := serve(t, f)
	early, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	says := func(who string, events <-chan ops.Event, want ...float64) {
		t.Helper()
		r := (<-events).Board.Alerts[0]
		for i, a := range r.Value {
			if a.Value.Value != want[i] || a.Summary != ops.Textf("down %d times", int(want[i])) {
				t.Errorf("%s: alert %s has %v, %q, want %v", who, a.Ref.ID, a.Value, a.Summary, want[i])
			}
			if newest := r.At.Equal(evaluated(int(want[i])).Sources[0].LastGood); a.Aged(r.At) == newest {
				t.Errorf("%s: alert %s of an answer that is the newest (%v) reads as aged (%v)", who, a.Ref.ID, newest, a.Aged(r.At))
			}
		}
	}
	f.events <- ops.Event{Board: evaluated(1)}
	says("the first picture", early, 1, 1)
	f.events <- ops.Event{Board: evaluated(2)}
	says("one is looked at", early, 2, 1)
	// A console that comes later takes its first line from the same cache.
	var sent [ops.Sections]uint64
	parts, err := s.frame(ops.Event{Board: evaluated(2)}, &sent)
	line, first := bytes.Join(parts, nil), frame{}
	var b ops.Board
	if err != nil || json.Unmarshal(line, &first) != nil || apply(&b, first) != nil {
		t.Fatalf("%v: %s", err, line)
	}
	late := make(chan ops.Event, 1)
	late <- ops.Event{Board: b}
	says("a console that comes later", late, 2, 2)
	f.events <- ops.Event{Board: evaluated(3)}
	says("the one that was there", early, 3, 1)
}
