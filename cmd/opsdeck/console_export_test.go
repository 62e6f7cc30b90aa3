package main

import (
	"os"
	"path/filepath"
	"testing"

	"opsdeck/ops"
)

func TestAConsoleWritesOverNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run-3.csv")
	if err := saveNew(file, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := saveNew(file, []byte("two")); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("over a file: %v", err)
	}
	link := filepath.Join(filepath.Dir(file), "link.csv")
	if err := os.Symlink(filepath.Join(filepath.Dir(file), "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	if err := saveNew(link, []byte("two")); err == nil {
		t.Error("it followed a link that leads nowhere yet")
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "one" {
		t.Errorf("it holds %q: %v", got, err)
	}
}

// Who is behind a gate has a console on the gate's machine, and leaves no file there.
func TestAConsoleBehindAGateWritesNoFile(t *testing.T) {
	for _, gated := range []bool{true, false} {
		a := &app{env: env("HOME", t.TempDir()), gated: gated}
		o, err := a.options()
		if err != nil {
			t.Fatal(err)
		}
		if (o.Save == nil) != gated {
			t.Errorf("gated %v: it may write: %v", gated, o.Save != nil)
		}
	}
}
