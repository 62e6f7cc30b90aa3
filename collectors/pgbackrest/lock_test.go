package pgbackrest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/ops"
)

func TestWhoHoldsTheLock(t *testing.T) {
	for name, c := range map[string]struct {
		files  map[string]string
		info   string
		want   ops.Backups
		unseen string
		locked bool // the folder is
	}{
		"nobody":                          {info: "info-two-backups.json", files: map[string]string{"lab-backup.lock": `{"pid":4711}`}},
		"one at work":                     {info: "info-running.json", files: map[string]string{"lab-backup.lock": `{"execId":"1-a","pid":4711}`}, want: ops.Backups{Held: true, Holder: ops.Process{PID: 4711, Start: 7}}},
		"one that tells how far it is":    {info: "info-running.json", files: map[string]string{"lab-backup.lock": `{"execId":"1-a","pctCplt":1255,"pid":4711}`}, want: ops.Backups{Held: true, Holder: ops.Process{PID: 4711, Start: 7}, Progress: ops.Num(0.1255)}},
		"the rest of a longer one":        {info: "info-running.json", files: map[string]string{"lab-backup.lock": `{"pid":4711}4711}`}, want: ops.Backups{Held: true, Holder: ops.Process{PID: 4711, Start: 7}}},
		"one that is gone":                {info: "info-running.json", files: map[string]string{"lab-backup.lock": `{"pid":4712}`}, want: ops.Backups{Held: true, Dead: true, Holder: ops.Process{PID: 4712, Start: 7}}},
		"one of a repository, newer":      {info: "info-running.json", files: map[string]string{"lab-backup-1.lock": `{"pid":4712}`, "lab-backup-2.lock": `{"pid":4711}`}, want: ops.Backups{Held: true, Holder: ops.Process{PID: 4711, Start: 7}}},
		"no file":                         {info: "info-running.json", want: ops.Backups{Held: true}, unseen: "no file in DIR names who holds the lock"},
		"nonsense":                        {info: "info-running.json", files: map[string]string{"lab-backup.lock": `{"pid":-1}`, "lab-backup-1.lock": "x"}, want: ops.Backups{Held: true}, unseen: "no file in DIR names who holds the lock"},
		"stopped":                         {info: "info-two-backups.json", files: map[string]string{"lab.stop": ""}, want: ops.Backups{Stopped: true}},
		"all are":                         {info: "info-running.json", files: map[string]string{"all.stop": "", "lab-backup.lock": `{"pid":4711}`}, want: ops.Backups{Stopped: true, Held: true, Holder: ops.Process{PID: 4711, Start: 7}}},
		"another one is":                  {info: "info-two-backups.json", files: map[string]string{"other.stop": ""}},
		"the folder is no folder of ours": {info: "info-two-backups.json", locked: true, unseen: "lstat DIR/lab.stop: not a directory"},
	} {
		e := newEngine(t)
		e.info[1], e.info[2] = recorded(t, c.info), recorded(t, c.info)
		col, _ := collectorOf(t, e, 1, 2)
		dir := filepath.Join(t.TempDir(), "lock")
		if err := os.WriteFile(col.cfg.File, []byte("[other]\nlock-path=/nowhere\n[global]\n lock-path = "+dir+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.locked {
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range c.files {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, _ := collect(t, col)
		got := fmt.Sprint(b.Held, b.Holder, b.Dead, b.Progress, b.Stopped, strings.ReplaceAll(b.Unseen.String(), dir, "DIR"))
		if want := fmt.Sprint(c.want.Held, c.want.Holder, c.want.Dead, c.want.Progress, c.want.Stopped, c.unseen); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTheLockIsReadAgain(t *testing.T) {
	at, gone := ops.Backups{Held: true, Holder: ops.Process{PID: 4711, Start: 7}}, ops.Backups{Held: true, Dead: true, Holder: ops.Process{PID: 4712, Start: 7}}
	for name, c := range map[string]struct {
		file    string // empty: none
		flocked bool
		was     ops.Backups
		want    ops.Backups
	}{
		"begun since":                {`{"pid":4711}`, true, ops.Backups{}, at},
		"ended since":                {"", false, at, ops.Backups{}},
		"dead since":                 {`{"pid":4712}`, true, at, gone},
		"and its workers since then": {"", false, gone, ops.Backups{}},
		"another since":              {`{"pid":4711}`, true, gone, at},
		"left over":                  {`{"pid":4711}`, false, ops.Backups{}, ops.Backups{}},
		"not to be seen from here":   {`{"pid":4711}`, false, at, at},
		"still about to":             {" ", true, ops.Backups{Held: true}, ops.Backups{Held: true}},
	} {
		col, _ := collectorOf(t, newEngine(t), 1)
		col.cfg.Flocked = func(path string, pid int) (bool, error) {
			return c.flocked && strings.HasSuffix(path, "/lab-backup.lock"), nil
		}
		if c.file != "" {
			if err := os.WriteFile(filepath.Join(filepath.Dir(col.cfg.File), "lab-backup.lock"), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got := col.Locked(c.was)
		if got, want := fmt.Sprint(got.Held, got.Dead, got.Holder), fmt.Sprint(c.want.Held, c.want.Dead, c.want.Holder); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestNewerVersionsTellHowFarABackupIs(t *testing.T) {
	e := newEngine(t)
	text := strings.Replace(recorded(t, "info-running.json").out, `{"held":true}`, `{"held":true,"size":250878248,"size-cplt":62719562,"repo":[{"key":1}]}`, 1)
	e.info[1] = outcome{out: text}
	col, _ := collectorOf(t, e, 1)
	if b, _ := collect(t, col); b.Progress != ops.Num(0.25) {
		t.Errorf("%+v", b.Progress)
	}
}

func TestWhereTheLocksAre(t *testing.T) {
	for text, want := range map[string]string{
		"":                              lockAt,
		"[global]\nlock-path=/a\n":      "/a",
		"[global]\nlock-path = /a \r\n": "/a",
		"[global]\n#lock-path=/a\n":     lockAt,
		"[lab]\nlock-path=/b\n[global]\nlock-path=/a\n": "/b",
		"[global:backup]\nlock-path=/a\n":               lockAt,
		"[lab2]\nlock-path=/a\n":                        lockAt,
		"lock-path=/a\n":                                lockAt,
	} {
		col, _ := collectorOf(t, newEngine(t), 1)
		if err := os.WriteFile(col.cfg.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := col.lockPath(); got != want || err != nil {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
	col, _ := collectorOf(t, newEngine(t), 1)
	col.cfg.File += ".none"
	if _, err := col.lockPath(); err == nil {
		t.Error("a configuration that is not there says where the locks are")
	}
}
