package engine

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"opsdeck/judge"
	"opsdeck/ops"
)

// incidentsValue is the name under which the history keeps the incidents, and
// keepIncidents how many: the records they are made of stay in the history.
const (
	incidentsValue = "incidents"
	keepIncidents  = 500
)

func planOpen(e *Engine, req ops.Request) (string, string, error) {
	title := req.Value("title", "")
	if title == "" {
		return "", "", ops.Errorf(ops.CodeInvalid, "the incident has no title").Help("say in a few words what is wrong")
	}
	return "open incident: " + title, "begin it with the alerts that fire now", nil
}

func doOpen(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	for _, s := range e.broker.newest().Sources {
		if s.State == ops.SourcePending && concerns(s, p.Request.Target) {
			return ops.Errorf(ops.CodeUnavailable, "%s has not answered yet, so nobody knows what fires", s.Name).Help("try again in a moment")
		}
	}
	now := e.Now()
	in := ops.Incident{Title: ops.Clean(p.Request.Value("title", "")), By: c.Actor.Name, Opened: now}
	for _, a := range judge.Firing(e.Estate, e.broker.newest()) {
		in.Alerts = append(in.Alerts, a.Ref)
		if in.Began.IsZero() || a.Since.Before(in.Began) {
			in.Began, in.Seen = a.Since, a.Fired
		}
		if !a.Ack.At.IsZero() && (in.Acked.IsZero() || a.Ack.At.Before(in.Acked)) {
			in.Acked = a.Ack.At
		}
	}
	id, err := e.nextIncident()
	if err != nil {
		return err
	}
	in.Ref = ops.NewRef(ops.KindIncident, "", strconv.Itoa(id))
	rec := ops.Record{Kind: ops.RecordIncident, Level: ops.LevelWarning, Actor: c.Actor, Ref: in.Ref,
		What: ops.Textf("opened incident %d: %s", id, in.Title)}
	return e.put(rec, func(pic *picture) error {
		pic.keepIncidents(append([]ops.Incident{in}, pic.incidents...))
		pic.followAlerts()
		return nil
	})
}

// nextIncident numbers incidents by what the history holds already.
func (e *Engine) nextIncident() (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	kept, err := readIncidents(e.History)
	if err != nil {
		return 0, err
	}
	next := e.lastIncident
	for _, in := range kept {
		if n, err := strconv.Atoi(in.Ref.ID.String()); err == nil {
			next = max(next, n)
		}
	}
	e.lastIncident = next + 1
	return e.lastIncident, nil
}

// incident finds an open incident on the newest board.
func (e *Engine) incident(ref ops.Ref) (ops.Incident, error) {
	for _, in := range e.broker.newest().Incidents {
		if in.Ref.ID == ref.ID && in.Open() {
			return in, nil
		}
	}
	return ops.Incident{}, ops.Errorf(ops.CodeNotFound, "no incident %s is open", ref.ID)
}

// How an incident is closed: when what it is about is over, or before, by somebody who
// says so.
const (
	asRestored = "restored"
	asFiring   = "still firing"
)

func planClose(e *Engine, req ops.Request) (string, string, error) {
	in, err := e.incident(req.Target)
	if err != nil {
		return "", "", err
	}
	title, step := "close incident "+in.Ref.ID.String()+": "+in.Title.String(), "write down its end and its times"
	left := unrestored(e.broker.newest(), in)
	switch as := req.Value("as", asRestored); {
	case as != asRestored && as != asFiring:
		return "", "", ops.Errorf(ops.CodeInvalid, "an incident is not closed as %q", as).Help("write %s or %s", asRestored, asFiring)
	case left.Empty():
	case as == asRestored:
		return "", "", ops.Errorf(ops.CodeInvalid, "incident %s is not restored: %s", in.Ref.ID, left).
			Help("close it when it is over, or before that with as=%q", asFiring)
	default:
		step = "write down its end, and that it was not restored: " + left.String()
	}
	return title, step, nil
}

func doClose(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	in, err := e.incident(p.Request.Target)
	if err != nil {
		return err
	}
	in.Closed, in.Cause = e.Now(), ops.Clean(p.Request.Value("cause", ""))
	in.Unrestored = unrestored(e.broker.newest(), in)
	rec := ops.Record{Kind: ops.RecordIncident, Level: ops.LevelOK, Actor: c.Actor, Ref: in.Ref,
		What: ops.Textf("closed incident %s: %s", in.Ref.ID, in.Title), Facts: incidentFacts(in)}
	if !in.Unrestored.Empty() {
		rec.Level, rec.What = ops.LevelWarning, ops.Textf("%s (%s)", rec.What, in.Unrestored)
	}
	return e.put(rec, func(pic *picture) error {
		all := slices.Clone(pic.incidents)
		i := slices.IndexFunc(all, func(o ops.Incident) bool { return o.Ref == in.Ref && o.Open() })
		if i < 0 {
			return ops.Errorf(ops.CodeChanged, "incident %s was closed meanwhile", in.Ref.ID)
		}
		in.Acked, in.Fired = all[i].Acked, all[i].Fired
		all[i] = in
		pic.keepIncidents(all)
		return nil
	})
}

// incidentFacts are the three times that incidents are measured by.
func incidentFacts(in ops.Incident) []ops.Fact {
	var facts []ops.Fact
	for _, t := range []struct {
		name string
		of   func() (time.Duration, bool)
	}{{"time to detect", in.TimeToDetect}, {"time to acknowledge", in.TimeToAck}, {"time to restore", in.TimeToRestore}} {
		value := ops.Lit("not known")
		if d, known := t.of(); known {
			value = ops.Clean(d.Round(time.Second).String())
		}
		facts = append(facts, ops.Fact{Name: ops.Clean(t.name), Value: value})
	}
	if !in.Unrestored.Empty() { // there is no time to restore
		facts[len(facts)-1] = ops.Fact{Name: ops.Lit("not restored"), Value: in.Unrestored}
	}
	if !in.Cause.Empty() {
		facts = append(facts, ops.Fact{Name: ops.Lit("cause"), Value: in.Cause})
	}
	return facts
}

// ackIncidents notes the first ack of an alert that belongs to an open incident.
func (p *picture) ackIncidents(fingerprint ops.Text, at time.Time) {
	if at.IsZero() {
		return
	}
	all, first := slices.Clone(p.incidents), false
	for i := range all {
		in := &all[i]
		if in.Open() && in.Acked.IsZero() && slices.ContainsFunc(in.Alerts, func(r ops.Ref) bool { return r.ID == fingerprint }) {
			in.Acked, first = at, true
		}
	}
	if first {
		p.keepIncidents(all)
	}
}

// keepIncidents puts the list into the picture, and has it written down.
func (p *picture) keepIncidents(all []ops.Incident) {
	p.unsaved[keptIncidents] = true
	p.showIncidents(all[:min(len(all), keepIncidents)])
}

// showIncidents puts the open ones, and those closed within the hour, on the
// board.
func (p *picture) showIncidents(all []ops.Incident) {
	p.incidents = all
	shown := []ops.Incident{}
	for _, in := range all {
		if in.Open() || p.now().Sub(in.Closed) < keepChanges {
			shown = append(shown, in)
		}
	}
	if len(shown)+len(p.board.Incidents) > 0 && !reflect.DeepEqual(shown, p.board.Incidents) {
		p.board.Incidents = shown
		p.changed[ops.SectionIncidents] = true
	}
}

func readIncidents(h Values) ([]ops.Incident, error) {
	raw, err := h.Value(incidentsValue)
	if err != nil || len(raw) == 0 {
		return nil, err
	}
	var all []ops.Incident
	err = json.Unmarshal(raw, &all)
	return all, err
}

// incidentBefore is how far before the first sign an incident's report reaches:
// the cause stands before its effect.
const incidentBefore = 10 * time.Minute

// maxOfIncident bounds the records of one incident's report.
const maxOfIncident = 5000

// incidentDetail opens an incident, whatever its age, with all that happened
// meanwhile.
func (k console) incidentDetail(ref ops.Ref) (ops.Detail, error) {
	all, err := readIncidents(k.e.History)
	if err != nil {
		return ops.Detail{}, err
	}
	all = slices.Concat(k.e.broker.newest().Incidents, all) // the newest may not be written down yet
	i := slices.IndexFunc(all, func(in ops.Incident) bool { return in.Ref.ID == ref.ID })
	if i < 0 {
		return ops.Detail{}, ops.Errorf(ops.CodeNotFound, "there is no incident %s", ref.ID)
	}
	in := all[i]
	from, until := in.Opened, k.e.Now()
	if !in.Began.IsZero() {
		from = in.Began
	}
	if !in.Open() {
		until = in.Closed.Add(time.Second)
	}
	recs, err := k.e.History.History(ops.Query{From: from.Add(-incidentBefore), Until: until, Limit: maxOfIncident})
	if err != nil {
		return ops.Detail{}, err
	}
	var cut ops.Text
	if len(recs) == maxOfIncident {
		cut = ops.Textf("what came before its newest %d records is left out: opsdeck history has it", maxOfIncident)
	}
	return ops.Detail{Ref: in.Ref, At: k.e.Now(), Why: cut, Title: ops.Textf("incident %s: %s", in.Ref.ID, in.Title), Incident: in, Began: in.Began,
		Related: in.Alerts, Changes: recs, Groups: []ops.FactGroup{{Title: ops.Lit("times"), Facts: incidentFacts(in)}}}, nil
}
