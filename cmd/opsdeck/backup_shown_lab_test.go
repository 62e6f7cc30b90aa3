//go:build lab

package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"opsdeck/estate"
	"opsdeck/report"
)

// shown is what is to be read in each place.
type shown struct {
	*testing.T
	places map[string]string
}

// The places that shown has.
const (
	onOverview = "overview" // the tables that this view prints
	inBackups  = "backups"  // and those of this one
	atWork     = "at work"  // what the pane says is done to the backups now, which no view prints
)

// shows wants each command that prints the estate to end with a code, and these words in the
// tables of the overview and in those of the backups. The line above the tables, which is
// the same in both, does not count.
func shows(t *testing.T, path string, code int, words ...string) shown {
	t.Helper()
	f, err := estate.Load(path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	c, stop := local(t.Context(), f)
	defer stop()
	b, err := round(t.Context(), c, longestTimeout(f))
	if err != nil {
		t.Fatal(err)
	}
	s := shown{t, map[string]string{}}
	for _, view := range []string{onOverview, inBackups} {
		var out strings.Builder
		shot := report.New(b, time.Now(), view)
		if err := report.Write(&out, shot, "text"); err != nil {
			t.Fatal(err)
		}
		s.adds(view, out.String(), shot.Exit(), code, words)
	}
	var work []string
	for _, r := range b.Backups {
		for _, c := range report.BackupWork(b, r, time.Now()) {
			work = append(work, c.Text)
		}
	}
	s.places[atWork] = strings.Join(work, "\n")
	return s
}

// shows wants the same of what the program says, by its agent.
func (h home) shows(t *testing.T, code int, words ...string) shown {
	t.Helper()
	s := shown{t, map[string]string{}}
	for _, view := range []string{onOverview, inBackups} {
		got := 0
		out, err := h.command("snapshot", "--view", view).Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			got = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		s.adds(view, string(out), got, code, words)
	}
	return s
}

// adds takes what a view prints, and the code that it ends with.
func (s shown) adds(view, text string, got, code int, words []string) {
	s.Helper()
	s.places[view] = text
	if got != code {
		s.Errorf("the exit code of %s is %d, want %d:\n%s", view, got, code, text)
	}
	s.says(view, words...)
}

// says wants words in one place.
func (s shown) says(place string, words ...string) {
	s.Helper()
	text := s.places[place]
	if _, tables, found := strings.Cut(text, "\n\n"); found {
		text = tables
	}
	whole := strings.Join(strings.Fields(text), " ") // it is wrapped
	for _, w := range words {
		if !strings.Contains(whole, w) {
			s.Errorf("%s does not say %q:\n%s", place, w, text)
		}
	}
}
