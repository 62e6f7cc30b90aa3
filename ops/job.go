package ops

import (
	"slices"
	"time"
)

// JobID numbers the jobs of one history, from 1.
type JobID uint64

// PlanID names a plan that the agent keeps: 128 random bits in hex.
type PlanID = Text

// Actor is who asked, as the transport knows it; never as a request says it.
type Actor struct {
	Name Text `json:"name"`           // login name, or "schedule"
	UID  int  `json:"uid"`            // as the kernel names the peer; -1 where there is none
	Role Role `json:"role,omitempty"` // what the estate lets this actor do
}

// Caller is an actor in one console session.
type Caller struct {
	Actor   Actor
	Session Text // names one console; an unlock holds for it alone
}

// Console is the caller without what may change while a console is open. A session
// named by somebody else's console is a different one, also where the two share a
// unix account.
func (c Caller) Console() Caller {
	c.Actor.Role = RoleViewer
	return c
}

// Request asks for an action. It carries no actor on purpose.
type Request struct {
	Action Text    `json:"action"` // "container.restart"
	Target Ref     `json:"target"`
	Params []Param `json:"params,omitempty"`
}

// Param is one named parameter of a request.
type Param struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
}

// Value returns the value of the named parameter, or other where it is absent.
func (r Request) Value(name, other string) string { return paramValue(r.Params, name, other) }

func paramValue(params []Param, name, other string) string {
	for _, p := range params {
		if p.Name.String() == name {
			return p.Value.String()
		}
	}
	return other
}

// ActionInfo describes an action, and how it stands for one target and caller.
type ActionInfo struct {
	ID     Text        `json:"id"`   // "container.restart"
	Verb   Text        `json:"verb"` // "restart"
	What   Text        `json:"what"` // one sentence
	Class  Class       `json:"class"`
	On     Kind        `json:"on"`              // the kind of target it works on
	Source Text        `json:"source,omitzero"` // the one source whose targets it works on; empty: any
	Params []ParamInfo `json:"params,omitempty"`
	// Needs is the least role where the class alone asks for less.
	Needs Role `json:"needs,omitzero"`
	// Reason is the parameter that says why it is done: nothing asks for it again.
	Reason Text `json:"reason,omitzero"`
	// Paging says that it changes who is told and nothing else: production stays locked.
	Paging bool `json:"paging,omitzero"`
	// Blocked says why it cannot run now; empty when it can.
	Blocked Text `json:"blocked,omitzero"`
}

// ParamInfo describes one parameter of an action.
type ParamInfo struct {
	Name    Text `json:"name"`
	What    Text `json:"what"`
	Default Text `json:"default,omitzero"`
	// Words are all that it may be, where those can be listed; empty: it is free.
	Words []Text `json:"words,omitempty"`
}

// Plan is exactly what would be done. The agent keeps it under its id for two
// minutes; nothing a client sends can change it.
type Plan struct {
	ID       PlanID  `json:"id"`
	Request  Request `json:"request"`
	Class    Class   `json:"class"`
	Title    Text    `json:"title"`              // "restart container web"
	Steps    []Step  `json:"steps"`              // in the order they run
	Replaces []Text  `json:"replaces,omitempty"` // what is lost or interrupted, in words
	Warnings []Text  `json:"warnings,omitempty"`
	// Notes tell what may move by itself until the plan starts, sizes and estimates,
	// and the same by other means. Start does not compare them.
	Notes []Text `json:"notes,omitempty"`
	// Left says what lies where, and how it is taken away, where nobody saw the end of it.
	Left    Text      `json:"left,omitzero"`
	Locks   []Ref     `json:"locks"` // targets no other job may hold meanwhile
	Ask     Ask       `json:"ask"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
}

// Same reports whether two plans do the same to the same things. What only tells
// of the moment, Warnings, Notes and Left, does not count, nor does a step's note.
func (p Plan) Same(o Plan) bool {
	return p.Title == o.Title && p.Class == o.Class && slices.EqualFunc(p.Steps, o.Steps, Step.Same) &&
		slices.Equal(p.Replaces, o.Replaces) && slices.Equal(p.Locks, o.Locks)
}

// Ask is what the agent wants before it starts a plan.
type Ask struct {
	Yes    bool `json:"yes"`           // a deliberate yes
	Type   Text `json:"type,omitzero"` // the name that has to be typed
	Reason bool `json:"reason"`        // why, in the actor's words
	Unlock bool `json:"unlock"`        // this session has to be unlocked first
}

// Confirmation answers an Ask.
type Confirmation struct {
	Yes    bool `json:"yes"`
	Typed  Text `json:"typed,omitzero"`
	Reason Text `json:"reason,omitzero"`
	// Key makes Start idempotent: the same key gives the same job. It belongs to one
	// request of one actor; with another one it is an error of CodeInvalid.
	Key Text `json:"key,omitzero"`
}

// Job is one run of an action.
type Job struct {
	ID     JobID `json:"id"`
	Action Text  `json:"action"`
	Title  Text  `json:"title"`
	Target Ref   `json:"target"`
	Class  Class `json:"class"`
	Actor  Actor `json:"actor"`
	Reason Text  `json:"reason,omitzero"`
	Key    Text  `json:"key,omitzero"`
	// Asked is a digest of the request it was started for, parameters and all, and Plan
	// the plan that was started: Key belongs to these.
	Asked    Text      `json:"asked,omitzero"`
	Plan     PlanID    `json:"plan,omitzero"`
	State    JobState  `json:"state"`
	Progress Progress  `json:"progress"`
	Created  time.Time `json:"created"`
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	// Result says how it ended, in words: what was reached, or the cause and the
	// way to find out.
	Result Text `json:"result,omitzero"`
	// Found is what was seen at its target later, of a job whose end nobody saw. It makes no
	// other end of it.
	Found Text `json:"found,omitzero"`
	// Left is the plan's.
	Left  Text  `json:"left,omitzero"`
	Locks []Ref `json:"locks,omitempty"`
	// Process is the child that does the work, where there is one.
	Process Process `json:"process,omitzero"`
	// Drills are what its restores have shown.
	Drills []Drill `json:"drills,omitempty"`
	// Verified is what it found in the repositories that it read.
	Verified []Verification `json:"verified,omitempty"`
	// Made are the backups that it has made, as the engine named them.
	Made []Ref `json:"made,omitempty"`
	// Level is that of State, for a job on a board; filled by judge.
	Level Level `json:"level,omitzero"`
}

// End says how it ended, and what was found of it later.
func (j Job) End() Text {
	if j.Found.Empty() {
		return j.Result
	}
	return Textf("%s; %s", j.Result, j.Found)
}

// Process identifies a child beyond the reuse of its pid.
type Process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // field 22 of /proc/PID/stat, clock ticks since boot
}

// Progress is how far a job is. Total is zero where nobody knows.
type Progress struct {
	Done  float64       `json:"done"`
	Total float64       `json:"total"`
	Unit  Text          `json:"unit,omitzero"`
	Note  Text          `json:"note,omitzero"`
	Left  time.Duration `json:"left,omitzero"` // estimate; zero: none
	// Stage is what is done, where the note says more and changes all the time; empty: the
	// note is it, or nothing but figures is told.
	Stage Text `json:"stage,omitzero"`
}

// UnitBytes is the unit of progress in bytes.
var UnitBytes = Lit("bytes")

// InStage is the stage, in the words of the note where there are no others.
func (p Progress) InStage() Text {
	if p.Stage.Empty() && p.Done == 0 && p.Total == 0 {
		return p.Note
	}
	return p.Stage
}

// Result is how an action's Run ended when it came to its end. One that has measured what
// ought not to be has failed, or was canceled, and did so as it should.
type Result struct {
	State JobState // succeeded, partial, failed or canceled
	What  Text     // one sentence
	// Drills are what restores have shown, whatever the state: of a failure, too.
	Drills []Drill
	// Verified is what was found in the repositories that were read, whatever the state.
	Verified []Verification
	// Made are the backups that the engine said were made, whatever the state.
	Made []Ref
}
