package estate

import (
	"regexp"
	"strings"
)

// reference is ${NAME} or ${NAME:-default}.
var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// expand replaces the references in raw. As in a shell, a default also serves
// for a variable that is empty. missing are those that are not set; broken says
// that a ${ is no reference.
func expand(raw string, env func(string) (string, bool)) (text string, missing []string, broken bool) {
	if !strings.Contains(raw, "${") {
		return raw, nil, false
	}
	var b strings.Builder
	rest := raw
	for {
		m := reference.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		broken = broken || strings.Contains(rest[:m[0]], "${")
		b.WriteString(rest[:m[0]])
		name := rest[m[2]:m[3]]
		value, ok := env(name)
		switch {
		case m[4] >= 0 && value == "":
			value = rest[m[4]+2 : m[5]]
		case !ok:
			missing = append(missing, name)
		}
		b.WriteString(value)
		rest = rest[m[1]:]
	}
	b.WriteString(rest)
	return b.String(), missing, broken || strings.Contains(rest, "${")
}

// fromEnvironment reports whether raw holds a reference.
func fromEnvironment(raw string) bool { return strings.Contains(raw, "${") }

// wholeReference reports whether raw is one reference without a default and
// nothing else, which is the only way to write a secret.
func wholeReference(raw string) bool {
	m := reference.FindStringSubmatchIndex(raw)
	return m != nil && m[0] == 0 && m[1] == len(raw) && m[4] < 0
}
