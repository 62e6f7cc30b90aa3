package engine

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"opsdeck/judge"
	"opsdeck/ops"
)

// loadsValue is the name under which the history keeps the list of load runs; each run is
// a value of its own.
const loadsValue = "loads"

// keepLoads is how many load runs are kept.
const keepLoads = 200

func runValue(id ops.Text) string { return "load-run/" + id.String() }

// loadTick shows a second of a load run, and says why it has to end.
func (e *Engine) loadTick(j ops.Job, t ops.LoadTick) ops.Text {
	s, ok := e.Estate.LoadScenario(j.Target.ID)
	if !ok {
		return ops.Textf("the estate has no load %s", j.Target.ID)
	}
	e.noteOpen(j, s, t)
	target, alerts := e.watchTarget(j, s.Target, t.Second.At, t.Health.Memory)
	t.Run.Indicators = e.indicated(j, s, t.Second.At)
	t.Steps = judge.LoadSteps(t.Steps, s.Limits)
	grown := judge.LoadGrowths(s, e.looksOf(j, s.Target))
	e.update(func(p *picture) { p.load(s, j, t, target, alerts, grown) })
	return e.loadGuard(j, s, t.Second.At)
}

// load puts the last second of a run on the board.
func (p *picture) load(s ops.LoadScenario, j ops.Job, t ops.LoadTick, target ops.LoadTarget, alerts []ops.LoadAlert, grown []ops.LoadGrowth) {
	live := ops.LoadLive{Job: j.ID, Scenario: s, Actor: j.Actor.Name, Began: j.Started}
	at := slices.IndexFunc(p.board.Loading, func(l ops.LoadLive) bool { return l.Job == j.ID })
	p.board.Loading = slices.Clone(p.board.Loading)
	if at < 0 {
		at, p.board.Loading = len(p.board.Loading), append(p.board.Loading, live)
	}
	l := &p.board.Loading[at]
	place := t.Second.Place()
	place.Target = target
	l.Growth = grown
	l.Tick, l.Limits, l.Trail, l.Alerts = t, judge.LoadNow(s, t, grown), l.Trail.Add(place), alerts
	p.changed[ops.SectionLoading] = true
}

// unload takes a run that has ended off the board.
func (p *picture) unload(id ops.JobID) {
	left := slices.DeleteFunc(slices.Clone(p.board.Loading), func(l ops.LoadLive) bool { return l.Job == id })
	p.changedIf(ops.SectionLoading, len(left) != len(p.board.Loading))
	p.board.Loading = left
}

// keepLoad judges a load run and writes it down: itself first, then the list of all.
func (e *Engine) keepLoad(j ops.Job, run ops.LoadRun) (ops.LoadVerdict, error) {
	s, _ := e.Estate.LoadScenario(j.Target.ID)
	if run.Fault != nil {
		run.Fault.State = e.faultState(run.Fault.Job)
	}
	run.Run.Indicators = e.indicated(j, s, 0)
	target, alerts := e.courseOf(j, s.Target)
	j.Ended = e.Now()
	k, err := writeLoad(e.History, s, j, run, target, alerts)
	if err != nil {
		e.historyState(err)
		return k.Verdict, err
	}
	return k.Verdict, errors.Join(e.listLoad(k), e.closeOpen(j.ID))
}

// writeLoad judges a run and writes it down, but for the list of all.
func writeLoad(h Values, s ops.LoadScenario, j ops.Job, run ops.LoadRun, target []ops.LoadTarget, alerts []ops.LoadAlert) (ops.LoadKept, error) {
	k := ops.LoadKept{Ref: ops.NewRef(ops.KindLoadRun, "", fmt.Sprint(j.ID)), Scenario: s.Name, Kind: s.Kind, Target: s.Target, Began: j.Started, Ended: j.Ended,
		Actor: j.Actor.Name, Reason: j.Reason, Note: s.Note, Stages: run.Stages, Warmup: run.Warmup, Before: run.Before, End: run.End,
		Run: run.Run, Health: run.Health, Errors: run.Errors, Parts: run.Parts, Verdict: judge.LoadOf(s, run, target)}
	report := ops.LoadReport{Kept: k, Total: run.Total, Series: run.Series, Steps: judge.KeptSteps(run, s.Limits), Target: target, Alerts: alerts}
	packed, err := pack(savedLoad{LoadReport: report, Latency: run.LatencyHistogram, Service: run.ServiceHistogram})
	if err == nil {
		err = h.PutValue(runValue(k.Ref.ID), packed)
	}
	return k, err
}

// KeepPast judges and keeps a run of a job of the past, as the newest, in the history of an
// engine that does not run yet.
func KeepPast(h Values, s ops.LoadScenario, j ops.Job, run ops.LoadRun, pinned bool) (ops.LoadVerdict, error) {
	k, err := writeLoad(h, s, j, run, nil, nil)
	if err != nil {
		return k.Verdict, err
	}
	k.Pinned = pinned
	all, err := readLoads(h)
	if err != nil {
		return k.Verdict, err
	}
	return k.Verdict, saveLoads(h, append([]ops.LoadKept{k}, all...))
}

// listLoad puts a run on the list, and forgets the oldest beyond those that are kept.
func (e *Engine) listLoad(k ops.LoadKept) error {
	e.loads.Lock()
	defer e.loads.Unlock()
	all, err := readLoads(e.History)
	if err != nil {
		return err
	}
	all = append([]ops.LoadKept{k}, all...)
	var over []ops.LoadKept
	for i := len(all) - 1; i >= 0 && len(all) > keepLoads; i-- {
		if !all[i].Pinned {
			over = append(over, all[i])
			all = slices.Delete(all, i, i+1)
		}
	}
	err = saveLoads(e.History, all)
	for _, old := range over {
		if err == nil {
			err = e.History.PutValue(runValue(old.Ref.ID), nil)
		}
	}
	e.historyState(err)
	e.update(func(p *picture) { p.list(all) })
	return err
}

// saveLoads writes the list down. The engine's lock of loads is held, where it runs.
func saveLoads(h Values, all []ops.LoadKept) error {
	raw, err := json.Marshal(all)
	if err == nil {
		err = h.PutValue(loadsValue, raw)
	}
	return err
}

// list shows the runs that are kept.
func (p *picture) list(all []ops.LoadKept) {
	p.board.Loads.Kept = all
	p.changed[ops.SectionLoads] = true
}

// readLoads reads the list back, the newest first.
func readLoads(h Values) (all []ops.LoadKept, err error) {
	raw, err := h.Value(loadsValue)
	if err == nil && len(raw) > 0 {
		err = json.Unmarshal(raw, &all)
	}
	return all, err
}

// savedLoad is a run as it is written down.
type savedLoad struct {
	ops.LoadReport
	// All latencies and service times, as ops.LoadRun has them: runs can be merged later.
	Latency []byte `json:"latency_histogram,omitempty"`
	Service []byte `json:"service_histogram,omitempty"`
}

func pack[T any](r T) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	err := json.NewEncoder(w).Encode(r)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return b.Bytes(), err
}

// mostReport bounds a run that is read back: a damaged value is no reason to take all memory.
const mostReport = 64 << 20

func unpack[T any](packed []byte) (r T, err error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err == nil {
		err = json.NewDecoder(io.LimitReader(z, mostReport)).Decode(&r)
	}
	return r, err
}

// loadDetail opens a kept run, or a scenario.
func (k console) loadDetail(ref ops.Ref) (ops.Detail, error) {
	d := ops.Detail{Ref: ref, At: k.e.Now()}
	if ref.Kind == ops.KindLoad {
		s, ok := k.e.Estate.LoadScenario(ref.ID)
		if !ok {
			return d, ops.Errorf(ops.CodeNotFound, "the estate has no load %s", ref.ID)
		}
		d.Title = ops.Textf("load %s on %s", s.Name, s.Target)
		d.Groups = []ops.FactGroup{scenarioFacts(s)}
		recs, err := k.e.History.History(ops.Query{Ref: ref, Limit: 50})
		d.Changes = recs
		return d, err
	}
	packed, err := k.e.History.Value(runValue(ref.ID))
	if err == nil && len(packed) == 0 {
		err = ops.Errorf(ops.CodeNotFound, "no load run %s is kept", ref.ID).Help("opsdeck load list names them")
	}
	if err != nil {
		return d, err
	}
	r, err := unpack[savedLoad](packed)
	if err != nil {
		return d, ops.Errorf(ops.CodeInternal, "load run %s cannot be read: %v", ref.ID, err)
	}
	if err := k.compare(&r.LoadReport, ref.Source); err != nil {
		return d, err
	}
	d.Load, d.Title = &r.LoadReport, ops.Textf("load run %s: %s on %s", ref.ID, r.Kept.Scenario, r.Kept.Target)
	d.Related = []ops.Ref{{Kind: ops.KindLoad, ID: r.Kept.Scenario}}
	return d, nil
}

// compare puts a run beside the one of a number, as judge.LoadBeside has it.
func (k console) compare(r *ops.LoadReport, number ops.Text) error {
	all, err := readLoads(k.e.History)
	if err != nil {
		return err
	}
	for _, o := range all {
		r.Kept.Pinned = r.Kept.Pinned || o.Ref == r.Kept.Ref && o.Pinned
	}
	s, _ := k.e.Estate.LoadScenario(r.Kept.Scenario)
	r.Compared, err = judge.LoadBeside(all, r.Kept, number, s.Tolerance)
	return err
}

// scenarioFacts are what a scenario says.
func scenarioFacts(s ops.LoadScenario) ops.FactGroup {
	fact := func(name string, value ops.Text) ops.Fact { return ops.Fact{Name: ops.Clean(name), Value: value} }
	g := ops.FactGroup{Title: ops.Lit("scenario"), Facts: []ops.Fact{
		fact("note", s.Note), fact("kind", ops.Clean(s.Kind.String())), fact("target", s.Target), fact("sends to", ops.Clean(ops.Join(", ", s.Allow))), fact("driver", ops.Clean(s.Driver.String())),
		fact("warm-up", ops.Textf("%s", s.Warmup))}}
	if s.Closed() {
		g.Facts = append(g.Facts, fact("at most", ops.Textf("%s, %s", ops.Count(s.MaxUsers, "user"), s.MaxDuration)))
	} else {
		g.Facts = append(g.Facts, fact("at most", ops.Textf("%s a second, %s", ops.Count(s.MaxRate, "request"), s.MaxDuration)),
			fact("connections", ops.Textf("%d, %d in flight", s.Connections, s.InFlight)))
	}
	if f := s.Fault; f != nil {
		g.Facts = append(g.Facts, fact("fault", ops.Textf("after %s: %s on %s; over after %s on end", f.At, f.Action, f.On, ops.Count(s.Recovered, "window"))))
	}
	for i, st := range s.Stages {
		g.Facts = append(g.Facts, fact(fmt.Sprintf("stage %d", i+1), ops.Clean(st.Words())))
	}
	for _, l := range s.Limits {
		g.Facts = append(g.Facts, fact("limit", ops.Textf("%s %s", l.Indicator.Or(ops.Clean(l.Metric.String())), l.Figure(l.Limit))))
	}
	return g
}
