package locust

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// replay is what a real Locust did after a start, as it was looked at then: it answers as that
// one did, in the time that passed between the looks.
type replay struct {
	before string // its state until it is started
	start  string // what it answers to that
	looks  []look
	began  time.Time // of the start
	asked  []string  // calls that change something
}

// look is one line of a recording.
type look struct {
	at       time.Duration // after the start: the first one is where the driver looks first
	state    string
	users    int
	requests int
	workers  []worker // those of a master
}

// Lines of a recording: "542.2 stopped 0 196 34.5", and of a master
// "16:21:28 stopped 0 1 [('missing', 0), ('ready', 0)] 0" with how many of its workers can work.
var (
	lookOfOne    = regexp.MustCompile(`^(\d+\.\d) (\w+) (\d+) (\d+) \d+\.\d$`)
	lookOfMaster = regexp.MustCompile(`^(\d\d:\d\d:\d\d) (\w+) (\d+) (\d+) \[(.*)\] (\d+)$`)
	lookOfWorker = regexp.MustCompile(`\('(\w+)', (\d+)\)`)
)

// staleTimer is a Locust whose first run was given nine seconds and was stopped after three; the
// second, which is replayed, was given none.
func staleTimer(t *testing.T) *replay {
	text := recorded(t, "30-stale-timer.txt")
	before, second, whole := strings.Cut(text, "\"Test stopped\",  \"success\": true}\n")
	if !whole || !strings.Contains(before, `"run_time": 9`) || strings.Contains(second, "run_time") {
		t.Fatal("the recording is another one")
	}
	start, lines, _ := strings.Cut(second, "\n")
	r := &replay{before: recorded(t, "21-stats-stopped.body"), start: start}
	for line := range strings.Lines(lines) {
		m := lookOfOne.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			t.Fatalf("%q is no look", line)
		}
		at, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		r.looks = append(r.looks, look{at: time.Duration(at * float64(time.Second)), state: m[2], users: number(t, m[3]), requests: number(t, m[4])})
	}
	return r.placed(t, 5)
}

// lostWorker is a master of two workers, of which one is killed. They had been too slow for its
// heartbeats since the start, so that it had stopped the run before anybody looked.
func lostWorker(t *testing.T) *replay {
	r := &replay{before: recorded(t, "40-dist-idle.json"), start: recorded(t, "41-dist-swarm.json")}
	var earlier stats // the look before these, which names the workers
	if err := json.Unmarshal([]byte(recorded(t, "42-dist-running.json")), &earlier); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(recorded(t, "43-dist-worker-lost.txt")) {
		m := lookOfMaster.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue // what was done, and how the processes ended
		}
		at, err := time.Parse(time.TimeOnly, m[1])
		if err != nil {
			t.Fatal(err)
		}
		l := look{at: time.Duration(at.Unix()) * time.Second, state: m[2], users: number(t, m[3]), requests: number(t, m[6])}
		for i, w := range lookOfWorker.FindAllStringSubmatch(m[5], -1) {
			l.workers = append(l.workers, worker{ID: earlier.Workers[i].ID, State: w[1], Users: number(t, w[2])})
		}
		if len(l.workers) != 2 || l.able() != number(t, m[4]) {
			t.Fatalf("%q: workers %v", line, l.workers)
		}
		r.looks = append(r.looks, l)
	}
	return r.placed(t, 6)
}

// placed counts the time of the looks from the start.
func (r *replay) placed(t *testing.T, looks int) *replay {
	if len(r.looks) != looks {
		t.Fatalf("%d looks were recorded, and %d are read", looks, len(r.looks))
	}
	first := r.looks[0].at
	for i := range r.looks {
		r.looks[i].at += poll - first
	}
	return r
}

func number(t *testing.T, digits string) int {
	t.Helper()
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// able is how many workers can work, as a master counts them.
func (l look) able() (n int) {
	for _, w := range l.workers {
		if w.State != stateMissing {
			n++
		}
	}
	return n
}

// stats is a look as Locust answers it.
func (l look) stats() string {
	all := map[string]any{"state": l.state, "user_count": l.users, "errors": []failure{}}
	if l.workers != nil {
		all["workers"], all["worker_count"] = l.workers, l.able()
	}
	text, _ := json.Marshal(all) // of plain values
	return string(text)
}

// now is the last look that was taken by now.
func (r *replay) now() look {
	l := r.looks[0]
	for _, later := range r.looks {
		if time.Since(r.began) >= later.at {
			l = later
		}
	}
	return l
}

func (r *replay) answer(q *http.Request) (int, string) {
	switch q.URL.Path {
	case "/stats/requests":
		if r.began.IsZero() {
			return 200, r.before
		}
		return 200, r.now().stats()
	case "/stats/requests/csv":
		return 200, fmt.Sprintf("Type,Name,Request Count,Failure Count,50%%\n,Aggregated,%d,0,20\n", r.now().requests)
	case "/exceptions":
		return 200, `{"exceptions": []}`
	case "/logs":
		return 200, `{"master": []}`
	case "/swarm":
		r.began = time.Now()
		r.asked = append(r.asked, "swarm")
		return 200, r.start
	}
	r.asked = append(r.asked, strings.TrimPrefix(q.URL.Path, "/"))
	return 200, ""
}

// on carries out a run of four users for a minute.
func (r *replay) on(t *testing.T) (p played, o Order) {
	o = order()
	o.Host, o.Allow = "http://127.0.0.1:18080", []string{"127.0.0.1:18080"} // of the recordings
	o.Stages[0].From, o.Stages[0].To = 4, 4
	synctest.Test(t, func(t *testing.T) { p.carryOut(t.Context(), o, r.answer) })
	if got := strings.Join(r.asked, ", "); got != "stats/reset, swarm, stop" {
		t.Errorf("it asked %s", got)
	}
	return p, o
}

// The timer of a run that was given a time is never put off there: it ends whatever runs when it
// fires.
func TestARunThatATimerOfAnEarlierOneEndedIsNoResult(t *testing.T) {
	p, o := staleTimer(t).on(t)
	if p.err != nil {
		t.Fatal(p.err)
	}
	const why = "Locust is stopped, and not by this run: by somebody at its page, a run time of an earlier run, or because it has no workers"
	if v := judge.Load(p.run, o.Limits); v.Outcome != ops.LoadAborted || v.Why.String() != why {
		t.Errorf("%s: %s", v.Outcome, v.Why)
	}
	// It was running at two looks, and the one after them found it stopped.
	if len(p.ticks) != 2 || p.run.Run.Over != 3*poll || p.took != 4*poll {
		t.Errorf("%d looks, over %s of %s", len(p.ticks), p.run.Run.Over, p.took)
	}
	// What was counted after the last look of a running one is not lost.
	if r := p.run.Run; r.Done != 196 || p.ticks[1].Run.Done != 116 || p.run.Health.Users != 4 || p.run.Health.Lost != 0 {
		t.Errorf("%+v, %+v", r, p.run.Health)
	}
}

// The recorded master says running of nothing that it started.
func TestARunThatAMasterGaveUpBeforeItSentIsNoResult(t *testing.T) {
	p, _ := lostWorker(t).on(t)
	if ops.CodeOf(p.err) != ops.CodeUnanswered || p.err.Error() != "Locust said that it started, and did not" || len(p.ticks) != 0 {
		t.Errorf("%v, %d looks", p.err, len(p.ticks))
	}
	if p.took > 20*time.Second {
		t.Errorf("it took %s", p.took)
	}
}

func TestAWorkerThatARealMasterMissesIsLostOnce(t *testing.T) {
	is := lostWorker(t)
	rec := newRecorder(order())
	for i, l := range is.looks {
		s, err := apiOf(func(*http.Request) (int, string) { return 200, l.stats() }).state(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h := rec.take(s, l.at, l.at).Health
		if want := min(i, 1); h.Lost != want {
			t.Errorf("look %d: %d workers are lost, want %d", i, h.Lost, want)
		}
		if i > 0 && (len(h.Workers) != 2 || h.Workers[0].State.String() != stateMissing || !strings.HasPrefix(h.Workers[0].Name.String(), "vm_ae155e5d")) {
			t.Errorf("look %d: the worker that is missing is not first: %+v", i, h.Workers)
		}
	}
}

// The run goes on, on the workers that are left.
func TestARunWhoseWorkersAreLostAsRecordedIsDegraded(t *testing.T) {
	is := lostWorker(t)
	p, _ := play(t, two, order(), func(f *fake, _ context.CancelCauseFunc) {
		for _, l := range is.looks {
			time.AfterFunc(l.at, func() {
				f.change(func(f *fake) {
					for i, w := range l.workers {
						f.workers[fmt.Sprint("w", i)].State = w.State
					}
				})
			})
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	if v := judge.Load(p.run, order().Limits); v.Outcome != ops.LoadDegraded || v.Why.String() != "1 worker of the generator went missing during the run" {
		t.Errorf("%s: %s", v.Outcome, v.Why)
	}
	if h := p.run.Health; h.Lost != 1 || p.ticks[1].Health.Lost != 0 || p.run.End != ops.LoadEndPlanned {
		t.Errorf("%s, %+v", p.run.End, h)
	}
}
