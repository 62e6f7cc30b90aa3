package ops

import (
	"testing"
	"time"
)

func TestARestoreGrowsByWhatEachPartOfItHasToDo(t *testing.T) {
	stages := []DrillStage{{Clean(StageRestore), 600}, {Clean(StageReplay), 120}, {Clean(StageChecks), 900}}
	d := Drill{Took: 730, Bytes: Num(1 << 30), WAL: Num(1 << 30), Stages: stages}
	with := func(change func(*Drill)) Drill {
		o := d
		change(&o)
		return o
	}
	for name, x := range map[string]struct {
		d           Drill
		bytes, wal  Value
		quick, slow int // seconds
	}{
		"as large, and as much WAL":       {d, Num(1 << 30), Num(1 << 30), 730, 730},
		"twice as large":                  {d, Num(2 << 30), Num(1 << 30), 730, 1330},
		"half as large":                   {d, Num(1 << 29), Num(1 << 30), 430, 730},
		"three times the WAL":             {d, Num(1 << 30), Num(3 << 30), 730, 970},
		"larger, and less WAL":            {d, Num(2 << 30), Num(1 << 29), 670, 1330},
		"its size is not known":           {d, Value{}, Num(1 << 30), 730, 730},
		"how much WAL is not known":       {d, Num(1 << 30), Value{}, 730, 730},
		"too little WAL for a rate":       {with(func(d *Drill) { d.WAL = Num(leastReplayed - 1) }), Num(1 << 30), Num(64 << 30), 730, 730},
		"WAL was not counted":             {with(func(d *Drill) { d.WAL = Value{} }), Num(2 << 30), Num(64 << 30), 730, 1330},
		"an empty database was restored":  {with(func(d *Drill) { d.Bytes = Num(0) }), Num(2 << 30), Num(1 << 30), 730, 730},
		"its stages were not told apart":  {with(func(d *Drill) { d.Stages = nil }), Num(2 << 30), Num(3 << 30), 730, 1460},
		"stages that are longer than all": {with(func(d *Drill) { d.Took = 700 }), Num(1 << 30), Num(1 << 30), 720, 720},
	} {
		quick, slow := x.d.Span(x.bytes, x.wal)
		if quick != time.Duration(x.quick)*time.Second || slow != time.Duration(x.slow)*time.Second {
			t.Errorf("%s: %s to %s", name, quick, slow)
		}
	}
}

func TestWhatARestoreToTheLatestHasToDo(t *testing.T) {
	one := Lit("one")
	good := Verdict{Level: LevelOK}
	b := Backups{Repositories: []Repository{{Name: one, Key: 1, Recovery: Recovery{Safe: WALPosition{LSN: 1000}}}},
		Sets: []Backup{{Key: 1, Repository: one, Type: BackupFull, Size: Num(7), Start: 900}, {Key: 1, Repository: one, Type: BackupFull, Size: Num(5), Start: 300, Verdict: good}}}
	if bytes, wal := b.ToRestore(one); bytes != Num(7) || wal != Num(700) {
		t.Errorf("%v, %v", bytes, wal)
	}
	if bytes, wal := b.ToRestore(Lit("two")); bytes.Known || wal.Known {
		t.Errorf("of another: %v, %v", bytes, wal)
	}
}
