package main

import (
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"opsdeck/actions/loadrun"
	"opsdeck/collectors/postgres"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/load"
	"opsdeck/load/locust"
	"opsdeck/load/pipeline"
	"opsdeck/ops"
)

// Hidden commands that hold a load run: one sends it, one has a Locust send it, one is a
// loan pipeline.
const (
	loadChild   = "load-child"
	locustChild = "locust-child"
	loansChild  = "loans-child"
)

// wireLoads adds what the estate can be put under. Each driver has its row.
func wireLoads(w *wiring) {
	if len(w.file.Loads) == 0 {
		return
	}
	w.engine.Free = free
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	secret := []byte(rand.Text())
	children := func(command string, lastWords time.Duration) load.Children {
		argv := []string{self, command}
		return load.Children{Argv: argv, Secret: secret, LastWords: lastWords,
			Start: func() (load.Process, error) { return proc.Talk(proc.Spec{Argv: argv}, io.Discard, false) }}
	}
	w.engine.Actions = append(w.engine.Actions, loadrun.New(w.file.Estate, map[ops.LoadDriver]loadrun.Driver{
		ops.DriverHTTP:   load.Driver{Sources: loadSources(w.file.Loads), Children: children(loadChild, load.LastWords)},
		ops.DriverLocust: locust.Driver{Sources: locustSources(w.file.Loads), Addresses: locust.Addresses, Children: children(locustChild, locust.LastWords)},
		ops.DriverLoans:  pipeline.Driver{Sources: loanSources(w.file.Loads), Connect: pipeline.By(postgres.Login.Config), Children: children(loansChild, load.LastWords)},
	}, proc.Alive, func() []ops.Action { return w.engine.Actions }, loadrun.ThisMachine())...)
}

// free is what share of a folder's file system is free to who is not root.
func free(folder string) ops.Value {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil || s.Blocks == 0 {
		return ops.Value{}
	}
	return ops.Num(float64(s.Bavail) / float64(s.Blocks))
}

// locustSources are the Locusts of scenarios.
func locustSources(all []estate.Scenario) (out []locust.Source) {
	for _, s := range all {
		out = append(out, locust.Source{Scenario: s.Plan.Name, URL: strings.TrimRight(s.URL, "/"), Host: s.Host, CAFile: s.CAFile})
	}
	return out
}

// loanSources are the portfolios of scenarios, and where they go.
func loanSources(all []estate.Scenario) (out []pipeline.Source) {
	for _, s := range all {
		if l := s.Loans; l.Login != nil {
			out = append(out, pipeline.Source{Scenario: s.Plan.Name, Login: postgresLogin(*l.Login), Database: l.Database, Pipelines: l.Pipelines,
				Portfolio: pipeline.Portfolio{Rows: int64(l.Rows), Batch: int64(min(l.Batch, l.Rows)), Preset: l.Preset, Seed: uint64(l.Seed)}})
		}
	}
	return out
}

// loadSources are what HTTP scenarios send.
func loadSources(all []estate.Scenario) (out []load.Source) {
	for _, s := range all {
		src := load.Source{Scenario: s.Plan.Name, File: s.File, CAFile: s.CAFile, Expect: load.Expect{Status: s.Status, Contains: s.Contains}}
		for _, r := range s.Requests {
			t := load.Target{Method: r.Method, URL: r.URL, Header: http.Header{}, Body: []byte(r.Body)}
			for _, h := range r.Headers {
				t.Header[h.Name] = []string{h.Value} // as it is written: some servers tell capitals
			}
			src.Targets = append(src.Targets, t)
		}
		out = append(out, src)
	}
	return out
}
