package draw

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// ASCII is s for a terminal whose locale has no UTF-8: what is not ASCII gives way
// to signs that are, as wide as it was. Names and texts from outside come in any
// script, and such a terminal would show each byte of them.
func ASCII(s string) string {
	at := strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:at])
	for _, r := range s[at:] {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		sign := "?"
		switch r {
		case '\u2026': // …
			sign = "~"
		case '\u2022': // •
			sign = "*"
		}
		b.WriteString(strings.Repeat(sign, ansi.StringWidth(string(r))))
	}
	return b.String()
}
