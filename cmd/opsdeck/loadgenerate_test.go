package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// generated runs the command with its standard output in a file.
func generated(t *testing.T, args ...string) (int, []byte) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	code := run(context.Background(), append([]string{"load", "generate"}, args...), streams{os.Stdin, out, out})
	said, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, said
}

func TestLoansAreWrittenToAFileOrToTheOutput(t *testing.T) {
	code, said := generated(t, "--rows", "5000", "--seed", "9", "--workers", "3")
	if lines := bytes.Count(said, []byte("\n")); code != exitOK || lines != 5001 || !bytes.HasPrefix(said, []byte("id,product,")) {
		t.Fatalf("exit %d, %d lines: %.100s", code, lines, said)
	}
	file := filepath.Join(t.TempDir(), "loans.csv")
	code, _ = generated(t, "--rows", "5000", "--seed", "9", "--workers", "1", "--out", file)
	if text, err := os.ReadFile(file); code != exitOK || err != nil || !bytes.Equal(text, said) {
		t.Errorf("exit %d, %v: the file has other loans", code, err)
	}
	for _, args := range [][]string{{"--rows", "0"}, {"--workers", "0"}, {"--preset", "rosy"}, {"more"}} {
		if code, said := generated(t, args...); code != exitUsage || strings.Contains(string(said), "mortgage") {
			t.Errorf("%v: exit %d, %.100s", args, code, said)
		}
	}
}
