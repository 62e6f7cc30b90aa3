package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"opsdeck/estate"
	"opsdeck/ops"
)

func env(pairs ...string) func(string) (string, bool) {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
}

func TestExitCodesByTheBook(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing wrong":      {nil, 0},
		"a verdict":          {exitError{3}, 3},
		"a bad command line": {usagef("no"), 64},
		"a faulty estate":    {fmt.Errorf("load: %w", &estate.Faults{{}}), 78},
		"not allowed":        {ops.Errorf(ops.CodeDenied, "no"), 77},
		"locked":             {ops.Errorf(ops.CodeLocked, "no"), 77},
		"held":               {fmt.Errorf("start: %w", ops.Errorf(ops.CodeHeld, "no")), 75},
		"no agent":           {ops.Errorf(ops.CodeUnavailable, "no"), 69},
		"a lost answer":      {ops.Errorf(ops.CodeUnanswered, "no"), 3},
		"anything else":      {errors.New("x"), 1},
	} {
		if got := exitOf(c.err); got != c.want {
			t.Errorf("%s: exit %d, want %d", name, got, c.want)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	var b bytes.Buffer
	explain(&b, ops.Errorf(ops.CodeHeld, "web is held\x1b[2J").Help("wait"))
	if got := b.String(); !strings.Contains(got, "web is held␛[2J\n") || !strings.Contains(got, "wait") {
		t.Errorf("%q", got)
	}
	b.Reset()
	explain(&b, errors.New("\x1b]52;c;x\x07"))
	if strings.ContainsRune(b.String(), 0x1b) {
		t.Errorf("%q", b.String())
	}
	b.Reset()
	explain(&b, exitError{2})
	if b.Len() != 0 {
		t.Errorf("a verdict is no error: %q", b.String())
	}
}

func TestTheEstateIsFoundInItsOrder(t *testing.T) {
	home := t.TempDir()
	own := filepath.Join(home, ".config", "opsdeck", "estate.yaml")
	p := places{env("HOME", home)}
	if got := p.estate(""); got != "" && got != systemEstate {
		t.Errorf("without any: %q", got)
	}
	if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := p.estate(""); got != own {
		t.Errorf("the user's: %q", got)
	}
	p = places{env("HOME", home, "OPSDECK_ESTATE", "/e")}
	if got := p.estate(""); got != "/e" {
		t.Errorf("the environment's: %q", got)
	}
	if got := p.estate("/f"); got != "/f" {
		t.Errorf("the flag's: %q", got)
	}
	p = places{env("HOME", home, "XDG_CONFIG_HOME", "relative")}
	if got := p.config("x"); got != filepath.Join(home, ".config", "opsdeck", "x") {
		t.Errorf("a relative XDG folder is to be ignored: %q", got)
	}
}

func TestAnEstatesNameBecomesOnePathElement(t *testing.T) {
	if got := folder(ops.Clean("../a b/ä")); strings.ContainsAny(got, "/. ") {
		t.Errorf("%q", got)
	}
	if _, err := socketIn("/" + strings.Repeat("x", 120)); ops.CodeOf(err) != ops.CodeInvalid {
		t.Errorf("a path too long for a socket: %v", err)
	}
}

func TestPreferencesAreStrict(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	for text, ok := range map[string]bool{
		"": true, "theme: light\nbell: false\n": true, "theme: no-such\n": false, "them: dark\n": false, "theme: [": false,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadPreferences(file); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := loadPreferences(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("no file: %v", err)
	}
}

func TestWriteNewNeverHarmsWhatIsThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "estate.yaml")
	if err := writeNew(file, []byte("one"), false); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(file, []byte("two"), false); ops.CodeOf(err) != ops.CodeInvalid {
		t.Fatalf("over an existing file: %v", err)
	}
	if err := writeNew(file, []byte("three"), true); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(file); string(got) != "three" {
		t.Fatalf("%q", got)
	}
}

func TestCommandLineFaultsAreUsage(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close() //nolint:errcheck // nothing was written
	for _, args := range [][]string{{"--nope"}, {"snapshot", "-o", "yaml"}, {"snapshot", "--view", "x"}, {"run", "one"}, {"backup", "run"}, {"backup", "status", "-o", "yaml"}, {"backup", "nonsense"}, {"snapshot", "--now", "tomorrow"}, {"nonsense"}, {"agent", "--personal", "--system"}} {
		if got := run(context.Background(), args, streams{null, null, null}); got != exitUsage {
			t.Errorf("%v: exit %d", args, got)
		}
	}
}

func TestAnAgentThatEndedAtOnceIsQuotedInFull(t *testing.T) {
	log := filepath.Join(t.TempDir(), "agent.log")
	for want, said := range map[string]string{
		"history is locked by pid 7 stop it": "time=1 msg=\"agent ready\"\nopsdeck: history is locked by pid 7\n         stop it\n",
		"panic: boom":                        "opsdeck: an older one\n         help\npanic: boom\n",
		"no remedy":                          "opsdeck: no remedy\n",
		"":                                   "",
	} {
		if err := os.WriteFile(log, []byte(said), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := lastWords(log); got != want {
			t.Errorf("%q gives %q", said, got)
		}
	}
}

func TestYesDoesNotAnswerForSomethingDestructive(t *testing.T) {
	ask := ops.Ask{Yes: true, Type: ops.Lit("web"), Reason: true}
	for want, o := range map[bool]order{
		false: {yes: true, reason: "x"},
		true:  {confirm: "web", reason: "x"},
	} {
		if got := o.answers(ask); got != want {
			t.Errorf("%+v answers: %v", o, got)
		}
	}
}

func TestWhatAPlanAsksForIsNamedAsFlags(t *testing.T) {
	for want, c := range map[string]struct {
		ask  ops.Ask
		o    order
		code ops.Code
	}{
		"add --yes":                        {ops.Ask{Yes: true}, order{}, ops.CodeConfirm},
		`add --yes --reason "why"`:         {ops.Ask{Yes: true, Reason: true, Unlock: true}, order{yes: true}, ops.CodeLocked},
		`add --confirm web --reason "why"`: {ops.Ask{Yes: true, Type: ops.Lit("web"), Reason: true}, order{yes: true, reason: "x"}, ops.CodeConfirm},
	} {
		err := c.o.unanswered(c.ask)
		if err == nil || ops.CodeOf(err) != c.code || !strings.HasPrefix(ops.AsError(err).Remedy.String(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	for situation, c := range map[string]struct {
		ask ops.Ask
		o   order
	}{
		"nothing is asked": {ops.Ask{}, order{}},
		"all is answered":  {ops.Ask{Yes: true, Reason: true, Unlock: true}, order{yes: true, reason: "x"}},
	} {
		if err := c.o.unanswered(c.ask); err != nil {
			t.Errorf("%s: %v", situation, err)
		}
	}
}
