package postgres

import (
	"regexp"
)

// hidden stands wherever a secret is not shown.
const hidden = "•••"

// What gives a secret away in a server's words, which are no statement: the
// literal behind a word that names it (PASSWORD 'x', password := E'x', $$x$$, cut
// off in the middle too), key=value of a connection string, the user part of a URL,
// and hashes as they are stored.
var (
	secretWord = `(?i:[\w.]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)s?\w*)`
	literals   = regexp.MustCompile(`(` + secretWord + `"?\s*(?:=>|:=|=|:)?\s*(?:[EeUuNn]&?)?)('(?:[^']|'')*(?:'|$)|\$(\w*)\$(?s:.*?)(?:\$\w*\$|$))`)
	pairs      = regexp.MustCompile(`(` + secretWord + `\s*(?:=\s*|:\s+))([^\s'",;)&•]+)`)
	urlUser    = regexp.MustCompile(`(\w[\w+.-]*://)[^/?#@\s"'<>]+@`)
	hashes     = regexp.MustCompile(`SCRAM-SHA-256\$[^\s'"]+|\bmd5[0-9a-f]{32}\b`)
)

// mask hides what looks like a secret in words; for statements see maskSQL.
func mask(s string) string {
	s = urlUser.ReplaceAllString(s, "${1}"+hidden+"@")
	s = hashes.ReplaceAllString(s, hidden)
	s = literals.ReplaceAllString(s, "${1}'"+hidden+"'")
	return pairs.ReplaceAllString(s, "${1}"+hidden)
}
