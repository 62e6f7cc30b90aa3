package docker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"opsdeck/ops"
)

const stampFormat = "2006-01-02T15:04:05.000000000Z07:00" // the daemon's: RFC 3339 with nine digits

var firstStamp = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

func stamped(n int) string {
	return firstStamp.Add(time.Duration(n) * time.Millisecond).Format(stampFormat)
}

// joined writes messages to a joiner and returns its lines as "milliseconds text".
func joined(t *testing.T, frames bool, messages ...string) string {
	t.Helper()
	var got []string
	w := &lineCutter{frames: frames, emit: func(l ops.Line) error {
		got = append(got, fmt.Sprintf("%d %s", l.At.Sub(firstStamp).Milliseconds(), l.Text))
		return nil
	}}
	for _, m := range messages {
		if n, err := w.Write([]byte(m)); err != nil || n != len(m) {
			t.Fatal(n, err)
		}
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(got, "|")
}

func TestEachLineIsWholeAndInItsOwnTime(t *testing.T) {
	piece := strings.Repeat("x", 8)
	for situation, c := range map[string]struct {
		raw      bool // a terminal's stream has no frames
		messages []string
		want     string
	}{
		"the last line of a run had no newline": {false,
			[]string{stamped(1) + " FATAL: cannot open", stamped(2) + " booting\n"}, "1 FATAL: cannot open|2 booting"},
		"a long line as json-file keeps it": {false,
			[]string{stamped(1) + " " + piece, stamped(1) + " " + piece, stamped(1) + " end\n", stamped(2) + " next\n"},
			"1 " + piece + piece + "end|2 next"},
		"a long line as local keeps it, without newline": {false,
			[]string{stamped(1) + " " + piece, stamped(1) + " " + piece, stamped(1) + " end", stamped(2) + " next\n"},
			"1 " + piece + piece + "end|2 next"},
		"a long line whose last piece is empty": {false,
			[]string{stamped(1) + " " + piece, stamped(1) + " ", stamped(2) + " next\n"}, "1 " + piece + "|2 next"},
		"two runs that ended without newline": {false,
			[]string{stamped(1) + " a", stamped(2) + " b", stamped(3) + " c"}, "1 a|2 b|3 c"},
		"two lines of one moment": {false,
			[]string{stamped(1) + " a\n", stamped(1) + " b\n"}, "1 a|1 b"},
		"an empty line": {false, []string{stamped(1) + " \n", stamped(2) + " b\n"}, "1 |2 b"},
		"a terminal's last line had no newline": {true,
			[]string{stamped(1) + " $ ", stamped(2) + " booting\r\n"}, "1 $ |2 booting"},
		"a terminal's long line": {true,
			[]string{stamped(1) + " " + piece + stamped(1) + " " + piece + stamped(1) + " end\r\n" + stamped(2) + " next\r\n"},
			"1 " + piece + piece + "end|2 next"},
		"a terminal's line that tells a time itself": {true,
			[]string{stamped(5) + " began " + stamped(3) + " and goes on\r\n"}, "5 began " + stamped(3) + " and goes on"},
	} {
		if got := joined(t, !c.raw, c.messages...); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", situation, got, c.want)
		}
	}
}

// FuzzLinesComeOutAsTheyWentIn writes lines as the daemon does: cut into pieces of any
// size that share their line's stamp, with or without a newline at the end, or as one
// stream that is cut anywhere.
func FuzzLinesComeOutAsTheyWentIn(f *testing.F) {
	f.Add("booting\nready\n\nlong line of words", uint8(3), uint8(7), false)
	f.Add("FATAL: cannot open the database", uint8(1), uint8(1), true)
	f.Add("a\r\nb\n\n\nc é€ \x1b[31m", uint8(2), uint8(40), false)
	f.Add("2026-11-21T02:00:00.000000000Z said twice\nend", uint8(200), uint8(31), true)
	f.Fuzz(func(t *testing.T, text string, size, cut uint8, open bool) {
		if len(text) > lineBytes/2 {
			return
		}
		lines := strings.Split(text, "\n")
		var want, framed []string
		var raw strings.Builder
		for i, line := range lines {
			want = append(want, fmt.Sprintf("%d %s", i, ops.CleanLine(strings.TrimSuffix(line, "\r"))))
			stamp := stamped(i) + " "
			pieces := split(line, int(size)+1)
			for j, p := range pieces {
				if last := j == len(pieces)-1; last && !(open && len(pieces) > 1) {
					p += "\n"
				}
				framed = append(framed, stamp+p)
				raw.WriteString(stamp + p)
			}
		}
		if got := joined(t, true, framed...); got != strings.Join(want, "|") {
			t.Errorf("in frames:\n got %q\nwant %q", got, want)
		}
		if strings.Contains(text, "Z ") { // it may tell a time where the next line begins
			return
		}
		if got := joined(t, false, split(raw.String(), int(cut)+1)...); got != strings.Join(want, "|") {
			t.Errorf("of a terminal:\n got %q\nwant %q", got, want)
		}
	})
}

// split cuts a text into pieces of so many bytes; what is empty is one.
func split(s string, size int) []string {
	var out []string
	for ; len(s) > size; s = s[size:] {
		out = append(out, s[:size])
	}
	return append(out, s)
}
