//go:build lab

package e2e

import (
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
	for _, c := range []struct {
		fault, alert string
		reads        []string // on the alert's own screen
	}{
		{"container-killed", "IFRS9ServiceDown", []string{
			`behind it\s+. container ifrs9-api\s+killed for \d+`,
			`exit code 137: killed`,
			`changed\s+[-+]\d+\S*\s+\S.*ifrs9-api`,
		}},
		{"crash-loop", "IFRS9Service(Down|Restarting)", []string{
			`behind it\s+. container ifrs9-validator\s+crash-looping`,
			`exit code 3`,
			`changed\s+[-+]\d+\S*\s+\S.*ifrs9-validator`,
		}},
		{"target-down", "IFRS9ServiceDown", []string{
			`behind it\s+. container ifrs9-reporter\s+running`,
			`changed\s+[-+]?\d+\S*\s+\S`,
		}},
	} {
		t.Run(c.fault, func(t *testing.T) {
			_, s := calm(t)
			small(s)
			at, _ := breakLab(t, c.fault)
			seen(s, at, c.fault+" pages", `critical `+c.alert)
			p := &pressed{screen: s}
			p.key("2")
			p.within(time.Second, `(?m)^>.*critical\s.*`+c.alert)
			p.key("Enter")
			text := p.until(`last lines`)
			if p.n > 2 {
				t.Errorf("it took %d keys", p.n)
			}
			for _, re := range append(c.reads, c.alert, `critical\s+firing\s+for \d+\S*, since \d\d:\d\d:\d\dZ`, `(?m)^last lines\s+\S`) {
				if !regexp.MustCompile(re).MatchString(text) {
					t.Errorf("%s is not read after %d keys:\n%s", re, p.n, text)
				}
			}
			t.Logf("%d keys:\n%s", p.n, text)
		})
	}
}
