package container

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"opsdeck/ops"
)

func planned(t *testing.T, a *action) ops.Plan {
	t.Helper()
	p, err := a.Plan(t.Context(), ops.Board{}, request("web"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRunMakesTheCallAndLooks(t *testing.T) {
	for name, tc := range map[string]struct {
		verb   verb
		before map[string]any
		after  map[string]any
		call   string
		words  string
	}{
		"restart":  {verbRestart, running("2026-11-21T02:00:00Z"), running("2026-11-21T03:00:00Z"), "POST /v1.41/containers/50c7b94fa591/restart?t=7", "web: restart done in"},
		"stop":     {verbStop, running("2026-11-21T02:00:00Z"), exited(0), "POST /v1.41/containers/50c7b94fa591/stop?t=7", "exit 0"},
		"killed":   {verbStop, running("2026-11-21T02:00:00Z"), exited(137), "POST /v1.41/containers/50c7b94fa591/stop?t=7", "was killed"},
		"start":    {verbStart, map[string]any{"Status": "exited", "StartedAt": "2026-11-21T01:00:00Z"}, running("2026-11-21T03:00:00Z"), "POST /v1.41/containers/50c7b94fa591/start", "running"},
		"one-shot": {verbStart, map[string]any{"Status": "exited", "StartedAt": "2026-11-21T01:00:00Z"}, exited(0), "POST /v1.41/containers/50c7b94fa591/start", "ran and ended with exit 0"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newScripted(t)
			d.state, d.call = tc.before, d.answers(tc.after)
			a := actionOf(t, d.host, tc.verb)
			var n notes
			res, err := a.Run(t.Context(), planned(t, a), &n)
			if err != nil || res.State != ops.JobSucceeded || !strings.Contains(res.What.String(), tc.words) {
				t.Errorf("%+v, %v", res, err)
			}
			if fmt.Sprint(d.called()) != "["+tc.call+"]" || len(n.got) < 2 {
				t.Errorf("calls %v, notes %v", d.called(), n.got)
			}
		})
	}
}

func TestRunThatDoesNotComeUp(t *testing.T) {
	again := running("2026-11-21T03:00:02Z")
	for name, tc := range map[string]struct {
		after map[string]any
		words string
	}{
		"dies at once":      {exited(3), "ended again at once, exit 3; last line of its log: cannot open the model"},
		"is looping":        {map[string]any{"Status": "restarting", "Running": true, "Restarting": true, "ExitCode": 1, "StartedAt": "2026-11-21T03:00:00Z"}, "exit 1"},
		"was not restarted": {running("2026-11-21T02:00:00Z"), "was not restarted"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newScripted(t)
			d.state, d.call = running("2026-11-21T02:00:00Z"), d.answers(tc.after)
			a := actionOf(t, d.host, verbRestart)
			_, err := a.Run(t.Context(), planned(t, a), &notes{})
			if err == nil || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("runs again by its policy", func(t *testing.T) {
		d := newScripted(t)
		a := actionOf(t, d.host, verbRestart)
		c := call{name: "web", verb: verbRestart}
		before, err := a.inspect(t.Context(), "web")
		if err != nil {
			t.Fatal(err)
		}
		d.set(func() { d.state = again })
		now, err := a.inspect(t.Context(), "web")
		if err != nil {
			t.Fatal(err)
		}
		done, _, err := a.judgeStarted(t.Context(), c, &before, &now, "2026-11-21T03:00:00Z", 0)
		if !done || err == nil || !strings.Contains(err.Error(), "its restart policy started it again") {
			t.Errorf("%v, %v", done, err)
		}
	})
}

func TestRunWhoseAnswerIsLostOrNo(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	no := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"message":"driver failed: port is already allocated"}`))
		}
	}
	for name, tc := range map[string]struct {
		call  http.HandlerFunc
		code  ops.Code
		words string
	}{
		"connection cut":      {hangUp, ops.CodeUnanswered, "docker inspect -f"},
		"daemon cannot":       {no(500), ops.CodeInternal, "port is already allocated"},
		"gone meanwhile":      {no(404), ops.CodeChanged, ""},
		"conflict":            {no(409), ops.CodeInvalid, ""},
		"plugin forbids":      {no(403), ops.CodeDenied, ""},
		"status nobody knows": {no(418), ops.CodeInternal, "did not restart"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newScripted(t)
			d.call = tc.call
			a := actionOf(t, d.host, verbRestart)
			_, err := a.Run(t.Context(), planned(t, a), &notes{})
			if ops.CodeOf(err) != tc.code || err == nil || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("%v: %v", ops.CodeOf(err), err)
			}
			if calls := d.called(); len(calls) != 1 {
				t.Errorf("the call was repeated: %v", calls)
			}
		})
	}
}

func TestCancelInTheMiddleIsUnanswered(t *testing.T) {
	d := newScripted(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.call = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	a := actionOf(t, d.host, verbStop)
	_, err := a.Run(ctx, planned(t, a), &notes{})
	if ops.CodeOf(err) != ops.CodeUnanswered || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("%v", err)
	}
}

func TestCancelBeforeTheCallDoesNothing(t *testing.T) {
	d := newScripted(t)
	a := actionOf(t, d.host, verbStop)
	p := planned(t, a)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Run(ctx, p, &notes{})
	if !errors.Is(err, context.Canceled) || len(d.called()) != 0 {
		t.Errorf("%v, calls %v", err, d.called())
	}
}

func TestRunAgainstAContainerMadeAnewOrADeadDaemon(t *testing.T) {
	d := newScripted(t)
	a := actionOf(t, d.host, verbStop)
	p := planned(t, a)
	d.set(func() { d.id = strings.Repeat("ab", 32) })
	if _, err := a.Run(t.Context(), p, &notes{}); ops.CodeOf(err) != ops.CodeChanged || len(d.called()) != 0 {
		t.Errorf("made anew: %v, calls %v", err, d.called())
	}
	dead := actionOf(t, "unix:///nonexistent/opsdeck.sock", verbStop)
	if _, err := dead.Run(t.Context(), p, &notes{}); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("dead daemon: %v", err)
	}
	// The daemon dies between the look and the call: nothing was sent.
	c, err := callOf(p, verbStop)
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.send(t.Context(), c); ops.CodeOf(err) != ops.CodeUnavailable || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("dead between: %v", err)
	}
}

func TestStoppedThatRunsAgain(t *testing.T) {
	d := newScripted(t)
	d.call = d.answers(running("2026-11-21T03:00:00Z"))
	a := actionOf(t, d.host, verbStop)
	_, err := a.Run(t.Context(), planned(t, a), &notes{})
	if err == nil || !strings.Contains(err.Error(), "runs again") {
		t.Errorf("%v", err)
	}
}
