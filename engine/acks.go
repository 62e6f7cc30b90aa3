package engine

import "opsdeck/ops"

// firingAlert finds the alert of a request on the newest board.
func (e *Engine) firingAlert(ref ops.Ref) (ops.Alert, error) {
	if a, fires := firingIn(e.broker.newest(), ref.ID); fires {
		return a, nil
	}
	return ops.Alert{}, ops.Errorf(ops.CodeNotFound, "no alert %s fires", ref.ID).Help("it may have cleared meanwhile: look at History")
}

func firingIn(b ops.Board, fingerprint ops.Text) (ops.Alert, bool) {
	a, _, ok := ops.Find(b.Alerts, func(a *ops.Alert) bool { return a.Ref.ID == fingerprint && a.State == ops.AlertFiring })
	return a, ok
}

func planAck(e *Engine, req ops.Request) (string, string, error) {
	a, err := e.firingAlert(req.Target)
	if err != nil {
		return "", "", err
	}
	if !a.Ack.At.IsZero() {
		return "", "", ops.Errorf(ops.CodeHeld, "%s took %s %s", a.Ack.By, a.Name, ops.Stamp(a.Ack.At)).Help("unack it first to take it over")
	}
	return "ack " + a.Name.String(), "write down who takes care of it; nothing is silenced", nil
}

func doAck(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	a, err := e.firingAlert(p.Request.Target)
	if err != nil {
		return err
	}
	ack := ops.Ack{By: c.Actor.Name, At: e.Now(), Note: ops.Clean(p.Request.Value("note", ""))}
	rec := ops.Record{Kind: ops.RecordAck, Level: ops.LevelInfo, Actor: c.Actor, Ref: a.Ref,
		What: ops.Textf("acked %s %s", a.Severity.Name, a.Name), Facts: withNote(identity(a), ack.Note)}
	return e.put(rec, func(p *picture) error { return p.setAck(a.Ref.ID, ack) })
}

func planUnack(e *Engine, req ops.Request) (string, string, error) {
	a, err := e.firingAlert(req.Target)
	if err != nil {
		return "", "", err
	}
	if a.Ack.At.IsZero() {
		return "", "", ops.Errorf(ops.CodeInvalid, "nobody has acked %s", a.Name)
	}
	return "unack " + a.Name.String(), "forget that " + a.Ack.By.String() + " took it", nil
}

func doUnack(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	a, err := e.firingAlert(p.Request.Target)
	if err != nil {
		return err
	}
	rec := ops.Record{Kind: ops.RecordAck, Level: ops.LevelInfo, Actor: c.Actor, Ref: a.Ref,
		What: ops.Textf("unacked %s %s", a.Severity.Name, a.Name), Facts: withNote(identity(a), ops.Clean(p.Request.Value("note", "")))}
	return e.put(rec, func(p *picture) error { return p.setAck(a.Ref.ID, ops.Ack{}) })
}

func planCall(e *Engine, req ops.Request) (string, string, error) {
	a, err := e.firingAlert(req.Target)
	if err != nil {
		return "", "", err
	}
	who := req.Value("who", "")
	if who == "" {
		return "", "", ops.Errorf(ops.CodeInvalid, "nobody is named").Help("say who was called")
	}
	return "called " + who + " about " + a.Name.String(), "write it to the time line", nil
}

func doCall(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	a, err := e.firingAlert(p.Request.Target)
	if err != nil {
		return err
	}
	facts := identity(a)
	for _, name := range []string{"level", "answer"} {
		if v := p.Request.Value(name, ""); v != "" {
			facts = append(facts, ops.Fact{Name: ops.Clean(name), Value: ops.Clean(v)})
		}
	}
	return e.put(ops.Record{Kind: ops.RecordCall, Level: ops.LevelInfo, Actor: c.Actor, Ref: a.Ref, What: p.Title, Facts: facts}, nil)
}

func withNote(facts []ops.Fact, note ops.Text) []ops.Fact {
	if note.Empty() {
		return facts
	}
	return append(facts, ops.Fact{Name: ops.Lit("note"), Value: note})
}

// setAck sets or, with a zero ack, removes one. An alert that has cleared has none.
func (p *picture) setAck(fingerprint ops.Text, ack ops.Ack) error {
	if _, fires := firingIn(p.board, fingerprint); !fires {
		return ops.Errorf(ops.CodeChanged, "it has cleared meanwhile")
	}
	if ack.At.IsZero() {
		delete(p.alerts.Acks, fingerprint)
	} else {
		p.alerts.Acks[fingerprint] = ack
	}
	p.unsaved[keptAcks] = true
	p.mergeAlerts()
	p.ackIncidents(fingerprint, ack.At)
	return nil
}

// savedAck is an ack as the history keeps it.
type savedAck struct {
	Fingerprint ops.Text `json:"fingerprint"`
	Ack         ops.Ack  `json:"ack"`
}

func restoreAcks(p *picture, acks []savedAck) {
	for _, k := range acks {
		p.alerts.Acks[k.Fingerprint] = k.Ack
	}
}

func savedAcks(p *picture) []savedAck {
	acks := make([]savedAck, 0, len(p.alerts.Acks))
	for fp, a := range p.alerts.Acks {
		acks = append(acks, savedAck{fp, a})
	}
	return acks
}
