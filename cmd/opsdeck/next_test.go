package main

import (
	"os"
	"path/filepath"
	"testing"

	"opsdeck/estate"
	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

// everyAction are the actions of an estate with a source of each kind, each with
// what it works on.
func everyAction(t *testing.T) map[ops.Text]ops.Kind {
	t.Helper()
	path := filepath.Join(t.TempDir(), "estate.yaml")
	text := `estate: all
sources:
  prom: {kind: prometheus, url: "http://127.0.0.1:1"}
  am: {kind: alertmanager, url: "http://127.0.0.1:1"}
  docker: {kind: docker, host: "unix:///nowhere.sock"}
  db: {kind: postgres, dsn: "postgres://127.0.0.1:1/db"}
backups:
  nightly: {engine: pgbackrest, stanza: s, repositories: {local: {number: 1}}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Load(path, env())
	if err != nil {
		t.Fatal(err)
	}
	c, stop := local(t.Context(), f)
	defer stop()
	infos, err := c.Actions(t.Context(), ops.Ref{})
	if err != nil {
		t.Fatal(err)
	}
	on := map[ops.Text]ops.Kind{}
	for _, i := range infos {
		on[i.ID] = i.On
	}
	return on
}

func TestWhatToDoNextNamesActionsThatThereAre(t *testing.T) {
	on, named := everyAction(t), map[ops.Text]bool{}
	for _, board := range fixture.Names() {
		for _, next := range fixture.Asked(fixture.Named(board)) {
			for _, n := range next {
				if n.Action.Empty() {
					continue
				}
				named[n.Action] = true
				if on[n.Action] != n.Ref.Kind {
					t.Errorf("%s: %s on %s: there is none of that name, or it works on %s", board, n.Action, n.Ref, on[n.Action])
				}
				o := order{action: n.Action.String(), target: n.Ref.String()}
				if req, err := o.request(); err != nil || req.Target != n.Ref || req.Action != n.Action {
					t.Errorf("%s: opsdeck run %s %s asks for %v, %v", board, o.action, o.target, req, err)
				}
			}
		}
	}
	if len(named) < 6 {
		t.Errorf("the boards name %d actions: the test cannot fail", len(named))
	}
}
