package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/ops"
)

// TestAnAgentWithoutAPlaceForItsStateIsNotStarted: it fails at once, says what to do, and leaves
// nothing behind in the folder it happens to be in.
func TestAnAgentWithoutAPlaceForItsStateIsNotStarted(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	elsewhere, err := os.MkdirTemp("", "od") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(elsewhere) })
	file := filepath.Join(elsewhere, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(elsewhere, "linked", "opsdeck", "shop", "agent.log")
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(elsewhere, "victim"), link); err != nil {
		t.Fatal(err)
	}
	run := []string{"OPSDECK_RUN_DIR", filepath.Join(elsewhere, "none")}
	for name, x := range map[string]struct {
		env  []string
		says string
	}{
		"no HOME":           {nil, "neither HOME nor XDG_STATE_HOME"},
		"an empty HOME":     {[]string{"HOME", ""}, "neither HOME nor XDG_STATE_HOME"},
		"a relative HOME":   {[]string{"HOME", "home"}, "neither HOME nor XDG_STATE_HOME"},
		"HOME is a file":    {[]string{"HOME", file}, "not a directory"},
		"state in a file":   {[]string{"HOME", elsewhere, "XDG_STATE_HOME", filepath.Join(file, "state")}, "not a directory"},
		"below /proc":       {[]string{"HOME", "/proc/self/nowhere"}, "no such file"},
		"too long":          {[]string{"HOME", "/" + strings.Repeat("long", 30)}, "107"},
		"the log is a link": {[]string{"HOME", elsewhere, "XDG_STATE_HOME", filepath.Join(elsewhere, "linked")}, "symbolic link"},
	} {
		a := &app{env: env(append(x.env, run...)...)}
		l := a.localTo(estate.File{Estate: ops.Estate{Name: ops.Lit("shop")}}, "shop.yaml")
		_, _, err := l.attach(t.Context())
		if e := ops.AsError(err); err == nil || !strings.Contains(err.Error(), x.says) || e.Remedy.Empty() {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := a.agentPlaces(ops.Lit("shop"), ops.AgentPersonal, ""); strings.Contains(name, "HOME") && name != "HOME is a file" && err == nil {
			t.Errorf("%s: an agent by hand has a place", name)
		}
		writeLooked(l.looked())
	}
	if left, err := os.ReadDir(here); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if _, err := os.Lstat(filepath.Join(elsewhere, "victim")); err == nil {
		t.Error("the log went through a link")
	}
}
