package servers

import (
	"context"
	"errors"
	"strings"
	"sync"

	"opsdeck/lab/internal/layout"
	"opsdeck/lab/internal/process"
)

// Missing names the programs that are not installed.
func Missing() []string {
	var out []string
	for _, s := range append(Table(), Server{Program: pgBackRest}) {
		if s.missing() {
			out = append(out, s.Program)
		}
	}
	return out
}

// Up brings every server to ready, each as soon as the one it needs is, and
// tells each as it comes up. One that fails takes only its dependants along.
func Up(ctx context.Context, l layout.Layout, tell func(Report)) error {
	table := Table()
	done := map[string]chan struct{}{}
	for _, s := range table {
		done[s.Name] = make(chan struct{})
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards errs and failed, and serialises tell
	var errs []error
	failed := map[string]bool{}
	for _, s := range table {
		wg.Go(func() {
			defer close(done[s.Name])
			if s.After != "" {
				<-done[s.After]
				mu.Lock()
				skip := failed[s.After]
				failed[s.Name] = skip
				mu.Unlock()
				if skip {
					return // the server it needs has reported why
				}
			}
			rep, err := s.ensure(ctx, l)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[s.Name] = true
				errs = append(errs, err)
				return
			}
			tell(rep)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Down stops every server the lab started, dependants first.
func Down(ctx context.Context, l layout.Layout, tell func(string)) error {
	table := Table()
	var errs []error
	for i := len(table) - 1; i >= 0; i-- {
		stopped, err := table[i].stop(ctx, l)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if stopped {
			tell(table[i].Name)
		}
	}
	return errors.Join(errs...)
}

// Status is the state of one server.
type Status struct {
	Name  string
	Port  int
	PID   int
	State string // ready, not ready, frozen, down
	Why   string
}

// State asks every server how it is.
func State(ctx context.Context, l layout.Layout) []Status {
	table := Table()
	out := make([]Status, len(table))
	var wg sync.WaitGroup
	for i, s := range table {
		wg.Go(func() { out[i] = s.status(ctx, l) })
	}
	wg.Wait()
	return out
}

func (s Server) status(ctx context.Context, l layout.Layout) Status {
	st := Status{Name: s.Name, Port: s.Port, State: "down"}
	id, running := process.Current(l, s.Name, s.Program)
	if !running {
		return st
	}
	st.PID = id.PID
	if id.Frozen() {
		st.State, st.Why = "frozen", "stopped by a signal: `lab heal all` or `lab up`"
		return st
	}
	if err := s.Ready(ctx, l); err != nil {
		st.State, st.Why = "not ready", strings.TrimSpace(err.Error())
		return st
	}
	st.State = "ready"
	return st
}
