package postgres

import (
	"os"
	"path/filepath"
	"testing"

	"opsdeck/internal/postgrestest"
)

func TestAServerIsKnownByItsAnswer(t *testing.T) {
	for words, want := range map[string]bool{"S": true, "N": true, "E": false, "SSH-2.0-OpenSSH_9.2\r\n": false, "HTTP/1.1 400 Bad Request\r\n": false, "": false} {
		if got := Answers(t.Context(), "tcp", postgrestest.Fake(t, "tcp", "127.0.0.1:0", words)); got != want {
			t.Errorf("%q: %t", words, got)
		}
	}
	dir, err := os.MkdirTemp("", "pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if sock := filepath.Join(dir, ".s.PGSQL.5432"); !Answers(t.Context(), "unix", postgrestest.Fake(t, "unix", sock, "N")) {
		t.Error("not by its socket")
	}
	if Answers(t.Context(), "unix", filepath.Join(dir, "none")) {
		t.Error("nobody listens there")
	}
}
