//go:build lab

package e2e

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"
)

// pressed counts the keys that a path takes.
type pressed struct {
	*screen
	n int
}

func (p *pressed) key(name string) {
	p.Helper()
	p.n++
	p.keys(name)
}

// forgetful lets a crash loop of an earlier test be forgotten soon. Docker's pauses
// between two starts grow to a minute: within half of this window a loop would not
// be seen as one all the time.
const forgetful = "limits: {crash_window: 40s}"

// awake opens a console and waits until every source has spoken.
func awake(t *testing.T) (*world, *screen) {
	t.Helper()
	whole(t)
	w := newWorld(t, forgetful)
	s := w.console()
	s.answered("prometheus ok", "alertmanager ok", "docker live", "13/13 running")
	return w, s
}

// answered waits for each of some words, in any order: a source that has
// something to say is listed before one that has not.
func (s *screen) answered(words ...string) {
	s.Helper()
	for _, w := range words {
		s.within(young, regexp.QuoteMeta(w))
	}
}

// fetched is what a server of the lab answers; past the proxy. Nothing where it
// does not.
func fetched(t *testing.T, server, path string) string {
	t.Helper()
	return got(t, os.Getenv("OPSDECK_LAB_"+server+"_URL")+path)
}

func got(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	must(t, err)
	return string(b)
}

// in is the same screen for a part of the test.
func (s *screen) in(t *testing.T) *screen {
	w := *s.world
	w.T = t
	return &screen{&w, s.id, s.code}
}

// small is the least terminal that everything has to be read on.
func small(s *screen) *screen {
	s.Helper()
	s.resize(80, 24)
	return s
}

// From an alert's page to its cause is the pane's digit and enter: the worst
// alert is under the cursor, and its screen says what is behind it, in which
// state, why, and what changed. That is read without another key on 80x24.
func TestFromTheAlertToItsCauseByTwoKeys(t *testing.T) {
	whole(t)
	w, s := awake(t)
	small(s)
	for _, c := range []struct {
		fault, alert string
		reads        []string // on the alert's own screen
		stages       string   // of the pipeline that do not need the service, nor does the next
	}{
		{"container-killed", "IFRS9ServiceDown", []string{
			`behind it\s+. container ifrs9-api\s+killed for \S+`,
			`exit code 137: killed`,
			`(?m)^(changed)?\s+[-+]?\d+\S*\s+ifrs9-api .*(ended|died)`,
		}, ""},
		{"crash-loop", "IFRS9Service(Down|Restarting)", []string{
			`behind it\s+. container ifrs9-validator\s+crash-looping`,
			`exit code 3`,
			`(?m)^(changed)?\s+[-+]?\d+\S*\s+ifrs9-validator (started|died)`,
		}, "stage|pd_lgd|ecl"},
		{"target-down", "IFRS9ServiceDown", []string{
			`behind it\s+. container ifrs9-reporter\s+running`,
			`changed\s+[-+]?\d+\S*\s+\S`,
		}, ""},
	} {
		t.Run(c.fault, func(t *testing.T) {
			s := s.in(t)
			s.settled(2*time.Minute, "no critical alert in the head", func(p parts) bool { return p.tabs != "" && !says(p.head, `\d crit`) })
			if c.stages != "" {
				spare(t, c.stages)
			}
			at, heal := breakLab(t, c.fault)
			seen(s, at, c.fault+" pages", `(?i)critical\s+`+c.alert)
			p := &pressed{screen: s}
			p.key("2")
			p.within(soon, `(?im)^>.*critical\s.*`+c.alert)
			p.key("Enter")
			for _, re := range append(c.reads, c.alert, `CRITICAL\s+firing\s+for \S+, since \d\d:\d\d:\d\dZ`, `(?m)^last lines\s+\S`) {
				p.until(re)
			}
			if p.n > 2 {
				t.Errorf("it took %d keys", p.n)
			}
			if view, code := w.snapshot("overview"); code != 2 || view.Level != "critical" {
				t.Errorf("the snapshot: exit %d, %s", code, view.Verdict)
			}
			heal()
			s.keys("Escape")
			s.untitled(`^last lines\s`)
			s.press("1", `\[1 Overview\]`)
		})
	}
}
