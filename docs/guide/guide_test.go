// Package guide holds the tests of the documentation: generated pages are up to
// date, links lead somewhere, commands and flags exist.
package guide

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"opsdeck/estate"
)

var update = flag.Bool("update", false, "write the generated pages anew")

const root = "../.."

func TestEstatePageIsWhatTheCodeSays(t *testing.T) {
	if *update {
		if err := os.WriteFile("estate.md", estate.Reference(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile("estate.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, estate.Reference()) {
		t.Error("estate.md is not what the code says: go test ./docs/guide -update")
	}
}

// pages returns the README and every page under docs by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths := []string{filepath.Join(root, "README.md")}
	for _, folder := range []string{"guide", "decisions"} {
		more, err := filepath.Glob(filepath.Join(root, "docs", folder, "*.md"))
		if err != nil || len(more) < 5 {
			t.Fatalf("docs/%s has %d pages, %v: the test looks in the wrong place", folder, len(more), err)
		}
		paths = append(paths, more...)
	}
	all := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all[p] = string(text)
	}
	return all
}

var link = regexp.MustCompile(`\]\(([^)#]+)\)`)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for path, text := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestEveryPageOfTheGuideIsInItsIndex(t *testing.T) {
	all := pages(t)
	for path := range all {
		index := all[filepath.Join(filepath.Dir(path), "README.md")]
		if name := filepath.Base(path); name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("%s is not in the index beside it", path)
		}
	}
}

var (
	shown   = regexp.MustCompile("(?s)```sh\n(.*?)```|`(opsdeck [^`\n]*)`")
	command = regexp.MustCompile(`(?:^|[|;&] *|sudo )opsdeck((?: [^|;&<>]*)?)`)
	word    = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
)

func TestEveryCommandShownExists(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "opsdeck")
	if out, err := exec.Command("go", "build", "-o", bin, root+"/cmd/opsdeck").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h := &helps{bin: bin, known: map[string]string{}}
	seen := 0
	for path, text := range pages(t) {
		for _, b := range shown.FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(b[1] + b[2]) {
				for _, m := range command.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
					seen++
					h.check(t, path, word.FindAllString(m[1], -1))
				}
			}
		}
	}
	if seen < 20 {
		t.Errorf("found %d commands: the test looks in the wrong place", seen)
	}
}

// helps asks the binary for the help of its commands, once each.
type helps struct {
	bin   string
	known map[string]string
}

func (h *helps) of(t *testing.T, path []string) string {
	key := strings.Join(path, " ")
	if text, ok := h.known[key]; ok {
		return text
	}
	cmd := exec.Command(h.bin, append(slices.Clone(path), "--help")...)
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "TERM=dumb")
	out, err := cmd.Output()
	if _, refused := errors.AsType[*exec.ExitError](err); err != nil && !refused {
		t.Fatalf("opsdeck %s --help: %v", key, err)
	}
	h.known[key] = string(out) // nothing where there is no such command
	return string(out)
}

// check follows the subcommands as far as they go, then looks every flag up.
func (h *helps) check(t *testing.T, page string, words []string) {
	t.Helper()
	var path []string
	for len(words) > 0 && h.hasCommand(t, path, words[0]) {
		path, words = append(path, words[0]), words[1:]
	}
	// Commands that have commands take no arguments.
	if len(words) > 0 && !strings.HasPrefix(words[0], "-") && strings.Contains(h.of(t, path), "Available Commands:") {
		t.Errorf("%s: there is no opsdeck %s", page, strings.Join(append(path, words[0]), " "))
	}
	for _, w := range words {
		name, _, _ := strings.Cut(w, "=")
		if len(name) > 1 && strings.HasPrefix(name, "-") && !isFlag(h.of(t, path), name) {
			t.Errorf("%s: opsdeck %s has no %s", page, strings.Join(path, " "), name)
		}
	}
}

// hasCommand reports whether a command has one of that name; hidden ones, which
// no list shows, have a usage of their own all the same.
func (h *helps) hasCommand(t *testing.T, path []string, name string) bool {
	if strings.HasPrefix(name, "-") || !strings.Contains(h.of(t, path), "Available Commands:") {
		return false
	}
	own := append(slices.Clone(path), name)
	return regexp.MustCompile(`(?m)^\s+opsdeck ` + strings.Join(own, " ") + `\s`).MatchString(h.of(t, own))
}

// isFlag reports whether a help text has a line for a flag.
func isFlag(help, name string) bool {
	_, list, _ := strings.Cut(help, "Flags:")
	return regexp.MustCompile(`(?m)^\s+(-\w, )?` + regexp.QuoteMeta(name) + `[,\s]`).MatchString(list)
}
