package httpsource

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// whole reads a value through a stream and back into what json.Unmarshal makes.
func whole(s *Stream) (any, error) {
	var v any
	err := s.Decode(&v)
	return v, err
}

// FuzzStreamReadsWhatUnmarshalReads holds a stream to encoding/json, in pieces of
// every size: what is short enough comes through as it is.
func FuzzStreamReadsWhatUnmarshalReads(f *testing.F) {
	for _, seed := range []string{`{"a":["\u001b[2J","\\",null,1e9],"b":{}}`, `"\ud83d\ude00\\"`, `[`, `{"a":`, `nul`, ``, " \n[1 , 2]", `"\`, `"\u12`, "\"\xff\"", `[[[]]]x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want any
		bad := json.NewDecoder(strings.NewReader(text)).Decode(&want)
		got, err := whole(NewStream(iotest.OneByteReader(strings.NewReader(text)), AnswerMost))
		if (err == nil) != (bad == nil) || bad == nil && len(text) < stringMost && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v; want %v, %v", text, got, err, want, bad)
		}
	})
}

func TestALongStringIsCutWhereverItsEscapesAre(t *testing.T) {
	for name, unit := range map[string]string{"plain": "x", "escapes": `\n`, "backslashes": `\\`, "quotes": `\"`, "code points": `\u001b`, "pairs": `\ud83d\ude00`, "bytes": "é"} {
		for shift := range 6 { // the bound falls on every byte of a unit
			long := `["` + strings.Repeat("x", shift) + strings.Repeat(unit, stringMost/len(unit)*2) + `",{"after":"` + unit + `"}]`
			var want []any
			if err := json.Unmarshal([]byte(long), &want); err != nil {
				t.Fatal(err)
			}
			v, err := whole(NewStream(iotest.HalfReader(strings.NewReader(long)), AnswerMost))
			if err != nil {
				t.Fatalf("%s, shifted by %d: %v", name, shift, err)
			}
			got := v.([]any)
			cut := strings.TrimRight(got[0].(string), "\ufffd") // half of a pair, or of a letter
			if len(cut) >= len(want[0].(string)) || !strings.HasPrefix(want[0].(string), cut) || !reflect.DeepEqual(got[1], want[1]) {
				t.Errorf("%s, shifted by %d: %d bytes, then %v", name, shift, len(cut), got[1])
			}
		}
	}
}

func TestOfBlanksBetweenPiecesOneComesThroughInReadsOfAnySize(t *testing.T) {
	blanks := strings.Repeat(" \t\r\n", 1000)
	text := blanks + `{` + blanks + `"a  b"` + blanks + `:` + blanks + `1` + blanks + `}` + blanks
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text))} {
		got, err := io.ReadAll(&bounded{r: r, most: AnswerMost})
		if want := ` { "a  b" : 1 } `; err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v; want %q", name, len(got), err, want)
		}
	}
}

func TestWhatIsNotMeantIsAnErrorAndNullIsEmpty(t *testing.T) {
	none := func() error { return errors.New("there is nothing to take") }
	for text, ok := range map[string]bool{`null`: true, `[]`: true, `{}`: false, `"x"`: false, `7`: false, ``: false, `<html>`: false} {
		if err := NewStream(strings.NewReader(text), AnswerMost).List(none); (err == nil) != ok {
			t.Errorf("list of %q: %v", text, err)
		}
	}
	for text, ok := range map[string]bool{`null`: true, `{}`: true, `[]`: false, `7`: false, `{"a"}`: false, `{"a":1`: false} {
		s := NewStream(strings.NewReader(text), AnswerMost)
		if err := s.Object(func(string) error { return s.Skip() }); (err == nil) != ok {
			t.Errorf("object of %q: %v", text, err)
		}
	}
}

func TestAnAnswerIsReadWithinItsBounds(t *testing.T) {
	endless := func(head, unit string) io.Reader {
		return io.MultiReader(strings.NewReader(head), &repeated{unit: unit})
	}
	for name, tc := range map[string]struct {
		in    io.Reader
		words string
	}{
		"list without end":     {endless(`[`, `"`+strings.Repeat(`x`, 1<<10)+`",`), "larger than 16 MiB"},
		"string without end":   {endless(`["`, `x`), "larger than 16 MiB"},
		"space without end":    {endless(`[`, ` `), "a part larger than 8 MiB"},
		"number without end":   {endless(`[`, `1`), "a part larger than 8 MiB"},
		"object without end":   {endless(`[{"a":1`, `,"b":[2]`), "a part larger than 8 MiB"},
		"connection that ends": {io.MultiReader(strings.NewReader(`[1,`), iotest.ErrReader(io.ErrClosedPipe)), "closed pipe"},
	} {
		s := NewStream(tc.in, 16<<20)
		err := s.List(s.Skip)
		if err == nil || s.Broken() == nil || !strings.Contains(fmt.Sprint(s.Broken()), tc.words) {
			t.Errorf("%s: %v, broken %v", name, err, s.Broken())
		}
	}
	half := NewStream(strings.NewReader(`[1,`), AnswerMost)
	if err := half.List(half.Skip); err == nil || half.Broken() != nil {
		t.Errorf("half an answer: %v, broken %v", err, half.Broken())
	}
}

// repeated is a text again and again, without end.
type repeated struct {
	unit string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.unit[r.at]
		r.at = (r.at + 1) % len(r.unit)
	}
	return len(p), nil
}
