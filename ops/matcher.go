package ops

import (
	"regexp"
	"strconv"
	"strings"
)

// quote writes a value as amtool and Alertmanager read it.
func quote(s string) string { return strconv.Quote(s) }

// Selection is a compiled list of matchers; all of them have to match, as in a
// silence. A label that is absent counts as empty, as Alertmanager has it.
type Selection struct{ matchers []compiled }

type compiled struct {
	Matcher
	re *regexp.Regexp
}

// Compile prepares matchers. Alertmanager anchors its regular expressions.
func Compile(ms []Matcher) (Selection, error) {
	if len(ms) == 0 {
		return Selection{}, Errorf(CodeInvalid, "a silence needs at least one matcher")
	}
	var s Selection
	for _, m := range ms {
		c := compiled{Matcher: m}
		if m.Op == MatchRegexp || m.Op == MatchNotRegexp {
			re, err := regexp.Compile("^(?:" + m.Value.String() + ")$")
			if err != nil {
				return s, Errorf(CodeInvalid, "%s: %v", m, err)
			}
			c.re = re
		}
		s.matchers = append(s.matchers, c)
	}
	return s, nil
}

// Match reports whether an alert with these labels is selected.
func (s Selection) Match(labels []Label) bool {
	for _, m := range s.matchers {
		if !m.match(valueOf(labels, m.Name)) {
			return false
		}
	}
	return len(s.matchers) > 0
}

// MatchesNothingNamed reports whether the selection accepts an alert without any
// label: such a silence would silence everything, now and later. Alertmanager
// itself only refuses the plainest forms of it.
func (s Selection) MatchesNothingNamed() bool { return s.Match(nil) }

func (c compiled) match(v string) bool {
	switch c.Op {
	case MatchEqual:
		return v == c.Value.String()
	case MatchNotEqual:
		return v != c.Value.String()
	case MatchRegexp:
		return c.re.MatchString(v)
	}
	return !c.re.MatchString(v)
}

func valueOf(labels []Label, name Text) string {
	for _, l := range labels {
		if l.Name == name {
			return l.Value.String()
		}
	}
	return ""
}

// LabelOf returns the value of a label, or the empty text.
func LabelOf(labels []Label, name string) Text {
	for _, l := range labels {
		if l.Name.String() == name {
			return l.Value
		}
	}
	return Text{}
}

// ParseMatchers reads what a person types: name=value, name=~"regexp", several
// separated by commas or spaces outside quotes.
func ParseMatchers(s string) ([]Matcher, error) {
	var ms []Matcher
	for _, part := range splitMatchers(s) {
		m, err := parseMatcher(part)
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
	}
	if len(ms) == 0 {
		return nil, Errorf(CodeInvalid, "there is no matcher").Help(`write alertname="Down", service=~"web.*"`)
	}
	return ms, nil
}

func splitMatchers(s string) []string {
	var parts []string
	var b strings.Builder
	quoted, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quoted:
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ',' || r == ' ' || r == '{' || r == '}'):
			parts = append(parts, b.String())
			b.Reset()
			continue
		}
		b.WriteRune(r)
	}
	parts = append(parts, b.String())
	out := parts[:0]
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

func parseMatcher(s string) (Matcher, error) {
	name, i := "", strings.IndexAny(s, "=!")
	if quoted, err := strconv.QuotedPrefix(s); err == nil {
		i = len(quoted)
		name, _ = strconv.Unquote(quoted) // it is quoted rightly
	} else if i > 0 {
		name = s[:i]
	}
	bad := Errorf(CodeInvalid, "%q is not a matcher", s).Help(`write name="value", name!="value", name=~"regexp" or name!~"regexp"`)
	if name == "" {
		return Matcher{}, bad
	}
	m := Matcher{Name: Clean(name)}
	rest := s[i:]
	op := "="
	for _, o := range []string{"=~", "!~", "!=", "="} {
		if strings.HasPrefix(rest, o) {
			op = o
			break
		}
	}
	if !strings.HasPrefix(rest, op) || m.Op.UnmarshalText([]byte(op)) != nil {
		return m, bad
	}
	value := rest[len(op):]
	if strings.HasPrefix(value, `"`) {
		v, err := strconv.Unquote(value)
		if err != nil {
			return m, bad
		}
		value = v
	}
	m.Value = CleanLine(value) // one that was cut would select something else
	return m, nil
}
