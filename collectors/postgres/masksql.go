package postgres

import (
	"regexp"
	"slices"
	"strings"
)

// maskSQL hides what a statement holds in quotes and in comments: which of its constants
// is a secret, a statement does not tell. Names, numbers and structure stay, but for what
// is assigned to a word that names a secret. It reads tokens as PostgreSQL does, and where
// the end of one cannot be known hides all that follows.
func maskSQL(sql string) string {
	var m sqlMask
	for rest := sql; rest != ""; {
		kind, n := sqlToken(rest)
		m.take(kind, rest[:n], rest[n:])
		rest = rest[n:]
		if m.data {
			m.out.WriteString(" " + hidden)
			break
		}
	}
	return hashes.ReplaceAllString(urlUser.ReplaceAllString(m.out.String(), "${1}"+hidden+"@"), hidden)
}

// tokenKind is what a piece of a statement is.
type tokenKind uint8

const (
	sqlSpace tokenKind = iota
	sqlWord
	sqlNumber
	sqlName   // in double quotes
	sqlString // a constant in quotes of any kind
	sqlRemark
	sqlOther // one character of an operator or of punctuation
)

// sqlMask writes a statement token by token.
type sqlMask struct {
	out      strings.Builder
	head     []string // the first words of the statement, in capitals
	secret   string   // the word before, where it names a secret
	assigned bool     // and an operator behind it
	copies   bool     // COPY FROM STDIN: what follows the statement is data
	data     bool     // it follows now
}

// take writes a token or what stands for it; after is the rest of the statement.
func (m *sqlMask) take(kind tokenKind, text, after string) {
	switch kind {
	case sqlSpace:
		m.out.WriteString(text)
	case sqlRemark:
		m.out.WriteString(text[:2] + hidden)
		if text[0] == '/' {
			m.out.WriteString("*/")
		}
	case sqlOther:
		m.operator(text)
	case sqlWord:
		m.word(text, after)
	case sqlString:
		if text != "''" {
			text = text[:strings.IndexAny(text, "'$")] + "'" + hidden + "'"
		}
		m.show(text, false)
	case sqlName, sqlNumber:
		m.show(text, m.secret != "")
	}
}

// show writes a token, or hides it.
func (m *sqlMask) show(text string, hide bool) {
	if hide {
		m.out.WriteString(hidden)
	} else {
		m.out.WriteString(text)
	}
	m.secret, m.assigned = "", false
	if !hide && secretName.MatchString(text) {
		m.secret = text
	}
}

func (m *sqlMask) operator(text string) {
	cast := text == ":" && strings.HasSuffix(m.out.String(), ":")
	m.out.WriteString(text)
	if m.assigned = m.secret != "" && !cast && strings.Contains("=:<>!", text); !m.assigned {
		m.secret = ""
	}
	if text == ";" {
		m.data, m.head, m.copies = m.copies, nil, false
	}
}

// word writes a word. One that is assigned to a secret's name is hidden, but for what
// stands for something else: a parameter, a column of a table, a function.
func (m *sqlMask) word(text, after string) {
	upper := strings.ToUpper(text)
	if len(m.head) < 2 {
		m.head = append(m.head, upper)
	}
	m.copies = m.copies || upper == "STDIN" && m.head[0] == "COPY"
	if m.secret != "" && upper == "TO" {
		m.out.WriteString(text)
		m.assigned = true
		return
	}
	named := strings.HasPrefix(after, ".") || strings.HasPrefix(strings.TrimLeft(after, " "), "(") || text[0] == '$' ||
		slices.Contains([]string{"NULL", "DEFAULT", "TRUE", "FALSE"}, upper)
	m.show(text, !named && (m.assigned || m.ofRole() && strings.EqualFold(m.secret, "PASSWORD")))
}

// ofRole reports whether the statement makes or alters a login, where a word behind
// PASSWORD was meant as one.
func (m *sqlMask) ofRole() bool {
	return len(m.head) == 2 && slices.Contains([]string{"CREATE", "ALTER"}, m.head[0]) && slices.Contains([]string{"ROLE", "USER", "GROUP"}, m.head[1])
}

// secretName is a word that names a secret.
var secretName = regexp.MustCompile(`(?i)pass(w(or)?d|phrase)|passwd|pwd|secret|token|(api|access|private|encryption|signing)_?key|credential|(^|_)(pw|pin|otp|cvv|cvc|ssn)($|_)`)

// sqlToken returns the kind and the length of the token that s begins with.
func sqlToken(s string) (tokenKind, int) {
	switch c := s[0]; {
	case strings.HasPrefix(s, "--"):
		return sqlRemark, lengthOf(s, func(c byte) bool { return c != '\n' && c != '\r' })
	case strings.HasPrefix(s, "/*"):
		return sqlRemark, remarkEnd(s)
	case c == '\'':
		return sqlString, quoteEnd(s, 0, false)
	case c == '"':
		return sqlName, nameEnd(s, 0)
	case c == '$':
		return dollar(s)
	case isSpace(c):
		return sqlSpace, lengthOf(s, isSpace)
	case c >= '0' && c <= '9':
		return sqlNumber, lengthOf(s, func(c byte) bool { return inWord(c) || c == '.' })
	case inWord(c):
		return wordOrPrefix(s)
	}
	return sqlOther, 1
}

// wordOrPrefix tells a word from the letter before a constant: E”, N”, B”, X”, U&”.
func wordOrPrefix(s string) (tokenKind, int) {
	n := lengthOf(s, func(c byte) bool { return inWord(c) || c == '$' })
	after := s[n:]
	switch letter := strings.ToUpper(s[:n]); {
	case strings.HasPrefix(after, "'") && slices.Contains([]string{"E", "N", "B", "X"}, letter):
		return sqlString, quoteEnd(s, n, letter == "E")
	case letter == "U" && strings.HasPrefix(after, "&'"):
		return sqlString, quoteEnd(s, n+1, false)
	case letter == "U" && strings.HasPrefix(after, `&"`):
		return sqlName, nameEnd(s, n+1)
	}
	return sqlWord, n
}

// quoteEnd is where the constant ends whose quote stands at open. In a plain one a quote
// behind a backslash ends it or not by standard_conforming_strings, which nobody tells us.
func quoteEnd(s string, open int, escapes bool) int {
	slashes := 0
	for i := open + 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			slashes++
			continue
		case s[i] != '\'' || escapes && slashes%2 == 1:
		case slashes%2 == 1:
			return len(s)
		case i+1 < len(s) && s[i+1] == '\'':
			i++
		default:
			return i + 1
		}
		slashes = 0
	}
	return len(s)
}

// nameEnd is where a name in double quotes ends.
func nameEnd(s string, open int) int {
	for i := open + 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '"' {
			return i + 1
		}
		i++
	}
	return len(s)
}

// remarkEnd is where a comment ends; comments nest.
func remarkEnd(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// dollarTag begins a constant in dollars: $$ or $tag$.
var dollarTag = regexp.MustCompile(`^\$(?:[A-Za-z_\x80-\x{10FFFF}][A-Za-z0-9_\x80-\x{10FFFF}]*)?\$`)

func dollar(s string) (tokenKind, int) {
	tag := dollarTag.FindString(s)
	if tag == "" {
		return sqlWord, max(1, lengthOf(s[1:], func(c byte) bool { return c >= '0' && c <= '9' })+1) // a parameter
	}
	if end := strings.Index(s[len(tag):], tag); end >= 0 {
		return sqlString, 2*len(tag) + end
	}
	return sqlString, len(s)
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\n\r\v\f", c) >= 0 }

func inWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// lengthOf is how many bytes s begins with that is holds for.
func lengthOf(s string, is func(byte) bool) int {
	for i := range len(s) {
		if !is(s[i]) {
			return i
		}
	}
	return len(s)
}
