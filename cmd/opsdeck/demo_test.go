package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

// ran runs the program without a terminal and returns what it printed.
func ran(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close() //nolint:errcheck // read only
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // what was written is read back
	code = run(t.Context(), args, streams{null, f, f})
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text), code
}

func TestADemoSaysThatItIsSimulatedAndLeavesNothing(t *testing.T) {
	tmp, home := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", tmp)
	t.Setenv("HOME", home)
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("XDG_CONFIG_HOME", "")
	out, code := ran(t, "demo", "--snapshot", "--age", "55s", "--seed", "3", "-o", "json", "--view", "alerts")
	if code != exitCritical {
		t.Errorf("exit code %d", code)
	}
	var doc struct {
		Estate    string
		Simulated bool
		Tables    []struct{ Rows []any }
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !doc.Simulated || len(doc.Tables) != 1 || len(doc.Tables[0].Rows) < 4 {
		t.Errorf("%.600s", out)
	}
	if text, _ := ran(t, "demo"); !strings.Contains(strings.SplitN(text, "\n", 2)[0], "SIMULATED") {
		t.Errorf("without a terminal: %.200s", text)
	}
	for _, dir := range []string{tmp, home} {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left in %s: %v %v", dir, left, err)
		}
	}
}

func TestADemoTakesNoEstateOfOthers(t *testing.T) {
	for _, args := range [][]string{{"demo", "--estate", "x.yaml"}, {"demo", "--socket", "/x"}, {"demo", "--age", "-1s"}, {"demo", "-o", "xml"}, {"demo", "more"}} {
		if out, code := ran(t, args...); code != exitUsage {
			t.Errorf("%v: exit %d, %s", args, code, out)
		}
	}
}

func TestInADemoAGuardedActionWorks(t *testing.T) {
	for id, of := range map[string]func(*playground) ops.Ref{
		"container.restart": func(p *playground) ops.Ref {
			return ops.NewRef(ops.KindContainer, "docker", p.file.Estate.Expected[0].Name.String())
		},
		"backup.verify": func(p *playground) ops.Ref { return ops.NewRef(ops.KindBackups, "shop", "shop") },
	} {
		t.Run(id, func(t *testing.T) { worksInADemo(t, id, of) })
	}
}

func worksInADemo(t *testing.T, id string, of func(*playground) ops.Ref) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	p, err := startPlayground(demo{age: time.Second, seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	c := p.eng.For(ops.Caller{Actor: p.actor, Session: ops.Lit("test")})
	if _, err := round(t.Context(), c, longestTimeout(p.file)); err != nil {
		t.Fatal(err)
	}
	req := ops.Request{Action: ops.Clean(id), Target: of(p)}
	plan, err := c.Plan(t.Context(), req)
	if err != nil || !plan.Ask.Unlock {
		t.Fatalf("%v %+v", err, plan.Ask)
	}
	if plan, err = unlock(t.Context(), c, req, "trying"); err != nil {
		t.Fatal(err)
	}
	job, err := c.Start(t.Context(), plan.ID, ops.Confirmation{Yes: true, Reason: ops.Lit("trying")})
	if err != nil {
		t.Fatal(err)
	}
	events, err := c.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for ev := range events {
		for _, j := range ev.Board.Jobs {
			if j.ID == job && j.State.Ended() {
				if j.State != ops.JobSucceeded {
					t.Errorf("%+v", j)
				}
				return
			}
		}
	}
	t.Error("the job did not end")
}

func TestInADemoALoadRuns(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p, err := startPlayground(demo{age: time.Second, seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	c := p.eng.For(ops.Caller{Actor: p.actor, Session: ops.Lit("test")})
	o, out := loadOrder("evening")
	o.reason, o.confirm = "trying", "shop-gateway"
	req, err := o.request()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.start(t.Context(), c, req); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l, err := underLoad(t.Context(), c)
	if err != nil || l.Scenario.Name.String() != "evening" || l.Tick.Second.Planned == 0 {
		t.Errorf("%v, %+v", err, l.Tick.Second)
	}
}

func TestADemoHasLoadRunsBehindIt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p, err := startPlayground(demo{age: time.Second, seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	c := p.eng.For(ops.Caller{Actor: p.actor, Session: ops.Lit("test")})
	b := onBoard(t, c, "runs are kept", func(b ops.Board) bool { return len(b.Loads.Kept) == len(pastLoads()) })
	var got, pinned []string
	for _, k := range slices.Backward(b.Loads.Kept) {
		if got = append(got, fmt.Sprintf("%s %s", k.Scenario, k.Verdict.Outcome)); k.Pinned {
			pinned = append(pinned, k.Ref.ID.String())
		}
		d, err := c.Detail(t.Context(), k.Ref, 0)
		if err != nil || d.Load == nil || len(d.Load.Series) < 30 || d.Load.Kept.Verdict.Outcome != k.Verdict.Outcome {
			t.Errorf("%s: %v", k.Ref, err)
		}
		if k.Kind == ops.LoadStress && (k.Verdict.Break == nil || k.Verdict.Break.Held != 200 || k.Verdict.Break.Broke != 400) {
			t.Errorf("a stress without its breaking point: %+v", k.Verdict)
		}
	}
	want := []string{"evening pass", "evening pass", "how-far pass", "customers degraded", "evening pass", "evening failed"}
	if !slices.Equal(got, want) || !slices.Equal(pinned, []string{"1"}) {
		t.Errorf("%q, pinned %q", got, pinned)
	}
}
