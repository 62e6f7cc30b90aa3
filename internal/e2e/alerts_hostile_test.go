//go:build lab

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/moby/moby/api/types/container"

	"opsdeck/internal/dockertest"
)

// hostile is text that would drive a terminal, hide, or break a table.
const hostile = "proof \x1b[2J\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b]8;;http://evil\x1b\\x\x1bP1$r\x1b\\ \u009b31m\u0090q" +
	" \r\b\b \u202egnp.\u2066x\u200b\u2060\ufeff | cell | <b>html</b> `code` \n| a | b |\n# head\n"

// coloursAndStyles are the sequences that opsdeck itself writes.
var coloursAndStyles = regexp.MustCompile(`\x1b\[[0-9;:]*m|\x0e|\x0f`)

// foul finds the first character that no output may hold.
func foul(text string) string {
	for i, r := range text {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r) && r != '\n', unicode.Is(unicode.Cf, r):
			return fmt.Sprintf("%U at %q", r, text[max(0, i-30):min(len(text), i+30)])
		}
	}
	return ""
}

// pure checks the screen: beside the colours of its own it is text.
func (s *screen) pure(what string) {
	s.Helper()
	if text := coloursAndStyles.ReplaceAllString(s.raw(), ""); foul(text) != "" {
		s.Errorf("%s shows %s", what, foul(text))
	}
	if title := s.display("#{pane_title}"); strings.Contains(title, "owned") {
		s.Errorf("%s set the title to %q", what, title)
	}
}

// silenced makes a silence past opsdeck that ends soon, but not before a console has
// waited for a young Alertmanager, and ends it with the test.
func silenced(t *testing.T, name, comment string) {
	t.Helper()
	answer := posted(t, "/api/v2/silences", map[string]any{"matchers": []map[string]any{{"name": "alertname", "value": name, "isRegex": false, "isEqual": true}},
		"startsAt": time.Now(), "endsAt": time.Now().Add(9 * time.Minute), "createdBy": "eve " + comment, "comment": comment})
	var made struct{ SilenceID string }
	must(t, json.Unmarshal(answer, &made))
	t.Cleanup(func() {
		req, err := http.NewRequest(http.MethodDelete, os.Getenv("OPSDECK_LAB_ALERTMANAGER_URL")+"/api/v2/silence/"+made.SilenceID, nil)
		must(t, err)
		r, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, r.Body.Close())
		if r.StatusCode != http.StatusOK {
			t.Errorf("the silence of the test stays: %s", r.Status)
		}
	})
}

func TestHostileTextOfAlertsReachesNoTerminalAndBreaksNoTable(t *testing.T) {
	whole(t)
	name := raise(t, raised{Labels: map[string]string{"severity": "critical", "service": hostile, "note": strings.Repeat("y", 1<<20)},
		Annotations:  map[string]string{"summary": hostile, "description": strings.Repeat(hostile, 50), "runbook_url": "https://x/" + hostile},
		GeneratorURL: "http://p/graph?g0.expr=up%1b%5b2J%0d"})
	silenced(t, name, hostile)
	cl := docker(t)
	prepared.Do(func() { dockertest.Prepare(t, cl) })
	box := dockertest.Name("hostile")
	dockertest.Start(t, cl, dockertest.Create(t, cl, box, container.Config{Cmd: []string{"lines"}}, container.HostConfig{}))
	w, s := awake(t)
	s.tall()
	s.until(name)
	s.pure("overview")
	s.keys("2")
	s.filter(name)
	s.until(`(?m)^>.*` + name)
	s.pure("alerts")
	s.keys("Enter")
	s.until(`proof(?s:.*)paging`)
	s.pure("triage")
	s.back(`(?m)^>.*` + name)
	s.keys("S")
	s.until(`(?m)^silences(?s:.*)proof`)
	s.pure("silences")
	s.keys("Escape")
	s.untitled(`^silences`)
	s.keys("3")
	s.filter(box)
	s.until(`(?m)^> *` + box)
	s.keys("l")
	s.until(`(?m)last\s*$`)
	s.pure("logs")
	for _, args := range [][]string{{"snapshot", "-o", "text"}, {"snapshot", "-o", "markdown"}, {"snapshot", "-o", "json"}, {"snapshot", "-o", "nagios"},
		{"handover"}, {"handover", "-o", "markdown"}} {
		r := w.run(args...)
		if text := r.out + r.err; foul(text) != "" || !strings.Contains(text, name) && args[len(args)-1] != "nagios" {
			t.Errorf("%q holds %s:\n%.3000s", args, foul(text), text)
		}
		if args[len(args)-1] == "markdown" {
			straight(t, r.out)
		}
	}
}

// straight checks that every Markdown table keeps its columns.
func straight(t *testing.T, text string) {
	t.Helper()
	columns := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
		if columns != 0 && n != columns {
			t.Errorf("a table of %d bars has a row of %d: %.300s", columns, n, line)
		}
		columns = n
	}
}

// secret is in every place where people leave one.
const secret = "hunter2-4711"

func TestPlantedSecretsAppearNowhere(t *testing.T) {
	whole(t)
	url := "https://ana:" + secret + "@wiki.example/x"
	name := raise(t, raised{Labels: map[string]string{"severity": "critical"}, GeneratorURL: "http://ana:" + secret + "@p:9090/graph?g0.expr=up",
		Annotations: map[string]string{"summary": "see " + url, "description": "and " + url, "runbook_url": url}})
	silenced(t, name, "see "+url)
	w := newWorld(t)
	file := filepath.Join(w.dir, "password")
	w.write(file, []byte(secret+"\n"))
	must(t, os.Chmod(file, 0o600))
	w.env["E2E_TOKEN"] = secret
	w.write(w.file, append(w.read(w.file), []byte(fmt.Sprintf(`sources:
  prometheus: {http_config: {basic_auth: {username: ana, password_file: %q}}}
  alertmanager: {http_config: {authorization: {credentials: "${E2E_TOKEN}"}}}
`, file))...))
	s := w.console()
	s.tall()
	s.answered("prometheus ok", "alertmanager ok", name)
	hidden := func(what, text string) {
		t.Helper()
		if strings.Contains(text, secret) {
			t.Errorf("%s holds the secret:\n%.3000s", what, text)
		}
	}
	hidden("overview", s.text())
	s.keys("2")
	s.filter(name)
	s.until(`(?m)^>.*` + name)
	hidden("alerts", s.text())
	s.keys("Enter")
	s.until(`•••@wiki(?s:.*)paging`)
	hidden("triage", s.text())
	s.back(`(?m)^>.*` + name)
	s.keys("S")
	s.until(`(?m)^silences(?s:.*)eve +see http`)
	hidden("silences", s.text())
	for _, args := range [][]string{{"snapshot", "-o", "text"}, {"snapshot", "-o", "markdown"}, {"snapshot", "-o", "json"}, {"snapshot", "-o", "nagios"},
		{"handover"}, {"history", "--json"}, {"config", "show"}, {"doctor"}} {
		r := w.run(args...)
		hidden(strings.Join(args, " "), r.out+r.err)
		if r.out == "" {
			t.Errorf("%q says nothing: %s", args, r.err)
		}
	}
	logs, err := filepath.Glob(w.state("*"))
	must(t, err)
	if len(logs) == 0 {
		t.Error("there is no state: nothing is shown by this")
	}
	for _, path := range logs {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			hidden(path, string(w.read(path)))
		}
	}
	for _, pid := range w.processes() {
		argv, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // it may have ended
		hidden("a command line", string(argv))
	}
}
