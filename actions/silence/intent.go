package silence

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"opsdeck/ops"
)

// Bounds of a silence. Longer than a month is a change of the rules, shorter than
// a minute is over before it is seen.
const (
	durationLeast = time.Minute
	durationMost  = 30 * 24 * time.Hour
)

// intent is the silence that a request asks for, with times as the request has
// them: planning again later gives the same intent.
type intent struct {
	matchers []ops.Matcher
	sel      ops.Selection
	from     time.Time // zero: now
	lasts    time.Duration
	comment  ops.Text // with the prefix of its purpose
}

// newIntent checks what a request says beside its matchers.
func newIntent(req ops.Request, ms []ops.Matcher, purpose ops.Purpose, now time.Time) (intent, error) {
	w := intent{matchers: ms}
	var err error
	if w.sel, err = selection(ms); err != nil {
		return w, err
	}
	if w.lasts, err = duration(req.Value("duration", defaultDuration)); err != nil {
		return w, err
	}
	if w.from, err = begin(req.Value("from", ""), now); err != nil {
		return w, err
	}
	text := strings.TrimSpace(req.Value("comment", ""))
	if text == "" {
		return w, ops.Errorf(ops.CodeInvalid, "a silence needs a comment").Help("say why: whoever meets it at night reads it")
	}
	w.comment = prefixed(purpose, text)
	return w, nil
}

// prefixed puts the mark of a purpose before a comment, so that other tools show
// it too.
func prefixed(p ops.Purpose, text string) ops.Text {
	mark := map[ops.Purpose]string{ops.PurposeAck: "ACK!", ops.PurposeMaintenance: "MAINTENANCE"}[p]
	if mark == "" || strings.HasPrefix(text, mark) {
		return ops.CleanMasked(text)
	}
	return ops.CleanMasked(mark + " " + text)
}

func duration(s string) (time.Duration, error) {
	d, ok := ops.ParseDuration(strings.TrimSpace(s))
	if !ok {
		return 0, ops.Errorf(ops.CodeInvalid, "%q is no duration", s).Help("write 15m, 2h or 1d")
	}
	if d < durationLeast || d > durationMost {
		return 0, ops.Errorf(ops.CodeInvalid, "%s is not between 1m and 30d", s)
	}
	return d, nil
}

// begin reads when a window begins. An instant, never "in two hours": a plan has
// to mean the same when it is made again.
func begin(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "now" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if t.Before(now.Add(-time.Minute)) {
			return t, ops.Errorf(ops.CodeInvalid, "%s is in the past", s).Help("leave from empty to begin now")
		}
		if t.Sub(now) > 366*24*time.Hour {
			return t, ops.Errorf(ops.CodeInvalid, "%s is more than a year ahead", s)
		}
		return t.UTC(), nil
	}
	return time.Time{}, ops.Errorf(ops.CodeInvalid, "%q is no time", s).Help("write it with its zone: 2026-01-31T22:00Z")
}

// body is the body of a plan's POST, in short: a time that counts from the start
// stands as such, and who starts it is not known yet. Run posts nothing else.
type body struct {
	Matchers  [][3]string `json:"matchers"`
	StartsAt  string      `json:"startsAt"` // "now", or an instant
	EndsAt    string      `json:"endsAt"`   // "+2h": from its start
	CreatedBy string      `json:"createdBy"`
	Comment   string      `json:"comment"`
}

const (
	postPath  = "/api/v2/silences"
	whoStarts = "who starts it"
)

func (w intent) step() (ops.Step, error) {
	b := body{StartsAt: "now", EndsAt: "+" + model.Duration(w.lasts).String(), CreatedBy: whoStarts, Comment: w.comment.String()}
	if !w.from.IsZero() {
		b.StartsAt = w.from.Format(time.RFC3339)
	}
	for _, m := range w.matchers {
		b.Matchers = append(b.Matchers, [3]string{m.Name.String(), m.Op.String(), m.Value.String()})
	}
	return post(b)
}

// post is the step that posts a body.
func post(body any) (ops.Step, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return ops.Step{}, err
	}
	text, same := ops.Exact(strings.TrimSpace(out.String()))
	if !same { // more would be cut on its way
		return ops.Step{}, ops.Errorf(ops.CodeInvalid, "the matchers and the comment are too long").Help("use fewer matchers")
	}
	return ops.Step{How: ops.StepAPI, Method: ops.Lit("POST"), Path: ops.Clean(postPath), Body: text}, nil
}

// posted reads the body of a plan's POST.
func posted(p ops.Plan, body any) bool {
	if len(p.Steps) == 0 {
		return false
	}
	s := p.Steps[0]
	dec := json.NewDecoder(strings.NewReader(s.Body.String()))
	dec.DisallowUnknownFields()
	return s.How == ops.StepAPI && s.Method.String() == "POST" && s.Path.String() == postPath && dec.Decode(body) == nil
}

// readIntent is the intent that step made a plan of.
func readIntent(p ops.Plan) (intent, error) {
	bad := ops.Errorf(ops.CodeInvalid, "this plan is not one to make a silence")
	var b body
	if !posted(p, &b) {
		return intent{}, bad
	}
	w := intent{comment: ops.CleanLine(b.Comment)}
	for _, m := range b.Matchers {
		made := ops.Matcher{Name: ops.Clean(m[0]), Value: ops.CleanLine(m[2])}
		if made.Op.UnmarshalText([]byte(m[1])) != nil {
			return intent{}, bad
		}
		w.matchers = append(w.matchers, made)
	}
	var ok bool
	if w.lasts, ok = ops.ParseDuration(strings.TrimPrefix(b.EndsAt, "+")); !ok {
		return intent{}, bad
	}
	var err error
	if b.StartsAt != "now" {
		if w.from, err = time.Parse(time.RFC3339, b.StartsAt); err != nil {
			return intent{}, bad
		}
	}
	w.sel, err = selection(w.matchers)
	return w, err
}

// silence is the intent with its times, for somebody.
func (w intent) silence(by ops.Actor, now time.Time) ops.Silence {
	begins := w.from
	if begins.IsZero() {
		begins = now
	}
	return ops.Silence{Matchers: w.matchers, By: creator(by), Comment: w.comment, Starts: w.from, Ends: begins.Add(w.lasts)}
}

// creator names who made a silence.
func creator(a ops.Actor) ops.Text { return a.Name.Or(ops.Lit("opsdeck")) }
