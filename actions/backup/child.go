package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"opsdeck/ops"
)

// heard is what a child said, as far as anybody asks. It does not grow with what is said.
type heard struct {
	mu    sync.Mutex
	label string   // of the backup that it made, as it says
	doing string   // the last that it told of its work
	wrong []string // its errors, or what else it wrote to its error output
}

// What engines write: "INFO: new backup label = ...", and pgBackRest before that
// "2026-11-27 14:23:49.726 P00   ".
var (
	logged   = regexp.MustCompile(`^(?:\d{4}-\d\d-\d\d [\d:.]+ P\d+ +)?([A-Z]+): (.*)`)
	newLabel = regexp.MustCompile(`^new backup label = (\d{8}-\d{6}F(?:_\d{8}-\d{6}[DI])?)$`)
)

// wrongMost is how many lines of errors are kept.
const wrongMost = 8

// line takes one line.
func (h *heard) line(s ops.Stream, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := logged.FindStringSubmatch(text)
	goesOn := m == nil && len(h.wrong) > 0 && strings.HasPrefix(text, " ")
	switch {
	case s == ops.StreamErr, m != nil && m[1] == "ERROR", goesOn:
		if len(h.wrong) < wrongMost {
			h.wrong = append(h.wrong, text)
		}
	case m != nil && m[1] == "INFO":
		if label := newLabel.FindStringSubmatch(m[2]); label != nil {
			h.label = label[1]
		}
		if !strings.Contains(m[2], " command ") { // it begins or ends, with all its options
			h.doing = m[2]
		}
	}
}

// said is what it said of a failure.
func (h *heard) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.wrong, "\n")
}

// carry runs the child of a step to an exit code of 0, and shows how far it is while it
// runs. past is what earlier ones took, hear gets its lines besides. What it said is
// returned however it ended.
func (f family) carry(ctx context.Context, step ops.Step, repo ops.RepositoryPlan, past history, out ops.Progresser, hear func(ops.Stream, string)) (*heard, error) {
	h, began := &heard{}, f.now()
	quit, shown := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(shown)
		f.show(step, h, past, began, out, quit)
	}()
	code, err := f.child(ctx, argvOf(step), out.Child, func(s ops.Stream, text string) {
		out.Line(s, text)
		h.line(s, text)
		if hear != nil {
			hear(s, text)
		}
	})
	close(quit)
	<-shown
	switch {
	case err != nil:
		return h, err
	case code != 0 && ctx.Err() != nil:
		return h, ctx.Err()
	case code != 0:
		return h, f.failed(ctx, step, repo, h.said(), code)
	}
	return h, nil
}

// show tells how far the child of a step is, until quit.
func (f family) show(step ops.Step, h *heard, past history, began time.Time, out ops.Progresser, quit <-chan struct{}) {
	tick := time.NewTicker(f.lookEvery)
	defer tick.Stop()
	for {
		p := ops.Progress{Stage: ops.Textf("%s: at work", nameIn(step))}
		switch _, done := f.engine.Underway(); {
		case done.Part.Known && done.Total.Known:
			p = ops.Progress{Done: done.Part.Value * done.Total.Value, Total: done.Total.Value, Unit: ops.UnitBytes}
		case done.Part.Known:
			p = ops.Progress{Done: done.Part.Value * 100, Total: 100, Unit: ops.Lit("%")}
		}
		h.mu.Lock()
		doing := h.doing
		h.mu.Unlock()
		p.Note = ops.Textf("%s: %s", nameIn(step), cmp.Or(doing, "at work"))
		if left := past.left(f.now().Sub(began)); left != "" {
			p.Note = ops.Textf("%s; %s", p.Note, left)
		}
		out.Progress(p)
		select {
		case <-quit:
			return
		case <-tick.C:
		}
	}
}

// argvOf is the argument list of a step.
func argvOf(step ops.Step) []string {
	argv := make([]string, 0, len(step.Argv))
	for _, a := range step.Argv {
		argv = append(argv, a.String())
	}
	return argv
}

// nameIn is the repository that a step is about.
func nameIn(step ops.Step) ops.Text {
	if len(step.On) == 0 {
		return ops.Text{}
	}
	return step.On[0]
}

// repositoryOf is the plan's repository of a step.
func (f family) repositoryOf(step ops.Step) (ops.RepositoryPlan, error) {
	i := slices.IndexFunc(f.plan.Repositories, func(r ops.RepositoryPlan) bool { return r.Name == nameIn(step) })
	if i < 0 {
		return ops.RepositoryPlan{}, ops.Errorf(ops.CodeChanged, "the plan's repository %q is gone", nameIn(step)).Help("plan again")
	}
	return f.plan.Repositories[i], nil
}

// part is how it ended in one repository: a result, or an error.
type part struct {
	name   ops.Text
	result ops.Result
	err    error
}

func (p part) words() string {
	if p.err != nil {
		return fmt.Sprintf("%s: %v", p.name, p.err)
	}
	return p.name.String() + ": " + p.result.What.String()
}

// together makes one end of the parts: partial where something is done and something not.
func together(parts []part) (ops.Result, error) {
	var words []string
	done, half, unknown := 0, 0, 0
	var failed error
	for _, p := range parts {
		words = append(words, p.words())
		switch {
		case p.err != nil && ops.CodeOf(p.err) != ops.CodeUnanswered:
			if failed == nil || ops.CodeOf(failed) == ops.CodeHeld { // what is held has not failed
				failed = p.err
			}
		case p.err == nil && p.result.State == ops.JobPartial:
			half++
		case p.err != nil || p.result.State != ops.JobSucceeded:
			unknown++
		default:
			done++
		}
	}
	all := ops.Clean(strings.Join(words, "; "))
	switch {
	case done == len(parts):
		return ops.Result{State: ops.JobSucceeded, What: all}, nil
	case done+half > 0:
		return ops.Result{State: ops.JobPartial, What: all}, nil
	case unknown > 0:
		return ops.Result{State: ops.JobUnknown, What: all}, nil
	case len(parts) == 1:
		return ops.Result{}, fmt.Errorf("%s: %w", parts[0].name, failed)
	case errors.Is(failed, context.Canceled):
		return ops.Result{}, failed
	}
	return ops.Result{}, ops.Errorf(ops.CodeOf(failed), "%s", all)
}
