package judge_test

import (
	"testing"

	"opsdeck/ops"
	"opsdeck/report/testdata/fixture"
)

func TestWhatKeepsWALFromBeingReceivedIsFound(t *testing.T) {
	slot := ops.Slot{Name: ops.Lit("opsdeck"), Kind: ops.Lit("physical"), Active: true, Status: ops.Lit("reserved"), Left: ops.Num(1 << 30)}
	changed := func(change func(*ops.Slot)) []ops.Slot { s := slot; change(&s); return []ops.Slot{s} }
	runs := ops.WALReceiver{Slot: slot.Name, Process: ops.Process{PID: 4711, Start: 1}, Since: fixture.Now}
	down := ops.WALReceiver{Slot: slot.Name, Since: fixture.Now, Why: ops.Lit("connection refused")}
	for name, c := range map[string]struct {
		receiver ops.WALReceiver
		slots    []ops.Slot
		stopped  bool
		key      string // of the worst finding; empty: none
		level    ops.Level
	}{
		"it runs":                         {runs, []ops.Slot{slot}, false, "", ops.LevelOK},
		"it is down":                      {down, []ops.Slot{slot}, false, "the receiver", ops.LevelWarning},
		"it is stopped":                   {down, []ops.Slot{slot}, true, "the stop", ops.LevelCritical},
		"no slot is asked for":            {ops.WALReceiver{}, []ops.Slot{slot}, false, "the WAL that nobody keeps", ops.LevelWarning},
		"missing after a failover":        {runs, nil, false, "the missing slot", ops.LevelCritical},
		"another slot is there":           {runs, changed(func(s *ops.Slot) { s.Name = ops.Lit("other") }), false, "the missing slot", ops.LevelCritical},
		"lost":                            {down, changed(func(s *ops.Slot) { s.Status, s.Left = ops.Lit("lost"), ops.Value{} }), false, "the lost slot", ops.LevelCritical},
		"no limit, and it runs":           {runs, changed(func(s *ops.Slot) { s.Left = ops.Value{} }), false, "the slot without a limit", ops.LevelInfo},
		"no limit, and nobody reads it":   {down, changed(func(s *ops.Slot) { s.Left = ops.Value{} }), true, "the stop", ops.LevelCritical},
		"archiving is off, which is well": {runs, []ops.Slot{slot}, false, "", ops.LevelOK},
	} {
		all := found(func(_ *ops.Estate, b *ops.Board) {
			v, d := &b.Backups[0].Value, &b.Databases[0].Value
			v.Receiver, v.Stopped, d.Slots, d.Archiver.On = &c.receiver, c.stopped, c.slots, false
		})
		switch {
		case len(all) == 0 && c.key != "":
			t.Errorf("%s: nothing is found", name)
		case len(all) > 0 && (all[0].Key.String() != c.key || all[0].Level != c.level || all[0].Cause.Empty() || len(all[0].Next) == 0):
			t.Errorf("%s: %s %s: %s, want %s %s", name, all[0].Level, all[0].Key, all[0].What, c.level, c.key)
		}
	}
}
