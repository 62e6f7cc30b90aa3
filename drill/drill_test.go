package drill

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"opsdeck/internal/proc"
	"opsdeck/ops"
)

func TestAnOrderThatCannotBeCarriedOutIsRefused(t *testing.T) {
	good := Order{Restore: []string{"pgbackrest"}, Key: 1, Set: "F", Scratch: "/srv/drills", Account: "postgres", Limit: time.Hour}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Order){
		"no engine":          func(o *Order) { o.Restore = nil },
		"no repository":      func(o *Order) { o.Key = 0 },
		"no backup":          func(o *Order) { o.Set = "" },
		"a relative scratch": func(o *Order) { o.Scratch = "drills" },
		"the root":           func(o *Order) { o.Scratch = "/" },
		"a scratch with ..":  func(o *Order) { o.Scratch = "/srv/../etc" },
		"no superuser":       func(o *Order) { o.Account = "" },
		"no limit":           func(o *Order) { o.Limit = 0 },
	} {
		o := good
		change(&o)
		if err := o.check(); ops.CodeOf(err) != ops.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, in := range map[string]string{"nothing": "", "no JSON": "restore it\n", "half an order": `{"key": 1`} {
		var out bytes.Buffer
		if err := Child(t.Context(), strings.NewReader(in), &out); ops.CodeOf(err) != ops.CodeInvalid || !strings.Contains(out.String(), `"error"`) {
			t.Errorf("%s: %v, and it says %s", name, err, out.String())
		}
	}
}

func TestAScratchThatOthersMayChangeIsRefused(t *testing.T) {
	root := t.TempDir()
	open, link := filepath.Join(root, "open"), filepath.Join(root, "link")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o770); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{open, link} {
		if _, err := enter(dir); ops.CodeOf(err) != ops.CodeDenied {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := enter(filepath.Join(root, strings.Repeat("long", 30))); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("a path too long for a socket: %v", err)
	}
}

// TestOnlyWhatADeadDrillHasMarkedIsTakenAway has everything else that may lie in a scratch.
func TestOnlyWhatADeadDrillHasMarkedIsTakenAway(t *testing.T) {
	root := t.TempDir()
	self, err := proc.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, mark any) {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if mark == nil {
			return
		}
		text, err := json.Marshal(mark)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, markFile), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dead := ops.Process{PID: self.PID, Start: self.Start + 1}
	put("drill-dead", dead)
	put("drill-at-work", self)
	put("drill-without-mark", nil)
	put("drill-with-another-mark", "mine")
	put("data", dead)
	if err := os.Symlink(root, filepath.Join(root, "drill-link")); err != nil {
		t.Fatal(err)
	}
	if err := sweep(root); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range left {
		names = append(names, d.Name())
	}
	if got, want := strings.Join(names, " "), "data drill-at-work drill-link drill-with-another-mark drill-without-mark"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
	if err := sweep(filepath.Join(root, "no-such")); err != nil {
		t.Errorf("a scratch that was never made: %v", err)
	}
}

func TestACopyThatDoesNotFitIsNotBegun(t *testing.T) {
	if err := room(t.Context(), t.TempDir(), 1); err != nil {
		t.Error(err)
	}
	if err := room(t.Context(), t.TempDir(), 1<<60); ops.CodeOf(err) != ops.CodeUnavailable {
		t.Errorf("an exabyte: %v", err)
	}
}

func TestTheFileSystemOfAScratchIsSeenBeforeItIsMade(t *testing.T) {
	root := t.TempDir()
	for scratch, folder := range map[string]string{root: root, root + "/not/yet": root} {
		if !Beside(scratch, folder) {
			t.Errorf("%s is not on the file system of %s", scratch, folder)
		}
	}
	for scratch, folder := range map[string]string{root: "/proc", "/proc/not/yet": root, root + "/a": root + "/no-such"} {
		if Beside(scratch, folder) {
			t.Errorf("%s is on the file system of %s", scratch, folder)
		}
	}
}

// TestADrillWhoseAgentIsGoneLeavesNothing has an engine that would go on for a minute.
func TestADrillWhoseAgentIsGoneLeavesNothing(t *testing.T) {
	root := filepath.Join(t.TempDir(), "drills")
	order, err := json.Marshal(Order{Restore: []string{"sh", "-c", "sleep 60"}, Key: 1, Set: "F", Scratch: root, Account: "postgres", Limit: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	in, agent := io.Pipe()
	said, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Child(t.Context(), in, out)
		_ = out.Close()
	}()
	if _, err := agent.Write(append(order, '\n')); err != nil {
		t.Fatal(err)
	}
	heard := json.NewDecoder(said)
	var l line
	if err := heard.Decode(&l); err != nil || l.Doing != "restore" {
		t.Fatalf("it says %+v, %v", l, err)
	}
	for made := []string(nil); len(made) == 0; made, _ = filepath.Glob(filepath.Join(root, "*", markFile)) {
		if t.Context().Err() != nil {
			t.Fatal("it made nothing: nothing is shown by this")
		}
	}
	_ = agent.Close()
	for l.Error == nil && err == nil {
		err = heard.Decode(&l)
	}
	if l.Error == nil || l.Error.What.String() != "it was stopped" {
		t.Errorf("it ends with %+v, %v", l, err)
	}
	if err := <-ended; err == nil {
		t.Error("its process ended well")
	}
	if left, err := os.ReadDir(root); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if at, err := workingIn(root); err != nil || len(at) > 0 {
		t.Errorf("at work are %v, %v", at, err)
	}
}
