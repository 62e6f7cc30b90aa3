//go:build lab

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/internal/s3test"
)

// TestLabAStoreThatIsTakenDown has the second repository in a store that checks signatures,
// encrypted, and takes that down. No secret of it comes to light anywhere.
func TestLabAStoreThatIsTakenDown(t *testing.T) {
	t.Parallel() // it waits most of the time
	l, s3 := newLabServer(t), s3test.Start(t)
	const cipher = "a-cipher-pass-of-the-lab"
	l.set(fmt.Sprintf("repo2-path=%s/repo2\n", l.Dir), strings.NewReplacer("KEY", s3.Key, "SECRET", s3.Secret, "PORT", s3.Port, "CA", l.Write("ca.pem", string(s3.CA)), "PASS", cipher).Replace(
		"repo2-type=s3\nrepo2-path=/pg\nrepo2-s3-bucket="+s3test.Bucket+"\nrepo2-s3-endpoint="+s3test.Host+"\nrepo2-storage-host="+s3test.Host+"\nrepo2-storage-port=PORT\nrepo2-storage-ca-file=CA\n"+
			"repo2-s3-region="+s3test.Region+"\nrepo2-s3-uri-style=path\nrepo2-s3-key=KEY\nrepo2-s3-key-secret=SECRET\nrepo2-cipher-type=aes-256-cbc\nrepo2-cipher-pass=PASS\n"))
	l.Does("stanza-create")
	l.Archives("")
	home := l.program(l.estateOf(l.Server, "t", l.Config))
	var said bytes.Buffer // all that was printed
	says := func(words ...string) string {
		cmd := home.command(words...)
		out, _ := cmd.CombinedOutput() // its code stands in what it prints
		said.Write(out)
		return string(out)
	}
	run := []string{"backup", "run", "nightly", "--type", "full", "--yes", "--reason", "test"}
	if out := says(run...); !strings.Contains(out, "succeeded: one: full backup ") || !strings.Contains(out, "; two: full backup ") {
		t.Fatal(out)
	}

	s3.Down(true)
	l.archiver(false)
	if out := says(append(run, "--repository", "one")...); !strings.Contains(out, "one fails because archiving to two fails: ") || !strings.Contains(out, "503") {
		t.Error(out)
	}
	shown := l.shows(home.estate, 1, "archiving of WAL fails", "repository two cannot be read", "503")
	said.WriteString(shown)
	says("doctor", "--local")

	s3.Down(false)
	l.archiver(true)
	l.Until("it has healed by itself", func() bool {
		return strings.Contains(says(append(run, "--repository", "two")...), "succeeded: two: full backup ")
	})
	for _, words := range [][]string{{"backup", "verify", "nightly", "--yes", "--reason", "test"}, {"backup", "status"}, {"history"}, {"history", "--json"}, {"history", "--job", "2"}, {"snapshot", "-o", "json"}, {"doctor"}} {
		says(words...)
	}
	served, refused := s3.Counts()
	if served == 0 || refused > 0 {
		t.Errorf("%d requests were served, %d had a wrong signature", served, refused)
	}
	secrets := []string{s3.Secret, s3.Key, cipher}
	for _, secret := range secrets {
		if bytes.Contains(said.Bytes(), []byte(secret)) {
			t.Errorf("%q was printed", secret)
		}
	}
	home.stop()
	home.holdsNone(secrets)
}

// program makes one for an estate.
func (l *labBackups) program(estate string) home { return newHome(l, estate) }

// holdsNone looks for secrets in all that the program wrote.
func (h home) holdsNone(secrets []string) {
	h.Helper()
	files := 0
	err := filepath.WalkDir(h.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				h.Errorf("%s holds %q", path, secret)
			}
		}
		return err
	})
	if err != nil || files < 2 {
		h.Errorf("%d files were looked at: %v", files, err)
	}
}
