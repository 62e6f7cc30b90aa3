package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestALoadThatIsNotOrderedSendsNothing(t *testing.T) {
	for _, command := range []string{loadChild, locustChild, loansChild} {
		t.Run(command, func(t *testing.T) { unordered(t, command) })
	}
}

func unordered(t *testing.T, command string) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if code := run(context.Background(), []string{command}, streams{r, w, w}); code != exitUsage {
		t.Errorf("exit %d", code)
	}
	if said, err := os.ReadFile(out); err != nil || !strings.HasPrefix(string(said), `{"error":{"code":"invalid"`) {
		t.Errorf("%s, %v", said, err)
	}
}
