package engine

import (
	"context"
	"time"

	"opsdeck/engine/jobs"
	"opsdeck/ops"
)

// own is an action of the engine itself: it changes nothing outside, is done at
// once, and is no job. All of them are safe.
type own struct {
	e    *Engine
	info ops.ActionInfo
	plan func(e *Engine, req ops.Request) (title, step string, err error) // names what would happen
	do   func(e *Engine, c ops.Caller, p ops.Plan, reason ops.Text) error
	// blocked says from the picture why it makes no sense now; nil: it always does.
	blocked func(b ops.Board, ref ops.Ref) ops.Text
}

// Describe says what it does.
func (o own) Describe() ops.ActionInfo { return o.info }

// Plan names what would happen.
func (o own) Plan(_ context.Context, _ ops.Board, req ops.Request) (ops.Plan, error) {
	title, step, err := o.plan(o.e, req)
	return ops.Plan{Title: ops.Clean(title), Steps: []ops.Step{{How: ops.StepHere, Change: ops.Clean(step)}}}, err
}

// Do does it.
func (o own) Do(c ops.Caller, p ops.Plan, reason ops.Text) error { return o.do(o.e, c, p, reason) }

// Blocked says why it makes no sense now.
func (o own) Blocked(b ops.Board, ref ops.Ref) ops.Text {
	if o.blocked == nil {
		return ops.Text{}
	}
	return o.blocked(b, ref)
}

// The actions that write a note.
const (
	noteOnEstate   = "estate.note"
	noteOnIncident = "incident.note"
)

// ownActions is the whole table.
func (e *Engine) ownActions() []jobs.Instant {
	return []jobs.Instant{
		own{e, describe("console.unlock", "unlock", ops.KindConsole, "let this console act on production for a while"), planUnlock, doUnlock, nil},
		own{e, describe("console.lock", "lock", ops.KindConsole, "make this console read-only again"), planLock, doLock, nil},
		own{e, describe("alert.ack", "ack", ops.KindAlert, "say that you take care of it; it holds until the alert clears", param("note", "what you know so far")), planAck, doAck, nil},
		own{e, describe("alert.unack", "unack", ops.KindAlert, "give it back: nobody takes care of it", param("note", "why")), planUnack, doUnack, nil},
		own{e, describe("alert.call", "record a call", ops.KindAlert, "write down who was called about it, and what came of it",
			param("who", "whom you called"), param("level", "level of the escalation matrix"), param("answer", "what came of it")), planCall, doCall, nil},
		own{e, describe("container.ack", "ack", ops.KindContainer, "say that you know what happened to it; what happens after is marked again", param("note", "what it was")), planMarkAck, doMarkAck, nothingMarked},
		own{e, describe("load.pin", "pin", ops.KindLoadRun, "make it the baseline that other runs of its scenario are compared with"), planPin, doPin, notPinnable},
		own{e, describe("shell.end", "say how it ended", ops.KindJob, "write down with which exit code a shell ended that was handed over", param("code", "0 to 255, or unknown")), planShellEnd, doShellEnd, byItsConsole},
		own{e, describe(noteOnEstate, "note", ops.KindEstate, "put a note on the time line", param("text", "the note")), planNote, doNote, nil},
		own{e, describe("incident.open", "open an incident", ops.KindEstate, "begin an incident with what fires now; what happens meanwhile attaches itself", param("title", "what it is")), planOpen, doOpen, nil},
		own{e, describe(noteOnIncident, "note", ops.KindIncident, "add a note to it", param("text", "the note")), planNote, doNote, nil},
		own{e, describe("incident.close", "close", ops.KindIncident, "end it; History and opsdeck incident export have the report", param("cause", "what it was"), asParam()), planClose, doClose, nil},
	}
}

func describe(id, verb string, on ops.Kind, what string, params ...ops.ParamInfo) ops.ActionInfo {
	return ops.ActionInfo{ID: ops.Clean(id), Verb: ops.Clean(verb), What: ops.Clean(what), Class: ops.ClassSafe, On: on, Params: params}
}

func param(name, what string) ops.ParamInfo {
	return ops.ParamInfo{Name: ops.Clean(name), What: ops.Clean(what)}
}

// asParam says how an incident is closed.
func asParam() ops.ParamInfo {
	return ops.ParamInfo{Name: ops.Lit("as"), What: ops.Lit("restored; or still firing, where it ends before its alerts do"), Default: ops.Clean(asRestored)}
}

// put writes the record of an own action, makes its change to the picture, and returns
// when the board shows it. An error of the change is one of the action, and is
// recorded, too.
func (e *Engine) put(rec ops.Record, change func(*picture) error) error {
	rec.At = e.Now()
	done, err := e.History.Append(rec)
	e.historyState(err)
	if err != nil {
		return err
	}
	err = e.seen(func(p *picture) error {
		p.addChanges(done)
		if change == nil {
			return nil
		}
		return change(p)
	})
	if err != nil {
		e.record(ops.Record{At: e.Now(), Kind: ops.RecordRefused, Level: ops.LevelInfo, Ref: rec.Ref, Actor: rec.Actor,
			What: ops.Textf("not seen on the board: %s: %s", rec.What, ops.AsError(err).What)})
	}
	return err
}

func planUnlock(e *Engine, _ ops.Request) (string, string, error) {
	return "unlock " + e.Estate.Environment.String() + " for this console",
		"let this console start disruptive and destructive actions for " + e.Estate.Limits.Unlock.String(), nil
}

func doUnlock(e *Engine, c ops.Caller, _ ops.Plan, reason ops.Text) error {
	return e.setUnlock(c, e.Now().Add(e.Estate.Limits.Unlock), reason)
}

func planLock(*Engine, ops.Request) (string, string, error) {
	return "make this console read-only again", "forget this console's unlock", nil
}

func doLock(e *Engine, c ops.Caller, _ ops.Plan, reason ops.Text) error {
	return e.setUnlock(c, time.Time{}, reason)
}

func planNote(_ *Engine, req ops.Request) (string, string, error) {
	text := req.Value("text", "")
	if text == "" {
		return "", "", ops.Errorf(ops.CodeInvalid, "an empty note").Help("give it a text")
	}
	return "note: " + text, "write it to the time line", nil
}

func doNote(e *Engine, c ops.Caller, p ops.Plan, _ ops.Text) error {
	return e.put(ops.Record{Kind: ops.RecordNote, Level: ops.LevelInfo, Actor: c.Actor, Ref: p.Request.Target, What: p.Title}, nil)
}
