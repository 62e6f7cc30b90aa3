//go:build lab

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/internal/postgrestest"
	"opsdeck/ops"
	"opsdeck/store"
)

// seenWithin is how soon both sides of a cut say so, and that it is over.
const seenWithin = 40 * time.Second

// paired runs the engine of an estate until the test ends.
func paired(t *testing.T, text string) (*store.Store, <-chan ops.Event) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "estate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := estate.Load(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	eng, history := running(t, file, dir)
	events, err := eng.For(ops.Caller{Actor: me(), Session: ops.Lit("test")}).Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return history, events
}

// boardUntil returns a wait for a board that is as it should be. It is told what was found on it.
func boardUntil(t *testing.T, events <-chan ops.Event) func(what string, is func(found []string, b ops.Board) bool) {
	return func(what string, is func(found []string, b ops.Board) bool) {
		t.Helper()
		late := time.After(seenWithin)
		var found []string
		for {
			select {
			case e := <-events:
				found = nil
				for _, f := range e.Board.Findings {
					found = append(found, f.What.String())
				}
				if is(found, e.Board) {
					return
				}
			case <-late:
				t.Fatalf("%s is not seen within %s: %q", what, seenWithin, found)
			}
		}
	}
}

// cutOff lets nobody stream from a server until letIn is called.
func cutOff(t *testing.T, s *postgrestest.Server) (letIn func()) {
	t.Helper()
	hba := s.Dir + "/data/pg_hba.conf"
	before, err := os.ReadFile(hba)
	if err != nil {
		t.Fatal(err)
	}
	lets := func(rules string) {
		t.Helper()
		if err := os.WriteFile(hba, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		s.Exec("postgres", "SELECT pg_reload_conf()")
	}
	lets("host replication all all reject\n" + string(before))
	s.Exec("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
	return func() { t.Helper(); lets(string(before)) }
}

// TestLabAStandbyBelowOneThatIsCutOffIsNotWell: it streams as before, from one that gets
// nothing. Then it is cut off itself.
func TestLabAStandbyBelowOneThatIsCutOffIsNotWell(t *testing.T) {
	primary := postgrestest.Start(t, "wal_level=replica", "max_wal_senders=4", "wal_retrieve_retry_interval=500ms")
	upper := primary.Standby("upper")
	lower := upper.Standby("lower")
	source := func(name string, s *postgrestest.Server) string {
		return "  " + name + ": {kind: postgres, dsn: \"" + s.DSN("reader") + "\", every: 2s, timeout: 2s}\n"
	}
	_, events := paired(t, "estate: cascade\nenvironment: staging\nsources:\n"+source("primary", primary)+source("upper", upper)+source("lower", lower))
	until := boardUntil(t, events)
	until("the chain", func(found []string, b ops.Board) bool {
		return len(found) == 0 && b.Level == ops.LevelOK && b.Databases[1].Value.Upstream.Source.String() == "primary" && b.Databases[2].Value.Upstream.Cascade
	})
	upper.Exec("postgres", "SELECT pg_wal_replay_pause()")
	primary.Exec("app", "UPDATE public.loans SET e = e + 1")
	until("that one whose replay is paused sends on what it receives", func(_ []string, b ops.Board) bool {
		v := b.Databases[1].Value
		return v.Paused && v.Upstream.Waiting.Value > 0 && len(v.Replicas) == 1 && v.Replicas[0].Behind == ops.Num(0) && v.Replicas[0].Lag == ops.Num(0) && b.Databases[2].Value.Verdict.Level == ops.LevelOK
	})
	upper.Exec("postgres", "SELECT pg_wal_replay_resume()")
	cutOff(t, primary)
	until("the cut, and what is below it", func(found []string, b ops.Board) bool {
		at := slices.Index(found, "upper: the standby is cut off from its primary")
		below := slices.Index(found, "lower: the standby gets no new WAL")
		return at >= 0 && below > at && b.Findings[below].Under == b.Findings[at].Ref && !slices.ContainsFunc(b.Databases, func(r ops.Reading[ops.Database]) bool {
			return r.Value.Standby && r.Value.Verdict.Level == ops.LevelOK
		})
	})
	cutOff(t, upper)
	until("the cut below", func(found []string, _ ops.Board) bool {
		return slices.Contains(found, "lower: the standby is cut off from its upstream")
	})
}

// TestLabACutBetweenPrimaryAndStandbyIsSeenOnBothSides: the primary lets the standby in
// no more, and then again.
func TestLabACutBetweenPrimaryAndStandbyIsSeenOnBothSides(t *testing.T) {
	primary := postgrestest.Start(t, "wal_level=replica", "max_wal_senders=4", "wal_retrieve_retry_interval=500ms")
	standby := primary.Standby("standby1")
	history, events := paired(t, "estate: pair\nenvironment: staging\nsources:\n"+
		"  primary: {kind: postgres, dsn: \""+primary.DSN("reader")+"\", every: 2s, timeout: 2s}\n"+
		"  standby: {kind: postgres, dsn: \""+standby.DSN("reader")+"\", every: 2s, timeout: 2s}\n")
	until := boardUntil(t, events)
	const cut, gone = "standby: the standby is cut off from its primary", "primary: replica standby1 is gone"
	looks := map[time.Time]bool{} // that saw the replica: of two it is the server's
	until("the pair", func(found []string, b ops.Board) bool {
		for _, r := range b.Databases {
			if len(r.Value.Replicas) == 1 && r.Fresh() {
				looks[r.At] = true
			}
		}
		return len(found) == 0 && len(looks) > 2
	})
	letIn := cutOff(t, primary)
	until("the cut", func(found []string, _ ops.Board) bool {
		return slices.Contains(found, cut) && slices.Contains(found, gone)
	})
	letIn()
	until("its end", func(found []string, _ ops.Board) bool { return len(found) == 0 })
	told := ""
	for late := time.Now().Add(seenWithin); !(strings.Contains(told, cut) && strings.Contains(told, gone)) && time.Now().Before(late); time.Sleep(50 * time.Millisecond) { // the board does not wait for the disk
		recs, err := history.History(ops.Query{Kinds: []ops.RecordKind{ops.RecordDatabase}})
		if err != nil {
			t.Fatal(err)
		}
		told = ""
		for _, r := range recs {
			told += r.What.String() + "\n"
		}
	}
	if !strings.Contains(told, cut) || !strings.Contains(told, gone) {
		t.Errorf("the history has:\n%s", told)
	}
}
