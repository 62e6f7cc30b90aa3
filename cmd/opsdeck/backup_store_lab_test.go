//go:build lab

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/internal/s3test"
)

// TestLabAStoreThatIsTakenDown has the second repository in a store that checks signatures,
// encrypted, and takes that down. No secret of it comes to light anywhere.
func TestLabAStoreThatIsTakenDown(t *testing.T) {
	t.Parallel() // it waits most of the time
	l, s3 := newLabServer(t), s3test.Start(t)
	const cipher = "a-cipher-pass-of-the-lab"
	l.set(fmt.Sprintf("repo2-path=%s/repo2\n", l.Dir), s3Repository(l, s3, s3.Key, s3.Secret, cipher))
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
	shown := shows(l.T, home.estate, 1, "503")
	shown.says(onOverview, "archiving of WAL fails", "repository two cannot be read") // elsewhere it is the worst of its database, and of its repository
	fmt.Fprint(&said, shown.places)
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

// TestLabSecretsOfRepositoriesComeToLightNowhere has a store refuse a wrong key, which it
// repeats in its answer as S3 does, and all other secrets of the plan with it. They are
// looked for in all that is printed, served and kept.
func TestLabSecretsOfRepositoriesComeToLightNowhere(t *testing.T) {
	t.Parallel() // it waits most of the time
	l, s3 := newLabServer(t), s3test.Start(t)
	const key, secret, cipher, password = "wrong-key-id", "wr0ng/s3cret+of/the+lab", "c1pher-of-the-lab", "d5n-passw0rd"
	const bearer, token = "bearer-of-the-lab-0123", "ya29.c.token-of-the-lab"
	s3.Says = fmt.Sprintf(", %s, %s, %s\nauthorization: Bearer %s\n{\"message\": \"%s %s\"}", secret, cipher, password, bearer, token, key)
	l.Does("stanza-create")
	l.set(fmt.Sprintf("repo2-path=%s/repo2\n", l.Dir), s3Repository(l, s3, key, secret, cipher))
	file := l.estateOf(l.Server, "t", l.Config)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".pass", []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("postgres, dsn"), []byte("postgres, password_file: "+file+".pass, dsn"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	home := l.program(file)
	var said bytes.Buffer
	for _, words := range [][]string{
		{"backup", "run", "nightly", "--repository", "two", "--type", "full", "--yes", "--reason", "test"}, {"backup", "verify", "nightly", "--repository", "two", "--yes", "--reason", "test"},
		{"run", "backup.prune", "nightly", "repository=two", "--plan"}, {"backup", "status"}, {"history"}, {"history", "--json"}, {"history", "--job", "1"}, {"snapshot", "-o", "json"}, {"doctor"},
	} {
		fmt.Fprintf(&said, "%q: %s\n", words, home.says(words...))
	}
	said.WriteString(home.served("/v1/board"))
	said.WriteString(l.metrics(file))
	home.stop()
	for _, want := range []string{"InvalidAccessKeyId", "<AWSAccessKeyId>•••</AWSAccessKeyId>", "opsdeck_backup"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q was not said", want)
		}
	}
	secrets := []string{key, secret, cipher, password, bearer, token}
	for _, secret := range secrets {
		if i := bytes.Index(said.Bytes(), []byte(secret)); i >= 0 {
			t.Errorf("%q was told: %.400s", secret, said.Bytes()[max(0, i-200):])
		}
	}
	if _, refused := s3.Counts(); refused == 0 {
		t.Error("the store refused nothing")
	}
	home.holdsNone(secrets)
}

// s3Repository is the second repository in a store, encrypted.
func s3Repository(l *labBackups, s3 *s3test.Server, key, secret, cipher string) string {
	return strings.NewReplacer("KEY", key, "SECRET", secret, "PORT", s3.Port, "CA", l.Write("ca.pem", string(s3.CA)), "PASS", cipher).Replace(
		"repo2-type=s3\nrepo2-path=/pg\nrepo2-s3-bucket=" + s3test.Bucket + "\nrepo2-s3-endpoint=" + s3test.Host + "\nrepo2-storage-host=" + s3test.Host + "\nrepo2-storage-port=PORT\nrepo2-storage-ca-file=CA\n" +
			"repo2-s3-region=" + s3test.Region + "\nrepo2-s3-uri-style=path\nrepo2-s3-key=KEY\nrepo2-s3-key-secret=SECRET\nrepo2-cipher-type=aes-256-cbc\nrepo2-cipher-pass=PASS\n")
}

// served is what its agent answers on its socket.
func (h home) served(path string) string {
	h.Helper()
	var socket string
	_ = filepath.WalkDir(h.dir, func(name string, d os.DirEntry, err error) error { // it is looked for below
		if err == nil && d.Type()&os.ModeSocket != 0 {
			socket = name
		}
		return nil
	})
	c := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	resp, err := c.Get("http://agent" + path)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it is only read
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.Errorf("%s: %d %s, %v", path, resp.StatusCode, text, err)
	}
	return string(text)
}

// metrics are what a scrape of an estate gets.
func (l *labBackups) metrics(path string) string {
	l.Helper()
	f, err := estate.Load(path, os.LookupEnv)
	if err != nil {
		l.Fatal(err)
	}
	c, stop := local(l.Context(), f)
	defer stop()
	if _, err := round(l.Context(), c, longestTimeout(f)); err != nil {
		l.Fatal(err)
	}
	rec := httptest.NewRecorder()
	metricsHandler(c.Board).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return rec.Body.String()
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
