package main

import (
	"slices"
	"time"

	"opsdeck/engine"
	"opsdeck/judge"
	"opsdeck/load"
	"opsdeck/ops"
	"opsdeck/store"
)

// pastLoad is a load run that a demo has behind it when it begins.
type pastLoad struct {
	scenario, why string
	ago           time.Duration
	slow          time.Duration // how much longer the shop took for a request
	pinned        bool
}

// pastLoads are those of a demo, the oldest first: three good evenings of which the first is
// the baseline, a bad one, where the shop breaks, and users of a Locust that lost a worker.
func pastLoads() []pastLoad {
	const day = 24 * time.Hour
	return []pastLoad{
		{scenario: "evening", why: "release 1.40", ago: 9*day + 3*time.Hour, pinned: true},
		{scenario: "evening", why: "release 1.41", ago: 6*day + 2*time.Hour, slow: 2 * time.Millisecond},
		{scenario: "how-far", why: "before the sale", ago: 5*day + 5*time.Hour},
		{scenario: "customers", why: "before the sale", ago: 4*day + 4*time.Hour, slow: 60 * time.Millisecond},
		{scenario: "evening", why: "release 1.42", ago: 2*day + 3*time.Hour, slow: time.Millisecond},
		{scenario: "evening", why: "cache switched off", ago: 20 * time.Hour, slow: 185 * time.Millisecond},
	}
}

// customers is a load of an estate that had a Locust, which a demo has no more.
func customers(like ops.LoadScenario) ops.LoadScenario {
	like.Name, like.Driver, like.Note = ops.Lit("customers"), ops.DriverLocust, ops.Lit("users of three workers of a Locust")
	like.Stages, like.Warmup, like.MaxUsers = []ops.LoadStage{{To: 60, For: 30 * time.Second, Users: true}, {From: 60, To: 60, For: 2 * time.Minute, Users: true}}, 30*time.Second, 60
	like.Limits = []ops.LoadLimit{{Metric: ops.MetricServiceP95, Limit: 0.5}, {Metric: ops.MetricErrors, Limit: 0.01}}
	return like
}

// keepPastLoads writes the runs down as if they had been, before the engine reads them back.
func keepPastLoads(e ops.Estate, h *store.Store, actor ops.Actor, now time.Time) error {
	for _, past := range pastLoads() {
		s, ok := e.LoadScenario(ops.Clean(past.scenario))
		if !ok {
			s, _ = e.LoadScenario(ops.Lit("evening"))
			s = customers(s)
		}
		run := past.ran(s)
		if s.Closed() {
			run = byUsers(run, s.MaxUsers)
		}
		ended := now.Add(-past.ago)
		j := ops.Job{Action: ops.Lit("load.run"), Title: ops.Textf("load %s on %s for %s", s.Name, s.Target, ops.Span(s.Length())), Target: s.Ref(), Class: ops.ClassDisruptive, Actor: actor,
			Reason: ops.Clean(past.why), State: ops.JobRunning, Created: ended.Add(-run.Series[len(run.Series)-1].At)}
		j.Started = j.Created
		j, _, err := h.NewJob(j, ops.Record{At: j.Created, Kind: ops.RecordIntent, Ref: j.Target, Actor: actor, What: j.Title})
		if err != nil {
			return err
		}
		j.Ended = ended
		v, err := engine.KeepPast(h, s, j, run, past.pinned)
		if err != nil {
			return err
		}
		j.Result = ops.Textf("%s %s", v.Outcome, v.Why)
		switch j.State = ops.JobFailed; v.Outcome {
		case ops.LoadPassed:
			j.State = ops.JobSucceeded
		case ops.LoadDegraded:
			j.State = ops.JobPartial
		}
		if _, err = h.EndJob(j, ops.Record{At: ended, Kind: ops.RecordOutcome, Ref: j.Target, Actor: actor, Job: j.ID, Level: v.Level, What: ops.Textf("%s: %s", j.State, j.Title)}); err != nil {
			return err
		}
	}
	return nil
}

// doorPlaces is how many requests the shop's door answers at a time, as sim.Front.
const doorPlaces = 8

// pastRequest is a request that never was.
type pastRequest struct {
	due, latency, service time.Duration
	bad                   bool
}

// requests are what is sent to a door as sim.Front's: each takes a place of it when one is
// free, for 5 to 41 ms, and every 400th fails.
func (p pastLoad) requests(s ops.LoadScenario) (all []pastRequest) {
	free := make([]time.Duration, min(doorPlaces, max(s.Connections, 1)))
	for n := int64(1); ; n++ {
		due := load.Schedule(s.Stages).At(n - 1)
		if due >= s.Length() {
			return all
		}
		first := 0
		for i, at := range free {
			if at < free[first] {
				first = i
			}
		}
		begun := max(due, free[first])
		free[first] = begun + time.Duration(5+n*7%37)*time.Millisecond + p.slow
		all = append(all, pastRequest{due, free[first] - due, free[first] - begun, n%400 == 0})
	}
}

// ran is what a run measures of that. A stress ends with the stage that breaks.
func (p pastLoad) ran(s ops.LoadScenario) ops.LoadRun {
	all := p.requests(s)
	run := ops.LoadRun{Stages: s.Stages, Warmup: s.Warmup, Total: int64(len(all)), End: ops.LoadEndPlanned,
		Health: ops.LoadHealth{LateP99: 400 * time.Microsecond, CPU: 0.06, CPUKnown: true, Busy: 0.2, Memory: ops.Num(21 << 20)}}
	length := s.Length()
	if s.Kind == ops.LoadStress {
		length = 0
		for _, st := range s.Stages {
			from := length
			length += st.For
			within := func(r pastRequest) bool { return r.due >= from && r.due < length }
			run.Steps = append(run.Steps, ops.LoadStep{LoadWindow: pastWindow(all, st.For, within), Stage: st, Ended: true})
			if judge.LoadBroken(run.Steps, s.Limits).Broke > 0 {
				run.End = ops.LoadEndBroke
				break
			}
		}
	}
	all = slices.DeleteFunc(all, func(r pastRequest) bool { return r.due >= length })
	run.Run = pastWindow(all, length-s.Warmup, func(r pastRequest) bool { return r.due >= s.Warmup })
	for at := time.Second; at <= length; at += time.Second {
		in := pastWindow(all, time.Second, func(r pastRequest) bool { return r.due+r.latency > at-time.Second && r.due+r.latency <= at })
		run.Series = append(run.Series, ops.LoadPoint{LoadWindow: in, At: at, InFlight: int(in.Done) / 20})
	}
	if n := run.Run.Failed; n > 0 {
		run.Errors = []ops.LoadError{{Class: ops.ClassStatus, Status: 503, Count: n, First: 9 * time.Second, Last: length, Sample: ops.Lit("Service Unavailable")}}
	}
	return run
}

// pastWindow is a span of the requests that it holds.
func pastWindow(all []pastRequest, over time.Duration, holds func(pastRequest) bool) ops.LoadWindow {
	w := ops.LoadWindow{Over: over}
	var latency, service []time.Duration
	for _, r := range all {
		if !holds(r) {
			continue
		}
		if latency, service = append(latency, r.latency), append(service, r.service); r.bad {
			w.Failed++
		}
	}
	n := int64(len(latency))
	w.Planned, w.Sent, w.Done, w.Bytes = n, n, n, 5*n
	w.Latency, w.Service = pastTimes(latency), pastTimes(service)
	return w
}

func pastTimes(all []time.Duration) ops.LoadTimes {
	n := len(all)
	if n == 0 {
		return ops.LoadTimes{}
	}
	slices.Sort(all)
	at := func(percent int) time.Duration { return all[(n-1)*percent/100] }
	return ops.LoadTimes{N: int64(n), P50: at(50), P90: at(90), P95: at(95), P99: at(99), Max: all[n-1]}
}

// byUsers makes a run one of users: what a closed loop cannot know goes, and a worker goes missing.
func byUsers(run ops.LoadRun, users int) ops.LoadRun {
	closed := func(w *ops.LoadWindow) { w.Latency, w.Service.Approx = ops.LoadTimes{}, true }
	closed(&run.Run)
	for i := range run.Series {
		closed(&run.Series[i].LoadWindow)
		run.Series[i].InFlight = min(users, (i+1)*users/30)
	}
	run.Health = ops.LoadHealth{CPU: 0.31, CPUKnown: true, Users: users, Lost: 1, Workers: []ops.LoadWorker{
		{Name: ops.Lit("load-1"), State: ops.Lit("running"), Users: users / 2, CPU: 0.31}, {Name: ops.Lit("load-2"), State: ops.Lit("running"), Users: users / 2, CPU: 0.28}, {Name: ops.Lit("load-3"), State: ops.Lit("missing")}}}
	return run
}
