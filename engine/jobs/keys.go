package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"opsdeck/ops"
)

// keyMost bounds an idempotency key, in runes: of longer ones not all would be compared.
const keyMost = 256

// began is what a Start with an idempotency key began. The key belongs to it: to one
// request of one actor.
type began struct {
	Key    ops.Text   `json:"key"` // with the user's number
	Actor  ops.Text   `json:"actor"`
	Action ops.Text   `json:"action"`
	Target ops.Ref    `json:"target"`
	Title  ops.Text   `json:"title"`
	Asked  ops.Text   `json:"asked"`
	Plan   ops.PlanID `json:"plan"`
	At     time.Time  `json:"at"`
	Job    ops.JobID  `json:"job,omitzero"` // zero: the agent did it at once
}

// jobKey makes a client's idempotency key its own: nobody's key can name
// somebody else's job.
func jobKey(c ops.Caller, key ops.Text) ops.Text {
	if key.Empty() {
		return key
	}
	return ops.Textf("%d/%s", c.Actor.UID, key)
}

// asked is a digest of a request, the same for parameters that are left out and those
// that are given as they would be without.
func asked(req ops.Request, params []ops.ParamInfo) ops.Text {
	same := ops.Request{Action: req.Action, Target: req.Target}
	for _, p := range params {
		same.Params = append(same.Params, ops.Param{Name: p.Name, Value: ops.CleanLine(req.Value(p.Name.String(), p.Default.String()))})
	}
	raw, _ := json.Marshal(same) // texts only: it cannot fail
	sum := sha256.Sum256(raw)
	return ops.Clean(hex.EncodeToString(sum[:16]))
}

// byKey finds what an earlier Start with the same key began.
func (s *Jobs) byKey(c ops.Caller, key ops.Text) (began, bool, error) {
	if key.Empty() || s.History == nil {
		return began{}, false, nil
	}
	if utf8.RuneCountInString(key.String()) > keyMost {
		return began{}, false, ops.Errorf(ops.CodeInvalid, "an idempotency key of more than %d characters", keyMost)
	}
	k := jobKey(c, key)
	s.mu.Lock()
	i := slices.IndexFunc(s.owns, func(b began) bool { return b.Key == k })
	var own began
	if i >= 0 {
		own = s.owns[i]
	}
	s.mu.Unlock()
	if i >= 0 {
		return own, true, nil
	}
	j, found, err := s.History.JobByKey(k.String())
	if err != nil {
		return began{}, false, ops.Errorf(ops.CodeUnavailable, "the history cannot be asked whether this was started before: %v", err)
	}
	if !found { // one that the history had no room for
		all := s.Board().Jobs
		if i := slices.IndexFunc(all, func(j ops.Job) bool { return j.Key == k }); i >= 0 {
			j, found = all[i], true
		}
	}
	return beganBy(j), found, nil
}

func beganBy(j ops.Job) began {
	return began{Key: j.Key, Actor: j.Actor.Name, Action: j.Action, Target: j.Target, Title: j.Title, Asked: j.Asked, Plan: j.Plan, At: j.Created, Job: j.ID}
}

// serves reports that what was begun is what is asked for now, as an error where it is
// not. Jobs of histories before keep no digest of their parameters.
func (b began) serves(c ops.Caller, req ops.Request, digest ops.Text) error {
	if b.Actor == c.Actor.Name && b.Action == req.Action && b.Target == req.Target && (b.Asked == digest || b.Asked.Empty()) {
		return nil
	}
	was := ops.Textf("job %d", b.Job)
	if b.Job == 0 {
		was = ops.Lit("what was done at once")
	}
	return ops.Errorf(ops.CodeInvalid, "this idempotency key has another request: %s, %s, by %s at %s", was, b.Title, b.Actor, b.At.UTC().Format("2006-01-02 15:04:05Z")).
		Help("give each request a key of its own")
}

// ownsKept is how many Instants are remembered by their keys, and ownsValue under which
// name.
const (
	ownsKept  = 200
	ownsValue = "own-keys"
)

// doNow does an Instant once for each key.
func (s *Jobs) doNow(c ops.Caller, a Instant, p ops.Plan, conf ops.Confirmation) error {
	if conf.Key.Empty() {
		return a.Do(c, p, conf.Reason)
	}
	s.owning.Lock() // of two at once with one key the second finds the first
	defer s.owning.Unlock()
	digest := asked(p.Request, a.Describe().Params)
	if before, found, err := s.byKey(c, conf.Key); found || err != nil {
		if err == nil {
			err = before.serves(c, p.Request, digest)
		}
		return err
	}
	if err := a.Do(c, p, conf.Reason); err != nil {
		return err
	}
	s.mu.Lock()
	s.owns = append(s.owns, began{Key: jobKey(c, conf.Key), Actor: c.Actor.Name, Action: p.Request.Action, Target: p.Request.Target,
		Title: p.Title, Asked: digest, Plan: p.ID, At: s.Now()})
	s.owns = slices.Clone(s.owns[max(0, len(s.owns)-ownsKept):])
	raw, _ := json.Marshal(s.owns) // texts, numbers and times: it cannot fail
	s.mu.Unlock()
	s.Written(s.History.PutValue(ownsValue, raw))
	return nil
}

// restoreOwns reads the keys of what was done at once back.
func (s *Jobs) restoreOwns() error {
	raw, err := s.History.Value(ownsValue)
	if err != nil || len(raw) == 0 {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal(raw, &s.owns); err != nil {
		s.Log.Error("read the keys of what was done at once", "err", err)
	}
	return nil
}
