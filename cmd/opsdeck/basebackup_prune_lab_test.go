//go:build lab

package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	basefolder "opsdeck/internal/basebackup"
	"opsdeck/ops"
)

// TestLabAPruneLeavesWhatCanBeRestored prunes the backups and the WAL of a real server,
// which goes on being received.
func TestLabAPruneLeavesWhatCanBeRestored(t *testing.T) {
	t.Parallel()
	l := newLabBase(t)
	l.keep = basefolder.Retention{Backups: 1}
	l.agent()
	end := l.receives()
	defer end()
	l.Until("the receiver runs", func() bool { return l.look().Receiver.Process.PID > 0 })
	for range 2 {
		l.does("succeeded: folder: full backup ", "backup.run")
		for range 2 {
			l.Exec("postgres", "INSERT INTO loans VALUES (0, 0); SELECT pg_switch_wal()")
		}
	}
	l.safe()
	before := l.look()
	l.Until("the backups have different labels", func() bool { return len(strings.Fields(l.labels())) == 2 })
	a, p := l.plan("backup.prune")
	old, young := before.Sets[1], before.Sets[0]
	if said := fmt.Sprint(p.Replaces, p.Notes); !strings.Contains(said, "1 backup removed: "+old.Label.String()+"; WAL of ") || !strings.Contains(said, "afterwards 1 backup left, and any moment from "+ops.Stamp(young.Ended)) {
		t.Errorf("%v\n%v\n%v", p.Replaces, p.Notes, p.Warnings)
	}
	if got := l.ended(t.Context(), a, p); !strings.HasPrefix(got, "succeeded: folder: 1 backup removed: ") {
		t.Error(got)
	}
	files, err := filepath.Glob(l.folder + "/wal/*/1/0*")
	if slices.Sort(files); err != nil || len(files) == 0 || filepath.Base(files[0]) != young.FirstWAL.String() {
		t.Errorf("of the WAL is left %q, and %s needs it from %s on", files, young.Label, young.FirstWAL)
	}
	l.Exec("postgres", "INSERT INTO loans VALUES (0, 0)")
	l.safe()
	if r := l.look().Repositories[0]; len(r.Recovery.Gaps) > 0 || r.Recovery.Level != ops.LevelOK || l.labels() != young.Label.String() {
		t.Errorf("%s, %v; left are %s", r.Recovery.Words, r.Recovery.Gaps, l.labels())
	}
	l.does("succeeded: folder: 1 backup of ", "backup.verify")
}
