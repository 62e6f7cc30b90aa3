package main

import (
	"crypto/rand"
	"io"
	"net/http"
	"os"

	"opsdeck/actions/loadrun"
	"opsdeck/estate"
	"opsdeck/internal/proc"
	"opsdeck/load"
	"opsdeck/ops"
)

// loadChild is the hidden command that sends a load.
const loadChild = "load-child"

// wireLoads adds what the estate can be put under. Each driver has its row.
func wireLoads(w *wiring) {
	if len(w.file.Loads) == 0 {
		return
	}
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	argv := []string{self, loadChild}
	secret := []byte(rand.Text())
	w.engine.Actions = append(w.engine.Actions, loadrun.New(w.file.Estate, map[ops.LoadDriver]loadrun.Driver{
		ops.DriverHTTP: load.Driver{Sources: loadSources(w.file.Loads), Argv: argv, Secret: secret, Start: func() (load.Process, error) {
			return proc.Talk(proc.Spec{Argv: argv}, io.Discard, false)
		}},
	}, proc.Alive)...)
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
