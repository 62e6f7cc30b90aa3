package silence

import (
	"regexp"
	"strings"

	"opsdeck/ops"
)

// matchersMost bounds a silence by an alert's own labels: what has more labels
// cannot be read in a dialog.
const matchersMost = 24

// nameMost is how long the name of a label may be.
const nameMost = 200

// nameable reports whether a matcher can have this name: any text, since Alertmanager
// 0.27 (an older one says so). Our copy of a name that shows the marks of cleaning is
// another one.
func nameable(name ops.Text) bool {
	return !name.Empty() && len(name.String()) <= nameMost && !marks.MatchString(name.String())
}

// own returns the matchers that select one alert alone: all its labels, as
// Alertmanager's own page does it. Fewer would hide its neighbours, and by its
// severity the graver form of the same alert still pages. What is meant to be
// broader has to be typed.
func own(labels []ops.Label) (ms []ops.Matcher, leftOut int) {
	name := -1
	for i, l := range labels {
		if l.Name.String() == "alertname" {
			name = i
			ms = append(ms, exactly(l))
		}
	}
	for i, l := range labels {
		switch {
		case i == name || l.Value.Empty():
		case len(ms) >= matchersMost || !nameable(l.Name):
			leftOut++
		default:
			ms = append(ms, exactly(l))
		}
	}
	return ms, leftOut
}

// exactly matches one label. Our copy of it is cleaned: a value that shows the
// marks of that is matched by an expression that takes what may have stood there.
func exactly(l ops.Label) ops.Matcher {
	if pattern, changed := uncleaned(l.Value.String()); changed {
		return ops.Matcher{Name: l.Name, Op: ops.MatchRegexp, Value: ops.Clean(pattern)}
	}
	return ops.Matcher{Name: l.Name, Op: ops.MatchEqual, Value: l.Value}
}

// marks are what cleaning leaves: control pictures, named code points, and tabs
// made spaces.
var marks = regexp.MustCompile(`[\x{2400}-\x{2421}]|<U\+[0-9A-F]{4,6}>|<[0-9A-F]{2}>| {4}`)

// half is a mark that was cut through.
var half = regexp.MustCompile(`(?:<[U+0-9A-F]*| +)$`)

// literalMost is how many runes of a long value are written out: it is matched by
// its beginning, which is longer than what tells two alerts apart.
const literalMost = 400

// uncleaned returns an expression for what a cleaned value was before, which also
// matches the cleaned value itself, and whether the two may differ at all.
func uncleaned(s string) (string, bool) {
	runes := []rune(s)
	cut := len(runes) > ops.MaxText && runes[len(runes)-1] == '…'
	if !cut && !marks.MatchString(s) {
		return s, false
	}
	if len(runes) > literalMost {
		s, cut = half.ReplaceAllString(string(runes[:literalMost]), ""), true
	}
	var b strings.Builder
	end := 0
	for _, m := range marks.FindAllStringIndex(s, -1) {
		b.WriteString(regexp.QuoteMeta(s[end:m[0]]))
		switch mark := s[m[0]:m[1]]; {
		case mark == "    ":
			b.WriteString(`(?: {4}|\t)`)
		case strings.HasPrefix(mark, "<"):
			b.WriteString(`(?s:.|` + regexp.QuoteMeta(mark) + `)`)
		default:
			b.WriteString(`(?s:.)`)
		}
		end = m[1]
	}
	b.WriteString(regexp.QuoteMeta(s[end:]))
	if cut {
		b.WriteString(`(?s:.*)`)
	}
	return b.String(), true
}

// selection compiles matchers that somebody typed, and refuses what would silence
// everything.
func selection(ms []ops.Matcher) (ops.Selection, error) {
	for _, m := range ms {
		if !nameable(m.Name) {
			return ops.Selection{}, ops.Errorf(ops.CodeInvalid, "%q is no label name", m.Name)
		}
	}
	sel, err := ops.Compile(ms)
	if err != nil {
		return sel, err
	}
	if sel.MatchesNothingNamed() || sel.Match(madeUp(ms)) {
		return sel, ops.Errorf(ops.CodeInvalid, "%s would silence everything, now and later", written(ms)).
			Help(`name what is meant, for example alertname="Down" or service=~"web.*"`)
	}
	return sel, nil
}

// madeUp is an alert that nobody has, with every label that the matchers ask for:
// what selects it selects no thing in particular.
func madeUp(ms []ops.Matcher) []ops.Label {
	value := ops.Lit("zq-8fd1c6-made-up")
	labels := []ops.Label{{Name: ops.Lit("alertname"), Value: value}}
	for _, m := range ms {
		labels = append(labels, ops.Label{Name: m.Name, Value: value})
	}
	return labels
}

func written(ms []ops.Matcher) string {
	var parts []string
	for _, m := range ms {
		parts = append(parts, m.String())
	}
	return strings.Join(parts, ", ")
}
