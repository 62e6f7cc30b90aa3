package ops

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Default caps on cleaned text, in runes. They bound what one hostile value can
// cost in memory, on the wire and on the screen.
const (
	MaxText = 2048  // names, labels, errors, annotations
	MaxLine = 16384 // one log line
)

// Text is text that a view may print: valid UTF-8 on one line, without control
// characters, escape sequences, bidirectional overrides or invisible
// characters. Each of those is replaced by something visible, never dropped: an
// attack has to be seen. The zero value is the empty text.
//
// The string inside is unexported, so the only ways to a Text are Clean,
// CleanLine and the decoders, which clean again: a peer on the socket is no more
// trusted than a log line.
type Text struct{ s string }

// Clean returns s as Text, at most MaxText runes long.
func Clean(s string) Text { return cleanTo(s, MaxText) }

// literal is a string constant of this program: only an untyped constant converts
// to it where the type cannot be named.
type literal string

// Lit returns a text written in the source. It takes constants only, so no word
// from outside can pass uncleaned; a test sees that each of them is clean.
func Lit(s literal) Text { return Text{string(s)} }

// CleanLine returns one log line as Text, at most MaxLine runes long.
func CleanLine(s string) Text { return cleanTo(s, MaxLine) }

// CleanMasked returns s as Text like Clean, and hides user and password of every
// URL in it: people paste addresses into annotations and comments as they are.
func CleanMasked(s string) Text {
	if strings.Contains(s, "://") { // the pattern is dear, and most texts have no address
		s = userInfo.ReplaceAllString(s, "${1}•••@")
	}
	return Clean(s)
}

// CleanBlock splits s at its line ends and cleans each line. At most max lines
// are returned; what is left out is counted in a last line of its own.
func CleanBlock(s string, max int) []Text {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	out := make([]Text, 0, min(len(lines), max+1))
	for i, l := range lines {
		if i == max {
			return append(out, Textf("… %s", Count(len(lines)-max, "more line")))
		}
		out = append(out, CleanLine(l))
	}
	return out
}

// Textf formats like fmt.Sprintf and cleans the result.
func Textf(format string, args ...any) Text { return Clean(fmt.Sprintf(format, args...)) }

// String returns the cleaned text.
func (t Text) String() string { return t.s }

// Empty reports whether there is nothing in it.
func (t Text) Empty() bool { return t.s == "" }

// Or returns t, or other where t is empty.
func (t Text) Or(other Text) Text {
	if t.s == "" {
		return other
	}
	return t
}

// Join writes texts one after the other, sep between them.
func Join(sep string, all []Text) string {
	words := make([]string, len(all))
	for i, t := range all {
		words[i] = t.s
	}
	return strings.Join(words, sep)
}

// MarshalJSON writes the text as a JSON string.
func (t Text) MarshalJSON() ([]byte, error) { return json.Marshal(t.s) }

// UnmarshalJSON reads a JSON string and cleans it again.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = cleanTo(s, MaxLine)
	return nil
}

// cleanTo is the cleaner. The cap is applied to the input first, so that a
// value of megabytes costs what is shown of it.
func cleanTo(s string, max int) Text {
	if len(s) <= max && isPlainASCII(s) {
		return Text{s}
	}
	var b strings.Builder
	b.Grow(min(len(s), max) + 8)
	n, marks := 0, 0
	for i := 0; i < len(s); {
		if n >= max {
			b.WriteRune('…')
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			// The raw byte is named: 0x9b alone is CSI to an 8-bit terminal.
			fmt.Fprintf(&b, "<%02X>", s[i])
			i, n, marks = i+1, n+4, 0
			continue
		}
		i += size
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			// More than three combining marks on one cell serve no script; they
			// are known to crash terminals (CVE-2021-27135).
			if marks++; marks > 3 {
				continue
			}
		} else {
			marks = 0
		}
		n += writeRune(&b, r)
	}
	return Text{b.String()}
}

// writeRune writes r in its visible form and returns how many runes that took.
func writeRune(b *strings.Builder, r rune) int {
	switch {
	case r == '\t':
		b.WriteString("    ")
		return 4
	case r < 0x20:
		b.WriteRune(0x2400 + r) // the control pictures: ␛ for ESC, ␍ for CR
		return 1
	case r == 0x7f:
		b.WriteRune('␡')
		return 1
	case hidden(r):
		n, _ := fmt.Fprintf(b, "<U+%04X>", r)
		return n
	}
	b.WriteRune(r)
	return 1
}

// hidden reports whether a terminal would act on r, or show nothing for it, or
// let it reorder its neighbours (Trojan Source, CVE-2021-42574).
func hidden(r rune) bool {
	switch {
	case r >= 0x80 && r <= 0x9f: // C1, which xterm takes for ESC sequences
		return true
	case r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
		return true // soft hyphen, joiners and the Hangul fillers
	case r == 0x17b4, r == 0x17b5, r >= 0x180b && r <= 0x180f:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true // zero width, line separators, bidirectional controls
	case r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r >= 0xfff0 && r <= 0xfffb:
		return true // variation selectors, BOM, interlinear annotation
	case r >= 0xe0000 && r <= 0xe0fff:
		return true // tag characters and more variation selectors
	case r >= 0xe000 && r <= 0xf8ff, r >= 0xf0000:
		return true // private use: what it looks like is the font's secret
	case r == 0x2800:
		return true // the empty braille cell looks like a space
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cs, r)
}

func isPlainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
