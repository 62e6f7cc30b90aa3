package terminal

import (
	"errors"
	"io"
	"testing"
	"time"
)

func session(t *testing.T, rate int, script string) *Session {
	t.Helper()
	s, err := Start(Spec{Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Cols: 80, Rows: 24, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func shows(word string) func(*Screen) bool {
	return func(s *Screen) bool { return s.Has(word) }
}

func TestAKeyIsTimedUntilTheScreenChanges(t *testing.T) {
	s := session(t, 0, "stty -echo -icanon; stty size; head -c 1 >/dev/null; echo seen; head -c 1 >/dev/null")
	if _, err := s.Await(t.Context(), 5*time.Second, shows("24 80")); err != nil {
		t.Fatal(err, s.Lines())
	}
	took, err := s.Press(t.Context(), "x", 5*time.Second)
	if err != nil || took <= 0 || !Has(s.Lines(), "seen") {
		t.Errorf("%s, %v, %q", took, err, s.Lines())
	}
}

func TestAScreenThatNeverComesIsAnError(t *testing.T) {
	s := session(t, 0, "stty -icanon; echo here; head -c 1 >/dev/null")
	if _, err := s.Await(t.Context(), 50*time.Millisecond, shows("not here")); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	ended := session(t, 0, "true")
	if _, err := ended.Await(t.Context(), 5*time.Second, shows("never")); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestASlowLineTakesItsTime(t *testing.T) {
	s := session(t, 2000, "stty -icanon; printf '%0600d' 0; echo end; head -c 1 >/dev/null")
	at, err := s.Await(t.Context(), 5*time.Second, shows("end"))
	if took := at.Sub(s.Began); err != nil || took < 300*time.Millisecond {
		t.Errorf("600 bytes at 2000 a second took %s, %v", took, err)
	}
}
