package estate

import (
	"fmt"
	"regexp"
	"strings"
)

// reference is ${NAME} or ${NAME:-default}.
var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// placing writes a value from the environment into a text that has a grammar of its
// own, so that it stays the one part that its reference stands for, whatever it holds:
// a password does not become a host. written is the text with a letter in the place of
// each reference, and at is where this one stands in it.
type placing func(written string, at int, value string) string

// expansion is a value of the file with its references replaced.
type expansion struct {
	text    string
	written string   // the text that a grammar is checked by: that of the file, where place is used
	missing []string // names that are not set, or are empty where that is no part of anything
	broken  bool     // a ${ is no reference
	strayed bool     // a reference stands for more than one part and less than the whole
}

// expand replaces the references in raw. As in a shell, a default also serves for a
// variable that is empty. Without place every value is taken as it is; with it only one
// that stands for the whole text, or for all of an address before its path.
func expand(raw string, env func(string) (string, bool), place placing) expansion {
	if !strings.Contains(raw, "${") {
		return expansion{text: raw, written: raw}
	}
	out := expansion{written: reference.ReplaceAllLiteralString(raw, "x")}
	var text strings.Builder
	rest, at := raw, 0
	for m := reference.FindStringSubmatchIndex(rest); m != nil; m = reference.FindStringSubmatchIndex(rest) {
		before, name, fallback := rest[:m[0]], rest[m[2]:m[3]], ""
		if m[4] >= 0 {
			fallback = rest[m[4]+len(":-") : m[5]]
		}
		rest = rest[m[1]:]
		out.broken = out.broken || strings.Contains(before, "${")
		text.WriteString(before)
		at += len(before)
		value, ok := env(name)
		parted := place != nil && (at > 0 || rest != "")
		switch {
		case m[4] >= 0 && value == "":
			value = fallback
		case !ok, parted && value == "":
			out.missing = append(out.missing, name)
		}
		switch {
		case parted && at > 0:
			value = place(out.written, at, value)
		case parted && !strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "://"):
			out.strayed = true
		}
		text.WriteString(value)
		at++ // in written
	}
	text.WriteString(rest)
	out.text, out.broken = text.String(), out.broken || strings.Contains(rest, "${")
	if place == nil || out.written == "x" {
		out.written = out.text
	}
	return out
}

// inURL escapes a value by the part of the URL that it stands in. Only a host may
// bring its port, and a path more than one level.
func inURL(written string, at int, value string) string {
	scheme, rest, ok := strings.Cut(written, "://")
	at -= len(scheme) + len("://")
	host := strings.IndexAny(rest+"/", "/?#") // where it ends
	switch {
	case !ok, scheme == "unix", at >= host && !strings.ContainsAny(rest[:at], "?#"):
		return escaped(value, "/")
	case at >= host, strings.Contains(rest[at:host], "@"):
		return escaped(value, "")
	}
	return escaped(value, ":,[]")
}

// special ends an unquoted value of libpq's keyword form, or a quoted one.
var special = regexp.MustCompile(`[\\'\s\v]`)

// inDSN does the same for a connection string in either of libpq's forms.
func inDSN(written string, at int, value string) string {
	switch {
	case strings.HasPrefix(written, "postgres://") || strings.HasPrefix(written, "postgresql://"):
		return inURL(written, at, value)
	case value == "":
		return "''"
	}
	return special.ReplaceAllString(value, `\$0`)
}

// escaped writes what may be misread in a URL as %XX, but for the bytes of keep.
func escaped(s, keep string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(plain+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// fromEnvironment reports whether raw holds a reference.
func fromEnvironment(raw string) bool { return strings.Contains(raw, "${") }

// wholeReference reports whether raw is one reference without a default and
// nothing else, which is the only way to write a secret.
func wholeReference(raw string) bool {
	m := reference.FindStringSubmatchIndex(raw)
	return m != nil && m[0] == 0 && m[1] == len(raw) && m[4] < 0
}
