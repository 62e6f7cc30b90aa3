package terminal

import (
	"slices"
	"strings"
	"testing"
)

func TestScreenShowsWhatATerminalShows(t *testing.T) {
	for name, tc := range map[string]struct{ out, want string }{
		"text and a new line":          {"one\r\ntwo", "one|two||"},
		"a line that is full wraps":    {"1234567890ab", "1234567890|ab||"},
		"cursor position":              {"\x1b[2;3Hx\x1b[1;1Hy", "y|  x||"},
		"column and row alone":         {"\x1b[3dx\x1b[6Gy", "||x    y|"},
		"relative moves":               {"\x1b[2;5H\x1b[Aa\x1b[Bb\x1b[3Dc\x1b[2Cd", "    a|   c bd||"},
		"rest of the line erased":      {"1234567890\x1b[1;4H\x1b[K", "123|||"},
		"start of the line erased":     {"1234567890\x1b[1;4H\x1b[1K", "    567890|||"},
		"below erased":                 {"a\r\nb\r\nc\x1b[2;1H\x1b[J", "a|||"},
		"signs erased in place":        {"123456\x1b[1;2H\x1b[3X", "1   56|||"},
		"signs deleted":                {"123456\x1b[1;2H\x1b[3P", "156|||"},
		"room made":                    {"123456\x1b[1;2H\x1b[2@", "1  23456|||"},
		"a sign repeated":              {"-\x1b[4b", "-----|||"},
		"line inserted":                {"a\r\nb\r\nc\x1b[2;1H\x1b[L", "a||b|c"},
		"line deleted":                 {"a\r\nb\r\nc\x1b[1;1H\x1b[M", "b|c||"},
		"scrolled within a region":     {"a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nx", "a|c|x|d"},
		"scrolled down by reverse LF":  {"a\r\nb\x1b[H\x1bMz", "z|a|b|"},
		"scroll up of everything":      {"a\r\nb\r\nc\x1b[2S", "c|||"},
		"tabs forth and back":          {"\tx\x1b[Zy", "        y|||"},
		"a wide sign takes two places": {"語x\x1b[1;3Hy", "語y|||"},
		"colours are no text":          {"\x1b[1;38;5;9mred\x1b[0m \x1b[48;2;1;2;3mx\x1b[m", "red x|||"},
		"the other screen is empty":    {"old\x1b[?1049hnew", "new|||"},
		"title and unknown strings":    {"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab|||"},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewScreen(10, 4, nil)
			for i := range len(tc.out) { // byte by byte: a read can end anywhere
				if _, err := s.Write([]byte{tc.out[i]}); err != nil {
					t.Fatal(err)
				}
			}
			if got := strings.Join(s.Lines(), "|"); got != tc.want || len(s.Unknown()) > 0 {
				t.Errorf("%q, want %q; unknown %v", got, tc.want, s.Unknown())
			}
		})
	}
}

func TestAChangeOfColourIsAChange(t *testing.T) {
	s := NewScreen(10, 2, nil)
	_, _ = s.Write([]byte("\x1b[31mrow\x1b[0m"))
	before := s.picture()
	_, _ = s.Write([]byte("\x1b[1;1H\x1b[31mrow"))
	if !equal(before, s.cells) {
		t.Error("the same again is a change")
	}
	_, _ = s.Write([]byte("\x1b[1;1H\x1b[7;31mr"))
	if equal(before, s.cells) {
		t.Error("reverse video is no change")
	}
}

func TestQuestionsAreAnswered(t *testing.T) {
	var got []string
	s := NewScreen(10, 2, func(a string) { got = append(got, a) })
	_, _ = s.Write([]byte("ab\x1b[c\x1b[?2026$p\x1b[?2027$p\x1b[6n\x1b]11;?\x07\x1b[?u"))
	want := []string{"\x1b[?62;22c", "\x1b[?2026;2$y", "\x1b[?2027;0$y", "\x1b[1;3R", "\x1b]11;rgb:0000/0000/0000\x1b\\", "\x1b[?0u"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNotUnderstoodIsTold(t *testing.T) {
	s := NewScreen(10, 2, nil)
	_, _ = s.Write([]byte("\x1b[5y"))
	if len(s.Unknown()) != 1 {
		t.Error(s.Unknown())
	}
}

func TestTwoScreensDifferByWhatIsSeen(t *testing.T) {
	row := "\x1b[31mrow\x1b[0m"
	for name, tc := range map[string]struct {
		out  string
		same bool
	}{
		"the same by another way": {"xxx\x1b[1;1H\x1b[31mrow", true},
		"the ink of a blank":      {row + "\x1b[1;35m   ", true},
		"other text":              {"\x1b[31mraw", false},
		"another colour":          {"\x1b[32mrow", false},
		"a blank on a colour":     {row + "\x1b[44m ", false},
		"a blank in reverse":      {row + "\x1b[7m ", false},
		"an underlined blank":     {row + "\x1b[4m ", false},
	} {
		a, b := NewScreen(10, 2, nil), NewScreen(10, 2, nil)
		_, _ = a.Write([]byte(row))
		_, _ = b.Write([]byte(tc.out))
		if d := a.Differs(b); (d == "") != tc.same {
			t.Errorf("%s: %q", name, d)
		}
	}
	if NewScreen(10, 2, nil).Differs(NewScreen(2, 10, nil)) == "" {
		t.Error("another size is no difference")
	}
}
