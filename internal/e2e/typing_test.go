//go:build lab

package e2e

import (
	"regexp"
	"strings"
	"time"
)

// filter narrows the list to words.
func (s *screen) filter(words string) {
	s.Helper()
	s.keys("/", "C-u") // in the place of an earlier one
	s.write(words)
	s.keys("Enter")
	s.until(`filter: ` + regexp.QuoteMeta(words))
}

// unfiltered takes the filter off.
func (s *screen) unfiltered() {
	s.Helper()
	s.keys("Escape")
	s.settled(patience, "tabs without a filter", func(p parts) bool { return p.tabs != "" && !matches(p.tabs, `filter: `) })
}

// back goes one step out, by one key: another one would go one step further, and
// what follows an escape at once would be read as Alt.
func (s *screen) back(re string) string {
	s.Helper()
	s.keys("Escape")
	return s.until(re)
}

// press presses a key again and again until the screen shows a regular expression.
// It has to be a key that does no harm twice: on a busy machine the first one may
// only be slow.
func (s *screen) press(key, re string) string {
	s.Helper()
	match := regexp.MustCompile(re)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		s.keys(key)
		if text, ok := s.shows(2*time.Second, match); ok {
			return text
		}
	}
	s.Fatalf("pressing %s does not bring %s; the screen shows:\n%s", key, re, s.text())
	return ""
}

// shows looks for a while whether the screen matches.
func (s *screen) shows(limit time.Duration, match *regexp.Regexp) (text string, ok bool) {
	s.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(30 * time.Millisecond) {
		if text = s.text(); match.MatchString(text) {
			return text, true
		}
		if time.Now().After(end) {
			return text, false
		}
	}
}

// enter types words into the field behind a label. A dialog ignores what is typed
// until nobody has typed for a moment (300 ms), so it is typed anew until it stands
// there, each time in the place of what was there.
func (s *screen) enter(label, words string) {
	s.Helper()
	match := regexp.MustCompile(label + regexp.QuoteMeta(words))
	for end := time.Now().Add(patience); time.Now().Before(end); {
		s.keys("C-u")
		s.write(words)
		if _, ok := s.shows(600*time.Millisecond, match); ok {
			return
		}
	}
	s.Fatalf("%q does not come to stand behind %s; the screen shows:\n%s", words, label, s.text())
}

// confirm gives a reason and goes on to the question.
func (s *screen) confirm(reason string) {
	s.Helper()
	s.enter(`reason: `, reason)
	s.keys("Enter")
	s.until(`Do it\?`)
}

// yes answers the question of a plan until the screen matches. The key is typed
// only while the question stands: typed ahead it is not heard, and behind it it
// means something else.
func (s *screen) yes(re string) {
	s.Helper()
	match := regexp.MustCompile(re)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if strings.Contains(s.text(), "Do it?") {
			s.keys("y")
		}
		// On a busy machine the question stands for a while after it was answered.
		if _, ok := s.shows(3*time.Second, match); ok {
			return
		}
	}
	s.Fatalf("a yes does not bring %s; the screen shows:\n%s", re, s.text())
}

// pick goes down a menu to a line: a key at a time, since one too many leads past.
func (s *screen) pick(verb string) {
	s.Helper()
	chosen := regexp.MustCompile(`(?m)^> .*`)
	at := chosen.FindString(s.until(`(?m)^[> ] ` + verb + `\s`))
	for !strings.HasPrefix(at, "> "+verb+" ") {
		before := at
		s.keys("Down")
		at = chosen.FindString(s.where(patience, "the next line of the menu", func(text string) bool { return chosen.FindString(text) != before }))
	}
}
