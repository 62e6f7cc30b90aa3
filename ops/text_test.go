package ops

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCleanMakesAttacksVisible(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain text stays":            {"web-1 läuft, 日本", "web-1 läuft, 日本"},
		"a CSI sequence":              {"\x1b[31mred", "␛[31mred"},
		"OSC 52 to the clipboard":     {"\x1b]52;c;cm0=\x07", "␛]52;c;cm0=␇"},
		"an OSC 8 link":               {"\x1b]8;;http://x\x1b\\y", "␛]8;;http://x␛\\y"},
		"C1 as UTF-8":                 {"\u009b31m", "<U+009B>31m"},
		"C1 as a raw byte":            {"\x9b31m", "<9B>31m"},
		"a carriage return":           {"ERROR disk full\rOK all good", "ERROR disk full␍OK all good"},
		"backspaces":                  {"bad\b\b\bok", "bad␈␈␈ok"},
		"a newline in a table cell":   {"a\nb", "a␊b"},
		"a line separator":            {"a\u2028b", "a<U+2028>b"},
		"Trojan Source":               {"a\u202egnp.exe", "a<U+202E>gnp.exe"},
		"zero width":                  {"ad\u200bmin", "ad<U+200B>min"},
		"tag characters":              {"a\U000e0041", "a<U+E0041>"},
		"the Hangul filler":           {"a\u3164b", "a<U+3164>b"},
		"empty braille":               {"a\u2800b", "a<U+2800>b"},
		"private use":                 {"a\ue000b", "a<U+E000>b"},
		"invalid UTF-8":               {"a\xffb\xc3", "a<FF>b<C3>"},
		"a surrogate half":            {"\xed\xa0\x80", "<ED><A0><80>"},
		"more combining than scripts": {"a" + strings.Repeat("\u0301", 50), "a\u0301\u0301\u0301"},
		"NUL and DEL":                 {"a\x00b\x7f", "a␀b␡"},
		"a tab":                       {"a\tb", "a    b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Clean(c.in).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAMegabyteCostsWhatIsShownOfIt(t *testing.T) {
	got := Clean(strings.Repeat("\x1b", 1<<20)).String()
	if n := utf8.RuneCountInString(got); n > MaxText+1 || !strings.HasSuffix(got, "…") {
		t.Fatalf("%d runes, end %q", n, got[len(got)-3:])
	}
}

func TestCleanBlockCountsWhatItLeavesOut(t *testing.T) {
	got := CleanBlock("a\r\nb\nc\nd", 2)
	if len(got) != 3 || got[0].String() != "a" || got[2].String() != "… 2 more lines" {
		t.Fatalf("%q", got)
	}
}

func TestTheDecoderCleansAgain(t *testing.T) {
	var l Line
	if err := json.Unmarshal([]byte(`{"text":"\u001b[2J\u009b","from":{"kind":"job","id":"\u202e"}}`), &l); err != nil {
		t.Fatal(err)
	}
	if l.Text.String() != "␛[2J<U+009B>" || l.From.ID.String() != "<U+202E>" {
		t.Fatalf("%+v", l)
	}
}

// FuzzClean asks of any input what the type promises.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b]52;c;x\x07", "\u202e\u200b\u009b", "\xff\xfe", "e\u0301\u0302\u0303\u0304", strings.Repeat("日", 3000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s).String()
		if !utf8.ValidString(got) {
			t.Fatalf("%q gave invalid UTF-8", s)
		}
		if n := utf8.RuneCountInString(got); n > MaxText+16 {
			t.Fatalf("%d runes", n)
		}
		for _, r := range got {
			if unicode.IsControl(r) || hidden(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q let %U through", s, r)
			}
		}
		if again := Clean(got).String(); again != got && utf8.RuneCountInString(got) <= MaxText {
			t.Fatalf("cleaning twice: %q, then %q", got, again)
		}
		if s != "" && got == "" {
			t.Fatalf("%q vanished", s)
		}
	})
}

func TestUsersOfURLsAreHidden(t *testing.T) {
	for in, want := range map[string]string{
		"see https://ana:hunter2@wiki/x and ftp://bob@h": "see https://•••@wiki/x and ftp://•••@h",
		"mail ana@example.org about https://wiki/@ana":   "mail ana@example.org about https://wiki/@ana",
		"postgres://u:p:q@db/x?y=1":                      "postgres://•••@db/x?y=1",
	} {
		if got := CleanMasked(in).String(); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
