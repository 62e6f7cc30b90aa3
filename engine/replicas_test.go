package engine_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"opsdeck/ops"
)

func streaming(names ...string) func(*ops.Database) {
	return func(d *ops.Database) {
		for _, n := range names {
			d.Replicas = append(d.Replicas, ops.Replica{Name: ops.Clean(n), Client: ops.Lit("10.0.0.7"), State: ops.Lit("streaming"), Behind: ops.Num(0), Lag: ops.Num(0)})
		}
	}
}

// gone are the replicas that a board misses.
func (w *world) gone() []string {
	w.Helper()
	var out []string
	for _, r := range w.board().Databases[0].Value.Replicas {
		if !r.Gone.IsZero() {
			out = append(out, r.Name.String())
		}
	}
	return out
}

// TestAReplicaThatWasThereIsMissedAlsoByTheNextAgent: the server itself forgets it.
func TestAReplicaThatWasThereIsMissedAlsoByTheNextAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, history := newBase(), &memory{}
		look := func(changes ...func(*ops.Database)) {
			b.says(changes...)
			time.Sleep(11 * time.Second) // it is asked every 10, and the answer has to be taken in
		}
		b.says(streaming("standby1", "standby2", "pg_basebackup", "pg_16394_sync_16387_7321"))
		w := baseWorld(t, history, b)
		w.board()
		look(streaming("standby1", "standby2"))
		if got := w.gone(); len(got) > 0 {
			t.Errorf("at once: %q", got)
		}
		look(lacks("replication"))
		if got := w.gone(); len(got) > 0 {
			t.Errorf("not read: %q", got)
		}
		look(streaming("standby1"))
		if got := w.gone(); !slices.Equal(got, []string{"standby2"}) {
			t.Errorf("gone: %q", got)
		}
		time.Sleep(time.Second)
		w.stop()
		w = baseWorld(t, history, b)
		w.board()
		look(streaming())
		if got := w.gone(); len(got) != 2 {
			t.Errorf("after a restart: %q", got)
		}
		look(streaming("standby2"))
		if got := w.gone(); !slices.Equal(got, []string{"standby1"}) {
			t.Errorf("back: %q", got)
		}
		look(func(d *ops.Database) { d.Standby = true })
		if got := w.gone(); len(got) > 0 {
			t.Errorf("it became a standby itself: %q", got)
		}
		w.stop()
		if got := history.story(); !slices.Contains(got, "warning pg: replica standby2 is gone") || !slices.Contains(got, "warning pg: replica standby1 is gone") {
			t.Errorf("%q", got)
		}
	})
}

func TestAReplicaIsNotMissedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBase()
		b.says(streaming("standby1"))
		w := baseWorld(t, &memory{}, b)
		defer w.stop()
		w.board()
		time.Sleep(11 * time.Second)
		b.says()
		time.Sleep(11 * time.Second)
		if got := w.gone(); len(got) != 1 {
			t.Fatalf("%q", got)
		}
		time.Sleep(25 * time.Hour)
		if got := w.gone(); len(got) > 0 {
			t.Errorf("a day later: %q", got)
		}
	})
}
