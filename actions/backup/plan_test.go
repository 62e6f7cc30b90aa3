package backup

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"opsdeck/ops"
)

// TestWhatIsRefused has every reason for which nothing is planned, and what to do then.
func TestWhatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		action, params string
		change         func(*ops.BackupPlan, *ops.Backups)
		code           ops.Code
		what, remedy   string
	}{
		"a region that is not allowed": {"backup.run", "repository=s3", func(p *ops.BackupPlan, _ *ops.Backups) { p.Regions = []ops.Text{ops.Lit("eu")} },
			ops.CodeDenied, "repository s3 is in us", "correct the estate's regions"},
		"one of all in such a region": {"backup.run", "", func(p *ops.BackupPlan, _ *ops.Backups) { p.Regions = []ops.Text{ops.Lit("eu")} },
			ops.CodeDenied, "repository s3 is in us", "name another repository"},
		"a region that nobody says": {"backup.run", "repository=local", func(p *ops.BackupPlan, _ *ops.Backups) {
			p.Regions, p.Repositories[0].Region = []ops.Text{ops.Lit("eu")}, ops.Text{}
		}, ops.CodeDenied, "local is in a region that the estate does not say", "regions"},
		"a type that there is not": {"backup.run", "type=weekly", nil, ops.CodeInvalid, `no backup of type "weekly"`, "full, diff or incr"},
		"no type of anybody's":     {"backup.run", "type=unknown", nil, ops.CodeInvalid, `no backup of type "unknown"`, "full, diff or incr"},
		"no such repository":       {"backup.run", "repository=gcs", nil, ops.CodeNotFound, `no repository "gcs"`, "it has local, s3"},
		"nor to verify":            {"backup.verify", "repository=gcs", nil, ops.CodeNotFound, `no repository "gcs"`, "it has local, s3"},
		"stopped":                  {"backup.run", "", func(_ *ops.BackupPlan, v *ops.Backups) { v.Stopped = true }, ops.CodeInvalid, "pgBackRest is stopped", "backup.start"},
		"held": {"backup.run", "", func(_ *ops.BackupPlan, v *ops.Backups) { v.Held, v.Holder.PID = true, 4711 }, ops.CodeHeld,
			"nightly is held by process 4711", "wait for its end"},
		"held by whom nobody sees": {"backup.run", "", func(_ *ops.BackupPlan, v *ops.Backups) { v.Held = true }, ops.CodeHeld, "held by somebody else", "wait"},
		"held by a dead one's workers": {"backup.run", "", func(_ *ops.BackupPlan, v *ops.Backups) { v.Held, v.Dead, v.Holder.PID = true, true, 4711 }, ops.CodeHeld,
			"held by the workers of process 4711, which is gone", "half a minute"},
		"stopped already": {"backup.stop", "", func(_ *ops.BackupPlan, v *ops.Backups) { v.Stopped = true }, ops.CodeInvalid, "stopped already", "backup.start"},
		"not stopped":     {"backup.start", "", nil, ops.CodeInvalid, "is not stopped", "server's log"},
	} {
		t.Run(name, func(t *testing.T) {
			e, plan, b := lab()
			if c.change != nil {
				c.change(&plan, &b.Backups[0].Value)
			}
			e.stopped = b.Backups[0].Value.Stopped
			var params []string
			if c.params != "" {
				params = []string{c.params}
			}
			_, err := actionOf(t, e, plan, c.action).Plan(t.Context(), b, request(c.action, params...))
			if got := ops.AsError(err); err == nil || got.Code != c.code || !strings.Contains(got.What.String(), c.what) || !strings.Contains(got.Remedy.String(), c.remedy) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTheLockIsReadBeforeAnythingIsRefusedOrPlanned(t *testing.T) {
	for _, id := range []string{"backup.run", "backup.prune"} {
		e, plan, b := lab()
		e.calls["--dry-run --repo=1 expire"] = outcome{out: "P00   INFO: repo1: expire full backup 20261101-000000F"}
		v := &b.Backups[0].Value
		v.Held, v.Holder.PID = true, 4711
		e.locked = func(v *ops.Backups) { v.Held, v.Holder.PID = false, 0 }
		a := actionOf(t, e, plan, id)
		if _, err := a.Plan(t.Context(), b, request(id, "repository=local")); ops.CodeOf(err) == ops.CodeHeld {
			t.Errorf("%s: it ended since the board: %v", id, err)
		}
		v.Held, v.Holder.PID = false, 0
		e.locked = func(v *ops.Backups) { v.Held, v.Holder.PID = true, 4712 }
		if _, err := a.Plan(t.Context(), b, request(id, "repository=local")); ops.CodeOf(err) != ops.CodeHeld || !strings.Contains(err.Error(), "process 4712") {
			t.Errorf("%s: it began since the board: %v", id, err)
		}
	}
}

func TestNothingIsPlannedOverWhatWasNeverRead(t *testing.T) {
	e, plan, _ := lab()
	for _, id := range []string{"backup.run", "backup.verify", "backup.stop", "backup.start"} {
		_, err := actionOf(t, e, plan, id).Plan(t.Context(), ops.Board{}, request(id))
		if ops.CodeOf(err) != ops.CodeUnavailable {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestAStopThatTheBoardDoesNotShowYet(t *testing.T) {
	e, plan, b := lab()
	e.stopped = true
	if _, err := actionOf(t, e, plan, "backup.run").Plan(t.Context(), b, request("backup.run")); err == nil {
		t.Error("a backup is planned while pgBackRest is stopped")
	}
	if _, err := actionOf(t, e, plan, "backup.start").Plan(t.Context(), b, request("backup.start")); err != nil {
		t.Error(err)
	}
}

func TestManyBackupsThatGoAreCountedAndFewNamed(t *testing.T) {
	for n, want := range map[int]string{
		4: "after this one go F_03I, F_02I, F_01I, F, and the WAL",
		5: "after this one go 5 backups, from F to F_04I, and the WAL",
	} {
		e, plan, b := lab()
		e.keeps = 1
		v := &b.Backups[0].Value
		full := ops.Backup{Key: 1, Cluster: v.Number, Type: ops.BackupFull, Label: ops.Lit("F")}
		v.Sets = nil
		for i := n - 1; i > 0; i-- {
			incr := full
			incr.Type, incr.Label = ops.BackupIncremental, ops.Textf("F_%02dI", i)
			v.Sets = append(v.Sets, incr)
		}
		v.Sets = append(v.Sets, full)
		p, err := actionOf(t, e, plan, "backup.run").Plan(t.Context(), b, request("backup.run", "type=full", "repository=local"))
		if err != nil || !strings.Contains(fmt.Sprint(p.Warnings), want) {
			t.Errorf("%v, %s", err, p.Warnings)
		}
	}
}

func TestAPlanOfABackup(t *testing.T) {
	e, plan, b := lab()
	b.Backups[0].Value.Repositories[1].Fault = ops.Lit("away")
	a := actionOf(t, e, plan, "backup.run")
	p, err := a.Plan(t.Context(), b, request("backup.run"))
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, s := range p.Steps {
		steps = append(steps, s.Text().String())
	}
	want := "pgbackrest --stanza=lab --repo=1 --type=incr backup, pgbackrest --stanza=lab --repo=2 --type=full backup"
	if strings.Join(steps, ", ") != want || p.Title.String() != "back up nightly: incr to local, full to s3" {
		t.Errorf("%s: %q", p.Title, steps)
	}
	if len(p.Locks) != 1 || p.Locks[0] != target || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].String(), "repository s3 cannot be read") {
		t.Errorf("%v, %v", p.Locks, p.Warnings)
	}
	// What moves by itself makes it no other plan.
	v := &b.Backups[0].Value
	v.Sets = append(v.Sets, set("20261126-010000F_20261126-020000I", 1))
	again, err := a.Plan(t.Context(), b, request("backup.run"))
	if err != nil || !p.Same(again) {
		t.Errorf("%v: it is another plan", err)
	}
	if note := again.Notes[0].String(); note != "local: the last 1 backup of type incr took 30s and added 1.0K" {
		t.Error(note)
	}
	if note := p.Notes[0].String(); note != "local: no backup of type incr was made before: how long it takes is not known" {
		t.Error(note)
	}
}

func TestWhatAFullBackupEnds(t *testing.T) {
	const first, onIt, second = "20261120-010000F", "20261120-010000F_20261121-010000I", "20261126-010000F"
	for name, c := range map[string]struct {
		keeps  int
		unseen error
		params string
		goes   []string
		words  string
	}{
		"two are kept, and there are two": {2, nil, "type=full", []string{onIt, first}, "what can be restored from there begins with " + second + " of "},
		"one is kept":                     {1, nil, "type=full", []string{second, onIt, first}, "begins with this one then"},
		"three are kept":                  {3, nil, "type=full", nil, ""},
		"they are kept by time":           {0, nil, "type=full", nil, ""},
		"it builds on one":                {2, nil, "type=incr", nil, ""},
		"nobody can see it":               {0, errors.New("permission denied"), "type=full", nil, "local holds 2 full backups; whether retention counts them, so that the oldest go after this one, cannot be seen: permission denied"},
	} {
		e, plan, b := lab()
		e.keeps, e.unseen = c.keeps, c.unseen
		v := &b.Backups[0].Value
		v.Sets = []ops.Backup{set(second, 1), set(onIt, 1), set(first, 1), set(first, 2)}
		p, err := actionOf(t, e, plan, "backup.run").Plan(t.Context(), b, request("backup.run", c.params, "repository=local"))
		said := fmt.Sprint(p.Warnings)
		if err != nil || !strings.Contains(said, strings.Join(c.goes, ", ")) || !strings.Contains(said, c.words) || c.words == "" && len(p.Warnings) > 0 {
			t.Errorf("%s: %s, %v", name, said, err)
		}
	}
	e, plan, b := lab()
	p, err := actionOf(t, e, plan, "backup.run").Plan(t.Context(), b, request("backup.run", "type=diff", "repository=s3"))
	if err != nil || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].String(), "no full backup in s3") {
		t.Errorf("%v, %v", p.Warnings, err)
	}
}

func TestWhatThePictureBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		v    ops.Backups
		want string // of run, stop and start
	}{
		"idle":            {ops.Backups{}, "; ; it is not stopped"},
		"stopped":         {ops.Backups{Stopped: true}, "pgBackRest is stopped; it is stopped already; "},
		"stop not seen":   {ops.Backups{Unseen: ops.Lit("permission denied")}, "; ; "},
		"at work already": {ops.Backups{Held: true, Holder: ops.Process{PID: 7}}, "nothing was done: nightly is held by process 7, which makes a backup or expires some; ; it is not stopped"},
	} {
		e, plan, _ := lab()
		if e.stopped = c.v.Stopped; !c.v.Unseen.Empty() {
			e.unseen = errors.New(c.v.Unseen.String())
		}
		var got []string
		for _, id := range []string{"backup.run", "backup.stop", "backup.start"} {
			a := actionOf(t, e, plan, id).(interface {
				Blocked(ops.Board, ops.Ref) ops.Text
			})
			got = append(got, a.Blocked(boardOf(c.v), target).String())
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhoMayWhat(t *testing.T) {
	e, plan, _ := lab()
	var got []string
	for _, a := range New(e, plan, judged, e.child, nil) {
		i := a.Describe()
		got = append(got, i.ID.String()+" "+i.Class.String()+" "+i.Class.Needs().String())
		if i.On != ops.KindBackups || i.Source != plan.Name {
			t.Errorf("%+v", i)
		}
	}
	want := "backup.run disruptive operator, backup.verify disruptive operator, backup.switch-wal disruptive operator, backup.prune destructive admin, backup.stop destructive admin, backup.start disruptive operator"
	if strings.Join(got, ", ") != want {
		t.Errorf("%q", got)
	}
}
